//! The image that a folder builds, as the engine has it: once it is built, what is in it is known and not worked out.

mod candidates;
mod changes;
mod makefile;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    Checked, ExtensionRoot, FileSource, check_alone, check_in,
    dockerfile::{self, Dockerfile},
    files::{self, InsideImage},
    image::{no_image, unpack_heads},
    root::below,
    unread,
};
use porthole_base::{
    error::{Code, Error, Result},
    reference::ImageRef,
};
use porthole_engine::{Engine, reaper::Reaper};

pub use candidates::NamedBy;

/// How long looking into the image may take, with all requests to the engine.
const LIMIT: Duration = Duration::from_secs(20);

/// The image that the paths of a manifest were checked in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct BuiltImage {
    /// Its name.
    pub name: ImageRef,
    /// How it is known to be the folder's.
    pub named_by: NamedBy,
    /// When it was created, in UTC: `2026-11-29 09:12`. The engine may not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// A file that it is built from, and that was changed after it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
}

/// Checks a folder's manifest, and its paths by what is in the image that the folder builds. None when the engine has no
/// image that certainly is that one, or the manifest names no path. Nothing is started; `scratch` must be an empty folder.
///
/// # Errors
/// [`Code::ManifestUnreadable`]; [`Code::ImageNotFound`] when the engine hasn't the image that was named;
/// [`Code::EngineLost`] when it takes too long, and what the engine says.
pub async fn check_with_image(
    folder: &Path,
    image: Option<&ImageRef>,
    engine: &Engine,
    scratch: &Path,
    reaper: Option<Arc<Reaper>>,
) -> Result<Option<Checked>> {
    let checked = tokio::time::timeout(LIMIT, checked(folder, image, engine, scratch, reaper)).await;
    checked.unwrap_or_else(|_| {
        let message = format!("Reading the extension's image took more than {} s", LIMIT.as_secs());
        Err(Error::new(Code::EngineLost, message).hint("The paths are checked against the Dockerfile only."))
    })
}

async fn checked(
    folder: &Path,
    image: Option<&ImageRef>,
    engine: &Engine,
    scratch: &Path,
    reaper: Option<Arc<Reaper>>,
) -> Result<Option<Checked>> {
    let (root, name) = ExtensionRoot::of_manifest(folder).map_err(|problem| unread(folder, &problem))?;
    let (paths, sources) = {
        let (root, name) = (root.clone(), name.clone());
        blocking(move || {
            let manifest = check_alone(&root, &name)?.manifest;
            let dockerfile = root.read_text(dockerfile::FILE, dockerfile::LARGEST).ok();
            let dockerfile = dockerfile.and_then(|text| Dockerfile::read(&text).ok());
            let mut paths: Vec<PathBuf> = files::paths(&manifest).filter_map(|(path, _)| below(&*path)).collect();
            paths.retain(|path| !path.as_os_str().is_empty());
            Ok((paths, candidates::Sources::read(&root, dockerfile.as_ref())))
        })
        .await?
    };
    if paths.is_empty() {
        return Ok(None);
    }
    let listed = engine.images().await.map_err(|error| engine.explain(error))?;
    let found = match (candidates::find(&listed, image, &sources), image) {
        (Some(found), _) => found,
        (None, None) => return Ok(None),
        (None, Some(image)) => return Err(no_image(image)),
    };
    unpack_heads(engine, (&found.name, &found.id), &paths, scratch, reaper).await?;
    let scratch = scratch.to_owned();
    blocking(move || {
        let changed = found.created.and_then(|created| changes::changed_after(&root, &sources.copied, created));
        let inside = ExtensionRoot::open(&scratch).map_err(|problem| unread(&scratch, &problem))?;
        let inside = InsideImage { name: &found.name, root: &inside, is_outdated: changed.is_some() };
        let mut checked = check_in(FileSource::Built(&root, inside), &name)?;
        let created = found.created.map(in_utc);
        checked.image = Some(BuiltImage { name: found.name, named_by: found.named_by, created, changed });
        Ok(Some(checked))
    })
    .await
}

/// Reads the disk on a thread that may wait for it.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let read = tokio::task::spawn_blocking(read).await;
    read.unwrap_or_else(|error| Err(Error::new(Code::ManifestUnreadable, "The folder wasn't read").detail(error)))
}

/// `2026-11-29 09:12`. The calendar is that of `civil_from_days` in <https://howardhinnant.github.io/date_algorithms.html>.
fn in_utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute) = (seconds / 3_600 % 24, seconds / 60 % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

#[cfg(test)]
mod tests;
