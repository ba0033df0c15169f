//! The program as it is handed out.

use std::path::PathBuf;
use std::process::Command;

/// Builds it, unless it is built, beside this bench.
pub fn build() -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let bench = std::env::current_exe().unwrap();
    // target/release/deps/footprint-0123456789abcdef
    let target = bench.ancestors().nth(3).unwrap();
    let mut command = Command::new(cargo);
    command.args(["build", "--profile", "dist", "--bin", "revenue-exporter", "--target-dir"]);
    let built = command.arg(target).current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(built.success(), "the program cannot be built");
    target.join("dist/revenue-exporter")
}
