//! The terminal of a command in a container: one stream of bytes each way, and a size that the engine sets.

use std::time::Duration;

use bollard::{container::LogOutput, errors::Error as ApiError};
use futures_util::StreamExt;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use porthole_process::{Sizes, TerminalSize};
use tokio_util::io::ReaderStream;

use super::{Into, Output};
use crate::Engine;

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;
/// How often the first size is set, until the engine has started the command, and how many times.
const AGAIN: Duration = Duration::from_millis(50);
const TRIES: u32 = 200;

/// What a command in a terminal writes, and where what is typed goes.
pub(super) fn halves(connection: Upgraded) -> (Output, Into) {
    let (read, write) = tokio::io::split(TokioIo::new(connection));
    let pieces = ReaderStream::with_capacity(read, PIECE).map(|piece| match piece {
        Ok(message) => Ok(LogOutput::Console { message }),
        Err(err) => Err(ApiError::IOError { err }),
    });
    (Box::pin(pieces), Box::pin(write))
}

/// Gives a terminal each size that its user wants. It never ends.
pub(super) async fn follow_sizes(engine: &Engine, exec: String, sizes: Option<Sizes>) {
    let Some(mut sizes) = sizes else { return std::future::pending().await };
    let mut size = sizes.now();
    let mut tries = TRIES;
    loop {
        let done = resize(engine, &exec, size).await;
        // An engine that hasn't started the command yet refuses it.
        size = if done || tries == 0 {
            tries = 0;
            sizes.next().await
        } else {
            tries -= 1;
            tokio::time::sleep(AGAIN).await;
            sizes.now()
        };
    }
}

/// Whether the engine did it. A command that has ended has no terminal any more.
async fn resize(engine: &Engine, exec: &str, size: TerminalSize) -> bool {
    match engine.resize_exec(exec, size).await {
        Ok(()) => true,
        Err(error) => {
            tracing::debug!(%error, "the terminal didn't get another size");
            false
        }
    }
}
