//! What was taken out of an image: regular files and directories below one open folder, and links that exist only in
//! memory. Porthole follows links itself, inside the image's own tree.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    io::{self, Write},
    path::{Component, Path, PathBuf},
};

use cap_std::fs::{Dir, File};

use super::tar_stream::{Head, Kind, Receive};
use crate::{names::with_slashes, root::below};
use porthole_base::{
    error::{Code, Error, Result},
    numbers::count,
};

/// How much is taken out of an image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes written.
    pub bytes: u64,
    /// Bytes written of one file: the rest of a longer one is left out, and not said.
    pub head: u64,
    /// Files and directories, each copy of a linked one counted.
    pub entries: u64,
    /// Bytes of all their names.
    pub names: u64,
    /// Directories above a file.
    pub depth: usize,
    /// Bytes of one name in a directory.
    pub name: usize,
    /// Bytes of a path.
    pub path: usize,
    /// Links that are followed one after the other, as Linux has it.
    pub links: u32,
    /// Paths that are requested from the engine.
    pub fetches: usize,
}

pub(super) const LIMITS: Limits = Limits {
    bytes: 2 * 1024 * 1024 * 1024,
    head: u64::MAX,
    // An extension's page is a few thousand files.
    entries: 20_000,
    names: 16 * 1024 * 1024,
    depth: 64,
    name: 255,
    path: 1024,
    links: 40,
    fetches: 256,
};

/// How much is taken out to see whether paths are there, and what they are.
pub(super) const LIMITS_OF_HEADS: Limits = Limits { head: 4096, ..LIMITS };

/// How many things that were left out are named.
const NAMED: usize = 20;

/// What an image has at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Directory,
    File {
        executable: bool,
    },
    /// A link, with the path that it names: from the image's root, or from the link's own directory.
    Link(PathBuf),
}

/// Something of the image that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Its path from the image's root.
    pub path: PathBuf,
    /// Why, as "it's …".
    pub why: &'static str,
}

/// What was taken out so far.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) dir: Dir,
    pub(super) limits: Limits,
    /// By path from the image's root. No path has a link above it.
    pub(super) nodes: BTreeMap<PathBuf, Node>,
    /// Requested from the engine: everything below it is known.
    fetched: HashSet<PathBuf>,
    /// The path that is being taken out.
    top: PathBuf,
    writing: Option<File>,
    /// What may still be written of that file.
    head: u64,
    bytes: u64,
    entries: u64,
    names: u64,
    left_out: Vec<LeftOut>,
    /// Directories in the places of links.
    pub(super) made: HashSet<PathBuf>,
    /// All that were left out.
    left: HashSet<PathBuf>,
    /// How many more were left out than are named.
    more: u64,
    /// Paths that must be known before the rest can be written.
    open: VecDeque<PathBuf>,
    seen: HashSet<PathBuf>,
    scanned: HashSet<PathBuf>,
}

impl Tree {
    /// An empty one, which is written to an empty folder.
    pub fn new(dir: Dir, limits: Limits) -> Self {
        Self {
            dir,
            limits,
            nodes: BTreeMap::new(),
            fetched: HashSet::new(),
            top: PathBuf::new(),
            writing: None,
            head: 0,
            bytes: 0,
            entries: 0,
            names: 0,
            left_out: Vec::new(),
            made: HashSet::new(),
            left: HashSet::new(),
            more: 0,
            open: VecDeque::new(),
            seen: HashSet::new(),
            scanned: HashSet::new(),
        }
    }

    /// What was left out, with the number of those that are not named.
    pub fn left_out(&self) -> (&[LeftOut], u64) {
        (&self.left_out, self.more)
    }

    /// How many paths of those that were left out are remembered.
    #[cfg(test)]
    pub fn kept_paths(&self) -> usize {
        self.left.len()
    }

    /// Wants a path and all that is below it, links followed.
    pub fn want(&mut self, path: &Path) {
        if self.seen.insert(path.to_owned()) {
            self.open.push_back(path.to_owned());
        }
    }

    /// The next path that the engine must be asked for.
    pub fn next(&mut self) -> Option<PathBuf> {
        while let Some(path) = self.open.pop_front() {
            let real = match self.resolve(&path) {
                Ok(real) => real,
                Err(why) => {
                    self.leave(path, why);
                    continue;
                }
            };
            if real.as_os_str().is_empty() {
                self.leave(path, "it's the root of the whole image");
            } else if self.is_known(&real) {
                self.open_links(real);
            } else if self.fetched.len() >= self.limits.fetches {
                self.leave(path, "the image has too many paths and links");
            } else {
                self.open.push_front(path);
                return Some(real);
            }
        }
        None
    }

