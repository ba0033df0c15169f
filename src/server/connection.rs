//! One connection, from its first request to its end.

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
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::reply::Reply;
use super::site::Site;
use super::tls::Opened;

/// A client has this long to send a request's head.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How often an HTTP/2 client is asked whether it is still there, and how long it has to answer.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How many requests one HTTP/2 connection may have at once.
const STREAMS: u32 = 100;

/// How much one HTTP/2 request's head may hold, in bytes.
const HEAD: u32 = 16 * 1024;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves one connection until either side ends it.
pub(super) fn serve(opened: Opened, site: Arc<Site>, graceful: &GracefulShutdown) -> Work {
    match opened {
        Opened::Plain(stream) => {
            do_not_wait(&stream);
            one(stream, site, graceful)
        }
        Opened::One(stream) => {
            do_not_wait(stream.get_ref().0);
            one(stream, site, graceful)
        }
        Opened::Two(stream) => {
            do_not_wait(stream.get_ref().0);
            two(stream, site, graceful)
        }
    }
}

/// A page is written in few large pieces; waiting to fill packets only delays the last one.
fn do_not_wait(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
}

fn one<S>(stream: S, site: Arc<Site>, graceful: &GracefulShutdown) -> Work
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .serve_connection(TokioIo::new(stream), answers(site));
    watched(connection, graceful)
}

fn two<S>(stream: S, site: Arc<Site>, graceful: &GracefulShutdown) -> Work
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD)
        .serve_connection(TokioIo::new(stream), answers(site));
    watched(connection, graceful)
}

fn answers(
    site: Arc<Site>,
) -> impl Service<
    Request<Incoming>,
    Response = Reply,
    Error = Infallible,
    Future = impl Future<Output = Result<Reply, Infallible>> + Send + 'static,
> + Send
+ 'static {
    service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.answer(&request).await) }
    })
}

fn watched<C, E>(connection: C, graceful: &GracefulShutdown) -> Work
where
    C: GracefulConnection<Error = E> + Send + 'static,
    E: Error,
{
    let connection = graceful.watch(connection);
    Box::pin(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    })
}
