//! The image of the helper containers: one file.

use std::hash::{DefaultHasher, Hash, Hasher};

use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::TryStreamExt;

use crate::{Engine, text};
use porthole_base::error::{Code, Error, Result};

/// Where the program is in the image.
pub(super) const PROGRAM: &str = "/porthole-relay";
const REPOSITORY: &str = "porthole-relay";

/// The image's name on this engine, made there unless it is. It stays: it is named after its bytes, and another
/// Porthole of the same version uses it too.
pub(super) async fn image(engine: &Engine) -> Result<String> {
    let version = engine.get("/version", &[]).await.map_err(|error| engine.explain(error))?;
    let architecture = text(&version, "Arch").unwrap_or_default();
    let program = porthole_relay::program(&architecture).ok_or_else(|| {
        Error::new(
            Code::EndpointUnsupported,
            format!("This build of Porthole doesn't have the helper program for an engine on `{architecture}`"),
        )
        .hint("Use a build of Porthole for this engine, or publish the backend on a port and use http://host:port.")
    })?;
    let mut hasher = DefaultHasher::new();
    program.hash(&mut hasher);
    let tag = format!("{:016x}", hasher.finish());
    let name = format!("{REPOSITORY}:{tag}");
    if engine.image_id(&name).await.map_err(|error| engine.explain(error))?.is_some() {
        return Ok(name);
    }
    let root = root(program).map_err(|error| {
        Error::new(Code::HelperFailed, "Can't build the image of the helper container").detail(error)
    })?;
    // The tag is in `repo`: Podman 4 doesn't look at `tag`, and the image had another name each time.
    let options = CreateImageOptionsBuilder::default().from_src("-").repo(&name).build();
    let imported = engine.docker().create_image(Some(options), Some(bollard::body_full(root.into())), None);
    imported.try_collect::<Vec<_>>().await.map_err(|error| engine.explain(error))?;
    Ok(name)
}

/// A root file system that holds nothing but the program.
fn root(program: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut header = tar::Header::new_ustar();
    header.set_size(program.len() as u64);
    header.set_mode(0o755);
    header.set_cksum();
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_data(&mut header, PROGRAM.trim_start_matches('/'), program)?;
    tar.into_inner()
}
