//! The folder of a kept call: its facts and chunk times, appended while it runs, beside links to the files of its
//! output, which are one with them while they still grow.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::chunk_times::{self, CHUNK};
use porthole_output::{Output, SAVE_PIECE, Stream};
use porthole_sdk::call::Call;

/// One line for each state of the call; the last whole one counts.
pub(super) const FACTS: &str = "facts.jsonl";
/// When each chunk came: [`chunk_times`].
pub(super) const CHUNKS: &str = "chunks";
/// What the files of an output are named after.
pub(super) const STEM: &str = "output";

/// Where a call is kept, and what of it is there.
#[derive(Debug)]
pub(super) struct KeptCall {
    folder: PathBuf,
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    chunks: u64,
    last_us: u64,
    facts_len: u64,
    facts: Vec<u8>,
    /// Whether all of it is on the disk, and not only with the operating system.
    synced: bool,
    /// It is let go.
    removed: bool,
}

impl KeptCall {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, written: Mutex::default() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends what is not there yet. With `sync` it is on the disk when this returns.
    ///
    /// # Errors
    /// What the operating system says; what was there before stays.
    pub fn append(&self, call: &Call, output: &Output, sync: bool) -> io::Result<()> {
        let written = &mut *self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.removed {
            return Ok(());
        }
        make_folder(&self.folder)?;
        link(output, &self.folder)?;
        written.start_again_where_less_is_there(&self.folder);
        let chunks = written.append_chunks(&self.folder.join(CHUNKS), output)?;
        let facts = written.append_facts(&self.folder.join(FACTS), call)?;
        if sync && !written.synced {
            output.sync()?;
            chunks.sync_all()?;
            facts.sync_all()?;
            sync_folder(&self.folder)?;
            self.folder.parent().map_or(Ok(()), sync_folder)?;
            written.synced = true;
        }
        Ok(())
    }

    /// Removes it; nothing is appended any more.
    pub fn remove(&self) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.removed = true;
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Written {
    /// Something removed or cut what was written: all of it is written again.
    fn start_again_where_less_is_there(&mut self, folder: &Path) {
        let length = |name: &str| fs::metadata(folder.join(name)).map_or(0, |about| about.len());
        if length(CHUNKS) < self.chunks * CHUNK || length(FACTS) < self.facts_len {
            *self = Self::default();
        }
    }

    fn append_chunks(&mut self, path: &Path, output: &Output) -> io::Result<File> {
        let mut file = append_to(path, self.chunks * CHUNK)?;
        loop {
            let chunks = output.chunks(self.chunks, 4096);
            if chunks.is_empty() {
                return Ok(file);
            }
            let mut last_us = self.last_us;
            let bytes = chunk_times::encode(&chunks, &mut last_us);
            self.synced = false;
            file.write_all(&bytes)?;
            self.chunks += chunks.len() as u64;
            self.last_us = last_us;
        }
    }

    fn append_facts(&mut self, path: &Path, call: &Call) -> io::Result<File> {
        let mut facts = serde_json::to_vec(call)?;
        facts.push(b'\n');
        let mut file = append_to(path, self.facts_len)?;
        if facts != self.facts {
            self.synced = false;
            file.write_all(&facts)?;
            self.facts_len += facts.len() as u64;
            self.facts = facts;
        }
        Ok(file)
    }
}

/// A file for this user only, to go on where its whole part ends: what a full disk cut off is taken away.
fn append_to(path: &Path, whole: u64) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    if file.metadata()?.len() != whole {
        file.set_len(whole)?;
    }
    Ok(file)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Links the files of an output into the folder. A stream with bytes must have a file.
fn link(output: &Output, folder: &Path) -> io::Result<()> {
    output.make_files()?;
    let counts = output.counts();
    for (stream, name, bytes) in
        [(Stream::Stdout, "stdout", counts.stdout.bytes), (Stream::Stderr, "stderr", counts.stderr.bytes)]
    {
        let to = folder.join(STEM).with_extension(name);
        if output.is_of_parts() {
            // It isn't Porthole's file, and has other bytes as well.
            copy(output, stream, bytes, &to)?;
        } else if bytes > 0
            && let Err(error) = fs::hard_link(output.path(stream), to)
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(error);
        }
    }
    Ok(())
}

/// Copies a stream, if it isn't there. The copy has its name when it is whole.
fn copy(output: &Output, stream: Stream, bytes: u64, to: &Path) -> io::Result<()> {
    if bytes == 0 || to.exists() {
        return Ok(());
    }
    let part = to.with_extension("part");
    let mut file = append_to(&part, 0)?;
    let mut at = 0;
    while at < bytes {
        let piece = output.read(stream, at, bytes.min(at + SAVE_PIECE)).map_err(io::Error::other)?;
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.write_all(&piece)?;
        at += piece.len() as u64;
    }
    file.sync_all()?;
    fs::rename(part, to)
}

/// Waits until the names in a folder are on the disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
