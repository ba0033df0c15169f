//! Both APIs without the network: simulators written from the vendors' pages over one fictional
//! business, for the `demo` command and for the tests.
//!
//! A simulator is a judge as well: it runs the vendor's rate limit, records whoever breaks it, and
//! its answers are what `/metrics` is compared with. Nothing here shares a type with the clients
//! that read those answers, so that a misreading cannot cancel itself out.
//!
//! [`world`] knows the figures, [`taprain`] and [`klar`] answer, [`limiter`] says no, [`record`]
//! remembers, [`wire`] carries requests in process and [`listen`] over a real socket.

mod bounded;
mod gate;
pub mod klar;
pub mod limiter;
pub mod listen;
mod query;
pub mod record;
mod reply;
pub mod switches;
pub mod taprain;
pub mod wire;
pub mod world;

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::upstream::transport::Request;

/// A simulated API.
pub trait Answer: Send + Sync + 'static {
    /// Answers at this moment of its clock; never fails, as a server does not.
    fn answer(&self, request: &Request) -> http::Response<Bytes>;

    /// What was asked of it so far, and which of its rules were broken.
    fn record(&self) -> &record::Record;
}

/// A poisoned lock only means that a test has failed already.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
