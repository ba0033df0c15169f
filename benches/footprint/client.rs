//! A scraper as Prometheus is one: HTTP/1.1, gzip, one connection that it keeps.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

pub struct Client {
    stream: TcpStream,
    request: String,
    answer: Vec<u8>,
}

impl Client {
    pub fn connect(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_nodelay(true).unwrap();
        let request =
            format!("GET /metrics HTTP/1.1\r\nhost: {to}\r\naccept-encoding: gzip\r\n\r\n");
        Self { stream, request, answer: vec![0; 1 << 20] }
    }

    /// Reads a page to its last byte; returns how long its body was.
    pub fn scrape(&mut self) -> usize {
        self.stream.write_all(self.request.as_bytes()).unwrap();
        let (mut there, mut whole) = (0, None);
        while whole.is_none_or(|whole| there < whole) {
            if there == self.answer.len() {
                self.answer.resize(2 * there, 0);
            }
            let read = self.stream.read(&mut self.answer[there..]).unwrap();
            assert!(read > 0, "the connection ended within an answer");
            there += read;
            whole = whole.or_else(|| whole_length(&self.answer[..there]));
        }
        there
    }
}

/// How long head and body are, once the head is there.
fn whole_length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&answer[..head]).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let mut fields = text.lines().filter_map(|line| line.split_once(": "));
    let (_, length) = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length")).unwrap();
    Some(head + 4 + length.parse::<usize>().unwrap())
}
