//! What a permission belongs to: the content of an extension as the user saw it, not its name, path or port.
//!
//! It is read whole when a page is opened. What is served later is compared with that, so that a file which was swapped
//! meanwhile loses the permission.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use porthole_base::random::random_id;
use ring::digest::{Context, SHA256};

use super::listener::Listeners;
use crate::{ExtensionRoot, Listing, RegularFile};

/// What is read of an extension. Above any of these it is allowed something for the session at most.
const MOST_FILES: usize = 5_000;
const MOST_BYTES: u64 = 256 * 1024 * 1024;
const DEEPEST: usize = 32;

/// The content of the page that is open.
#[derive(Debug, Clone)]
pub struct Content {
    /// The hash of all its parts; none where not everything could be read.
    pub id: Option<String>,
    /// The folder or image: for showing, and for finding what changed.
    pub name: String,
    /// Its parts, each with its hash.
    pub parts: BTreeMap<String, String>,
    /// It was read whole, and may be allowed something always.
    pub lasting: bool,
    /// What is compared with it later.
    pub watch: Arc<Watch>,
}

/// Where the parts of an extension are.
pub struct Parts<'a> {
    /// The folder or image.
    pub name: String,
    /// The image's own id at its engine, where it was read from one.
    pub image: Option<String>,
    /// The extension's folder.
    pub root: &'a ExtensionRoot,
    /// The manifest in it, and the programs for this host.
    pub files: Vec<PathBuf>,
    /// The folder of the page, where it comes from files.
    pub page: Option<&'a ExtensionRoot>,
}

impl Content {
    /// Reads all parts.
    pub fn read(parts: &Parts<'_>) -> Self {
        let mut reading = Reading::default();
        if let Some(image) = &parts.image {
            reading.parts.insert("image digest".to_owned(), image.clone());
        }
        let mut own = Stamps::default();
        for file in &parts.files {
            reading.file(parts.root, file, "", &mut own);
        }
        let mut page = Stamps::default();
        if let Some(root) = parts.page {
            let below = root.path().strip_prefix(parts.root.path()).unwrap_or(Path::new(""));
            reading.folder(root, &below.display().to_string(), &mut page);
        }
        let lasting = !reading.cut;
        let watch = Watch {
            own: Some((parts.root.clone(), own)),
            page: parts.page.map(|root| (root.clone(), page)),
            whole: lasting,
            ..Watch::default()
        };
        Self::of(parts.name.clone(), reading.parts, lasting, watch)
    }

    /// The content of a page that a development server has: its folder, and the process that listens. It is known as long
    /// as that process listens, and never from one start to the next.
    pub fn served(parts: &Parts<'_>, port: u16, listeners: Option<Listeners>) -> Self {
        let mut content = Self::read(parts);
        let Some(listeners) = listeners else {
            return Self { id: None, lasting: false, ..content };
        };
        content.parts.insert("development server".to_owned(), listeners.identity());
        let own = Arc::into_inner(content.watch).and_then(|watch| watch.own);
        let watch = Watch { own, listeners: Some((port, listeners)), ..Watch::default() };
        Self::of(content.name, content.parts, false, watch)
    }

    /// A content of these parts.
    pub fn of(name: String, parts: BTreeMap<String, String>, lasting: bool, watch: Watch) -> Self {
        let mut context = Context::new(&SHA256);
        let is_known_whole = lasting || watch.listeners.is_some();
        for (name, hash) in
            [("", name.as_str())].into_iter().chain(parts.iter().map(|(name, hash)| (name.as_str(), hash.as_str())))
        {
            context.update(&(name.len() as u64).to_le_bytes());
            context.update(name.as_bytes());
            context.update(&(hash.len() as u64).to_le_bytes());
            context.update(hash.as_bytes());
        }
        // What was not read whole is known as this one opening of it.
        let nonce = if is_known_whole { Some([0; 32].to_vec()) } else { random_id().ok().map(String::into_bytes) };
        let id = nonce.map(|nonce| {
            context.update(&nonce);
            hex(context.finish().as_ref())
        });
        Self { id, name, parts, lasting, watch: Arc::new(watch) }
    }

    /// The hash that it is known by, as long as no look at it found a change.
    pub fn known(&self) -> Option<&str> {
        self.id.as_deref().filter(|_| self.watch.is_unchanged())
    }

    /// The hash that it had when it was opened; empty where there is none.
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// What is different from these parts, in words.
    pub fn differences(&self, before: &BTreeMap<String, String>) -> Vec<String> {
        let added = self.parts.keys().filter(|name| !before.contains_key(*name)).map(|name| format!("{name} (added)"));
        let gone = before.keys().filter(|name| !self.parts.contains_key(*name)).map(|name| format!("{name} (removed)"));
        let changed = self.parts.iter().filter(|(name, hash)| before.get(*name).is_some_and(|other| other != *hash));
        changed.map(|(name, _)| format!("{name} (changed)")).chain(added).chain(gone).collect()
    }
}

/// What a file was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<std::time::SystemTime>,
    #[cfg(unix)]
    inode: (u64, u64, i64, i64),
}

impl Stamp {
    fn of(file: &RegularFile) -> Option<Self> {
        let found = file.file.metadata().ok()?;
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Some(Self {
            length: found.len(),
            modified: found.modified().ok(),
            #[cfg(unix)]
            inode: (found.dev(), found.ino(), found.ctime(), found.ctime_nsec()),
        })
    }
}

