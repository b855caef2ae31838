//! The files of outputs: open while they are written to, then closed and opened again for readers.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use porthole_base::handles;

/// The part of all handles that files of ended calls may take, and how many that is at most and at least.
const PART: u64 = 16;
const MOST: u64 = 64;
const LEAST: u64 = 4;

/// Files that were read a moment ago, the latest last. The others are closed.
#[derive(Debug)]
pub(super) struct Files {
    most: usize,
    recent: Mutex<VecDeque<(u64, Arc<File>)>>,
    last_id: AtomicU64,
}

impl Files {
    pub fn new() -> Self {
        let most = (handles::limit() / PART).clamp(LEAST, MOST) as usize;
        Self { most, recent: Mutex::default(), last_id: AtomicU64::default() }
    }

    /// Opens something; where too many files are open, once more after those that nothing needs were closed.
    fn open<T>(&self, open: impl Fn() -> io::Result<T>) -> io::Result<T> {
        match open() {
            Err(error) if handles::is_exhausted(&error) => {
                self.recent().clear();
                open()
            }
            opened => opened,
        }
    }

    fn read(&self, id: u64, path: &Path) -> io::Result<Arc<File>> {
        {
            let mut recent = self.recent();
            if let Some(at) = recent.iter().position(|(known, _)| *known == id)
                && let Some((_, file)) = recent.remove(at)
            {
                recent.push_back((id, Arc::clone(&file)));
                return Ok(file);
            }
        }
        let file = Arc::new(self.open(|| File::open(path))?);
        let mut recent = self.recent();
        while recent.len() >= self.most {
            recent.pop_front();
        }
        recent.push_back((id, Arc::clone(&file)));
        Ok(file)
    }

    fn forget(&self, id: u64) {
        self.recent().retain(|(known, _)| *known != id);
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<(u64, Arc<File>)>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of a file that has others as well and belongs to the user: a stream in a session. The file is held open, so that
/// another one that gets its name is never read in its place; it is neither written, moved nor removed.
#[derive(Debug, Clone)]
pub struct FilePart {
    /// The file.
    pub file: Arc<File>,
    /// Its name, for messages.
    pub path: PathBuf,
    /// Where the bytes begin.
    pub from: u64,
    /// How many there are.
    pub bytes: u64,
}

impl FilePart {
    /// Reads some of its bytes from an offset on, as [`std::io::Read::read`] does.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = self.bytes.saturating_sub(offset);
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        read_at(&self.file, &mut buffer[..most], self.from + offset)
    }
}

/// Reads without moving any position, so that readers and the writer do not meet.
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buffer, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buffer, offset);
}

/// One file.
#[derive(Debug)]
pub(super) struct Stored {
    id: u64,
    files: Arc<Files>,
    place: Mutex<Place>,
    /// Where its bytes begin and end, where it is a part of a file.
    part: Option<(u64, u64)>,
}

#[derive(Debug)]
struct Place {
    path: PathBuf,
    /// While it is written to.
    held: Option<Arc<File>>,
}

impl Stored {
    /// Makes it, for this user only.
    pub fn create(path: &Path, files: &Arc<Files>) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = files.open(|| options.open(path))?;
        Ok(Self::with(path, files, Some(Arc::new(file))))
    }

    /// One that is there already.
    pub fn at(path: &Path, files: &Arc<Files>) -> Self {
        Self::with(path, files, None)
    }

    /// A part of one that isn't Porthole's.
    pub fn part(part: FilePart, files: &Arc<Files>) -> Self {
        let ends = part.from.saturating_add(part.bytes);
        let mut stored = Self::with(&part.path, files, Some(part.file));
        stored.part = Some((part.from, ends));
        stored
    }

    fn with(path: &Path, files: &Arc<Files>, held: Option<Arc<File>>) -> Self {
        let id = files.last_id.fetch_add(1, Relaxed);
        let place = Mutex::new(Place { path: path.to_owned(), held });
        Self { id, files: Arc::clone(files), place, part: None }
    }

    pub fn is_part(&self) -> bool {
        self.part.is_some()
    }

    /// Where in the file its bytes begin, and how many there may be.
    pub fn bounds(&self) -> (u64, u64) {
        self.part.map_or((0, u64::MAX), |(from, ends)| (from, ends - from))
    }

    /// To be read from any offset.
    pub fn reader(&self) -> io::Result<Arc<File>> {
        let place = self.place();
        match &place.held {
            Some(file) => Ok(Arc::clone(file)),
            None => self.files.read(self.id, &place.path),
        }
    }

    /// To be appended to; it is held from now on.
    pub fn writer(&self) -> io::Result<Arc<File>> {
        if self.is_part() {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        let place = &mut *self.place();
        if let Some(file) = &place.held {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(self.files.open(|| OpenOptions::new().read(true).append(true).open(&place.path))?);
        place.held = Some(Arc::clone(&file));
        Ok(file)
    }

    /// Closes it: nothing more will be written.
    pub fn release(&self) {
        if !self.is_part() {
            self.place().held = None;
        }
    }

    /// Writes go to this one from now on.
    #[cfg(test)]
    pub fn hold(&self, file: File) {
        self.place().held = Some(Arc::new(file));
    }

    /// Moves it to another path. Where that can't be, it is held open: its old path may go.
    pub fn move_to(&self, path: &Path) -> io::Result<()> {
        if self.is_part() {
            return Ok(());
        }
        let place = &mut *self.place();
        if fs::rename(&place.path, path).is_ok() {
            path.clone_into(&mut place.path);
        } else if place.held.is_none() {
            place.held = Some(self.files.read(self.id, &place.path)?);
        }
        Ok(())
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.files.forget(self.id);
    }
}
