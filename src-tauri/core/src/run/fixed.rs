//! A host command whose programs were found once, to be shown in a prompt: they run as they were then, or not at all.

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
    walk::crosses_procfs,
};
use crate::error::{Code, Error, Result};

/// Programs up to this size are told apart by their bytes too; larger ones by inode, size and times alone.
pub const HASHED_TO: u64 = 256 * 1024 * 1024;
/// Programs that are looked up for one shell line.
const MOST_IN_LINE: usize = 12;

/// A host command with the files that it starts.
#[derive(Debug)]
pub struct FixedCommand {
    resolved: Result<Resolved>,
    /// The program itself; absent when it was not found.
    pub program: Option<ProgramFile>,
    /// What the words of a shell line start, as far as that can be said without running it.
    pub in_line: Vec<NamedProgram>,
}

/// A word of a shell line, and the program of that name.
#[derive(Debug)]
pub struct NamedProgram {
    /// As it stands in the line.
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
        let in_line = match (&resolved, shell_line(command)) {
            (Ok(resolved), Some(line)) => in_line(line, command, resolved),
            _ => Vec::new(),
        };
        Self { resolved, program, in_line }
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
            Ok(_) => Err(self.differs("its bytes differ")),
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
            return Err(self.differs("it goes through /proc now"));
        }
        if real != self.real {
            return Err(self.differs(format!("it is now {}", real.display())));
        }
        let (open, found) = opened(&real).map_err(|error| self.differs(error))?;
        if Identity::of(&found) != self.identity {
            return Err(self.differs("another file is at its path, or it was written to"));
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
        .hint("Call it again to see what would run now.")
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
        return Err(io::Error::other("it is not a regular file"));
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

/// The line that a command hands to a shell of this system, if it does.
pub fn shell_line(command: &Command) -> Option<&str> {
    let name = Path::new(&command.program).file_stem()?.to_str()?.to_ascii_lowercase();
    let is_shell = ["sh", "bash", "dash", "zsh", "ksh", "ash", "cmd", "powershell", "pwsh"].contains(&name.as_str());
    let takes_line = |arg: &str| {
        arg.eq_ignore_ascii_case("/c")
            || arg.eq_ignore_ascii_case("-command")
            || (arg.starts_with('-') && !arg.starts_with("--") && arg.ends_with('c'))
    };
    let at = command.args.iter().position(|arg| takes_line(arg)).filter(|_| is_shell)?;
    command.args.get(at + 1).map(String::as_str)
}

/// What a line's words start: those in the place of a command, and any other word that names a program of the
/// extension's own directory, as behind `env` or `sudo`.
fn in_line(line: &str, command: &Command, resolved: &Resolved) -> Vec<NamedProgram> {
    let own = command.bin.as_ref().map(|bin| PathBuf::from(&bin.directory));
    let mut found: Vec<NamedProgram> = Vec::new();
    let mut first = true;
    for word in words(line) {
        let starts = std::mem::replace(&mut first, false);
        let Some(word) = word else {
            first = true;
            continue;
        };
        if starts && word.split_once('=').is_some_and(|(name, _)| is_name(name)) {
            first = true;
            continue;
        }
        let of_extension = own.as_ref().is_some_and(|own| !word.is_empty() && own.join(&word).is_file());
        if !(starts || of_extension)
            || found.iter().any(|named| named.name == word)
            || BUILT_IN.contains(&word.as_str())
        {
            continue;
        }
        let file = resolved.find(&word).and_then(|path| ProgramFile::read(&path).map_err(|e| unreadable(&path, &e)));
        found.push(NamedProgram { name: word, file });
        if found.len() == MOST_IN_LINE {
            break;
        }
    }
    found
}

/// Words that a shell acts on itself.
const BUILT_IN: &[&str] = &[
    ".", ":", "[", "alias", "bg", "break", "case", "cd", "command", "continue", "do", "done", "echo", "elif", "else",
    "esac", "eval", "exec", "exit", "export", "false", "fi", "for", "if", "printf", "pwd", "read", "return", "set",
    "shift", "source", "test", "then", "trap", "true", "umask", "unset", "until", "wait", "while", "!", "{", "}",
];

/// The words of a line; nothing stands where a new command begins. Quotes are taken off.
fn words(line: &str) -> Vec<Option<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            ('\\', None) => word.get_or_insert_default().extend(chars.next()),
            (c, None) if c.is_whitespace() && c != '\n' => words.extend(word.take().map(Some)),
            ('|' | '&' | ';' | '\n' | '(' | ')' | '`', None) | ('`' | '(', Some('"')) => {
                words.extend(word.take().map(Some));
                words.push(None);
            }
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word.map(Some));
    words
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::new(Code::ProgramNotExecutable, format!("{} can't be read, so it can't be shown", path.display()))
        .detail(error)
}

#[cfg(all(test, unix))]
#[path = "fixed_tests.rs"]
mod tests;
