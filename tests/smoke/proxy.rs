//! A proxy between the exporter and an API, on real sockets, that spoils what it carries.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::spoil::{self, Answer, Fault, read_head};

/// One API's proxy. It lives as long as the runtime that it was made in.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    fault: watch::Sender<Option<Fault>>,
    carried: Arc<AtomicUsize>,
}

/// What every connection shares.
#[derive(Clone)]
struct Way {
    to: SocketAddr,
    fault: watch::Receiver<Option<Fault>>,
    carried: Arc<AtomicUsize>,
}

/// How a proxy treats those who knock.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    /// They connect to a queue that nobody empties, until it is full.
    Unattended,
    Closed,
}

impl Proxy {
    /// A proxy to `to` that does nothing yet but carry; to be called within a runtime.
    pub(super) fn to(to: SocketAddr) -> Self {
        let place = place("127.0.0.1:0".parse().unwrap());
        let address = place.local_addr().unwrap();
        let (sender, fault) = watch::channel(None);
        let carried = Arc::new(AtomicUsize::new(0));
        let way = Way { to, fault, carried: Arc::clone(&carried) };
        tokio::spawn(attend(place, way));
        Self { address, fault: sender, carried }
    }

    /// From now on every answer is spoiled like this, or none.
    pub(super) fn set(&self, fault: Option<Fault>) {
        self.fault.send_replace(fault);
    }

    /// How many requests went on to the API.
    pub(super) fn carried(&self) -> usize {
        self.carried.load(Ordering::SeqCst)
    }
}

/// A socket that holds an address, whether or not anyone listens there: while the door is closed
/// nobody else can move in.
fn place(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

async fn attend(kept: TcpSocket, mut way: Way) {
    let address = kept.local_addr().unwrap();
    loop {
        let door = Door::of(*way.fault.borrow_and_update());
        let mut turned = way.fault.clone();
        let turned = turned.wait_for(|fault| Door::of(*fault) != door);
        let gone = match door {
            Door::Open => {
                let listener = place(address).listen(1024).unwrap();
                tokio::select! {
                    gone = turned => gone.is_err(),
                    () = receive(listener, &way) => true,
                }
            }
            Door::Unattended => {
                let _queue = place(address).listen(1).unwrap();
                turned.await.is_err()
            }
            Door::Closed => turned.await.is_err(),
        };
        if gone {
            return;
        }
    }
}

/// Connections end with the door through which they came.
async fn receive(listener: TcpListener, way: &Way) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(converse(stream, way.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Either side may leave at any point; that is half of what is tested.
async fn converse(client: TcpStream, way: Way) -> std::io::Result<()> {
    let (mut client, mut server) = (BufReader::new(client), None);
    loop {
        let request = read_head(&mut client).await?;
        let answer = if request[0].is_ascii_uppercase() {
            way.carried.fetch_add(1, Ordering::SeqCst);
            let server = match &mut server {
                Some(server) => server,
                none => none.insert(BufReader::new(TcpStream::connect(way.to).await?)),
            };
            Answer::to(&request, server).await?
        } else {
            Answer::to_no_http()
        };
        let fault = *way.fault.borrow();
        spoil::send(&mut client, answer, fault).await?;
    }
}

impl Door {
    fn of(fault: Option<Fault>) -> Self {
        match fault {
            Some(Fault::Refused) => Self::Closed,
            Some(Fault::Unattended) => Self::Unattended,
            _ => Self::Open,
        }
    }
}
