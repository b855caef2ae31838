//! An extension in an image: what its manifest names is taken out of it into a folder. Nothing in the image is run, and
//! nothing is written outside of the folder.

#[cfg(test)]
mod fixture;
mod links;
mod reading;
mod tar_stream;
mod tree;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bollard::{errors::Error as ApiError, query_parameters::DownloadFromContainerOptionsBuilder};
use cap_std::{ambient_authority, fs::Dir};
use futures_util::StreamExt;

use super::{
    ExtensionRoot, FILE, LARGEST, Manifest, location, manifest::Named, names::with_slashes, root::below, unread,
};
use porthole_base::{
    error::{Code, Error, Result},
    numbers::count,
    reference::ImageRef,
};
use porthole_engine::{Engine, reaper::Reaper};
use porthole_sdk::diagnostic::{Diagnostic, DiagnosticCode};
use reading::Reading;
use tar_stream::TarStream;
use tree::{LIMITS, LIMITS_OF_HEADS, Limits, Tree, name_in_image, unwritten};

/// The most bytes that an engine may send: more than is ever written, for what is left out counts too.
const MOST_SENT: u64 = 4 * 1024 * 1024 * 1024;
/// How long an engine may send nothing.
const STALL: Duration = Duration::from_secs(60);

/// What was taken out of an image.
#[derive(Debug)]
pub struct Unpacked {
    /// What is to be said about files that were left out.
    pub diagnostics: Vec<Diagnostic>,
    /// The image's id, where the engine tells one: what was taken is of this image, whatever its name means meanwhile.
    pub image_id: Option<String>,
}

/// Takes the manifest, and all that it names, out of an image. The folder must be there, and empty.
///
/// The image is not run: a container is made of it, read, and removed, also when this future is dropped. The reaper removes
/// it when Porthole is killed.
///
/// # Errors
/// [`Code::ImageNotFound`], [`Code::ManifestUnreadable`], [`Code::ImageTooLarge`], [`Code::ArchiveUnreadable`],
/// [`Code::UnpackFailed`], and those of an engine that is gone. A file that the manifest names and the image does not hold is
/// no error: the report on the folder says so.
pub async fn unpack(engine: &Engine, image: &ImageRef, folder: &Path, reaper: Option<Arc<Reaper>>) -> Result<Unpacked> {
    let dir = Dir::open_ambient_dir(folder, ambient_authority()).map_err(|error| unwritten(&error))?;
    let image_id = engine.image_id(image).await.map_err(|error| engine.explain(error))?;
    let image_id = image_id.ok_or_else(|| no_image(image))?;
    let image_id = Some(image_id).filter(|id| !id.is_empty());
    let exact = image_id.as_ref().map_or_else(|| Ok(image.clone()), ImageRef::new)?;
    let reading = Reading::begin(engine, (image, &exact), reaper).await?;
    let mut taking = Extraction::new(&reading, dir, LIMITS);
    let taken = taking.take(folder).await;
    let unpacked = taken.map(|wanted| Unpacked { diagnostics: taking.diagnostics(&wanted), image_id });
    reading.end().await;
    unpacked
}

/// Takes the beginnings of these files out of an image, to see which of them it has. The folder must be there, and empty.
/// `exact` is the id of the image with this name. As for [`unpack`], nothing is run and nothing is left.
///
/// # Errors
/// As for [`unpack`], but for what a manifest is the reason of.
pub(super) async fn unpack_heads(
    engine: &Engine,
    (image, exact): (&ImageRef, &ImageRef),
    paths: &[PathBuf],
    folder: &Path,
    reaper: Option<Arc<Reaper>>,
) -> Result<()> {
    let dir = Dir::open_ambient_dir(folder, ambient_authority()).map_err(|error| unwritten(&error))?;
    let reading = Reading::begin(engine, (image, exact), reaper).await?;
    let mut taking = Extraction::new(&reading, dir, LIMITS_OF_HEADS);
    let taken = taking.take_paths(paths).await;
    reading.end().await;
    taken
}

pub(super) fn no_image(image: &ImageRef) -> Error {
    Error::new(Code::ImageNotFound, format!("Image not found: `{image}`"))
        .hint(format!("Run `docker pull {image}`, or open the folder that it is built from."))
}

/// What the engine answers about an image, which it may not have.
fn found<T>(answer: std::result::Result<T, ApiError>, engine: &Engine, image: &ImageRef) -> Result<T> {
    answer.map_err(|error| match error {
        ApiError::DockerResponseServerError { status_code: 404, message } => {
            no_image(image).detail(message).status(404)
        }
        error => engine.explain(error),
    })
}

/// What the manifest wants out of the image.
struct Selection {
    text: String,
    paths: Vec<SelectedPath>,
}

/// One path of it.
struct SelectedPath {
    path: PathBuf,
    key: &'static str,
    at: usize,
}

/// One pass over everything that a manifest names.
struct Extraction<'r> {
    reading: &'r Reading,
    tree: Tree,
    /// Bytes that the engine may still send.
    left: u64,
    /// What the engine said of a path that it couldn't read.
    refused: Option<Error>,
}

impl<'r> Extraction<'r> {
    fn new(reading: &'r Reading, dir: Dir, limits: Limits) -> Self {
        Self { reading, tree: Tree::new(dir, limits), left: MOST_SENT, refused: None }
    }

