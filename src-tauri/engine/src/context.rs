//! The context of a build: the files of a folder that its ignore file doesn't leave out, as a tar that is made while it is
//! sent.

use std::{
    io::{self, Read, Write},
    path::Path,
};

use bytes::Bytes;
use cap_std::{
    ambient_authority,
    fs::{Dir, Metadata, OpenOptions},
};
use futures_util::Stream;
use tokio::sync::mpsc;

use super::ignore_file::IgnoreFile;

/// The most files and folders, and the most bytes: what is left out doesn't count.
const ENTRIES: u64 = 500_000;
const BYTES: u64 = 16_000_000_000;
/// The most files and folders that are looked at, with those that are left out.
const LOOKED_AT: u64 = 5_000_000;
/// How deep folders may be.
const DEPTH: usize = 256;

/// What is built from.
#[derive(Debug)]
pub(crate) struct BuildContext {
    pub folder: std::path::PathBuf,
    pub ignore: IgnoreFile,
    /// The Dockerfile's name in the tar, which no file of the folder has, and its text.
    pub dockerfile: (String, Vec<u8>),
}

impl BuildContext {
    /// The tar. When nothing wants more of it, the folder is read no further.
    pub fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let (sender, receiver) = mpsc::channel(8);
        tokio::task::spawn_blocking(move || {
            let mut pipe = io::BufWriter::with_capacity(128 * 1024, Pipe(sender.clone()));
            let packed = self.pack(&mut pipe, &|| !sender.is_closed()).and_then(|()| pipe.flush());
            if let Err(error) = packed {
                let _ = sender.blocking_send(Err(error));
            }
        });
        futures_util::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)))
    }

    /// Writes it as long as it is wanted.
    fn pack(&self, to: &mut impl Write, is_wanted: &dyn Fn() -> bool) -> io::Result<()> {
        let tar = tar::Builder::new(to);
        let mut packing = Packing { tar, ignore: &self.ignore, is_wanted, looked_at: 0, entries: 0, bytes: 0 };
        let dir = Dir::open_ambient_dir(&self.folder, ambient_authority())?;
        packing.folder(&dir, "", 0)?;
        let (name, text) = &self.dockerfile;
        let mut header = header(text.len() as u64, 0o644, 0);
        packing.tar.append_data(&mut header, name, text.as_slice())?;
        packing.tar.finish()
    }
}

struct Packing<'a, W: Write> {
    tar: tar::Builder<W>,
    ignore: &'a IgnoreFile,
    is_wanted: &'a dyn Fn() -> bool,
    looked_at: u64,
    entries: u64,
    bytes: u64,
}

impl<W: Write> Packing<'_, W> {
    fn folder(&mut self, dir: &Dir, at: &str, depth: usize) -> io::Result<()> {
        if depth > DEPTH {
            return Err(too_much("its folders are nested too deeply"));
        }
        let mut entries = Vec::new();
        for entry in dir.entries()? {
            self.look()?;
            entries.push(entry?);
        }
        entries.sort_by_key(cap_std::fs::DirEntry::file_name);
        for entry in entries {
            self.go_on()?;
            let name = entry.file_name();
            // A name that isn't text can't be in a pattern, and tar has it anyway.
            let path = format!("{at}{}", name.to_string_lossy());
            let out = self.ignore.leaves_out(&path);
            let about = entry.metadata()?;
            if about.is_dir() {
                if out && !self.ignore.has_exceptions() {
                    continue;
                }
                if !out {
                    self.count(0)?;
                    let mut header = header(0, mode(&about, 0o755), modified(&about));
                    header.set_entry_type(tar::EntryType::Directory);
                    self.tar.append_data(&mut header, format!("{path}/"), io::empty())?;
                }
                self.folder(&entry.open_dir()?, &format!("{path}/"), depth + 1)?;
            } else if out {
            } else if about.is_symlink() {
                self.count(0)?;
                let mut header = header(0, 0o777, modified(&about));
                header.set_entry_type(tar::EntryType::Symlink);
                let target = dir.read_link_contents(&name)?;
                self.tar.append_link(&mut header, &path, target)?;
            } else if about.is_file() {
                self.file(dir, Path::new(&name), &path)?;
            }
            // Sockets, pipes and devices are left out, as docker does.
        }
        Ok(())
    }

    fn file(&mut self, dir: &Dir, name: &Path, path: &str) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.read(true);
        #[cfg(unix)]
        {
            use cap_std::fs::OpenOptionsExt;
            // It may be a pipe by now, which would make this wait.
            options.custom_flags(nix::libc::O_NONBLOCK);
        }
        let file = dir.open_with(name, &options)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other(format!("{path} was replaced while it was read")));
        }
        self.count(about.len())?;
        let mut header = header(about.len(), mode(&about, 0o644), modified(&about));
        let mut bytes = Exactly { file, left: about.len() };
        self.tar.append_data(&mut header, path, &mut bytes)
    }

    /// Counts an entry of a folder, whether it is left out or not.
    fn look(&mut self) -> io::Result<()> {
        self.go_on()?;
        self.looked_at += 1;
        if self.looked_at > LOOKED_AT {
            return Err(io::Error::other(
                "the build context is too large: it has more than 5,000,000 files, including those that .dockerignore excludes",
            ));
        }
        Ok(())
    }

    fn go_on(&self) -> io::Result<()> {
        if (self.is_wanted)() { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    }

    fn count(&mut self, bytes: u64) -> io::Result<()> {
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.entries > ENTRIES {
            return Err(too_much("it has more than 500,000 files"));
        }
        if self.bytes > BYTES {
            return Err(too_much("it has more than 16 GB"));
        }
        Ok(())
    }
}

