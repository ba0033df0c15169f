//! A Prometheus of our own on loopback, for samples of any time.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::record::Recording;
use crate::wire_format::{Written, request};

/// Longer than the hour after which an unchanged value is written again.
const LOOKBACK: &str = "--query.lookback-delta=61m";

pub struct Server {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

/// A result of a range query: labels, and values at some of the steps, in seconds.
pub struct Ranged {
    pub labels: BTreeMap<String, String>,
    pub values: Vec<(i64, f64)>,
}

pub fn is_there() -> bool {
    let version = Command::new("prometheus").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// As `2.42.0`.
pub fn version() -> String {
    let output = Command::new("prometheus").arg("--version").output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    said.split_whitespace().nth(2).unwrap_or_default().to_owned()
}

impl Server {
    pub fn start(worker: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.path().join("prometheus.yml");
        std::fs::write(&config, "{}\n").unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            // One head holds everything, whatever its time: nothing is cut into blocks.
            .args([
                "--storage.tsdb.retention.time=100y",
                "--storage.tsdb.min-block-duration=10000h",
            ])
            .args([
                "--storage.tsdb.max-block-duration=10000h",
                "--web.enable-remote-write-receiver",
            ])
            .args([LOOKBACK, "--query.max-samples=400000000", "--query.timeout=10m"])
            .args(["--web.enable-admin-api", "--log.level=error"])
            .env("GOMAXPROCS", "1")
            .env("GOGC", "400")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("prometheus {worker} does not start: {error}"));
        let server = Self { child, port, _folder: folder };
        for _ in 0..300 {
            if server.ask("GET", "/-/ready", "", &[]).is_some_and(|(status, _)| status == 200) {
                return server;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("prometheus does not become ready");
    }

    pub fn write(&self, recording: &Recording) {
        let series: Vec<Written<'_>> = recording.written().collect();
        for some in series.chunks(2_000) {
            self.put(&request(some));
        }
    }

    pub fn put(&self, body: &[u8]) {
        let (status, answer) =
            self.ask("POST", "/api/v1/write", "application/x-protobuf", body).unwrap();
        assert!(status < 300, "{status}: {}", String::from_utf8_lossy(&answer));
    }

    /// `query` at every `step` from `start` to `end`, all in seconds.
    pub fn range(&self, query: &str, (start, end): (i64, i64), step: i64) -> Vec<Ranged> {
        let pairs = [
            ("query", query.to_owned()),
            ("start", start.to_string()),
            ("end", end.to_string()),
            ("step", step.to_string()),
        ];
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let kind = "application/x-www-form-urlencoded";
        let (status, answer) =
            self.ask("POST", "/api/v1/query_range", kind, form.as_bytes()).unwrap();
        assert!(status == 200, "{query}: {}", String::from_utf8_lossy(&answer));
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let ranged = |result: &Value| Ranged {
            labels: serde_json::from_value(result["metric"].clone()).unwrap(),
            values: result["values"].as_array().unwrap().iter().map(point).collect(),
        };
        answer["data"]["result"].as_array().unwrap().iter().map(ranged).collect()
    }

    fn ask(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
             Content-Encoding: {}\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\n\r\n",
            body.len(),
            if path.ends_with("write") { "snappy" } else { "identity" },
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let split = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let status = String::from_utf8_lossy(&answer[..split]).split(' ').nth(1)?.parse().ok()?;
        Some((status, answer.split_off(split + 4)))
    }
}

fn point(pair: &Value) -> (i64, f64) {
    (pair[0].as_f64().unwrap() as i64, pair[1].as_str().unwrap().parse().unwrap())
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data goes with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
