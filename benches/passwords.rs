//! Whether the time of a wrong password tells a name that is known from one that is not:
//! `cargo bench --bench passwords`.
//!
//! A thousand guesses at each name, in turns, over real sockets. The names are compared guess by
//! guess, so that what else the machine does meets them all alike. Ends with an error where a name
//! is told from one that is unknown by four standard errors: once in ten thousand runs by chance.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench reports, and ends by panicking"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use revenue_exporter::clock::Clock;
use revenue_exporter::config::web::{self, Watch};
use revenue_exporter::server::Server;
use revenue_exporter::server::lock::Lock;
use revenue_exporter::server::site::Site;
use tokio::runtime::Runtime;

#[path = "../tests/support/site.rs"]
mod site;

/// The last is not among the users. The hashes of the others cost differently.
const NAMES: [&str; 3] = ["alice", "bob", "nobody"];

const COSTS: [u32; 2] = [6, 8];

const GUESSES: usize = 1000;

fn main() -> ExitCode {
    let runtime = Runtime::new().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("web.yml");
    std::fs::write(&path, users()).unwrap();
    let address = runtime.block_on(serve(&path));

    let mut times = NAMES.map(|_| Vec::with_capacity(GUESSES));
    for guess in 0..GUESSES {
        for turn in 0..NAMES.len() {
            let which = (guess + turn) % NAMES.len();
            times[which].push(seconds(address, NAMES[which], guess));
        }
    }
    let told: Vec<bool> = (0..COSTS.len()).map(|known| is_told(known, &times)).collect();
    if told.contains(&true) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Hashes that no password fits.
fn users() -> String {
    let user = |(name, cost)| format!("  {name}: $2b${cost:02}${}\n", ".".repeat(53));
    let users: String = NAMES.into_iter().zip(COSTS).map(user).collect();
    format!("basic_auth_users:\n{users}")
}

async fn serve(rules: &std::path::Path) -> SocketAddr {
    let clock = Clock::system();
    let loaded = web::load(rules).unwrap();
    let first = Arc::clone(&loaded.rules);
    let watch = Arc::new(Watch::new(rules, loaded, clock.clone()));
    let lock = Some(Arc::new(Lock::new(first, watch, clock.clone())));
    let bound = Server::bind(&[SocketAddr::from(([127, 0, 0, 1], 0))]).await.unwrap();
    let address = bound.addresses()[0];
    let site = Arc::new(Site { lock, ..site::empty(clock, "") });
    tokio::spawn(bound.run(site, std::future::pending()));
    address
}

/// How long the server takes to refuse one more password.
fn seconds(address: SocketAddr, user: &str, guess: usize) -> f64 {
    let shown = STANDARD.encode(format!("{user}:guess {guess}"));
    let request =
        format!("GET / HTTP/1.0\r\nhost: localhost\r\nauthorization: Basic {shown}\r\n\r\n");
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    let took = begun.elapsed().as_secs_f64();
    assert!(heard.contains(" 401 "), "{heard}");
    took
}

/// Tells how a name that is known differs from the one that is not.
fn is_told(known: usize, times: &[Vec<f64>; 3]) -> bool {
    let differences: Vec<f64> =
        times[known].iter().zip(&times[COSTS.len()]).map(|(one, other)| one - other).collect();
    let mean = mean(&times[known]);
    let (apart, doubt) = summed(&differences);
    println!(
        "{}: {:.1} us, {:+.1} +- {:.1} us from a name that is unknown",
        NAMES[known],
        mean * 1e6,
        apart * 1e6,
        doubt * 1e6
    );
    apart.abs() > 4.0 * doubt
}

fn mean(times: &[f64]) -> f64 {
    times.iter().sum::<f64>() / times.len() as f64
}

/// The mean, and its standard error.
fn summed(differences: &[f64]) -> (f64, f64) {
    let mean = mean(differences);
    let squares: f64 = differences.iter().map(|each| (each - mean).powi(2)).sum();
    let count = differences.len() as f64;
    (mean, (squares / (count - 1.0) / count).sqrt())
}