fn too_much(why: &str) -> io::Error {
    io::Error::other(format!("the build context is too large: {why}. Exclude files with .dockerignore."))
}

fn header(size: u64, mode: u32, modified: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(modified);
    header.set_uid(0);
    header.set_gid(0);
    header
}

#[cfg(unix)]
fn mode(about: &Metadata, _: u32) -> u32 {
    cap_std::fs::MetadataExt::mode(about) & 0o7777
}

/// As docker's client has it on Windows.
#[cfg(not(unix))]
fn mode(_: &Metadata, _: u32) -> u32 {
    0o755
}

fn modified(about: &Metadata) -> u64 {
    let since =
        |time: cap_std::time::SystemTime| time.into_std().duration_since(std::time::SystemTime::UNIX_EPOCH).ok();
    about.modified().ok().and_then(since).map(|since| since.as_secs()).unwrap_or_default()
}

/// A file with a declared length: with another length, the tar would be broken.
struct Exactly {
    file: cap_std::fs::File,
    left: u64,
}

impl Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if room == 0 {
            return Ok(0);
        }
        let read = self.file.read(&mut buffer[..room])?;
        if read == 0 {
            return Err(io::Error::other("a file was truncated while it was read"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

struct Pipe(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn packed(folder: &Path, ignore: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
        let context = BuildContext {
            folder: folder.to_owned(),
            ignore: IgnoreFile::read(ignore).unwrap(),
            dockerfile: (".porthole".into(), b"FROM scratch".to_vec()),
        };
        let mut bytes = Vec::new();
        context.pack(&mut bytes, &|| true)?;
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entries = archive.entries()?.map(|entry| {
            let mut entry = entry?;
            let mut text = Vec::new();
            entry.read_to_end(&mut text)?;
            if let Some(target) = entry.link_name()? {
                text = target.as_os_str().as_encoded_bytes().to_vec();
            }
            Ok((entry.path()?.display().to_string(), text))
        });
        entries.collect()
    }

    #[test]
    fn a_context_has_what_its_ignore_file_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for path in ["a/b", "node_modules/x", "docs"] {
            fs::create_dir_all(at(path)).unwrap();
        }
        for path in ["a/b/c", "node_modules/x/y", "docs/keep.md", "docs/drop.md", "z"] {
            fs::write(at(path), path).unwrap();
        }
        let long = "n".repeat(200);
        fs::write(at(&long), "long").unwrap();
        let names = |ignore: &str| -> Vec<String> {
            packed(folder.path(), ignore).unwrap().into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(
            names("node_modules\ndocs\n!docs/keep.md"),
            ["a/", "a/b/", "a/b/c", "docs/keep.md", long.as_str(), "z", ".porthole"]
        );
        assert_eq!(names("*"), [".porthole"]);
        assert_eq!(names("").len(), 12);
    }

    #[test]
    fn a_folder_that_is_left_out_is_read_no_further_when_nobody_wants_it() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..20 {
            fs::create_dir_all(folder.path().join(format!("{number}/deep/er"))).unwrap();
        }
        // Nothing is written, so no write fails; an exception has all folders read.
        let ignore = IgnoreFile::read("*\n!nothing").unwrap();
        let context = BuildContext { folder: folder.path().to_owned(), ignore, dockerfile: (".p".into(), Vec::new()) };
        let asked = std::cell::Cell::new(0);
        let is_wanted = || {
            asked.update(|asked| asked + 1);
            asked.get() <= 30
        };
        let error = context.pack(&mut Vec::new(), &is_wanted).unwrap_err();
        assert_eq!((error.kind(), asked.get()), (io::ErrorKind::BrokenPipe, 31));
    }

    #[test]
    fn files_that_are_left_out_count_too() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/c"), "").unwrap();
        let ignore = IgnoreFile::read("*\n!nothing").unwrap();
        let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
        let looked_at = |before: u64| {
            let tar = tar::Builder::new(Vec::new());
            let (ignore, is_wanted) = (&ignore, &|| true);
            let mut packing = Packing { tar, ignore, is_wanted, looked_at: before, entries: 0, bytes: 0 };
            packing.folder(&dir, "", 0).map(|()| (packing.looked_at, packing.entries))
        };
        assert_eq!(looked_at(0).unwrap(), (3, 0));
        assert!(looked_at(LOOKED_AT - 2).unwrap_err().to_string().contains("5,000,000 files"));
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_links_and_what_is_no_file_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("/etc/passwd", at("link")).unwrap();
        std::os::unix::fs::symlink("..", at("up")).unwrap();
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let found = packed(folder.path(), "").unwrap();
        let expected = [("link", "/etc/passwd"), ("up", ".."), (".porthole", "FROM scratch")];
        assert_eq!(found, expected.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())));
    }
}
