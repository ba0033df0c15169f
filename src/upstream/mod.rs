//! The two APIs on the wire: build the request, read the answer, name the failure. No waiting, no
//! retrying, no budget here.

pub mod advice;
pub mod answer;
mod eight;
pub mod failure;
pub mod http;
mod json;
pub mod klar;
pub mod klar_rows;
mod klar_scan;
pub mod taprain;
pub mod taprain_key;
pub mod transport;
