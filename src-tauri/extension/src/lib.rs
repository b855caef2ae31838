//! An extension: what its manifest says, what the Runtimes would make of it, and what its parts are
//! called.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines))]

mod backend;
mod braces;
mod built_image;
mod client;
mod compose;
mod content;
mod contents;
mod dockerfile;
mod extension_host;
mod files;
mod frontend;
mod guest;
mod image;
mod lints;
mod listener;
mod location;
mod manifest;
mod names;
mod open_extension;
mod page;
mod page_server;
mod ports;
mod program;
mod programs;
mod root;
pub mod routes;
mod server;
mod services;
mod sockets;
mod source;
mod start;
mod started_backend;
mod state;
mod tool;
mod yaml;

use porthole_sdk::diagnostic::Diagnostic;
use std::path::Path;

pub use backend::{BackendInfo, BackendOwner, FirstService, LiveBackend};
pub use built_image::{BuiltImage, NamedBy, check_with_image};
pub use client::CLIENT;
pub use content::{Content, Parts, Watch};
pub use extension_host::ExtensionHost;
use files::FileSource;
pub use files::ImagePath;
pub use frontend::{BuiltPage, DevServer, FrontendProject, PackageCommand, PackageScript, ProjectStep, SourcePage};
pub use guest::{Guest, backend_missing};
pub use image::{Unpacked, unpack};
pub use listener::{Listeners, ListeningProgram};
pub use manifest::{Backend, Binary, Manifest, Platform, Tab, read};
pub use names::{Names, image_in_place};
pub use open_extension::{BackendStage, OpenExtension};
pub use page::{Answer, Body, Page, policy};
pub use page_server::{Miss, Misses, OpenedPage, PageFacts, PageFrom, PageServer};
pub use program::{Arch, Program};
pub use root::{Entry, ExtensionRoot, FileProblem, Listing, RegularFile};
pub use server::Server;
pub use source::{BackendKind, Extension, ExtensionSource, open};
pub use start::{
    AccessLevel, AllowedVariables, ImageSource, RequestedAccess, Start, StartPlan, StartService, StartVariable,
    VariableState,
};
pub use state::PartState;
pub use tool::BackendDeps;

use porthole_base::error::{Code, Error, Result};

/// The manifest's file name, at the root of an extension's image.
pub const FILE: &str = "metadata.json";
/// The most bytes of one that are read.
const LARGEST: u64 = 4_000_000;

/// A parsed manifest with its problems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What it says, as far as it could be read.
    pub manifest: Manifest,
    /// What is wrong or odd, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
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
/// [`Code::ManifestUnreadable`] when there is none, or when it isn't JSON at all.
pub fn check_folder(folder: &Path) -> Result<Checked> {
    let (root, name) = ExtensionRoot::of_manifest(folder).map_err(|problem| unread(folder, &problem))?;
    check_in(FileSource::Folder(&root), &name)
}

/// Checks a manifest in an open folder, with the files that it names.
pub(crate) fn check_in(place: FileSource<'_>, name: &Path) -> Result<Checked> {
    let (FileSource::Folder(root) | FileSource::Built(root, _) | FileSource::Image(root)) = place;
    let mut checked = check_alone(root, name)?;
    checked.paths = files::check(&checked.manifest, &checked.text, place, &mut checked.diagnostics);
    services::check(&checked.manifest, place, &mut checked.diagnostics);
    checked.diagnostics.sort_by(|a, b| location::order(a).cmp(&location::order(b)));
    Ok(checked)
}

/// Checks a manifest in an open folder, without the files that it names.
fn check_alone(root: &ExtensionRoot, name: &Path) -> Result<Checked> {
    let path = root.path().join(name);
    let text = root.read_text(name, LARGEST).map_err(|problem| unread(&path, &problem))?;
    check(&text).map_err(|error| Error { message: format!("{}: {}", path.display(), error.message), ..error })
}

fn unread(path: &Path, problem: &FileProblem) -> Error {
    Error::new(Code::ManifestUnreadable, format!("Can't read {}", path.display()))
        .detail(problem)
        .hint("metadata.json must be a regular file of at most 4 MB at the root of the extension's folder.")
}

/// Checks the text of a manifest alone.
///
/// # Errors
/// [`Code::ManifestUnreadable`], with the line and column.
pub fn check(text: &str) -> Result<Checked> {
    let (manifest, mut diagnostics) = read(text)?;
    lints::check(&manifest, text, &mut diagnostics);
    diagnostics.sort_by(|a, b| location::order(a).cmp(&location::order(b)));
    Ok(Checked { manifest, diagnostics, paths: Vec::new(), image: None, text: text.to_owned() })
}
