//! An extension: what its manifest says, what the Runtimes would make of it, and what its parts are
//! called.

mod backend;
mod bench;
mod braces;
mod built_image;
mod client;
mod compose;
mod contents;
mod dockerfile;
mod files;
mod frontend;
mod image;
mod manifest;
mod names;
mod oddities;
mod open_extension;
mod opened;
mod own;
mod owned;
mod page;
mod ports;
mod program;
mod programs;
mod remark;
mod root;
mod server;
mod services;
mod sockets;
mod source;
mod start;
mod state;
mod tool;
mod yaml;

use std::path::Path;

pub use backend::{BackendOwner, First, LiveBackend, Up};
pub use bench::Bench;
pub use built_image::{BuiltImage, NamedBy, check_with_image};
pub use client::CLIENT;
pub use files::ImagePath;
use files::Place;
pub use frontend::{BuiltPage, DevServer, FrontendProject, PackageCommand, PackageScript, ProjectStep, SourcePage};
pub use image::{Unpacked, unpack};
pub use manifest::{Backend, Binary, Manifest, Platform, Tab, read};
pub use names::{Names, image_in_place};
pub use open_extension::{BackendStage, OpenExtension};
pub use opened::{Miss, Misses, Open, OpenedPage, PageFacts, PageFrom};
pub use own::{OwnGone, OwnPage};
pub use page::{Answer, Body, Page, policy};
pub use program::{Arch, Program};
pub use remark::{Effect, Remark, Weight};
pub use root::{Entry, ExtensionRoot, FileProblem, Listing, RegularFile};
pub use server::Server;
pub(crate) use sockets::shared_directory;
pub use source::{BackendKind, Opened, Source, open};
pub use start::{
    AllowedVariables, AskLevel, ImageSource, Start, StartAsk, StartPlan, StartService, StartVariable, VariableState,
};
pub use state::PartState;
pub use tool::Means;

use crate::error::{Code, Error, Result};

/// The manifest's file name, at the root of an extension's image.
pub const FILE: &str = "metadata.json";
/// The most bytes of one that are read.
const LARGEST: u64 = 4 * 1024 * 1024;

/// A manifest as it was read, and all there is to say against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What it says, as far as it could be read.
    pub manifest: Manifest,
    /// What is wrong or odd, in the order of the file.
    pub remarks: Vec<Remark>,
    /// Where the image has each of its paths from, where that is known.
    pub paths: Vec<ImagePath>,
    /// The folder's image on an engine that its paths were checked in.
    pub image: Option<BuiltImage>,
    /// The text that all of it is about.
    pub text: String,
}

/// Checks the manifest of a folder, with the files that it names.
///
/// # Errors
/// [`Code::ManifestUnreadable`] when there is none, or when it is no JSON at all.
pub fn check_folder(folder: &Path) -> Result<Checked> {
    let (root, name) = ExtensionRoot::of_manifest(folder).map_err(|problem| unread(folder, &problem))?;
    check_in(Place::Folder(&root), &name)
}

/// Checks a manifest in an open folder, with the files that it names.
pub(super) fn check_in(place: Place<'_>, name: &Path) -> Result<Checked> {
    let (Place::Folder(root) | Place::Built(root, _) | Place::Image(root)) = place;
    let mut checked = check_alone(root, name)?;
    checked.paths = files::check(&checked.manifest, &checked.text, place, &mut checked.remarks);
    services::check(&checked.manifest, place, &mut checked.remarks);
    checked.remarks.sort_by_cached_key(|remark| (remark.file.clone(), remark.line, remark.column));
    Ok(checked)
}

/// Checks a manifest in an open folder, without the files that it names.
fn check_alone(root: &ExtensionRoot, name: &Path) -> Result<Checked> {
    let path = root.path().join(name);
    let text = root.read_text(name, LARGEST).map_err(|problem| unread(&path, &problem))?;
    check(&text).map_err(|error| Error { message: format!("{}: {}", path.display(), error.message), ..error })
}

fn unread(path: &Path, problem: &FileProblem) -> Error {
    Error::new(Code::ManifestUnreadable, format!("cannot read {}", path.display())).detail(problem).hint(
        "An extension's folder has its metadata.json at the root, as its image has: a regular file of at most 4 MiB.",
    )
}

/// Checks the text of a manifest alone.
///
/// # Errors
/// [`Code::ManifestUnreadable`], with the line and column.
pub fn check(text: &str) -> Result<Checked> {
    let (manifest, mut remarks) = read(text)?;
    oddities::look(&manifest, text, &mut remarks);
    remarks.sort_by_key(|remark| (remark.line, remark.column));
    Ok(Checked { manifest, remarks, paths: Vec::new(), image: None, text: text.to_owned() })
}
