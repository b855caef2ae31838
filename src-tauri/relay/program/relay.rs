//! The two things that the program does.

use std::{
    fs::{self, File},
    io::{self, BufRead, ErrorKind, Read, Write},
    net::Shutdown,
    os::{
        fd::AsFd,
        unix::{fs::FileTypeExt, net::UnixStream},
    },
    process,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use crate::protocol::{BLOCK, DATA, EOF, ERROR, HEAD, OPEN, REFUSED, Refusal, WRITE_CLOSED, head, length};

/// Carries one connection: frames on stdin go to the socket as bytes, its bytes go to stdout as frames. When
/// stdin ends without a frame that says so, Porthole has let go, and this process ends at once: the
/// backend sees the connection closed, as it would if it were a direct one.
pub fn carry(path: &str) -> io::Result<()> {
    // Without the buffers of `io::stdin` and `io::stdout`: a byte that came is a byte that goes.
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = Output(Arc::new(Mutex::new(File::from(io::stdout().as_fd().try_clone_to_owned()?))));
    // A connect may wait for a backend that does not accept. Porthole sends nothing before it knows that
    // there is a connection, so whatever ends stdin meanwhile is its going.
    let (connected, socket) = std::sync::mpsc::channel();
    let words = output.clone();
    thread::spawn(move || {
        let _ = outward(input, &words, || socket.recv().ok());
        process::exit(0);
    });
    match connect(path) {
        Ok(stream) => {
            let _ = connected.send(stream.try_clone()?);
            output.say(OPEN, "")?;
            inward(stream, &output)?;
            // The other direction stays open until Porthole lets go, and ends the process.
            loop {
                thread::park();
            }
        }
        Err(refusal) => output.say(REFUSED, &refusal),
    }
}

/// Answers a line with `PATH` whether a socket takes connections, until stdin ends. A line is a number that is
/// told with its answer, and the path.
pub fn hold() -> io::Result<()> {
    let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (number, path) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = connect(path).err().unwrap_or_else(|| "open".to_owned());
        output.write_all(format!("{number} {}\n", answer.replace('\n', " ")).as_bytes())?;
    }
    Ok(())
}

/// A connection, or a [`Refusal`] and the words of the operating system. It waits where a backlog is full.
pub fn connect(path: &str) -> Result<UnixStream, String> {
    UnixStream::connect(path).map_err(|error| {
        // Linux answers with "connection refused" also for a file that is not a socket.
        let is_other = || fs::metadata(path).is_ok_and(|found| !found.file_type().is_socket());
        let refusal = match error.kind() {
            ErrorKind::NotFound => Refusal::Missing,
            ErrorKind::PermissionDenied => Refusal::Denied,
            _ if is_other() => Refusal::NotSocket,
            ErrorKind::NotADirectory => Refusal::NoDirectory,
            ErrorKind::ConnectionRefused => Refusal::Refused,
            _ => Refusal::Other,
        };
        format!("{}: {error}", refusal.name())
    })
}

/// From the socket to Porthole, to the end.
fn inward(mut socket: UnixStream, output: &Output) -> io::Result<()> {
    let mut frame = vec![0; HEAD + BLOCK];
    loop {
        match socket.read(&mut frame[HEAD..]) {
            Ok(0) => return output.say(EOF, ""),
            Ok(count) => {
                frame[..HEAD].copy_from_slice(&head(DATA, count));
                output.write(&frame[..HEAD + count])?;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return output.say(ERROR, &error.to_string()),
        }
    }
}

/// From Porthole to the socket, until Porthole lets go. A socket that accepts no more is reported once, and the rest is
/// read and dropped: the backend may still have something to say.
fn outward(mut input: impl Read, words: &Output, socket: impl Fn() -> Option<UnixStream>) -> io::Result<()> {
    let mut open: Option<UnixStream> = None;
    let mut deaf = false;
    let mut block = vec![0; BLOCK];
    loop {
        let mut frame = [0; HEAD];
        input.read_exact(&mut frame)?;
        if open.is_none() {
            open = socket();
        }
        let Some(stream) = &mut open else { return Ok(()) };
        if frame[0] == EOF {
            let _ = stream.shutdown(Shutdown::Write);
            continue;
        }
        let mut left = length(frame);
        while left > 0 {
            let room = left.min(BLOCK);
            let count = match input.read(&mut block[..room]) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            left -= count;
            if !deaf && stream.write_all(&block[..count]).is_err() {
                deaf = true;
                // By its own thread: its output may not be read, and here it must be noticed
                // when Porthole lets go.
                let words = words.clone();
                thread::spawn(move || words.say(WRITE_CLOSED, ""));
            }
        }
    }
}

/// Where frames go, one after the other.
#[derive(Clone)]
struct Output(Arc<Mutex<File>>);

impl Output {
    fn write(&self, frame: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(frame)
    }

    /// One frame with a text.
    fn say(&self, kind: u8, text: &str) -> io::Result<()> {
        let mut frame = head(kind, text.len()).to_vec();
        frame.extend_from_slice(text.as_bytes());
        self.write(&frame)
    }
}
