//! The files of a compose project: opened through the extension's root alone, and only so many of them.

use std::path::{Component, Path, PathBuf};

use crate::{
    dockerfile::{Base, Provision, Search},
    names::with_slashes,
    root::{Entry, ExtensionRoot, FileProblem},
    yaml::LONGEST,
};
use porthole_base::numbers::count;

/// How many files are read, each as often as it is named.
const MOST: usize = 200;
/// The most bytes of them all.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// How many other paths are looked for.
const MOST_LOOKS: usize = 500;

/// Where the paths of a compose file lead.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ComposeSource<'a> {
    /// A folder as it is: what compose would read on this machine.
    Folder(&'a ExtensionRoot),
    /// What was unpacked from an image.
    Image(&'a ExtensionRoot),
    /// The image that a Dockerfile makes of a folder.
    Built { context: &'a ExtensionRoot, search: &'a Search<'a> },
}

impl ComposeSource<'_> {
    /// A path from the root with its links followed.
    pub fn real(self, path: &Path) -> PathBuf {
        match self {
            Self::Folder(root) | Self::Image(root) => {
                let real = root.file_path(path).ok();
                real.and_then(|real| Some(real.strip_prefix(root.path()).ok()?.to_owned()))
                    .unwrap_or_else(|| path.to_owned())
            }
            Self::Built { .. } => path.to_owned(),
        }
    }
}

/// Why there is no file, or none that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Absence {
    /// It isn't there, in words, and whether that is certain.
    Missing { summary: String, certain: bool },
    /// Only a build of the image tells.
    Unknown,
    /// It is there and isn't opened.
    Unusable(FileProblem),
    /// More files are named than are read.
    Limit(String),
}

/// Where a path of a compose file leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathTarget {
    /// Into the extension, as a path from its root.
    Inside(PathBuf),
    /// To an address.
    Remote,
    /// Elsewhere on the machine.
    Outside,
}

#[derive(Debug)]
pub(super) struct Files<'a> {
    source: ComposeSource<'a>,
    /// The folder of the compose file, which alone is copied from an image.
    folder: PathBuf,
    read: usize,
    bytes: usize,
    looks: usize,
}

impl<'a> Files<'a> {
    pub fn new(source: ComposeSource<'a>, folder: &Path) -> Self {
        Self { source, folder: folder.to_owned(), read: 0, bytes: 0, looks: 0 }
    }

