//! An extension that was opened: from its folder, its image, or by a backend that runs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    BuiltImage, Checked, ExtensionRoot, FILE, FileProblem, FileSource, Manifest, Names, Unpacked, check_in,
    check_with_image,
    compose::{self, Input},
    image_in_place,
    root::below,
    services,
    start::environment,
    unpack, unread,
    yaml::LONGEST,
};
use porthole_base::{
    error::{Code, Error, Result},
    reference::ImageRef,
};
use porthole_engine::{EXTENSION, Engine, reaper::Reaper};
use porthole_sdk::diagnostic::{Diagnostic, Severity};

/// What an extension is opened from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(optional_fields)]
pub enum ExtensionSource {
    /// A folder that its image is built from.
    Folder {
        /// The folder, or its `metadata.json`.
        path: PathBuf,
        /// What its image is called. Everything is named after that; when absent a name is made of the folder's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<String>,
    },
    /// An image that the engine has.
    Image {
        /// Its name.
        name: String,
    },
    /// An extension that runs.
    Running {
        /// One of its containers.
        container: String,
    },
}

/// What the backend of an extension is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BackendKind {
    /// There is none.
    None,
    /// One container.
    Image {
        /// Its image.
        image: ImageRef,
    },
    /// The services of a compose file.
    Compose {
        /// The file.
        file: PathBuf,
        /// Its services, in the order of the file. The extension's commands run in the first.
        services: Vec<String>,
    },
    /// It cannot be brought up as it is written.
    Unusable {
        /// Why.
        error: Error,
    },
}

/// An extension that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Extension {
    /// From what.
    pub source: ExtensionSource,
    /// What its manifest says.
    pub manifest: Manifest,
    /// All there is to say against that.
    pub diagnostics: Vec<Diagnostic>,
    /// What its parts are called.
    pub names: Names,
    /// Its image.
    pub image: ImageRef,
    /// The id of the image that it was unpacked from: a hash of all that is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// The image that its folder builds, once the paths of the manifest were checked in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_image: Option<BuiltImage>,
    /// Where its manifest is, and the files that it names: the folder itself, or what was unpacked.
    pub root: PathBuf,
    /// What its backend is.
    pub backend: BackendKind,
    /// The file name of the backend's socket, if it is to have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<String>,
}

impl Extension {
    /// What tells it from another one with the same manifest: its folder, or the name of its image.
    pub fn whose(&self) -> String {
        self.sources().map_or_else(|| self.image.to_string(), |root| root.display().to_string())
    }

    /// The folder that the image is built from, where there is one.
    pub fn sources(&self) -> Option<&Path> {
        matches!(self.source, ExtensionSource::Folder { .. }).then_some(self.root.as_path())
    }

    /// Checks the paths of a folder's manifest in the image that it builds, if the engine has that: the diagnostics as they
    /// are then. None for what wasn't opened from a folder, and for a manifest that was changed since it was opened.
    ///
    /// # Errors
    /// As for [`check_with_image`].
    pub(super) async fn check_in_image(
        &self,
        engine: &Engine,
        scratch: &Path,
        reaper: Option<Arc<Reaper>>,
    ) -> Result<Option<(Vec<Diagnostic>, BuiltImage)>> {
        let ExtensionSource::Folder { image, .. } = &self.source else { return Ok(None) };
        let is_named = image.as_deref().is_some_and(|image| !image.trim().is_empty());
        let named = is_named.then_some(&self.image);
        let checked = check_with_image(&self.root, named, engine, scratch, reaper).await?;
        let Some(Checked { manifest, mut diagnostics, image: Some(image), text, .. }) = checked else {
            return Ok(None);
        };
        if manifest != self.manifest {
            return Ok(None);
        }
        diagnostics.extend(services::on_a_mac(&manifest, &text, &self.names));
        Ok(Some((diagnostics, image)))
    }
}

