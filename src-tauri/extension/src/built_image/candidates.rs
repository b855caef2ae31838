//! Which image of an engine is the one that a folder builds. It is none rather than a wrong one: a name that isn't the
//! user's own counts only with the labels of the folder's Dockerfile, and two images that could be it are none.

use std::{
    collections::{HashMap, HashSet},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::makefile;
use crate::{ExtensionRoot, dockerfile::Dockerfile, source::image_of_folder};
use porthole_base::reference::{ImageRef, familiar};
use porthole_engine::ListedImage;

/// The labels that each extension's image has.
const TITLE: &str = "org.opencontainers.image.title";
const API: &str = "com.docker.desktop.extension.api.version";

/// The most bytes of a Makefile that are read.
const LARGEST: u64 = 1024 * 1024;

/// How an image is known to be the folder's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum NamedBy {
    /// The user gave its name.
    User,
    /// The folder's Makefile builds or installs it by this name, and its title is that of the Dockerfile.
    Makefile,
    /// Porthole builds the folder's image by this name, and its title is that of the Dockerfile.
    Porthole,
    /// It has all labels that the Dockerfile sets.
    Labels,
}

/// What a folder says of its image.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// The labels that its Dockerfile sets.
    pub labels: HashMap<String, String>,
    /// The paths of the folder that its Dockerfile copies.
    pub copied: Vec<String>,
    /// The names that its Makefile has.
    pub names: Vec<String>,
    /// The name that Porthole gives its image when the user gives none.
    pub usual: String,
}

/// An image of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub name: ImageRef,
    pub id: ImageRef,
    pub named_by: NamedBy,
    pub created: Option<SystemTime>,
}

impl Sources {
    pub fn read(root: &ExtensionRoot, dockerfile: Option<&Dockerfile>) -> Self {
        let makefile = ["GNUmakefile", "makefile", "Makefile"].into_iter();
        let makefile = makefile.filter_map(|name| root.read_text(name, LARGEST).ok()).next();
        Self {
            labels: dockerfile.map(Dockerfile::labels).unwrap_or_default(),
            copied: dockerfile.map(Dockerfile::copied_paths).unwrap_or_default(),
            names: makefile.as_deref().map(makefile::image_names).unwrap_or_default(),
            usual: image_of_folder(root.path()),
        }
    }
}

/// The one image that it certainly is.
pub(super) fn find(listed: &[ListedImage], named: Option<&ImageRef>, sources: &Sources) -> Option<Found> {
    if let Some(name) = named {
        let images = listed.iter().filter(|image| is_called(image, name));
        return only(images.map(|image| (image, name.as_ref(), NamedBy::User)));
    }
    let same = |image: &ListedImage, label: &str| {
        sources.labels.get(label).is_some_and(|value| image.labels.get(label) == Some(value))
    };
    let names = sources.names.iter().map(|name| (name.as_str(), NamedBy::Makefile));
    let names: Vec<_> = names.chain([(sources.usual.as_str(), NamedBy::Porthole)]).collect();
    let by_name: Vec<_> = names
        .iter()
        .flat_map(|(name, named_by)| listed.iter().map(move |image| (image, *name, *named_by)))
        .filter(|(image, name, _)| is_called(image, name) && same(image, TITLE))
        .collect();
    if !by_name.is_empty() {
        return only(by_name.into_iter());
    }
    let by_labels = listed.iter().filter(|image| {
        same(image, TITLE) && same(image, API) && sources.labels.keys().all(|label| same(image, label))
    });
    only(by_labels.filter_map(|image| Some((image, image.names.first()?.as_str(), NamedBy::Labels))))
}

/// The first one, when all are the same image.
fn only<'a>(found: impl Iterator<Item = (&'a ListedImage, &'a str, NamedBy)>) -> Option<Found> {
    let mut ids = HashSet::new();
    let mut first = None;
    for (image, name, named_by) in found {
        ids.insert(image.id.as_str());
        first.get_or_insert((image, name, named_by));
    }
    let (image, name, named_by) = first.filter(|_| ids.len() == 1)?;
    let (name, id) = (ImageRef::new(name).ok()?, ImageRef::new(image.id.as_str()).ok()?);
    Some(Found { name, id, named_by, created: image.created })
}

/// Whether this name means the image: without a tag it is `latest`. Podman has `localhost/` before what it built itself.
fn is_called(image: &ListedImage, name: &str) -> bool {
    let name = familiar(name);
    let last = name.rsplit('/').next().unwrap_or_default();
    let tagged = if last.contains([':', '@']) { name.to_owned() } else { format!("{name}:latest") };
    let is = |known: &String| *known == tagged || known.strip_prefix("localhost/") == Some(tagged.as_str());
    image.names.iter().any(is) || image.id == name
}
