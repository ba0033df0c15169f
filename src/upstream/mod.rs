//! The two APIs on the wire: build the request, read the answer, name the failure. No waiting, no
//! retrying, no budget here.

pub mod transport;
