//! An answer of Klar as it comes from a socket: over loopback, by the exporter's own client.

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use futures_util::StreamExt as _;
use revenue_exporter::upstream::http::Http;
use revenue_exporter::upstream::transport::Transport as _;
use tokio::runtime::{Builder, Runtime};

use crate::decode::{MOST_ROWS, add_up_as_it_arrives, typed};
use crate::measure::{race, rate, timed};
use crate::options::Options;
use crate::report::Line;
use crate::rows::Answer;

/// Klar's rows, added up while they come; the rival waits for the last.
pub fn klar(options: &Options) -> Vec<Line> {
    let [all, some] =
        [usize::MAX, MOST_ROWS].map(|most| Arc::new(Answer::new(options.rows.min(most))));
    let (wire, short) = (Wire::of(Arc::clone(&all)), Wire::of(Arc::clone(&some)));
    let best = race(vec![
        Box::new(|| {
            timed(|| black_box(add_up_as_it_arrives(all.rows, |each| wire.arrive(each)))).0
        }),
        Box::new(|| timed(|| black_box(typed(&short.whole(some.len())))).0),
    ]);
    let (ours, theirs) = (rate(all.len(), best[0]), rate(some.len(), best[1]));
    let work = format!("add up {} rows of Klar from a socket", all.rows);
    let line = || Line::of(&work, format!("{ours:.0} MB/s"));
    let ratio = ours / theirs;
    vec![
        line().goal("300 MB/s", ours >= 300.0),
        line()
            .beside("`Vec<Row>`", &format!("{theirs:.0} MB/s"), ratio)
            .goal("1.2 x", ratio >= 1.2),
    ]
}

/// Who asks, and the address of who answers.
struct Wire {
    address: SocketAddr,
    client: Http,
    runtime: Runtime,
}

impl Wire {
    /// Answers every connection with `answer`, from a thread of its own.
    fn of(answer: Arc<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                send(&answer, stream.unwrap());
            }
        });
        // The thread that is measured does all of the client's work.
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Self { address, client: Http::new().unwrap(), runtime }
    }

    /// Asks, and hands over what arrives as it arrives.
    fn arrive(&self, mut each: impl FnMut(&[u8])) {
        let request = http::Request::get(format!("http://{}/", self.address)).body(()).unwrap();
        self.runtime.block_on(async {
            let mut pieces = self.client.send(request).await.unwrap().into_body();
            while let Some(piece) = pieces.next().await {
                each(&piece.unwrap());
            }
        });
    }

    /// All of it, for who needs it whole.
    fn whole(&self, length: usize) -> Vec<u8> {
        let mut whole = Vec::with_capacity(length);
        self.arrive(|piece| whole.extend_from_slice(piece));
        whole
    }
}

fn send(answer: &Answer, mut stream: TcpStream) {
    let mut asked = BufReader::new(stream.try_clone().unwrap()).lines();
    while asked.next().is_some_and(|line| !line.unwrap().is_empty()) {}
    let length = answer.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    answer.arrive(|piece| stream.write_all(piece).unwrap());
}
