//! A proxy between the exporter and an API, on real sockets, that spoils what it carries.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use revenue_exporter::clock::Clock;
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::spoil::{self, Answer, Fault, read_head};

const PAUSE: Duration = Duration::from_millis(10);

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
    path: Arc<str>,
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
    /// A proxy to what is under `path` at `to`; it does nothing yet but carry.
    ///
    /// Ports are given out again and again, and whoever still asks for an earlier owner's knows
    /// another path.
    pub(super) async fn to(to: SocketAddr, path: &str) -> Self {
        let place = place("127.0.0.1:0".parse().unwrap()).await;
        let address = place.local_addr().unwrap();
        let (sender, fault) = watch::channel(None);
        let carried = Arc::new(AtomicUsize::new(0));
        let way = Way { to, path: path.into(), fault, carried: Arc::clone(&carried) };
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

/// A socket that holds an address without listening there: while the door is closed nobody else
/// moves in. Addresses that are to be reused are shared, so this one waits for its own to be free.
async fn place(address: SocketAddr) -> TcpSocket {
    let clock = Clock::system();
    loop {
        let socket = TcpSocket::new_v4().unwrap();
        match socket.bind(address) {
            Ok(()) => return socket,
            Err(error) => assert_eq!(error.kind(), ErrorKind::AddrInUse),
        }
        clock.sleep(PAUSE).await;
    }
}

async fn attend(mut held: TcpSocket, mut way: Way) {
    let address = held.local_addr().unwrap();
    loop {
        let door = Door::of(*way.fault.borrow_and_update());
        match door {
            Door::Open => receive(held.listen(1024).unwrap(), &way).await,
            Door::Unattended => {
                let _queue = held.listen(1).unwrap();
                way.turned(door).await;
            }
            Door::Closed => {
                let _held = held;
                way.turned(door).await;
            }
        }
        held = place(address).await;
    }
}

/// Connections end with the door through which they came.
async fn receive(listener: TcpListener, way: &Way) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = way.turned(Door::Open) => break,
            accepted = listener.accept() => {
                connections.spawn(connection(accepted.unwrap().0, way.clone()));
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    connections.join_all().await;
}

async fn connection(client: TcpStream, way: Way) {
    let mut client = BufReader::new(client);
    tokio::select! {
        // Either side may leave at any point; that is half of what is tested.
        _ = converse(&mut client, &way) => {}
        // Nothing must linger at the address.
        () = way.turned(Door::Open) => client.get_ref().set_zero_linger().unwrap(),
    }
}

async fn converse(client: &mut BufReader<TcpStream>, way: &Way) -> std::io::Result<()> {
    let mut server = None;
    loop {
        let request = read_head(client).await?;
        let answer = if String::from_utf8_lossy(&request).contains(&*way.path) {
            way.carried.fetch_add(1, Ordering::SeqCst);
            let server = match &mut server {
                Some(server) => server,
                none => none.insert(BufReader::new(TcpStream::connect(way.to).await?)),
            };
            Answer::to(&request, server).await?
        } else {
            Answer::bad_request()
        };
        let fault = *way.fault.borrow();
        spoil::send(client, answer, fault).await?;
    }
}

impl Way {
    /// Resolves when the door is no longer like this; a proxy that is gone turns no door.
    async fn turned(&self, door: Door) {
        let mut fault = self.fault.clone();
        if fault.wait_for(|fault| Door::of(*fault) != door).await.is_err() {
            std::future::pending::<()>().await;
        }
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
