//! The seam between the protocols and the network.
//!
//! Production puts `upstream::http` behind it, tests an in-process simulator.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

/// A request: every call of both APIs has an empty body.
pub type Request = http::Request<()>;

/// An answer whose body is still arriving.
pub type Response = http::Response<Body>;

/// A body in pieces, as they arrive.
pub type Body = BoxStream<'static, Result<Bytes, TransportError>>;

/// Why no answer, or no whole answer, came. Names the host at most, never a URL, header or body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection: name resolution, TCP or TLS failed.
    #[error("no connection to {0}")]
    Connect(String),
    /// The connection ended before the answer did.
    #[error("the connection broke before the answer ended: {0}")]
    Broken(String),
}

/// Whatever carries a request to an API. One call is one attempt on the wire, never more.
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` and resolves when the answer's head has arrived.
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, TransportError>>;
}
