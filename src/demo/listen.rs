//! A simulator on a real socket, for the demo and for tests of the real client.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tracing::debug;

use super::Answer;

/// Serves `simulator` over HTTP/1.1 until `shutdown` resolves; open connections end with it.
pub async fn serve(
    listener: TcpListener,
    simulator: Arc<dyn Answer>,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = pin!(shutdown);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&simulator)));
                }
                Err(error) => {
                    debug!(%error, "the simulator could not accept a connection");
                    tokio::task::yield_now().await;
                }
            },
        }
    }
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, simulator: Arc<dyn Answer>) {
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let answer = simulator.answer(&request.map(drop)).map(Full::<Bytes>::new);
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        debug!(%error, "a connection to the simulator broke");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::demo::taprain::{KEY, Options, TapRain};
    use crate::demo::world::{Size, World};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn it_speaks_http_until_the_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let world = Arc::new(World::new(1, Size::DEFAULT));
        let simulator = Arc::new(TapRain::new(world, Clock::system(), Options::default()));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, simulator, async {
            let _ = stopped.await;
        }));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /api/v1/stats HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.contains(r#"{"success":true,"#));
        stop.send(()).unwrap();
        server.await.unwrap();
    }
}
