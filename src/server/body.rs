//! A body in a few pieces whose whole length is known.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::gate::Pass;

/// Pieces sent one after the other, without copying them together.
#[derive(Debug, Default)]
pub struct Chunks {
    pieces: VecDeque<Bytes>,
    /// Given back when the body has gone.
    pass: Option<Pass>,
}

/// Bytes, and what ends with them.
struct Laden<T> {
    bytes: Bytes,
    _rider: T,
}

impl<T> AsRef<[u8]> for Laden<T> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Chunks {
    /// How many bytes are left.
    pub fn length(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.len() as u64).sum()
    }

    /// Keeps `pass` until the body has gone.
    #[must_use]
    pub fn under(mut self, pass: Pass) -> Self {
        self.pass = Some(pass);
        self
    }

    /// Keeps `rider` with the last piece: hyper lets go of that when the socket has taken it, and of
    /// the body itself already when it has queued all of it.
    pub(super) fn carry(mut self, rider: impl Send + 'static) -> Self {
        if let Some(bytes) = self.pieces.pop_back() {
            let laden = Laden { bytes, _rider: (self.pass.take(), rider) };
            self.pieces.push_back(Bytes::from_owner(laden));
        }
        self
    }
}

impl From<Vec<Bytes>> for Chunks {
    fn from(mut pieces: Vec<Bytes>) -> Self {
        pieces.retain(|piece| !piece.is_empty());
        Self { pieces: pieces.into(), pass: None }
    }
}

impl From<String> for Chunks {
    fn from(text: String) -> Self {
        vec![Bytes::from(text)].into()
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.pieces.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length())
    }
}
