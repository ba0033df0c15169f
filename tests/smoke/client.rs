//! A client that shows exactly what came over the wire.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::waiting::PATIENCE;

/// An answer, read until the connection closed.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// The status line and headers.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// A header's value; the name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn content_length(&self) -> usize {
        self.header("content-length").unwrap().parse().unwrap()
    }
}

/// A connection that cannot hang a test.
pub(super) fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

pub(super) fn get(to: SocketAddr, path: &str) -> Reply {
    ask(to, "GET", path, &[])
}

/// One request with these header lines, on a connection of its own.
pub(super) fn ask(to: SocketAddr, method: &str, path: &str, headers: &[&str]) -> Reply {
    let mut stream = connect(to);
    let first = format!("{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close");
    let request = [&[first.as_str()], headers, &["\r\n"]].concat().join("\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head, body: answer.split_off(end + 4) }
}