/// Opens an extension. What is in an image is unpacked into `folder`, which must be there and empty; the reaper removes
/// what a killed Porthole leaves on the engine. A folder needs no engine.
///
/// # Errors
/// [`Code::ManifestUnreadable`], [`Code::ImageNameInvalid`], [`Code::ImageNotFound`], [`Code::ContainerNotFound`], what
/// [`unpack`] says, and what `engine` is.
pub async fn open(
    source: ExtensionSource,
    engine: Result<&Engine>,
    folder: &Path,
    reaper: Option<Arc<Reaper>>,
) -> Result<Extension> {
    let mut left_out = Vec::new();
    let (root, image, image_id) = match &source {
        ExtensionSource::Folder { path, image } => {
            let root = folder_of_manifest(path)?;
            let named = image.as_deref().map(str::trim).filter(|image| !image.is_empty());
            let image = ImageRef::new(named.map_or_else(|| image_of_folder(root.path()), str::to_owned))?;
            (root, image, None)
        }
        ExtensionSource::Image { name } => {
            let image = ImageRef::new(name.trim())?;
            let engine = engine?;
            let Unpacked { diagnostics, image_id } = unpack(engine, &image, folder, reaper).await?;
            left_out = diagnostics;
            (unpacked(folder)?, image, image_id)
        }
        ExtensionSource::Running { container } => {
            let engine = engine?;
            let image = ImageRef::new(image_of_running(engine, container).await?)?;
            let taken = unpack(engine, &image, folder, reaper).await;
            let taken = taken.map_err(|error| not_of_extension(error, container, &image))?;
            left_out = taken.diagnostics;
            (unpacked(folder)?, image, taken.image_id)
        }
    };
    let Checked { manifest, mut diagnostics, text, .. } = {
        // What is unpacked is what the image holds; a folder is what it is built from.
        let place = if matches!(source, ExtensionSource::Folder { .. }) {
            FileSource::Folder(&root)
        } else {
            FileSource::Image(&root)
        };
        check_in(place, Path::new(FILE))?
    };
    diagnostics.extend(left_out);
    let names = Names::of_image(&image);
    diagnostics.extend(services::on_a_mac(&manifest, &text, &names));
    let backend = kind(&manifest, &root, &image);
    let declared = manifest.backend.as_ref().and_then(|backend| backend.socket.as_ref());
    // Some write the whole path; every Runtime takes a name.
    let socket = declared.and_then(|socket| Path::new(&socket.text).file_name()?.to_str().map(str::to_owned));
    let root = root.path().to_owned();
    Ok(Extension { names, source, manifest, diagnostics, image, image_id, built_image: None, root, backend, socket })
}

fn folder_of_manifest(path: &Path) -> Result<ExtensionRoot> {
    let extension = ExtensionRoot::of_manifest(path).map(|(root, _)| root);
    extension.map_err(|problem| {
        Error::new(Code::ManifestUnreadable, format!("Can't open {}", path.display()))
            .detail(problem)
            .hint(format!("Choose an extension's folder, or the {FILE} in it."))
    })
}

fn unpacked(folder: &Path) -> Result<ExtensionRoot> {
    ExtensionRoot::open(folder).map_err(|problem| unread(folder, &problem))
}

/// A unique name for the image of a folder.
pub(super) fn image_of_folder(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let name = if plain.is_empty() { "extension".to_owned() } else { plain.join("-") };
    format!("porthole/{name}")
}