    async fn take(&mut self, folder: &Path) -> Result<Selection> {
        let manifest = Path::new(FILE);
        self.tree.want(manifest);
        self.fetch().await?;
        self.tree.write_links([manifest])?;
        let root = ExtensionRoot::open(folder).map_err(|problem| unwritten(&problem))?;
        let text = root.read_text(FILE, LARGEST).map_err(|problem| {
            let message = format!("The image has no readable {FILE} at its root");
            let detail = self.refused.as_ref().map_or_else(|| problem.to_string(), |refused| refused.message.clone());
            Error { message, ..unread(folder, &problem) }
                .detail(detail)
                .hint("An extension's image needs it: add `COPY metadata.json /` to its Dockerfile.")
        })?;
        let (manifest, _) = super::read(&text)?;
        let mut paths = named(&manifest);
        // A folder before what is in it, which need not be asked for again then.
        paths.sort_by_key(|want| want.path.components().count());
        for want in &paths {
            self.tree.want(&want.path);
        }
        self.fetch().await?;
        self.tree.write_links(paths.iter().map(|want| want.path.as_path()))?;
        Ok(Selection { text, paths })
    }

    async fn take_paths(&mut self, paths: &[PathBuf]) -> Result<()> {
        for path in paths {
            self.tree.want(path);
        }
        self.fetch().await?;
        self.tree.write_links(paths.iter().map(PathBuf::as_path))
    }

    /// Asks the engine for all that is wanted, and for what links in it lead to.
    async fn fetch(&mut self) -> Result<()> {
        while let Some(path) = self.tree.next() {
            self.tree.begin(&path);
            self.copy(&path).await?;
        }
        Ok(())
    }

    /// Takes one path out of the container.
    async fn copy(&mut self, path: &Path) -> Result<()> {
        let Some(named) = name_in_image(path) else { return Ok(()) };
        let (engine, container) = (&self.reading.engine, &self.reading.container);
        let options = DownloadFromContainerOptionsBuilder::default().path(&format!("/{named}")).build();
        let mut pieces = Box::pin(engine.docker().download_from_container(container, Some(options)));
        let mut stream = TarStream::default();
        loop {
            let piece = tokio::time::timeout(STALL, pieces.next()).await;
            let piece = piece.map_err(|_| engine.lost(&format!("it sent nothing for {} s", STALL.as_secs())))?;
            match piece {
                None => return stream.finish(),
                Some(Ok(piece)) => {
                    self.left = self.left.checked_sub(piece.len() as u64).ok_or_else(|| {
                        Error::new(
                            Code::ImageTooLarge,
                            format!("The engine sent more than {} bytes of the image", count(MOST_SENT)),
                        )
                    })?;
                    stream.feed(&piece, &mut self.tree)?;
                }
                // No such path; a part of it is a file.
                Some(Err(ApiError::DockerResponseServerError { status_code: 400 | 404, .. })) => return Ok(()),
                // A link in a loop is one that the engine itself can't follow.
                Some(Err(error @ ApiError::DockerResponseServerError { .. })) => {
                    self.tree.leave(path.to_owned(), "the engine can't read it");
                    self.refused = Some(engine.explain(error));
                    return Ok(());
                }
                Some(Err(error)) => return Err(engine.explain(error)),
            }
        }
    }

    /// What is to be said about files that were left out.
    fn diagnostics(&self, wanted: &Selection) -> Vec<Diagnostic> {
        let diagnostic = |at: usize, key: &str, summary: String| {
            location::at(&wanted.text, at, key).warning(DiagnosticCode::ImageFileLeftOut, summary)
        };
        let fix = "Put only regular files and folders into the image, and links between them.";
        let (left_out, more) = self.tree.left_out();
        let mut diagnostics: Vec<Diagnostic> = left_out
            .iter()
            .map(|left| {
                let want = wanted.paths.iter().rev().find(|want| left.path.starts_with(&want.path));
                let (at, key) = want.map_or((0, ""), |want| (want.at, want.key));
                let shown: String = with_slashes(&left.path).chars().flat_map(char::escape_debug).collect();
                diagnostic(at, key, format!("`/{shown}` was left out of the image: {}", left.why)).fix(fix)
            })
            .collect();
        if more > 0 {
            diagnostics.push(diagnostic(0, "", format!("{more} more files were left out of the image")).fix(fix));
        }
        diagnostics
    }
}

/// The paths that a manifest names. Beside a compose file are the files that it names in turn.
fn named(manifest: &Manifest) -> Vec<SelectedPath> {
    let want = |named: &Named, path: Option<PathBuf>, key| {
        let path = path.filter(|path| !path.as_os_str().is_empty())?;
        Some(SelectedPath { path, key, at: named.at })
    };
    let whole = |named: &Named, key| want(named, below(&named.text), key);
    let icon = manifest.icon.as_ref().and_then(|icon| whole(icon, "icon"));
    let root = manifest.tab.as_ref().and_then(|tab| tab.root.as_ref());
    let root = root.and_then(|root| whole(root, "ui.dashboard-tab.root"));
    let compose = manifest.backend.as_ref().and_then(|backend| backend.composefile.as_ref());
    let compose = compose.and_then(|file| {
        let path = below(&file.text)?;
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).map(Path::to_owned);
        want(file, folder.or(Some(path)), "vm.composefile")
    });
    let binaries = manifest.binaries.iter().filter_map(|binary| whole(&binary.path, "host.binaries"));
    [icon, root, compose].into_iter().flatten().chain(binaries).collect()
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;
