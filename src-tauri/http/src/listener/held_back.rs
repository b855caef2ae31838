//! A connection over a Unix socket that can be reset. Linux resets one that is closed with bytes unread, so the last byte that the
//! client sent is read and stays in the socket.

use std::{
    io,
    os::fd::AsRawFd,
    pin::Pin,
    task::{Context, Poll, ready},
};

use nix::sys::socket::{MsgFlags, recv};
use tokio::{
    io::{AsyncRead, Interest, ReadBuf},
    net::UnixStream,
};

/// Bytes that are read at once.
const PIECE: usize = 16 * 1024;

/// A connection of which a byte may be held back.
#[derive(Debug)]
pub struct HeldBack {
    pub(super) stream: UnixStream,
    /// Bytes are held back.
    holds: bool,
    /// The next byte in the socket was read already.
    held: bool,
    /// Nothing else was there when it was looked for last.
    quiet: bool,
    /// The client is to read a reset.
    resets: bool,
}

impl HeldBack {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self { stream, holds: false, held: false, quiet: false, resets: false }
    }

    pub(super) fn hold_back(&mut self) {
        self.holds = true;
    }

    pub(super) fn reset_on_close(&mut self) {
        self.resets = true;
    }

    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.holds {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut bytes = vec![0; buffer.remaining().min(PIECE) + 1];
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            let (held, room) = (usize::from(self.held), bytes.len() - usize::from(!self.held));
            match self.peek(&mut bytes[..room]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.quiet = true,
                Err(error) => return Poll::Ready(Err(error)),
                Ok(0) => return Poll::Ready(Ok(())),
                // The client closed the connection; or the socket became writable, and then the byte is no longer held.
                Ok(count) if count == held => {
                    self.take(1)?;
                    self.held = false;
                }
                Ok(count) => {
                    self.take(count - 1)?;
                    buffer.put_slice(&bytes[held..count]);
                    (self.held, self.quiet) = (true, false);
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }

    /// What is in the socket. The held byte alone is nothing, until the socket says again that there is something.
    fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let is_nothing = |count: usize| self.held && !self.quiet && count == 1;
        self.stream.try_io(Interest::READABLE, || match recv(self.stream.as_raw_fd(), bytes, MsgFlags::MSG_PEEK) {
            Ok(count) if is_nothing(count) => Err(io::ErrorKind::WouldBlock.into()),
            peeked => peeked.map_err(io::Error::from),
        })
    }

    /// Takes bytes that were looked at out of the socket.
    fn take(&self, mut count: usize) -> io::Result<()> {
        let mut bytes = [0; 1024];
        while count > 0 {
            let most = count.min(bytes.len());
            match recv(self.stream.as_raw_fd(), &mut bytes[..most], MsgFlags::empty())? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                taken => count -= taken,
            }
        }
        Ok(())
    }
}

impl Drop for HeldBack {
    fn drop(&mut self) {
        if self.held && !self.resets {
            let _ = self.take(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::listener::Connection;

    fn pair() -> (UnixStream, Connection) {
        let (client, stream) = UnixStream::pair().unwrap();
        let mut held = HeldBack::new(stream);
        held.hold_back();
        (client, Connection::Unix(held))
    }

    #[tokio::test]
    async fn all_bytes_are_read_and_so_is_the_end() {
        for length in [1, 2, PIECE, PIECE + 1, 3 * PIECE + 7] {
            let (mut client, mut connection) = pair();
            let sent: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let (mut got, expected) = (Vec::new(), sent.clone());
            let sending = tokio::spawn(async move {
                for piece in sent.chunks(5000) {
                    client.write_all(piece).await.unwrap();
                    tokio::task::yield_now().await;
                }
            });
            connection.read_to_end(&mut got).await.unwrap();
            sending.await.unwrap();
            assert!(got == expected, "{length}");
        }
    }

    #[tokio::test]
    async fn a_client_reads_what_was_sent_and_then_a_reset_or_an_end() {
        for resets in [true, false] {
            let (mut client, mut connection) = pair();
            client.write_all(b"question").await.unwrap();
            let mut question = [0; 8];
            connection.read_exact(&mut question).await.unwrap();
            assert_eq!(&question, b"question");
            connection.write_all(b"answer").await.unwrap();
            if resets {
                connection.reset_on_close().unwrap();
            }
            drop(connection);
            let mut answer = Vec::new();
            let end = client.read_to_end(&mut answer).await;
            assert_eq!(answer, b"answer");
            assert_eq!(end.map_err(|error| error.kind()).err(), resets.then_some(io::ErrorKind::ConnectionReset));
        }
    }
}
