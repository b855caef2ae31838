//! A host command with programs that were resolved once for a prompt: they run unchanged, or not at all.

use std::{
    fs::{File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};

use ring::digest::{Context, SHA256};

use super::{
    Command,
    resolve::{Resolved, resolve},
    shell_line::ShellLine,
    walk::crosses_procfs,
};
use porthole_base::error::{Code, Error, Result};

/// Programs up to this size are compared by their bytes too; larger ones by inode, size and times alone.
pub const HASHED_TO: u64 = 256 * 1024 * 1024;

/// A host command with the files that it starts.
#[derive(Debug)]
pub struct FixedCommand {
    resolved: Result<Resolved>,
    /// The program itself; absent when it was not found.
    pub program: Option<ProgramFile>,
    /// What it starts by means of its arguments.
    pub line: ShellLine,
    /// The programs that a shell line names. They are those that it starts, unless it is unclear.
    pub in_line: Vec<NamedProgram>,
}

/// A word of a shell line, and the program of that name.
#[derive(Debug)]
pub struct NamedProgram {
    /// As written in the line.
    pub name: String,
    /// Its file, or why there is none.
    pub file: Result<ProgramFile>,
}

impl FixedCommand {
    /// Finds the programs of a host command and reads them. A command that can't start is one too: it fails with the
    /// same error later, whatever has appeared in the place meanwhile.
    pub fn find(command: &Command) -> Self {
        let (program, resolved) = match resolve(command) {
            Ok(resolved) => match ProgramFile::read(&resolved.program) {
                Ok(file) => (Some(file), Ok(resolved)),
                Err(error) => (None, Err(unreadable(&resolved.program, &error))),
            },
            Err(error) => (None, Err(error)),
        };
        let line = ShellLine::of(command, program.as_ref().map(|file| file.real.as_path()));
        let in_line = resolved.as_ref().map(|resolved| in_line(&line, command, resolved)).unwrap_or_default();
        Self { resolved, program, line, in_line }
    }

    /// Why it can't start, if it can't.
    pub fn error(&self) -> Option<&Error> {
        self.resolved.as_ref().err()
    }

    /// The directory that it would run in.
    pub fn cwd(&self) -> Option<&Path> {
        self.resolved.as_ref().ok().map(|resolved| resolved.cwd.as_path())
    }

    /// What is to be started, when each program still is the file that was found. Called right before the start: what
    /// remains is the moment between this and the operating system opening the file.
    ///
    /// # Errors
    /// [`Code::ProgramChanged`]; why it couldn't start when it was planned.
    pub(super) fn unchanged(&self) -> Result<Resolved> {
        self.files().try_for_each(|file| file.is_there().map(drop))?;
        let mut resolved = self.resolved.clone()?;
        resolved.check_paths()?;
        resolved.identity = self.program.as_ref().and_then(ProgramFile::inode);
        Ok(resolved)
    }

    /// Whether each program still is the file that was found, and has the same bytes. It reads them all.
    ///
    /// # Errors
    /// [`Code::ProgramChanged`].
    pub fn verify(&self) -> Result<()> {
        self.files().try_for_each(ProgramFile::verify)
    }

    fn files(&self) -> impl Iterator<Item = &ProgramFile> {
        self.program.iter().chain(self.in_line.iter().filter_map(|named| named.file.as_ref().ok()))
    }
}

/// The file of a program, held open so that its inode isn't given to another one.
#[derive(Debug)]
pub struct ProgramFile {
    /// Where it was found.
    pub path: PathBuf,
    /// The same with every link followed.
    pub real: PathBuf,
    /// When it was last written or replaced, by the later of the file's own two times.
    pub changed: Option<SystemTime>,
    /// SHA-256 of its bytes; absent above [`HASHED_TO`].
    pub digest: Option<[u8; 32]>,
    identity: Identity,
    _open: File,
}

/// What tells a file from another one at the same path, and from itself after a write.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    #[cfg(unix)]
    inode: (u64, u64, u32),
    #[cfg(unix)]
    ctime: (i64, i64),
    length: u64,
    modified: Option<SystemTime>,
}

impl Identity {
    fn of(found: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            #[cfg(unix)]
            inode: (found.dev(), found.ino(), found.mode()),
            // No program can set this one back.
            #[cfg(unix)]
            ctime: (found.ctime(), found.ctime_nsec()),
            length: found.len(),
            modified: found.modified().ok(),
        }
    }
}

