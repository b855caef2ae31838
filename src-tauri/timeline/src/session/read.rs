//! An open session: its facts, and where its bytes are. Nothing of the file is ever changed.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;

use super::{
    Recorded,
    format::SessionCall,
    is_archive,
    layout::{self, Layout, Place, Places, invalid, unreadable},
};
use crate::chunk_times::ChunkReader;
use porthole_base::{
    error::{Code, Error, Result},
    in_use::until_free,
};
use porthole_output::{BodyKind, Coding, DiskQuota, FilePart, Output, Stream};
use porthole_sdk::call::{Act, Call};

/// Bytes that are read at once.
const PIECE: usize = 1024 * 1024;

/// A session file that was read.
#[derive(Debug, Clone)]
pub struct Session {
    file: Arc<File>,
    path: PathBuf,
    layout: Arc<Layout>,
}

impl Session {
    /// Opens a session file and checks all of it but the contents of its streams.
    ///
    /// # Errors
    /// [`Code::SessionUnreadable`], [`Code::SessionInvalid`], [`Code::SessionTooNew`], [`Code::SessionTooLarge`].
    pub fn open(path: &Path) -> Result<Self> {
        let of = |error: Error| named(path, error);
        let about = until_free(|| fs::metadata(path)).map_err(|error| of(unreadable(&error)))?;
        // Opening a pipe would wait for another program.
        if !about.is_file() {
            return Err(of(invalid("It isn't a file")));
        }
        let file = Arc::new(until_free(|| File::open(path)).map_err(|error| of(unreadable(&error)))?);
        let layout = layout::read(BufReader::new(&*file)).map_err(|error| match is_archive(path) {
            true => not_session(path),
            false => of(error),
        });
        let layout = Arc::new(layout?);
        Ok(Self { file, path: path.to_owned(), layout })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its calls in order.
    pub fn calls(&self) -> &[SessionCall] {
        &self.layout.facts.calls
    }

    /// The differences that a replay allows; null where there are none.
    pub fn rules(&self) -> &Value {
        &self.layout.facts.rules
    }

    /// When it was written, in milliseconds since 1970-01-01 UTC.
    pub fn saved_ms(&self) -> u64 {
        self.layout.facts.saved_ms
    }

    /// The version of Porthole that wrote it.
    pub fn written_by(&self) -> &str {
        &self.layout.facts.porthole
    }

    /// The output of the nth call, from 0. Its bytes stay in the file and take none of the quota; `stem` is what files of its
    /// views are named after. All bytes are read once: to check them, and for the index.
    ///
    /// # Errors
    /// [`Code::SessionInvalid`] when the bytes aren't those that were written; [`Code::SessionUnreadable`];
    /// [`Code::CallNotFound`].
    pub fn output(&self, n: usize, stem: PathBuf, quota: Arc<DiskQuota>) -> Result<Output> {
        let (call, places) = self.call(n)?;
        let part = |place: Option<Place>| -> Result<Option<FilePart>> {
            let Some(place) = place else { return Ok(None) };
            self.check(place)?;
            Ok(Some(self.part(place)))
        };
        let parts = [part(places.stdout)?, part(places.stderr)?];
        let mut reader = ChunkReader::new(self.reader(places.chunks)?);
        let mut failed = None;
        let chunks = std::iter::from_fn(|| {
            reader.next().unwrap_or_else(|error| {
                failed = Some(error);
                None
            })
        });
        let output = Output::of_parts(parts, stem, quota, expected(&call.call), chunks);
        match failed {
            None => output.map_err(|error| named(&self.path, unreadable(&error))),
            Some(error) => Err(named(&self.path, unreadable(&error))),
        }
    }

    /// All calls with their outputs, outside of any timeline.
    ///
    /// # Errors
    /// Those of [`output`](Self::output).
    pub fn recorded(&self) -> Result<Vec<Recorded>> {
        let quota = Arc::new(DiskQuota::unlimited());
        let one = |(n, call): (usize, &SessionCall)| {
            let output = self.output(n, self.path.with_extension(""), Arc::clone(&quota))?;
            Ok(Recorded::new(call.call.clone(), Arc::new(output), call.pinned))
        };
        self.calls().iter().enumerate().map(one).collect()
    }

    /// The bytes of a stream of the nth call. They are checked first.
    pub(super) fn stream_reader(&self, n: usize, stream: Stream) -> Result<impl Read + use<>> {
        let (_, places) = self.call(n)?;
        self.reader(match stream {
            Stream::Stdout => places.stdout,
            Stream::Stderr => places.stderr,
        })
    }

    /// The bytes of its chunks.
    pub(super) fn chunk_reader(&self, n: usize) -> Result<impl Read + use<>> {
        let (_, places) = self.call(n)?;
        self.reader(places.chunks)
    }

    fn call(&self, n: usize) -> Result<(&SessionCall, Places)> {
        let found = self.layout.facts.calls.get(n).zip(self.layout.places.get(n).copied());
        found.ok_or_else(|| Error::new(Code::CallNotFound, format!("The session has no call {}", n + 1)))
    }

    fn part(&self, place: Place) -> FilePart {
        FilePart { file: Arc::clone(&self.file), path: self.path.clone(), from: place.from, bytes: place.bytes }
    }

    /// The bytes of an entry. Those of chunks are checked here.
    fn reader(&self, place: Option<Place>) -> Result<impl Read + use<>> {
        if let Some(place) = place {
            self.check(place)?;
        }
        Ok(BufReader::new(PartReader { part: place.map(|place| self.part(place)), at: 0 }))
    }

    /// That the bytes of an entry are those that were written.
    fn check(&self, place: Place) -> Result<()> {
        let mut reader = PartReader { part: Some(self.part(place)), at: 0 };
        let mut hasher = crc32fast::Hasher::new();
        let mut buffer = vec![0; PIECE.min(usize::try_from(place.bytes).unwrap_or(PIECE)).max(1)];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(more) => hasher.update(&buffer[..more]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(named(&self.path, unreadable(&error))),
            }
        }
        if hasher.finalize() == place.crc32 {
            return Ok(());
        }
        Err(named(&self.path, invalid("It is damaged: a checksum doesn't match")))
    }
}

