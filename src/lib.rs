//! revenue-exporter: clicks, leads, revenue and attribution from two rate-limited APIs, on
//! `/metrics`.
//!
//! How a figure travels: the [`schedule`] says what to ask, the [`budget`] says whether we may, an
//! [`upstream`] client asks, the answer is applied to the [`snapshot`], the [`exposition`] renders
//! it, the [`server`] serves it.

// words: what everything speaks of
pub mod clock;
pub mod label;
pub mod model;
pub mod secret;

// rules: pure, `now` is an argument
pub mod board;
pub mod budget;
pub mod plan;
pub mod snapshot;

pub mod telemetry;

// plans: what to show
pub mod exposition;

// edges: the network and the process
pub mod upstream;

// loops: what runs until it is told to stop
pub mod server;