impl ProgramFile {
    /// Reads a program's file.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn read(path: &Path) -> io::Result<Self> {
        let real = path.canonicalize()?;
        let (open, found) = opened(&real)?;
        let digest = digest(&open, found.len())?;
        Ok(Self {
            path: path.to_owned(),
            real,
            changed: changed(&found),
            digest,
            identity: Identity::of(&found),
            _open: open,
        })
    }

    /// Whether the same file with the same bytes is at its path.
    ///
    /// # Errors
    /// [`Code::ProgramChanged`].
    pub fn verify(&self) -> Result<()> {
        let (open, length) = self.is_there()?;
        match digest(&open, length) {
            Ok(digest) if digest == self.digest => Ok(()),
            Ok(_) => Err(self.differs("its content differs")),
            Err(error) => Err(self.differs(error)),
        }
    }

    /// Its device and inode.
    #[cfg(unix)]
    fn inode(&self) -> Option<(u64, u64)> {
        let (device, inode, _) = self.identity.inode;
        Some((device, inode))
    }

    #[cfg(not(unix))]
    fn inode(&self) -> Option<(u64, u64)> {
        None
    }

    /// Whether the same file is at its path, and was not written to.
    fn is_there(&self) -> Result<(File, u64)> {
        let real = self.path.canonicalize().map_err(|error| self.differs(error))?;
        if crosses_procfs(&self.path) {
            return Err(self.differs("it now goes through /proc"));
        }
        if real != self.real {
            return Err(self.differs(format!("it is now {}", real.display())));
        }
        let (open, found) = opened(&real).map_err(|error| self.differs(error))?;
        if Identity::of(&found) != self.identity {
            return Err(self.differs("it was replaced or modified"));
        }
        Ok((open, found.len()))
    }

    fn differs(&self, how: impl std::fmt::Display) -> Error {
        changed_since(&self.path, how)
    }
}

pub(super) fn changed_since(path: &Path, how: impl std::fmt::Display) -> Error {
    Error::new(Code::ProgramChanged, format!("Not run: {} changed after the prompt appeared", path.display()))
        .detail(how)
        .hint("Run it again to review the new version.")
}

/// Opens a regular file; a FIFO in its place doesn't hold anything up.
fn opened(path: &Path) -> io::Result<(File, Metadata)> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nix::libc::O_NONBLOCK);
    let open = options.open(path)?;
    let found = open.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it isn't a regular file"));
    }
    Ok((open, found))
}

fn digest(mut open: &File, length: u64) -> io::Result<Option<[u8; 32]>> {
    if length > HASHED_TO {
        return Ok(None);
    }
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 256 * 1024];
    let mut left = HASHED_TO;
    loop {
        let read = match open.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        context.update(&buffer[..read]);
        left = left.saturating_sub(read as u64);
        if left == 0 {
            return Ok(None);
        }
    }
    Ok(context.finish().as_ref().try_into().ok())
}

#[cfg(unix)]
fn changed(found: &Metadata) -> Option<SystemTime> {
    use std::{os::unix::fs::MetadataExt, time::Duration};
    let ctime = u64::try_from(found.ctime()).ok().map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    found.modified().ok().max(ctime)
}

#[cfg(not(unix))]
fn changed(found: &Metadata) -> Option<SystemTime> {
    found.modified().ok().max(found.created().ok())
}

/// The programs that a line names.
fn in_line(line: &ShellLine, command: &Command, resolved: &Resolved) -> Vec<NamedProgram> {
    let own = command.bin.as_ref().map(|bin| PathBuf::from(&bin.directory));
    let of_extension = |word: &str| own.as_ref().is_some_and(|own| !word.is_empty() && own.join(word).is_file());
    let found = |name: String| {
        let file = resolved.find(&name).and_then(|path| ProgramFile::read(&path).map_err(|e| unreadable(&path, &e)));
        NamedProgram { name, file }
    };
    line.names(of_extension).into_iter().map(found).collect()
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::new(Code::ProgramNotExecutable, format!("{} can't be read, so it can't be shown", path.display()))
        .detail(error)
}

// They start scripts, through links.
#[cfg(all(test, unix))]
#[path = "fixed_tests.rs"]
mod tests;