fn kind(manifest: &Manifest, root: &ExtensionRoot, image: &str) -> BackendKind {
    let Some(backend) = &manifest.backend else { return BackendKind::None };
    // Where both are, the image: that is what the one Runtime does whose source is known.
    if let Some(named) = &backend.image {
        return match ImageRef::new(image_in_place(&named.text, image)) {
            Ok(image) => BackendKind::Image { image },
            Err(error) => BackendKind::Unusable { error },
        };
    }
    let Some(named) = &backend.composefile else { return BackendKind::None };
    let read = || {
        let broken =
            |why: &str| Error::new(Code::ComposeUnreadable, format!("The compose file `{}` {why}", named.text));
        root.read_text(&named.text, LONGEST).map_err(|problem| match problem {
            FileProblem::Outside => broken("leads out of the image"),
            problem => broken("can't be read").detail(problem),
        })?;
        let file = root.file_path(&named.text).map_err(|problem| broken("can't be read").detail(problem))?;
        let path = below(&named.text).unwrap_or_default();
        let mut set = environment::small();
        set.insert(compose::OWN_IMAGE.to_owned(), image.to_owned());
        let source = compose::ComposeSource::Folder(root);
        let read = compose::read(Input { source, file: &path, environment: set, has_socket: true });
        // Without an own fault of the files, compose decides: it may get variables that aren't known yet.
        if read.blocked || read.services.is_empty() {
            let why = read.diagnostics.into_iter().find(|diagnostic| diagnostic.severity == Severity::Error);
            return Err(why.map_or_else(|| broken("can't be read"), |diagnostic| compose::error(&diagnostic)));
        }
        let services = read.services.into_iter().collect();
        Ok(BackendKind::Compose { file, services })
    };
    read().unwrap_or_else(|error| BackendKind::Unusable { error })
}

/// The image of the extension that a container belongs to. With a compose file the container's own may be any.
async fn image_of_running(engine: &Engine, container: &str) -> Result<String> {
    let named = |(found, labels)| (found, labels);
    let all = engine.labelled().await?.into_iter().map(named);
    let found = all.into_iter().find(|(found, _)| found.name == container || found.id == container);
    let Some((found, labels)) = found else {
        return Err(Error::new(Code::ContainerNotFound, format!("Container not found: `{container}`")));
    };
    if let Some(image) = labels.get(EXTENSION) {
        return Ok(image.clone());
    }
    let extensions = engine.extensions().await?;
    let extension = extensions.iter().find(|extension| extension.containers.iter().any(|part| part.id == found.id));
    if let Some(extension) = extension {
        let mut tags = engine.image_names().await.map_err(|error| engine.explain(error))?.into_iter();
        if let Some(tag) = tags.find(|tag| is_called(&Names::of_image(local(tag)).stem, &extension.name)) {
            return Ok(tag);
        }
    }
    Ok(found.image)
}

/// Podman puts `localhost/` before the name of what it has built itself.
fn local(tag: &str) -> &str {
    tag.strip_prefix("localhost/").unwrap_or(tag)
}

/// Whether an extension's name on an engine is made of this stem. Rancher Desktop replaces more than slashes.
pub(super) fn is_called(stem: &str, name: &str) -> bool {
    let plain = |text: &str| text.replace(|c: char| !(c.is_ascii_alphanumeric() || c == '-'), "_");
    plain(stem) == plain(name)
}

