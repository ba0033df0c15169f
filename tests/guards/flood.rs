//! Thousands of clients that mean no good, and one that does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use revenue_exporter::clock::Clock;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use super::program::Program;

/// What is resident at most, in KiB.
const MOST: u64 = 64 * 1024;

/// A scrape takes milliseconds; this is for a machine with other things to do.
const BOUND: Duration = Duration::from_secs(5);

const NONSENSE: [&[u8]; 8] = [
    b"nonsense\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /metrics HTTP/9.9\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nhost : x\r\n\r\n",
    b"POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
    b"POST /metrics HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"\0\0\0\0\r\n\r\n",
];

/// A connection from one of many addresses of this host, so that their ports do not run out.
async fn connect(number: usize, to: SocketAddr) -> TcpStream {
    let from = [127, 0, 1, u8::try_from(number % 200 + 1).unwrap()];
    loop {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        if let Ok(stream) = socket.connect(to).await {
            return stream;
        }
    }
}

/// So many connections, made some at a time.
async fn connections(count: usize, to: SocketAddr) -> Vec<TcpStream> {
    let mut made = Vec::with_capacity(count);
    let mut making = JoinSet::new();
    for number in 0..count {
        if making.len() == 64 {
            made.extend(making.join_next().await.map(Result::unwrap));
        }
        making.spawn(connect(number, to));
    }
    made.extend(making.join_all().await);
    made
}

/// How long a scrape took, which must have come to an end.
async fn scrape(to: SocketAddr) -> Duration {
    let clock = Clock::system();
    let begin = clock.tick();
    let work = async {
        let mut stream = TcpStream::connect(to).await.unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).await.unwrap();
        page
    };
    let page = clock.timeout(BOUND, work).await.expect("a scrape takes too long");
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("taprain_clicks{"), "{page:.200}");
    clock.tick().since(begin)
}

/// The longest of so many scrapes.
async fn scrapes(count: usize, to: SocketAddr) -> Duration {
    let mut longest = Duration::ZERO;
    for _ in 0..count {
        longest = longest.max(scrape(to).await);
    }
    longest
}

/// Sends nonsense until so many have been sent.
async fn nonsense(count: usize, to: SocketAddr) {
    let sent = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for _ in 0..32 {
        let sent = Arc::clone(&sent);
        senders.spawn(async move {
            loop {
                let number = sent.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return;
                }
                let mut stream = connect(number, to).await;
                // What it says to that, or whether it says anything, matters elsewhere.
                let _ = stream.write_all(NONSENSE[number % NONSENSE.len()]).await;
                if number % NONSENSE.len() != 1 {
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                }
            }
        });
    }
    senders.join_all().await;
}

/// Sends nonsense, and scrapes on the while: each from a thread of its own, for a scraper does not wait for those who
/// send nonsense either.
async fn scrapes_amid_nonsense(count: usize, to: SocketAddr) -> Duration {
    let sender = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(nonsense(count, to));
    });
    let mut longest = Duration::ZERO;
    while !sender.is_finished() {
        longest = longest.max(scrape(to).await);
    }
    sender.join().unwrap();
    longest
}

fn raise_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let clock = Clock::system();
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        clock.sleep(Duration::from_millis(20)).await;
    }
    panic!("in vain waited for {what}");
}

async fn flood(idle: usize, slow: usize, malformed: usize) {
    raise_limit();
    let program = Program::start();
    let to = program.address;
    let clock = Clock::system();
    while clock.timeout(BOUND, ready(to)).await != Some(true) {
        clock.sleep(Duration::from_millis(20)).await;
    }
    scrapes(5, to).await;
    // Files that the exporter's own requests have open come and go.
    let before = program.files();
    let alone = program.peak();
    let begin = clock.tick();
    let silent = connections(idle, to).await;
    println!("{idle} connected in {:.1?}", clock.tick().since(begin));
    until("the idle ones to be let in", || program.files() >= before + idle / 2).await;
    let amid_idle = scrapes(20, to).await;
    let with_idle = program.peak();
    let mut heads = connections(slow, to).await;
    for stream in &mut heads {
        stream.write_all(b"GET /metrics HTTP/1.1\r\n").await.unwrap();
    }
    let mut amid_slow = Duration::ZERO;
    for byte in b"host: x" {
        for stream in &mut heads {
            // It may have lost its patience already.
            let _ = stream.write_all(&[*byte]).await;
        }
        amid_slow = amid_slow.max(scrapes(3, to).await);
    }
    let with_slow = program.peak();
    let amid_nonsense = scrapes_amid_nonsense(malformed, to).await;
    let open = program.files();
    drop((silent, heads));
    until("the files to come back", || program.files() <= before + 4).await;
    let after = scrapes(5, to).await;
    println!(
        "{idle} idle: {amid_idle:.1?}, {slow} slow: {amid_slow:.1?}, {malformed} malformed: \
         {amid_nonsense:.1?}, after: {after:.1?}; peak {alone} -> {with_idle} -> {with_slow} -> {} KiB; \
         files {before} -> {open} -> {}",
        program.peak(),
        program.files(),
    );
    assert!(program.peak() < MOST, "{} KiB were resident", program.peak());
}

async fn ready(to: SocketAddr) -> bool {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let request = b"GET /-/ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.is_ok() && page.ends_with("Ready\n")
}

#[tokio::test]
async fn a_scraper_is_answered_amid_hundreds_who_are_not() {
    flood(300, 100, 1000).await;
}

#[tokio::test]
#[ignore = "ten thousand connections; run by .ci/long"]
async fn a_scraper_is_answered_amid_thousands_who_are_not() {
    flood(10_000, 1000, 100_000).await;
}
