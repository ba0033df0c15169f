//! Load by wrk, on loopback, for a bounded time.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

pub struct Wrk {
    pub clients: usize,
    pub gzip: bool,
}

/// What a round gave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Requests a second.
    pub requests: f64,
    /// Milliseconds within which 99 of 100 were answered.
    pub slowest: f64,
}

impl Outcome {
    pub fn better(self, other: Self) -> Self {
        if other.requests > self.requests { other } else { self }
    }
}

impl Wrk {
    /// Asks for two seconds.
    pub fn load(&self, port: u16) -> Outcome {
        let mut wrk = Command::new("wrk");
        wrk.args(["-t1", "-d2s", "--latency"]).arg(format!("-c{}", self.clients));
        if self.gzip {
            wrk.args(["-H", "Accept-Encoding: gzip"]);
        }
        let output = wrk.arg(format!("http://127.0.0.1:{port}/metrics")).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(!said.contains("Non-2xx") && !said.contains("Socket errors"), "{said}");
        let after = |word: &str| {
            let line = said.lines().find(|line| line.trim_start().starts_with(word)).unwrap();
            line.split_whitespace().nth(1).unwrap().to_owned()
        };
        Outcome {
            requests: after("Requests/sec:").parse().unwrap(),
            slowest: milliseconds(&after("99%")),
        }
    }
}

/// `1.23ms`, `45.00us`, `1.20s`.
fn milliseconds(text: &str) -> f64 {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let each = match &text[digits.len()..] {
        "us" => 1e-3,
        "ms" => 1.0,
        _ => 1e3,
    };
    digits.parse::<f64>().unwrap() * each
}

/// The body of one answer.
pub fn fetch(port: u16, gzip: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let coding = if gzip { "Accept-Encoding: gzip\r\n" } else { "" };
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\n{coding}Connection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    answer.split_off(head + 4)
}
