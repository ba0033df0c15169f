//! A connection's bytes, watched: little is read at once, and nothing from a client that does not read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::crowd::Place;

/// So many bytes are read at once. hyper's buffer of 8 KiB grows when one read fills it, up to 400 KiB, so
/// that it never does.
const PIECE: u64 = 4096;

/// A stream, and the place of whoever is at its other end.
#[derive(Debug)]
pub(super) struct Line<S> {
    stream: S,
    place: Arc<Place>,
    /// Whether one answer follows the other: HTTP/2 limits its streams itself.
    in_turn: bool,
    /// The client has not taken the last that was sent.
    is_stuck: bool,
}

impl<S> Line<S> {
    pub(super) fn new(stream: S, place: Arc<Place>, in_turn: bool) -> Self {
        Self { stream, place, in_turn, is_stuck: false }
    }

    /// Notes whether the client took what it was sent.
    fn noting<T>(&mut self, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match (self.is_stuck, done.is_pending()) {
            (false, true) => self.place.stalled(),
            (true, false) => self.place.resumed(),
            _ => {}
        }
        self.is_stuck = done.is_pending();
        done
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        if line.in_turn && line.is_stuck {
            // Whoever asks on without reading would have the heads of its answers pile up here. The
            // write that is pending wakes the task.
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut (&mut line.stream).take(PIECE)).poll_read(context, buffer))?;
        if line.in_turn && buffer.filled().len() > before {
            line.place.arrived();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        let done = Pin::new(&mut line.stream).poll_write(context, bytes);
        line.noting(done)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        let done = Pin::new(&mut line.stream).poll_write_vectored(context, pieces);
        line.noting(done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TLS takes what it is given, and shows only here that it cannot get rid of it.
        let line = self.get_mut();
        let done = Pin::new(&mut line.stream).poll_flush(context);
        line.noting(done)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
