//! An extension in an image: what its manifest names is taken out of it into a folder.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    path::Path,
};

use bollard::{
    models::ContainerCreateBody,
    query_parameters::{DownloadFromContainerOptionsBuilder, RemoveContainerOptionsBuilder},
};
use futures_util::StreamExt;

use super::{FILE, Manifest, root::below};
use crate::{
    engine::Engine,
    error::{Code, Error, Result},
    reference::ImageRef,
};

/// The most that an extension's page and programs may take, together: they are unpacked to the disk.
const LARGEST: u64 = 2 * 1024 * 1024 * 1024;

/// Takes the manifest, and all that it names, out of an image. The folder must be there, and empty.
///
/// The image is not run: a container is made of it, read, and removed.
///
/// # Errors
/// [`Code::ImageNotFound`], [`Code::ManifestUnreadable`], [`Code::TooMuch`], and those of an engine that is
/// gone. A file that the manifest names and the image does not hold is no error: the report on the folder
/// says so.
pub async fn unpack(engine: &Engine, image: &ImageRef, folder: &Path) -> Result<()> {
    let body = ContainerCreateBody {
        image: Some(image.to_string()),
        // An image that is not meant to be run has no command, and the engine wants one.
        cmd: Some(vec!["never-started".to_owned()]),
        labels: Some([("dev.porthole.reading".to_owned(), String::new())].into()),
        ..ContainerCreateBody::default()
    };
    let made = engine.docker().create_container(None, body).await;
    let made = made.map_err(|error| no_image(engine.explain(error, image), image))?;
    let taken = take(engine, &made.id, folder).await;
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    let removed = engine.docker().remove_container(&made.id, Some(options)).await;
    taken?;
    removed.map_err(|error| engine.explain(error, &made.id))
}

fn no_image(error: Error, image: &str) -> Error {
    let says =
        |text: &str| error.message.contains(text) || error.detail.as_ref().is_some_and(|detail| detail.contains(text));
    if says("No such image") || says("not found") || says("no such image") {
        return Error::new(Code::ImageNotFound, format!("the engine has no image `{image}`"))
            .detail(error.message)
            .hint(format!("docker pull {image}, or open the folder that it is built from."));
    }
    error
}

async fn take(engine: &Engine, container: &str, folder: &Path) -> Result<()> {
    let mut left = LARGEST;
    if !copy(engine, container, FILE, folder, &mut left).await? {
        return Err(Error::new(Code::ManifestUnreadable, format!("the image has no {FILE} at its root"))
            .hint("It is an extension's image only with one: COPY metadata.json / in its Dockerfile."));
    }
    let text = fs::read_to_string(folder.join(FILE)).map_err(|error| unwritten(folder, &error))?;
    let (manifest, _) = super::read(&text)?;
    for path in named(&manifest) {
        copy(engine, container, &path, folder, &mut left).await?;
    }
    Ok(())
}

/// The paths that a manifest names. Beside a compose file stand the files that it names in turn.
fn named(manifest: &Manifest) -> Vec<String> {
    let compose = manifest.backend.as_ref().and_then(|backend| backend.composefile.as_ref());
    let compose = compose.map(|file| match below(&file.text) {
        Some(path) => path
            .parent()
            .filter(|parent| *parent != Path::new(""))
            .map_or(file.text.clone(), |parent| parent.display().to_string()),
        None => file.text.clone(),
    });
    let icon = manifest.icon.as_ref().map(|icon| icon.text.clone());
    let root = manifest.tab.as_ref().and_then(|tab| tab.root.as_ref()).map(|root| root.text.clone());
    let binaries = manifest.binaries.iter().map(|binary| binary.path.text.clone());
    icon.into_iter().chain(root).chain(compose).chain(binaries).collect()
}

/// Copies a file or folder to the same path below `folder`; whether it is there.
async fn copy(engine: &Engine, container: &str, path: &str, folder: &Path, left: &mut u64) -> Result<bool> {
    let Some(path) = below(path).filter(|path| path != Path::new("")) else { return Ok(false) };
    let options = DownloadFromContainerOptionsBuilder::default().path(&format!("/{}", path.display())).build();
    let mut pieces = Box::pin(engine.docker().download_from_container(container, Some(options)));
    let mut tar = tempfile::tempfile().map_err(|error| unwritten(folder, &error))?;
    while let Some(piece) = pieces.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => return Ok(false),
            Err(error) => return Err(engine.explain(error, container)),
        };
        *left = left.checked_sub(piece.len() as u64).ok_or_else(|| {
            Error::new(Code::TooMuch, format!("what the extension's manifest names is more than {LARGEST} bytes"))
                .hint("Is `root` of its page the root of the whole image?")
        })?;
        tar.write_all(&piece).map_err(|error| unwritten(folder, &error))?;
    }
    let into = folder.join(path.parent().unwrap_or(Path::new("")));
    let unpacked = tokio::task::spawn_blocking(move || -> std::io::Result<()> {
        fs::create_dir_all(&into)?;
        tar.seek(SeekFrom::Start(0))?;
        // It refuses entries and links that lead out.
        let mut archive = tar::Archive::new(tar);
        archive.set_preserve_permissions(true);
        archive.set_overwrite(true);
        archive.unpack(&into)
    });
    let unpacked = unpacked.await.map_err(|error| unwritten(folder, &error))?;
    unpacked.map_err(|error| unwritten(folder, &error))?;
    Ok(true)
}

fn unwritten(folder: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::new(Code::SaveFailed, format!("the extension cannot be unpacked to {}", folder.display())).detail(error)
}
