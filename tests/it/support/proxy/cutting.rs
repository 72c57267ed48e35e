//! How connections end, and answers stop, that a network takes away.

use std::{
    io,
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll},
    time::Duration,
};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::watch,
};
use tokio_rustls::server::TlsStream;

/// How a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// It goes on.
    Not,
    /// It ends without TLS's farewell.
    End,
    /// It is reset.
    Reset,
}

/// A connection that can be reset.
pub(super) struct Cuttable {
    tls: TlsStream<TcpStream>,
    cut: watch::Receiver<Cut>,
}

impl Cuttable {
    pub(super) fn new(tls: TlsStream<TcpStream>, cut: watch::Receiver<Cut>) -> Self {
        Self { tls, cut }
    }
}

impl Drop for Cuttable {
    fn drop(&mut self) {
        if *self.cut.borrow() == Cut::Reset {
            let _ = self.tls.get_ref().0.set_zero_linger();
        }
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_read(cx, buf)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(cx)
    }
}

/// What becomes of the next connections.
#[derive(Default)]
pub(super) struct Gate {
    refused: AtomicUsize,
    cut: AtomicUsize,
}

/// A connection that was let in.
pub(super) enum Welcome {
    Served(TcpStream),
    CutInHandshake(TcpStream),
}

impl Gate {
    pub(super) fn refuse(&self, more: usize) {
        self.refused.store(more, Ordering::SeqCst);
    }

    pub(super) fn cut_in_handshake(&self, more: usize) {
        self.cut.store(more, Ordering::SeqCst);
    }

    pub(super) fn open(&self) {
        self.refuse(0);
        self.cut_in_handshake(0);
    }

    /// None for a connection that is reset before it has said anything: that is what a client sees of a port where
    /// nobody listens, short of the system call that says so.
    pub(super) fn admit(&self, tcp: TcpStream) -> Option<Welcome> {
        if take_one(&self.refused) {
            let _ = tcp.set_zero_linger();
            return None;
        }
        Some(if take_one(&self.cut) { Welcome::CutInHandshake(tcp) } else { Welcome::Served(tcp) })
    }
}

fn take_one(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

/// Hears the client's hello, and ends.
pub(super) async fn cut_in_handshake(mut tcp: TcpStream) {
    let mut hello = [0; 512];
    let _ = tokio::time::timeout(Duration::from_secs(5), tcp.read(&mut hello)).await;
}

/// The body of an answer: whole, or what came of it.
pub(super) struct Text {
    left: Option<Bytes>,
    missing: u64,
}

impl Text {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self { left: Some(bytes), missing: 0 }
    }

    /// The first half; the rest never comes, and the connection ends.
    pub(super) fn half(bytes: &Bytes) -> Self {
        let half = bytes.len() / 2;
        Self { left: Some(bytes.slice(..half)), missing: (bytes.len() - half) as u64 }
    }
}

impl Body for Text {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match self.left.take() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            None if self.missing > 0 => Poll::Ready(Some(Err(io::Error::other("the rest is lost")))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none() && self.missing == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.missing + self.left.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
