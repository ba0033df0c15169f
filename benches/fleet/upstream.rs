//! Both APIs on one port, as little work as can be: read a request's head, note it, answer it.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use revenue_exporter::clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Builder;

use crate::answers::Answers;
use crate::record::{KLAR, Record, TAPRAIN, TERMS};

pub struct Upstream {
    pub port: u16,
}

struct Shared {
    record: Arc<Record>,
    clock: Clock,
    latency: Duration,
    answers: Mutex<Answers>,
}

impl Upstream {
    /// Serves on a thread of its own until the process ends.
    pub fn serve(record: Arc<Record>, clock: Clock, latency: Duration) -> Self {
        let (tell, told) = channel();
        let shared = Arc::new(Shared { record, clock, latency, answers: Mutex::default() });
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
                // Thousands may come at once.
                let listener = socket.listen(4096).unwrap();
                tell.send(listener.local_addr().unwrap().port()).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    tokio::spawn(connection(stream, Arc::clone(&shared)));
                }
            });
        });
        Self { port: told.recv().unwrap() }
    }
}

async fn connection(mut stream: TcpStream, shared: Arc<Shared>) {
    stream.set_nodelay(true).unwrap();
    let (mut buffer, mut filled) = (vec![0; 4096], 0);
    loop {
        match stream.read(&mut buffer[filled..]).await {
            Ok(0) | Err(_) => return,
            Ok(read) => filled += read,
        }
        let Some(head) = buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let arrived = shared.clock.tick();
        let head = std::str::from_utf8(&buffer[..head]).unwrap();
        let (api, account, key) = asker(head);
        let path = head.split(' ').nth(1).unwrap();
        let answer = shared.answers.lock().unwrap().get(path, &key);
        filled = 0;
        tokio::time::sleep(shared.latency).await;
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        shared.record.note(api, account, arrived, shared.clock.tick());
    }
}

/// Whose request it is: the key says it.
fn asker(head: &str) -> (usize, usize, String) {
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let carries = ["x-api-key", "token", "authorization"];
        carries.iter().any(|known| name.eq_ignore_ascii_case(known)).then_some(value)
    });
    let key = key.unwrap().trim_start_matches("Bearer ");
    let api = if key.starts_with(TERMS[TAPRAIN].letter) { TAPRAIN } else { KLAR };
    (api, key[1..].parse().unwrap(), key.to_owned())
}
