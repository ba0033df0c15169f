//! revenue-exporter: clicks, leads, revenue and attribution from two rate-limited APIs, on
//! `/metrics`.
//!
//! How a figure travels: the [`schedule`] says what to ask, the [`budget`] says whether we may, an
//! [`upstream`] client asks, the answer is applied to the [`snapshot`], the [`exposition`] renders
//! it, the [`server`] serves it.

// words: what everything speaks of
pub mod clock;
pub mod model;
pub mod secret;

// rules: pure, `now` is an argument
pub mod budget;
pub mod plan;
pub mod snapshot;

// edges: the network and the process
pub mod telemetry;
pub mod upstream;

// assembly
pub mod demo;
