//! The command; everything else is the library.

use std::process::ExitCode;

use clap::Parser;
use revenue_exporter::{cli::Cli, commands};

fn main() -> ExitCode {
    commands::run(Cli::parse())
}
