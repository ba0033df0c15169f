//! An API that answers byte for byte what a test tells it to, one connection a request.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::waiting::PATIENCE;

/// What a connection gets once its request has arrived.
#[derive(Clone)]
pub(super) enum Act {
    /// These bytes, then the end.
    Send(Vec<u8>),
    /// These bytes, then nothing until the client gives up.
    Hang(Vec<u8>),
    /// These bytes, then the second ones again and again, until the client gives up.
    Repeat(Vec<u8>, Vec<u8>),
}

type Script = dyn Fn(usize, &str) -> Act + Send + Sync;

/// A listener with a script; it ends with the value.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    /// `script` is told how many requests of the same path came before, and the request.
    pub(super) fn new(script: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> Self {
        Self::limited(usize::MAX, script)
    }

    /// The same, which takes so many connections and refuses the rest.
    pub(super) fn limited(
        connections: usize,
        script: impl Fn(usize, &str) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (record, script) = (Arc::clone(&requests), Arc::new(script) as Arc<Script>);
        std::thread::spawn(move || {
            for stream in listener.incoming().take(connections) {
                let (record, script) = (Arc::clone(&record), Arc::clone(&script));
                std::thread::spawn(move || converse(stream.unwrap(), &record, &*script));
            }
        });
        Self { address, requests }
    }

    /// One that ought never to be asked.
    pub(super) fn unwanted() -> Self {
        Self::new(|_, _| Act::Send(answer("200 OK", "{}")))
    }

    /// Every request so far, as it came over the wire.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A whole answer with a body of any kind.
pub(super) fn answer(status: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    answer_with(status, "", body)
}

/// A whole answer with more header lines, each with its line end.
pub(super) fn answer_with(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn converse(mut stream: TcpStream, record: &Mutex<Vec<String>>, script: &Script) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let request = read_head(&mut stream);
    let earlier = {
        let mut record = record.lock().unwrap();
        let same = record.iter().filter(|one| path(one) == path(&request)).count();
        record.push(request.clone());
        same
    };
    // The client may leave at any point; that is half of what is tested.
    let _ = perform(&mut stream, script(earlier, &request));
}

fn perform(stream: &mut TcpStream, act: Act) -> std::io::Result<()> {
    match act {
        Act::Send(bytes) => stream.write_all(&bytes),
        Act::Hang(bytes) => {
            stream.write_all(&bytes)?;
            stream.read_to_end(&mut Vec::new()).map(drop)
        }
        Act::Repeat(first, again) => {
            stream.write_all(&first)?;
            loop {
                stream.write_all(&again)?;
            }
        }
    }
}

/// The request's head; every request of the exporter has an empty body.
fn read_head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
        head.extend(byte);
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn path(request: &str) -> &str {
    request.split([' ', '?']).nth(1).unwrap_or_default()
}
