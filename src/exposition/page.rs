//! The whole page in one format: the vendors' part and the ending.

use bytes::Bytes;

use super::ending::Ending;
use super::press::Printed;

/// The page as it is.
pub fn plain(page: &Printed, ending: &Ending) -> Vec<Bytes> {
    page.text().chain([ending.text.clone()]).collect()
}

/// The page as one gzip member.
pub fn packed(page: &Printed, ending: &Ending) -> Vec<Bytes> {
    ending.member(page.packed())
}