    /// An archive of this path comes now.
    pub fn begin(&mut self, path: &Path) {
        self.writing = None;
        path.clone_into(&mut self.top);
        self.fetched.insert(path.to_owned());
    }

    fn is_known(&self, path: &Path) -> bool {
        path.ancestors().any(|above| self.fetched.contains(above))
    }

    /// Opens the links below a path: what they lead to must be known too.
    fn open_links(&mut self, real: PathBuf) {
        if !self.scanned.insert(real.clone()) {
            return;
        }
        for (path, node) in descendants(&self.nodes, &real) {
            if matches!(node, Node::Link(_)) && self.seen.insert(path.clone()) {
                self.open.push_back(path.clone());
            }
        }
    }

    pub(super) fn leave(&mut self, path: PathBuf, why: &'static str) {
        // A path has one reason: the first. How many are remembered for that is bounded: more are counted, not kept.
        if self.left.contains(&path) {
            return;
        }
        if self.left.len() as u64 >= self.limits.entries {
            self.more += 1;
            return;
        }
        self.left.insert(path.clone());
        if self.left_out.len() < NAMED {
            self.left_out.push(LeftOut { path, why });
        } else {
            self.more += 1;
        }
    }

    /// Counts a file, directory or link, with the bytes of its name.
    pub(super) fn count(&mut self, name: usize) -> Result<()> {
        self.entries += 1;
        self.names += name as u64;
        if self.entries > self.limits.entries {
            return Err(too_much(&format!("more than {} files and folders", count(self.limits.entries))));
        }
        if self.names > self.limits.names {
            return Err(too_much(&format!("names of more than {} bytes in total", count(self.limits.names))));
        }
        Ok(())
    }

    /// Counts bytes that are to be written.
    pub(super) fn count_bytes(&mut self, bytes: u64) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limits.bytes {
            return Err(too_much(&format!("more than {} bytes", count(self.limits.bytes))));
        }
        Ok(())
    }

    /// Why a path is not written, if it isn't.
    pub(super) fn unfit(&self, path: &Path) -> Option<&'static str> {
        let mut depth = 0;
        for part in path {
            depth += 1;
            if part.len() > self.limits.name {
                return Some("its name is too long");
            }
        }
        if depth > self.limits.depth {
            return Some("it's nested too deeply");
        }
        (path.as_os_str().len() > self.limits.path).then_some("its path is too long")
    }

    /// Makes a directory, and those above it that no entry named.
    fn make_directory(&mut self, path: &Path, entry: &Path) -> Result<()> {
        let mut missing: Vec<&Path> = path
            .ancestors()
            .take_while(|above| !above.as_os_str().is_empty() && !self.nodes.contains_key(*above))
            .collect();
        missing.reverse();
        for directory in missing {
            if directory != entry {
                self.count(directory.as_os_str().len())?;
            }
            self.nodes.insert(directory.to_owned(), Node::Directory);
        }
        self.dir.create_dir_all(path).map_err(|error| unwritten(&error))
    }

    fn entry_at(&mut self, path: PathBuf, head: Head) -> Result<()> {
        if let Some(why) = self.unfit(&path) {
            self.leave(path, why);
            return Ok(());
        }
        let above = path.ancestors().skip(1).find_map(|above| self.nodes.get(above));
        if !matches!(above, None | Some(Node::Directory)) {
            self.leave(path, "its parent is a link or a file");
            return Ok(());
        }
        let before = self.nodes.get(&path).cloned();
        match (head.kind, before) {
            (Kind::Other(why), _) => self.leave(path, why),
            (Kind::Directory, None | Some(Node::Directory)) => self.make_directory(&path, &path)?,
            (Kind::Directory, Some(_)) | (_, Some(Node::Directory)) => self.leave(path, "the image has it twice"),
            (Kind::File, before) => self.begin_file(path, before, head.size, head.executable)?,
            (Kind::Link(target), before) => self.link(path, before, path_of(&target))?,
            (Kind::HardLink(target), before) => {
                // Named by its place in the archive.
                let target = path_of(&target).and_then(|target| self.placed(&target));
                self.link(path, before, target.map(|target| Path::new("/").join(target)))?;
            }
        }
        Ok(())
    }

    fn begin_file(&mut self, path: PathBuf, before: Option<Node>, size: u64, executable: bool) -> Result<()> {
        // Before one byte of it is taken.
        let size = size.min(self.limits.head);
        if size > self.limits.bytes.saturating_sub(self.bytes) {
            return self.count_bytes(size);
        }
        self.forget(&path, before)?;
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            self.make_directory(parent, &path)?;
        }
        match create(&self.dir, &path, executable) {
            Ok(file) => {
                (self.writing, self.head) = (Some(file), self.limits.head);
                self.nodes.insert(path, Node::File { executable });
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.leave(path, "its name differs from another file's only in case");
            }
            Err(error) => return Err(unwritten(&error)),
        }
        Ok(())
    }

    fn link(&mut self, path: PathBuf, before: Option<Node>, target: Option<PathBuf>) -> Result<()> {
        self.forget(&path, before)?;
        match target {
            Some(target) => drop(self.nodes.insert(path, Node::Link(target))),
            None => self.leave(path, "it leads out of the image"),
        }
        Ok(())
    }

    /// Removes what an archive had at a path before.
    fn forget(&mut self, path: &Path, before: Option<Node>) -> Result<()> {
        self.nodes.remove(path);
        match before {
            Some(Node::File { .. }) => self.dir.remove_file(path).map_err(|error| unwritten(&error)),
            _ => Ok(()),
        }
    }

    /// A path in the archive as one in the image: its first part is the last part of the requested path.
    fn placed(&self, path: &Path) -> Option<PathBuf> {
        let mut placed = self.top.clone();
        let mut parts = path.components().filter(|part| *part != Component::CurDir);
        parts.next().filter(|first| matches!(first, Component::Normal(_)))?;
        for part in parts {
            let Component::Normal(part) = part else { return None };
            placed.push(part);
        }
        is_portable(&placed).then_some(placed)
    }
}

