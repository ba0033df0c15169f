//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::crowd::{Place, Turn};
use super::line::Line;
use super::reply::Reply;
use super::site::Site;
use super::strict;
use super::tls::{self, Opened};

/// How often an HTTP/2 client is asked whether it is still there, and how long it has to answer.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How many requests one HTTP/2 connection may have at once.
const STREAMS: u32 = 100;

/// How much a request's head may hold, in bytes; 431 is the answer to more.
const HEAD: u16 = 16 * 1024;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves one connection until either side ends it. `place` tells how long each part of that may take.
pub(super) async fn serve(stream: TcpStream, site: Arc<Site>, place: Arc<Place>, watcher: Watcher) {
    // What a connection needs is made for those that say something; readiness alone may be a rumour.
    if stream.peek(&mut [0]).await.is_ok_and(|bytes| bytes > 0) {
        place.read();
        speak(stream, site, place, watcher).await;
    }
}

fn speak(stream: TcpStream, site: Arc<Site>, place: Arc<Place>, watcher: Watcher) -> Work {
    Box::pin(async move {
        let opened = match &site.lock {
            None => Some(Opened::Plain(stream)),
            Some(lock) => tls::open(stream, Arc::clone(lock)).await,
        };
        place.opened();
        match opened {
            None => {}
            Some(Opened::Plain(stream)) => {
                do_not_wait(&stream);
                one(stream, site, place, watcher).await;
            }
            Some(Opened::One(stream)) => {
                do_not_wait(stream.get_ref().0);
                one(stream, site, place, watcher).await;
            }
            Some(Opened::Two(stream)) => {
                do_not_wait(stream.get_ref().0);
                two(stream, site, place, watcher).await;
            }
        }
    })
}

/// A page is written in few large pieces; waiting to fill packets only delays the last one.
fn do_not_wait(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
}

fn one<S>(stream: S, site: Arc<Site>, place: Arc<Place>, watcher: Watcher) -> Work
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let line = Line::new(stream, Arc::clone(&place), true);
    let connection = http1::Builder::new()
        // The crowd has the time.
        .header_read_timeout(None)
        .max_header_size(HEAD.into())
        .serve_connection(TokioIo::new(line), answers(site, place));
    watched(connection, watcher)
}

fn two<S>(stream: S, site: Arc<Site>, place: Arc<Place>, watcher: Watcher) -> Work
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let line = Line::new(stream, Arc::clone(&place), false);
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD.into())
        .serve_connection(TokioIo::new(line), answers(site, place));
    watched(connection, watcher)
}

fn answers(
    site: Arc<Site>,
    place: Arc<Place>,
) -> impl Service<
    Request<Incoming>,
    Response = Reply,
    Error = Infallible,
    Future = impl Future<Output = Result<Reply, Infallible>> + Send + 'static,
> + Send
+ 'static {
    service_fn(move |request| {
        let (site, turn) = (Arc::clone(&site), place.asked());
        async move { Ok::<_, Infallible>(answer(&site, &request, turn).await) }
    })
}

async fn answer(site: &Arc<Site>, request: &Request<Incoming>, turn: Turn) -> Reply {
    let mut reply = match strict::fault(request) {
        Some(fault) => fault,
        None => site.answer(request).await,
    };
    strict::close_after(request, &mut reply);
    turn.answered();
    reply.map(|body| body.carry(turn))
}

fn watched<C, E>(connection: C, watcher: Watcher) -> Work
where
    C: GracefulConnection<Error = E> + Send + 'static,
    E: Error,
{
    let connection = watcher.watch(connection);
    Box::pin(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    })
}