type Stamps = BTreeMap<PathBuf, Stamp>;

/// What a content is compared with after it was read.
#[derive(Debug, Default)]
pub struct Watch {
    own: Option<(ExtensionRoot, Stamps)>,
    page: Option<(ExtensionRoot, Stamps)>,
    /// Every file of the page was read: another one is new.
    whole: bool,
    listeners: Option<(u16, Listeners)>,
    served: Mutex<BTreeSet<PathBuf>>,
    changed: Mutex<BTreeSet<String>>,
}

impl Watch {
    /// A file of the page is about to be served, from this path below the page's folder.
    pub fn serves(&self, path: &Path, file: &RegularFile) {
        let Some((_, stamps)) = &self.page else { return };
        match stamps.get(path) {
            Some(stamp) if Stamp::of(file).as_ref() == Some(stamp) => {
                self.served.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
            }
            None if !self.whole => {}
            None => self.note(path, "added while it was open"),
            Some(_) => self.note(path, "changed while it was open"),
        }
    }

    fn note(&self, path: &Path, how: &str) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if changed.len() < 100 {
            changed.insert(format!("{} ({how})", path.display()));
        }
    }

    /// What was found to have changed since it was read, in words.
    pub fn changed(&self) -> Vec<String> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// No look found a change.
    fn is_unchanged(&self) -> bool {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Looks at the manifest, the programs and the files that were served. A change is not forgotten. It waits for the
    /// disk.
    pub fn look(&self) {
        let differs = |root: &ExtensionRoot, path: &Path, stamp: &Stamp| {
            root.file(path).ok().and_then(|file| Stamp::of(&file)).as_ref() != Some(stamp)
        };
        if let Some((root, stamps)) = &self.own {
            for (path, stamp) in stamps {
                if differs(root, path, stamp) {
                    self.note(path, "changed while it was open");
                }
            }
        }
        if let Some((root, stamps)) = &self.page {
            let served = self.served.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for (path, stamp) in served.iter().filter_map(|path| Some((path, stamps.get(path)?))) {
                if differs(root, path, stamp) {
                    self.note(path, "changed while it was open");
                }
            }
        }
        self.look_at_listeners();
    }

    /// Whether a development server has the page, which may change while no file does.
    pub fn is_served(&self) -> bool {
        self.listeners.is_some()
    }

    /// Looks at who listens for a page that a development server has. It reads a few files of the kernel.
    pub fn look_at_listeners(&self) {
        if let Some((port, listeners)) = &self.listeners
            && !listeners.still_listen(*port)
        {
            let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
            changed.insert(format!("A different program is listening on port {port}"));
        }
    }
}

/// The parts that were read so far.
#[derive(Default)]
struct Reading {
    parts: BTreeMap<String, String>,
    bytes: u64,
    /// Not all was read.
    cut: bool,
}

impl Reading {
    fn file(&mut self, root: &ExtensionRoot, path: &Path, below: &str, stamps: &mut Stamps) {
        // What is no regular file is never served or started.
        let Ok(file) = root.file(path) else { return };
        let Some(stamp) = Stamp::of(&file) else { return };
        if self.parts.len() >= MOST_FILES || self.bytes.saturating_add(file.length) > MOST_BYTES {
            self.cut = true;
            return;
        }
        self.bytes += file.length;
        let Ok(hash) = hash(&file) else {
            self.cut = true;
            return;
        };
        let mode = if file.executable { " executable" } else { "" };
        self.parts.insert(named(below, path), format!("{hash}{mode}"));
        stamps.insert(path.to_owned(), stamp);
    }

    fn folder(&mut self, root: &ExtensionRoot, below: &str, stamps: &mut Stamps) {
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            if folder.components().count() > DEEPEST {
                self.cut = true;
                continue;
            }
            let Ok(entries) = root.list(&folder, MOST_FILES) else {
                self.cut = true;
                continue;
            };
            for (name, listing) in entries {
                let path = folder.join(name);
                match listing {
                    _ if self.parts.len() >= MOST_FILES => self.cut = true,
                    Listing::File => self.file(root, &path, below, stamps),
                    Listing::Folder => folders.push(path),
                    // What it leads to is below the page's folder, or isn't served.
                    Listing::Link(target) => {
                        self.file(root, &path, below, stamps);
                        self.parts.insert(format!("{} (link)", named(below, &path)), target.display().to_string());
                    }
                    Listing::Other => {}
                }
            }
        }
    }
}

/// A name that no other path has.
fn named(below: &str, path: &Path) -> String {
    let path = Path::new(below).join(path);
    path.to_str().map_or_else(|| format!("{path:?}"), str::to_owned)
}

fn hash(file: &RegularFile) -> std::io::Result<String> {
    let mut context = Context::new(&SHA256);
    let mut read = &file.file;
    let mut buffer = vec![0; 128 * 1024];
    let mut left = file.length;
    loop {
        let count = std::io::Read::read(&mut read, &mut buffer)?;
        if count == 0 {
            return Ok(hex(context.finish().as_ref()));
        }
        // It grows while it is read.
        left = left
            .checked_sub(count as u64)
            .ok_or_else(|| std::io::Error::other("the file changed while it was read"))?;
        context.update(&buffer[..count]);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

// They make links.
#[cfg(all(test, unix))]
#[path = "content_tests.rs"]
mod tests;
