//! An accepted connection, of whichever kind.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

#[cfg(all(unix, not(target_os = "linux")))]
use tokio::net::UnixStream;
#[cfg(windows)]
use tokio::net::windows::named_pipe::NamedPipeServer;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

#[cfg(target_os = "linux")]
use super::held_back::HeldBack;

/// What a client and a listener say to each other.
#[derive(Debug)]
pub enum Connection {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a socket that is a file.
    #[cfg(target_os = "linux")]
    Unix(HeldBack),
    /// Over a socket that is a file.
    #[cfg(all(unix, not(target_os = "linux")))]
    Unix(UnixStream),
    /// Over a named pipe.
    #[cfg(windows)]
    Pipe(NamedPipeServer),
}

impl Connection {
    #[cfg(unix)]
    pub(super) fn unix(stream: tokio::net::UnixStream) -> Self {
        #[cfg(target_os = "linux")]
        return Self::Unix(HeldBack::new(stream));
        #[cfg(not(target_os = "linux"))]
        Self::Unix(stream)
    }

    /// Makes it possible for [`reset_on_close`](Self::reset_on_close) to work on a socket that is a file. It is to be called
    /// before anything is read.
    pub fn prepare_reset(&mut self) {
        #[cfg(target_os = "linux")]
        if let Self::Unix(stream) = self {
            stream.hold_back();
        }
    }

    /// Has the client read a reset in place of an end when this is dropped: over TCP, and on Linux over a socket that is a file.
    /// Any other connection ends as usual.
    ///
    /// # Errors
    /// What the operating system says of the socket.
    pub fn reset_on_close(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_zero_linger(),
            #[cfg(target_os = "linux")]
            Self::Unix(stream) => {
                stream.reset_on_close();
                Ok(())
            }
            #[cfg(not(target_os = "linux"))]
            _ => Ok(()),
        }
    }

    /// This process itself connected, as far as the operating system says.
    pub(super) fn is_own(&self) -> bool {
        match self {
            #[cfg(unix)]
            Self::Unix(stream) => {
                #[cfg(target_os = "linux")]
                let stream = &stream.stream;
                let peer = stream.peer_cred().ok().and_then(|peer| u32::try_from(peer.pid()?).ok());
                peer == Some(std::process::id())
            }
            _ => false,
        }
    }

    /// What is written to.
    fn writer(&mut self) -> Pin<&mut (dyn AsyncWrite + Send + Unpin)> {
        match self {
            Self::Tcp(stream) => Pin::new(stream),
            #[cfg(target_os = "linux")]
            Self::Unix(stream) => Pin::new(&mut stream.stream),
            #[cfg(all(unix, not(target_os = "linux")))]
            Self::Unix(stream) => Pin::new(stream),
            #[cfg(windows)]
            Self::Pipe(stream) => Pin::new(stream),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            #[cfg(target_os = "linux")]
            Self::Unix(stream) => stream.poll_read(cx, buffer),
            #[cfg(all(unix, not(target_os = "linux")))]
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
            #[cfg(windows)]
            Self::Pipe(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writer().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer().poll_shutdown(cx)
    }
}
