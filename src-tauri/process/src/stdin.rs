//! What a command reads: a text or a file, written into its standard input while it runs.

use std::{
    future::pending,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    fs::File,
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
};

use super::{Command, Fed, RunEvent, Stdin, terminal::Keys};
use porthole_base::error::{Code, Error, Result};
use porthole_output::record::{Clock, Record};

/// Bytes that are read and written at once.
const PIECE: usize = 64 * 1024;

/// Where a command's input comes from, found before it is started.
pub struct Input(Box<dyn AsyncRead + Send + Unpin>);

impl Input {
    /// Opens it; none for a command without input. Of one in a terminal it is what is typed.
    ///
    /// # Errors
    /// [`Code::StdinUnreadable`].
    pub async fn of(command: &Command, keys: Option<Keys>) -> Result<Option<Self>> {
        match &command.stdin {
            _ if command.terminal.is_some() => Ok(keys.map(|keys| Self(Box::new(keys)))),
            None => Ok(None),
            Some(Stdin::Text { text }) => Ok(Some(Self(Box::new(io::Cursor::new(text.clone().into_bytes()))))),
            Some(Stdin::File { path }) => match open(path).await {
                Ok(file) => Ok(Some(Self(Box::new(file)))),
                Err(error) => {
                    let failed =
                        Error::new(Code::StdinUnreadable, format!("Can't read the command's input from {path}"));
                    Err(failed.detail(error).hint("Use the full path of an existing file."))
                }
            },
        }
    }
}

async fn open(path: &str) -> io::Result<File> {
    let relative = !std::path::Path::new(path).is_absolute();
    if relative {
        return Err(io::Error::other("the path isn't absolute"));
    }
    // Before it is opened: a pipe that has no writer would be waited for.
    if !tokio::fs::metadata(path).await?.is_file() {
        return Err(io::Error::other("it isn't a regular file"));
    }
    File::open(path).await
}

/// Writes an input into a command, as fast as it reads. Dropped, it closes the command's input.
pub struct Feed {
    source: Option<(Input, Box<dyn AsyncWrite + Send + Unpin>)>,
    bytes: Arc<AtomicU64>,
    told: bool,
}

impl Feed {
    /// Into this. Without both there is nothing to write.
    pub fn new(input: Option<Input>, into: Option<Box<dyn AsyncWrite + Send + Unpin>>) -> Self {
        let source = input.zip(into);
        Self { told: source.is_none(), source, bytes: Arc::default() }
    }

    /// Whether there is still something to tell.
    pub fn is_open(&self) -> bool {
        !self.told
    }

    /// The writing itself, to be polled until it is done; then [`end`](Self::end) takes what it gave.
    pub fn run(&mut self) -> impl Future<Output = Result<bool>> + Send + use<> {
        let (source, bytes) = (self.source.take(), Arc::clone(&self.bytes));
        async move {
            match source {
                Some((input, into)) => copy(input.0, into, &bytes).await,
                None => pending().await,
            }
        }
    }

    /// Tells once how much was written. `done` is missing where the command ended first.
    pub fn end(&mut self, done: Option<Result<bool>>, clock: Clock, record: &mut dyn Record<RunEvent>) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let (whole, error) = match done {
            Some(Ok(whole)) => (whole, None),
            Some(Err(error)) => (false, Some(error)),
            None => (false, None),
        };
        let fed = Fed { bytes: self.bytes.load(Ordering::Relaxed), whole, error };
        record.event(RunEvent::Fed { at_us: clock.now_us(), fed });
    }
}

/// Writes everything and closes the input. A command that closed its input, or ended, is no error: the rest is not
/// written, and false is returned.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut into: impl AsyncWrite + Unpin,
    written: &AtomicU64,
) -> Result<bool> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = from.read(&mut piece).await.map_err(|error| {
            Error::new(Code::StdinUnreadable, "Can't read the command's input to its end").detail(error)
        })?;
        if length == 0 {
            let _ = into.shutdown().await;
            return Ok(true);
        }
        let mut rest = piece.get(..length).unwrap_or_default();
        while !rest.is_empty() {
            // What the system calls it differs: a broken pipe, a reset connection.
            let Ok(count @ 1..) = into.write(rest).await else { return Ok(false) };
            written.fetch_add(count as u64, Ordering::Relaxed);
            rest = rest.get(count..).unwrap_or_default();
        }
        if into.flush().await.is_err() {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_input_is_written_whole_or_until_it_is_closed() {
        let text = "x".repeat(200_000);
        let (into, mut out) = tokio::io::duplex(1000);
        let written = AtomicU64::new(0);
        let read = async {
            let mut all = String::new();
            out.read_to_string(&mut all).await.unwrap();
            all
        };
        let (whole, all) = tokio::join!(copy(text.as_bytes(), into, &written), read);
        assert!(whole.unwrap());
        assert_eq!((all, written.into_inner()), (text.clone(), 200_000));

        let (into, out) = tokio::io::duplex(1000);
        drop(out);
        let written = AtomicU64::new(0);
        assert!(!copy(text.as_bytes(), into, &written).await.unwrap());
        assert_eq!(written.into_inner(), 0);
    }
}
