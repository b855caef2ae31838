//! Bytes after the end of a response: what was not promised, and what follows a change of protocol.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use hyper::rt::{Read, ReadBuf};

use super::{Excess, ExchangeEvent, connections::Driver, wire::Wire};
use porthole_base::error::{Code, Error, Result};
use porthole_output as output;
use porthole_output::{
    Stream,
    record::{Clock, Record, until},
};

/// How long the rest of what was not promised is waited for.
const PATIENCE: Duration = Duration::from_millis(10);
/// How much of it is counted.
const LIMIT: u64 = 1024 * 1024;
/// How much of it is kept.
const START: usize = 256;
/// What is read at once.
const PIECE: usize = 64 * 1024;

/// Counts what came so far.
#[derive(Debug, Default)]
struct Counting {
    bytes: u64,
    at_once: bool,
    characters: u64,
    utf16: u64,
    start: Vec<u8>,
}

impl Counting {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let (characters, utf16) = output::lengths(bytes);
        self.characters += characters;
        self.utf16 += utf16;
        let room = START.saturating_sub(self.start.len());
        self.start.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn ended(self) -> Option<Excess> {
        let Self { bytes, at_once, characters, utf16, start } = self;
        let whole = start.len() as u64 == bytes;
        let start = if whole { &start } else { output::whole_characters(&start) };
        (bytes > 0).then(|| Excess { bytes, at_once, characters, utf16, start: output::visible(start) })
    }
}

/// What came after the end of a response. `may_follow` says that it may still be on its way: a server writes the body that a
/// status forbids after the head. Nothing else is waited for, unless something came.
pub(super) async fn after_end(driver: &mut Driver, may_follow: bool) -> Option<Excess> {
    let open = driver.is_open();
    if open && may_follow {
        let _ = tokio::time::timeout(PATIENCE, driver.ended()).await;
    }
    let (io, read) = driver.leftover()?;
    let mut counting = Counting { at_once: !open, ..Counting::default() };
    counting.add(read);
    if counting.bytes == 0 {
        // Nearly always nothing is there, and no more than a look is paid for.
        let mut first = [0; START];
        let now = poll_fn(|context| {
            Poll::Ready(match poll_read(io, context, &mut first) {
                Poll::Ready(read) => read.unwrap_or_default(),
                Poll::Pending => 0,
            })
        });
        let length = now.await;
        counting.add(&first[..length]);
    }
    if counting.bytes > 0 {
        let mut space = vec![0; PIECE];
        let rest = async {
            while counting.bytes < LIMIT
                && let Ok(length @ 1..) = read_some(io, &mut space).await
            {
                counting.add(&space[..length]);
            }
        };
        let _ = tokio::time::timeout(PATIENCE, rest).await;
    }
    counting.ended()
}

/// Passes on what comes on a connection after it changed to another protocol, until the backend closes it.
pub(super) async fn follow(driver: &mut Driver, clock: Clock, record: &mut dyn Record<ExchangeEvent>) -> Result<()> {
    driver.ended().await;
    let Some((io, read)) = driver.leftover() else { return Ok(()) };
    if !read.is_empty() {
        record.chunk(Stream::Stdout, clock.now_us(), read)?;
    }
    let mut space = vec![0; PIECE];
    loop {
        until(record.full()).await;
        let read = read_some(io, &mut space).await.map_err(|error| {
            Error::new(Code::BodyCut, "The connection was lost after the protocol switch (status 101)").detail(error)
        })?;
        if read == 0 {
            return Ok(());
        }
        record.chunk(Stream::Stdout, clock.now_us(), &space[..read])?;
    }
}

async fn read_some(io: &mut Wire, space: &mut [u8]) -> io::Result<usize> {
    poll_fn(|context| poll_read(io, context, space)).await
}

fn poll_read(io: &mut Wire, context: &mut Context<'_>, space: &mut [u8]) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(space);
    Pin::new(io).poll_read(context, buffer.unfilled()).map_ok(|()| buffer.filled().len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn characters_are_counted_wherever_the_text_is_cut(text in ".{0,60}", cut in 0usize..200) {
            let (before, after) = text.as_bytes().split_at(cut.min(text.len()));
            let mut counting = Counting::default();
            counting.add(before);
            counting.add(after);
            prop_assert_eq!(counting.bytes, text.len() as u64);
            prop_assert_eq!(counting.characters, text.chars().count() as u64);
            prop_assert_eq!(counting.utf16, text.encode_utf16().count() as u64);
            prop_assert!(counting.start.len() <= START);
        }
    }

    #[test]
    fn only_the_first_bytes_are_kept_and_no_character_is_cut() {
        let mut counting = Counting::default();
        counting.add("é".repeat(100).as_bytes());
        counting.add(&[b"x", "é".repeat(400).as_bytes()].concat());
        let excess = counting.ended().unwrap();
        assert_eq!((excess.bytes, excess.characters), (1001, 501));
        assert!(excess.start.ends_with('é') && !excess.start.contains("\\x"), "{}", excess.start);
    }
}