impl Receive for Tree {
    fn entry(&mut self, head: Head) -> Result<()> {
        self.writing = None;
        let shown = || PathBuf::from(String::from_utf8_lossy(&head.path).chars().take(200).collect::<String>());
        // Each costs something, also one that is left out.
        self.count(head.path.len())?;
        match path_of(&head.path).and_then(|path| self.placed(&path)) {
            Some(path) => self.entry_at(path, head),
            None => {
                let shown = self.top.join(below(shown()).unwrap_or_default());
                self.leave(shown, "its path leads out of the image");
                Ok(())
            }
        }
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        let bytes = match &self.writing {
            Some(_) => &bytes[..bytes.len().min(usize::try_from(self.head).unwrap_or(usize::MAX))],
            None => bytes,
        };
        self.head = self.head.saturating_sub(bytes.len() as u64);
        self.count_bytes(bytes.len() as u64)?;
        match &mut self.writing {
            Some(file) => file.write_all(bytes).map_err(|error| unwritten(&error)),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> Result<()> {
        self.writing = None;
        Ok(())
    }
}

/// What is below a path, and at it.
pub(super) fn descendants<'n>(
    nodes: &'n BTreeMap<PathBuf, Node>,
    path: &'n Path,
) -> impl Iterator<Item = (&'n PathBuf, &'n Node)> {
    nodes.range(path.to_owned()..).take_while(move |(found, _)| found.starts_with(path))
}

/// Makes a regular file of our own: no bits but read, write and run.
pub(super) fn create(dir: &Dir, path: &Path, executable: bool) -> io::Result<File> {
    let mut options = cap_std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, if executable { 0o755 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = executable;
    dir.open_with(path, &options)
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    Some(std::path::PathBuf::from(std::os::unix::ffi::OsStrExt::from_bytes(bytes) as &std::ffi::OsStr))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    str::from_utf8(bytes).ok().map(PathBuf::from)
}

/// A path as an engine takes it: with slashes. None for a name that isn't Unicode.
pub(super) fn name_in_image(path: &Path) -> Option<String> {
    path.to_str().map(|_| with_slashes(path))
}

/// Whether this system takes the names as they are: some are devices or streams on Windows.
fn is_portable(path: &Path) -> bool {
    let is_plain = |part: &std::ffi::OsStr| {
        let text = part.to_string_lossy();
        let stem = text.split('.').next().unwrap_or_default().to_ascii_uppercase();
        let is_device = ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
            || (stem.len() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")));
        !is_device && !text.contains([':', '\\', '*', '?', '"', '<', '>', '|']) && !text.ends_with(['.', ' '])
    };
    let has_nul = path.as_os_str().as_encoded_bytes().contains(&0);
    !has_nul && (cfg!(not(windows)) || path.iter().all(is_plain))
}

fn too_much(what: &str) -> Error {
    Error::new(Code::ImageTooLarge, format!("The manifest names too many or too large files: {what}"))
        .hint("Check whether a path in it leads to a folder with other files than the extension's.")
}

pub(super) fn unwritten(error: &dyn std::fmt::Display) -> Error {
    Error::new(Code::UnpackFailed, "Can't unpack the extension").detail(error)
}
