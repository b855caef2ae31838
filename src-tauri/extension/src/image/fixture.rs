//! Images of hostile authors, as an engine would send them, and a home that must not change.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use cap_std::{ambient_authority, fs::Dir};
use tar::EntryType;

use super::{
    tar_stream::TarStream,
    tree::{Limits, Tree, name_in_image},
};
use porthole_base::error::Result;

use Thing::{Folder, Hard, Link, Special};

/// What a hostile image has at a path.
#[derive(Debug, Clone)]
pub(super) enum Thing {
    Folder,
    File(Vec<u8>, u32),
    Link(String),
    Hard(String),
    Special(EntryType),
}

pub(super) fn file(text: &str) -> Thing {
    Thing::File(text.as_bytes().to_vec(), 0o644)
}

/// An image by its paths, as an engine would have it.
#[derive(Debug, Clone, Default)]
pub(super) struct Image(pub BTreeMap<String, Thing>);

pub(super) fn image(things: &[(&str, Thing)]) -> Image {
    let mut image = Image::default();
    for (path, thing) in things {
        for (at, _) in path.match_indices('/') {
            image.0.entry(path[..at].to_owned()).or_insert(Folder);
        }
        image.0.insert((*path).to_owned(), thing.clone());
    }
    image
}

pub(super) fn append(tar: &mut Vec<u8>, path: &str, thing: &Thing) {
    let mut header = tar::Header::new_gnu();
    let mut data: &[u8] = &[];
    header.set_mode(0o644);
    match thing {
        Folder => header.set_entry_type(EntryType::Directory),
        Thing::File(bytes, mode) => {
            header.set_mode(*mode);
            data = bytes;
        }
        Link(target) => {
            header.set_entry_type(EntryType::Symlink);
            header.set_link_name_literal(target).unwrap();
        }
        Hard(target) => {
            header.set_entry_type(EntryType::Link);
            header.set_link_name_literal(target).unwrap();
        }
        Special(kind) => header.set_entry_type(*kind),
    }
    let name = &mut header.as_gnu_mut().unwrap().name;
    let length = path.len().min(name.len());
    name[..length].copy_from_slice(&path.as_bytes()[..length]);
    header.set_size(data.len() as u64);
    header.set_cksum();
    if path.len() > length {
        let mut long = tar::Header::new_gnu();
        long.set_entry_type(EntryType::GNULongName);
        long.set_size(path.len() as u64);
        long.set_cksum();
        blocks(tar, &long, path.as_bytes());
    }
    blocks(tar, &header, data);
}

fn blocks(tar: &mut Vec<u8>, header: &tar::Header, data: &[u8]) {
    tar.extend_from_slice(header.as_bytes());
    tar.extend_from_slice(data);
    tar.resize(tar.len().next_multiple_of(512), 0);
}

impl Image {
    /// What docker sends for a path: its last part first in each name, the last link not followed.
    fn archive(&self, path: &str) -> Option<Vec<u8>> {
        let base = path.rsplit('/').next().unwrap_or_default();
        let mut tar = Vec::new();
        for (found, thing) in &self.0 {
            let rest = found.strip_prefix(path).filter(|rest| rest.is_empty() || rest.starts_with('/'));
            if let Some(rest) = rest {
                append(&mut tar, &format!("{base}{rest}"), thing);
            }
        }
        (!tar.is_empty()).then_some(tar)
    }
}

/// A folder to unpack to, in a home that must not change.
pub(super) struct Home {
    home: tempfile::TempDir,
    before: Vec<(PathBuf, Vec<u8>)>,
}

impl Home {
    pub(super) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(".bashrc"), "mine").unwrap();
        fs::create_dir_all(home.path().join("a/b/files")).unwrap();
        let mut new = Self { home, before: Vec::new() };
        new.before = new.outside();
        new
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.home.path().join("a/b/files")
    }

    pub(super) fn tree(&self, limits: Limits) -> Tree {
        Tree::new(Dir::open_ambient_dir(self.folder(), ambient_authority()).unwrap(), limits)
    }

    fn all(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut left = vec![self.home.path().to_owned()];
        while let Some(folder) = left.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.symlink_metadata().unwrap().is_dir() {
                    left.push(path.clone());
                }
                found.push(path);
            }
        }
        found.sort();
        found
    }

    fn outside(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let all = self.all().into_iter().filter(|path| !path.starts_with(self.folder()) || *path == self.folder());
        all.map(|path| (path.clone(), fs::read(&path).unwrap_or_default())).collect()
    }

    /// Nothing changed outside, and inside are only regular files and directories without special bits.
    pub fn check(&self) -> (u64, u64) {
        assert_eq!(self.outside(), self.before);
        let (mut bytes, mut entries) = (0, 0);
        for path in self.all().into_iter().filter(|path| path.starts_with(self.folder()) && *path != self.folder()) {
            let found = path.symlink_metadata().unwrap();
            assert!(found.is_file() || found.is_dir(), "{path:?}");
            #[cfg(unix)]
            {
                use std::os::unix::fs::{MetadataExt, PermissionsExt};
                assert_eq!(found.permissions().mode() & 0o7000, 0, "{path:?}");
                assert!(found.is_dir() || found.nlink() == 1, "{path:?}");
            }
            bytes += if found.is_file() { found.len() } else { 0 };
            entries += 1;
        }
        (bytes, entries)
    }

    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.folder().join(path)).unwrap_or_else(|error| error.kind().to_string())
    }
}

pub(super) fn take(tree: &mut Tree, image: &Image, wanted: &[&str]) -> Result<()> {
    for path in wanted {
        tree.want(Path::new(path));
    }
    while let Some(path) = tree.next() {
        tree.begin(&path);
        let Some(tar) = image.archive(&name_in_image(&path).unwrap()) else { continue };
        let mut stream = TarStream::default();
        for piece in tar.chunks(1000) {
            stream.feed(piece, tree)?;
        }
        stream.finish()?;
    }
    tree.write_links(wanted.iter().map(Path::new))
}
