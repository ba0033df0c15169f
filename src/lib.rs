//! revenue-exporter: clicks, leads, revenue and attribution from two rate-limited APIs, on
//! `/metrics`.
//!
//! How a figure travels: the [`schedule`] says what to ask, the [`budget`] says whether we may, an
//! [`upstream`] client asks, the answer is applied to the [`snapshot`], the [`exposition`] renders
//! it, the [`server`] serves it.

// A module uses only what stands above it here; tests/layers.rs holds that.

// words: what everything speaks of
pub mod clock;
pub mod file;
pub mod label;
pub mod number;
pub mod secret;

pub mod model;
pub mod telemetry;

// rules: pure, `now` is an argument
pub mod backoff;
pub mod budget;
pub mod calendar;
pub mod plan;
pub mod schedule;
pub mod shard;
pub mod snapshot;

pub mod figures;
pub mod history;
pub mod weekday;

pub mod hours;

pub mod expect;

// plans: what is known, and what of it to show
pub mod board;
pub mod exposition;

pub mod status;

// edges: the network and the process
pub mod shutdown;
pub mod state;
pub mod upstream;

// step: one request
pub mod fetch;

// loops: what runs until it is told to stop
pub mod collector;
pub mod server;

// assembly: what was typed, what it means, and the parts put together
pub mod app;
pub mod cli;
pub mod config;

pub mod check;
pub mod taprain_key;

pub mod backfill;
pub mod demo;
pub mod probe;

pub mod commands;