fn not_session(path: &Path) -> Error {
    Error::new(Code::SessionInvalid, format!("{} is an HTTP archive, not a session", path.display()))
        .hint("Open the archive in Porthole and export its calls as a session.")
}

/// What a body is, and its codings.
pub(super) fn expected(call: &Call) -> Option<(BodyKind, Vec<Coding>)> {
    let Act::Exchange(exchange) = &call.act else { return None };
    let (kind, codings) = exchange.response.as_ref()?.head.encoded_body();
    Some((kind, codings.unwrap_or_default()))
}

/// Has the response's headers say that its content encoding is undone and how long the body is now.
pub(super) fn undone(call: &mut Call, length: u64) {
    let Act::Exchange(exchange) = &mut call.act else { return };
    let Some(response) = &mut exchange.response else { return };
    let has_codings = response.head.encoded_body().1.is_ok_and(|codings| !codings.is_empty());
    if !has_codings || length == 0 {
        return;
    }
    for header in &mut response.head.headers {
        if header.name.eq_ignore_ascii_case("content-encoding") {
            "identity".clone_into(&mut header.value);
        }
        if header.name.eq_ignore_ascii_case("content-length") {
            header.value = length.to_string();
        }
    }
}

/// The error with the file's name.
pub(super) fn named(path: &Path, error: Error) -> Error {
    let detail = error.detail.as_ref().map_or_else(String::new, |detail| format!(": {detail}"));
    let reason = format!("{}{detail}", error.message);
    Error {
        message: format!("Can't open {} as a session", path.display()),
        detail: Some(reason),
        hint: error.hint.or_else(|| {
            let damaged = matches!(error.code, Code::SessionInvalid);
            damaged.then(|| "Choose a file that Porthole exported, and check that it was copied completely.".to_owned())
        }),
        ..error
    }
}

/// Reads a part of a file from its beginning.
#[derive(Debug)]
pub(super) struct PartReader {
    part: Option<FilePart>,
    at: u64,
}

impl Read for PartReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(part) = &self.part else { return Ok(0) };
        let left = part.bytes - self.at;
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let read = part.read_at(&mut buffer[..most], self.at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += read as u64;
        Ok(read)
    }
}