fn not_of_extension(error: Error, container: &str, image: &str) -> Error {
    if error.code != Code::ManifestUnreadable {
        return error;
    }
    Error::new(Code::ManifestUnreadable, format!("`{image}`, the image of `{container}`, isn't an extension's image"))
        .detail(error)
        .hint("Open the extension's image or folder: Porthole finds the running backend by its name.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folders_image_has_a_name_that_an_engine_takes() {
        for (folder, image) in [
            ("/home/me/My Extension", "porthole/my-extension"),
            ("/x/disk_usage.v2", "porthole/disk-usage-v2"),
            ("/x/é", "porthole/extension"),
            ("/", "porthole/extension"),
        ] {
            assert_eq!(image_of_folder(Path::new(folder)), image, "{folder}");
        }
    }

    async fn extension(manifest: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, Extension) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), manifest).unwrap();
        for (path, text) in files {
            std::fs::write(folder.path().join(path), text).unwrap();
        }
        let source = ExtensionSource::Folder { path: folder.path().join(FILE), image: Some("acme/x:1".into()) };
        let none = Err(Error::new(Code::EngineUnavailable, "none"));
        let extension = open(source, none, Path::new("/nowhere"), None).await.unwrap();
        (folder, extension)
    }

    #[tokio::test]
    async fn a_folder_is_opened_without_an_engine() {
        let (folder, found) = extension(
            r#"{"vm": {"image": "${DESKTOP_PLUGIN_IMAGE}", "exposes": {"socket": "/run/guest-services/b.sock"}}}"#,
            &[],
        )
        .await;
        assert_eq!(found.backend, BackendKind::Image { image: "acme/x:1".parse().unwrap() });
        assert_eq!(found.socket.as_deref(), Some("b.sock"));
        assert_eq!(found.names, Names::of_image("acme/x:1"));
        assert_eq!(found.root, dunce::canonicalize(folder.path()).unwrap());
        assert!(!found.diagnostics.is_empty());
    }

    #[tokio::test]
    async fn the_services_of_a_compose_file_are_told_in_order() {
        let manifest = r#"{"vm": {"composefile": "/compose.yaml"}}"#;
        let (_folder, found) = extension(manifest, &[("compose.yaml", "services: {web: {}, api: {}}")]).await;
        let BackendKind::Compose { services, .. } = &found.backend else { panic!("{:?}", found.backend) };
        assert_eq!(*services, ["web", "api"]);
        for (manifest, why) in [(manifest, "can't be read"), (r#"{"vm": {"composefile": "../c.yaml"}}"#, "leads out")] {
            let (_folder, found) = extension(manifest, &[]).await;
            let BackendKind::Unusable { error } = &found.backend else { panic!("{:?}", found.backend) };
            assert_eq!(error.code, Code::ComposeUnreadable);
            assert!(error.message.contains(why), "{error:?}");
        }
    }

    #[tokio::test]
    async fn an_image_that_reads_as_an_option_or_a_path_is_no_backend() {
        for name in ["--config=/tmp/evil", "../info", "a\u{7}b"] {
            let (_folder, found) = extension(&serde_json::json!({"vm": {"image": name}}).to_string(), &[]).await;
            let BackendKind::Unusable { error } = &found.backend else { panic!("{:?}", found.backend) };
            assert_eq!(error.code, Code::ImageNameInvalid, "{name}");
            assert!(
                found.diagnostics.iter().any(|diagnostic| {
                    diagnostic.location.as_ref().is_some_and(|at| at.key == "vm.image" && at.line == 1)
                }),
                "{name}"
            );
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(FILE), "{}").unwrap();
            let none = || Err(Error::new(Code::EngineUnavailable, "none"));
            let source = ExtensionSource::Folder { path: folder.path().to_owned(), image: Some(name.into()) };
            assert_eq!(open(source, none(), folder.path(), None).await.unwrap_err().code, Code::ImageNameInvalid);
            let source = ExtensionSource::Image { name: name.into() };
            assert_eq!(open(source, none(), folder.path(), None).await.unwrap_err().code, Code::ImageNameInvalid);
        }
    }

    #[tokio::test]
    async fn what_needs_an_engine_says_that_there_is_none() {
        for source in [ExtensionSource::Image { name: "a".into() }, ExtensionSource::Running { container: "a".into() }]
        {
            let none = Err(Error::new(Code::EngineUnavailable, "none"));
            assert_eq!(
                open(source, none, Path::new("/nowhere"), None).await.unwrap_err().code,
                Code::EngineUnavailable
            );
        }
        let none = Err(Error::new(Code::EngineUnavailable, "none"));
        let source = ExtensionSource::Folder { path: "/no/such/folder".into(), image: None };
        assert_eq!(open(source, none, Path::new("/nowhere"), None).await.unwrap_err().code, Code::ManifestUnreadable);
    }

    #[test]
    fn a_name_on_an_engine_is_compared_as_rancher_desktop_writes_it() {
        assert!(is_called("acme_x", "acme_x"));
        assert!(is_called("acme_x.y", "acme_x_y"));
        assert!(!is_called("acme_x", "acme_y"));
    }
}
