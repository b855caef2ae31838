//! What the user of a terminal does to the command in it: types, and changes its size.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::{mpsc, watch},
};

use super::TerminalSize;
use porthole_base::error::{Code, Error, Result};

/// How many writes may wait for a command that doesn't read.
const WAITING: usize = 16;
/// The most bytes of one of them.
const MOST: usize = 64_000;

/// The user's end.
#[derive(Debug, Clone)]
pub struct Terminal {
    keys: mpsc::Sender<Vec<u8>>,
    size: watch::Sender<TerminalSize>,
}

/// The command's end.
#[derive(Debug)]
pub struct TerminalInput {
    /// What is typed.
    pub keys: Keys,
    /// The sizes that the terminal gets.
    pub sizes: Sizes,
}

/// What is typed, as an input of a command: it ends when the user's end is gone.
#[derive(Debug)]
pub struct Keys {
    typed: mpsc::Receiver<Vec<u8>>,
    rest: io::Cursor<Vec<u8>>,
}

/// The sizes that a terminal gets while a command runs in it.
#[derive(Debug)]
pub struct Sizes(watch::Receiver<TerminalSize>);

/// Both ends of a terminal that begins with this size.
pub fn terminal(size: TerminalSize) -> (Terminal, TerminalInput) {
    let (keys, typed) = mpsc::channel(WAITING);
    let (sender, receiver) = watch::channel(size);
    let keys_read = Keys { typed, rest: io::Cursor::default() };
    (Terminal { keys, size: sender }, TerminalInput { keys: keys_read, sizes: Sizes(receiver) })
}

impl Terminal {
    /// Types this. It waits while a command doesn't read what was typed before; for one that has ended there is nothing to
    /// do.
    ///
    /// # Errors
    /// [`Code::CommandInvalid`] above 64 kB at once.
    pub async fn write(&self, bytes: Vec<u8>) -> Result<()> {
        if bytes.len() > MOST {
            return Err(Error::new(Code::CommandInvalid, "More than 64 kB were typed into a terminal at once"));
        }
        if !bytes.is_empty() {
            let _ = self.keys.send(bytes).await;
        }
        Ok(())
    }

    /// Gives the terminal another size. A terminal without a row or a column has none.
    pub fn resize(&self, size: TerminalSize) {
        if size.columns > 0 && size.rows > 0 {
            self.size.send_if_modified(|current| std::mem::replace(current, size) != size);
        }
    }
}

impl Sizes {
    /// The size now.
    pub fn now(&mut self) -> TerminalSize {
        *self.0.borrow_and_update()
    }

    /// The next size. This never ends if none can come any more.
    pub async fn next(&mut self) -> TerminalSize {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.now()
    }
}

impl AsyncRead for Keys {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.rest.position() >= self.rest.get_ref().len() as u64 {
            match ready!(self.typed.poll_recv(cx)) {
                Some(typed) => self.rest = io::Cursor::new(typed),
                None => return Poll::Ready(Ok(())),
            }
        }
        Pin::new(&mut self.rest).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    const SIZE: TerminalSize = TerminalSize { columns: 80, rows: 24 };

    #[tokio::test]
    async fn what_is_typed_is_read_in_order_and_ends_with_the_user() {
        let (user, mut input) = terminal(SIZE);
        for typed in [&b"ab"[..], b"", b"c\n"] {
            user.write(typed.to_vec()).await.unwrap();
        }
        let mut small = [0; 1];
        input.keys.read_exact(&mut small).await.unwrap();
        drop(user);
        let mut rest = Vec::new();
        input.keys.read_to_end(&mut rest).await.unwrap();
        assert_eq!((&small, rest.as_slice()), (b"a", &b"bc\n"[..]));
        let (user, input) = terminal(SIZE);
        assert_eq!(user.write(vec![0; MOST + 1]).await.unwrap_err().code, Code::CommandInvalid);
        drop(input);
        user.write(b"late".to_vec()).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_typed_waits_for_a_command_that_does_not_read() {
        let (user, mut input) = terminal(SIZE);
        for _ in 0..WAITING {
            user.write(vec![b'x']).await.unwrap();
        }
        let mut late = std::pin::pin!(user.write(vec![b'y']));
        assert!(futures_poll(late.as_mut()).await.is_none());
        let mut one = [0; 1];
        input.keys.read_exact(&mut one).await.unwrap();
        late.await.unwrap();
    }

    /// What a future gives now, if it is done.
    async fn futures_poll<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
        std::future::poll_fn(|cx| {
            Poll::Ready(match future.as_mut().poll(cx) {
                Poll::Ready(done) => Some(done),
                Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn only_the_last_size_counts_and_no_size_is_none() {
        let (user, TerminalInput { mut sizes, .. }) = terminal(SIZE);
        assert_eq!(sizes.now(), SIZE);
        for (columns, rows) in [(90, 30), (100, 40), (0, 40), (100, 0)] {
            user.resize(TerminalSize { columns, rows });
        }
        assert_eq!(sizes.next().await, TerminalSize { columns: 100, rows: 40 });
    }
}
