//! The page: what `/metrics` answers, from a snapshot and the exporter's own counts.
//!
//! The vendors' part is rendered once per change by the [`press`] and is the same in both formats.
//! The exporter's own part is the [`ending`]. [`page`] puts them together, plain or as one gzip
//! member of parts that were compressed before.

pub mod catalogue;
pub mod ending;
pub mod gzip;
pub mod negotiate;
pub mod number;
pub mod own;
pub mod page;
pub mod press;
pub mod process;
pub mod render;
mod short;
mod strips;
pub mod text;

#[cfg(test)]
mod golden;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
pub(crate) mod strict;
