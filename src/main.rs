//! The command; everything else is the library.

fn main() {}