    fn root(&self) -> &'a ExtensionRoot {
        match self.source {
            ComposeSource::Folder(root) | ComposeSource::Image(root) | ComposeSource::Built { context: root, .. } => {
                root
            }
        }
    }

    /// The path that compose would make of one below the root.
    pub fn absolute(&self, path: &Path) -> String {
        // Joined with nothing, it would end with a slash.
        let path = self.root().path().join(path);
        path.components().collect::<PathBuf>().display().to_string()
    }

    /// Where a text leads that is written in this folder.
    pub fn place(&self, folder: &Path, text: &str) -> PathTarget {
        // What was resolved before.
        let inside = text.strip_prefix(&self.root().path().display().to_string());
        if let Some(inside) = inside.filter(|inside| inside.is_empty() || inside.starts_with(['/', '\\'])) {
            return lexical(Path::new(inside.trim_start_matches(['/', '\\'])))
                .map_or(PathTarget::Outside, PathTarget::Inside);
        }
        if is_remote(text) {
            return PathTarget::Remote;
        }
        let path = Path::new(text);
        if text.starts_with('~') || path.has_root() || text.as_bytes().get(1) == Some(&b':') {
            return PathTarget::Outside;
        }
        lexical(&folder.join(path)).map_or(PathTarget::Outside, PathTarget::Inside)
    }

    /// The text of a file, and the name that its author knows it by.
    pub fn text(&mut self, path: &Path) -> Result<(PathBuf, String), Absence> {
        self.read += 1;
        if self.read > MOST {
            return Err(Absence::Limit(format!("The compose files name more than {MOST} files")));
        }
        let found = self.find(path)?;
        let text = self.root().read_text(&found, LONGEST).map_err(|problem| self.absence(path, problem))?;
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes > MOST_BYTES {
            return Err(Absence::Limit(format!(
                "The compose files have more than {} bytes in total",
                count(MOST_BYTES as u64)
            )));
        }
        Ok((found, text))
    }

    /// Whether a file or folder is there.
    pub fn look(&mut self, path: &Path) -> Result<Entry, Absence> {
        self.looks += 1;
        if self.looks > MOST_LOOKS {
            return Err(Absence::Limit(format!("The compose files name more than {MOST_LOOKS} paths")));
        }
        let found = self.find(path)?;
        self.root().entry(&found).map_err(|problem| self.absence(path, problem))
    }

    /// The same in the folder that an image is built from, where images of services are built from too.
    pub fn look_in_sources(&mut self, path: &Path) -> Result<Entry, Absence> {
        let source = match self.source {
            ComposeSource::Built { context, .. } => ComposeSource::Folder(context),
            // An image has no sources: a rule says so.
            ComposeSource::Image(_) => return Err(Absence::Unknown),
            folder => folder,
        };
        let before = std::mem::replace(&mut self.source, source);
        let found = self.look(path);
        self.source = before;
        found
    }

    /// Where the bytes of a path are: in a folder that an image is built from, the Dockerfile says so.
    fn find(&self, path: &Path) -> Result<PathBuf, Absence> {
        if !matches!(self.source, ComposeSource::Folder(_)) && !path.starts_with(&self.folder) {
            let summary = format!(
                "`{}` isn't in `{}`: only the compose file's folder is copied from the image",
                with_slashes(path),
                with_slashes(&self.folder)
            );
            return Err(Absence::Missing { summary, certain: true });
        }
        let ComposeSource::Built { search, context } = self.source else { return Ok(path.to_owned()) };
        let shown = with_slashes(path);
        match search.find(&shown) {
            Provision::Context { path, .. } => Ok(path),
            Provision::NotBuilt { path: source, by } => Err(Absence::Missing {
                summary: format!(
                    "`{shown}` isn't built yet: `{}` (line {} of the Dockerfile) copies `{}`, which doesn't exist",
                    by.text,
                    by.line,
                    with_slashes(&source)
                ),
                certain: false,
            }),
            // The folder most likely has the same.
            Provision::Unknown { .. } => match context.entry(path) {
                Ok(_) => Ok(path.to_owned()),
                Err(_) => Err(Absence::Unknown),
            },
            Provision::Nothing { base: Base::Scratch } => Err(Absence::Missing {
                summary: format!("Nothing in the Dockerfile provides `{shown}`"),
                certain: true,
            }),
            Provision::Nothing { base: Base::Image(image) } => Err(Absence::Missing {
                summary: format!("Nothing in the Dockerfile provides `{shown}`; only its base image `{image}` might"),
                certain: false,
            }),
        }
    }

    fn absence(&self, path: &Path, problem: FileProblem) -> Absence {
        match problem {
            FileProblem::Missing => {
                let shown = with_slashes(path);
                let summary = match self.source {
                    ComposeSource::Image(_) => format!("The image has no `{shown}`"),
                    _ => format!("`{shown}` doesn't exist"),
                };
                Absence::Missing { summary, certain: true }
            }
            problem => Absence::Unusable(problem),
        }
    }
}

/// Whether compose or the engine would fetch it.
pub(super) fn is_remote(text: &str) -> bool {
    text.contains("://") || text.starts_with("git@") || text.starts_with("github.com/")
}

/// A path without `.` and `..`, as compose makes it before it opens it; none when it leads out of the root.
fn lexical(path: &Path) -> Option<PathBuf> {
    let mut made = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => made.push(part),
            Component::ParentDir => made.pop().then_some(())?,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(made)
}
