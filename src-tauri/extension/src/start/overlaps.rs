//! Mounts inside other mounts. A container that can write to the outer one can replace the inner path by a link to
//! any file of the machine. The engine follows that link when it starts the inner one's container again.

use std::{
    collections::VecDeque,
    ffi::OsString,
    path::{Component, Path, PathBuf},
};

use serde_json::Value;

use super::{
    AccessLevel::Control,
    RequestedAccess,
    access::{At, list, text_of},
    mounts::{Mount, plain},
    text::visible,
};

/// As many links as Linux follows for one path.
const MOST_LINKS: usize = 40;

/// A path that the engine or compose follows at every start.
struct Followed {
    path: String,
    /// A container can write below it.
    writable: bool,
}

/// Access by paths in a folder that a container can write to.
pub(super) fn asks(resolved: &Value, at: &At<'_>) -> Vec<RequestedAccess> {
    let followed = followed(resolved);
    let outer: Vec<(&str, PathBuf)> = followed
        .iter()
        .filter(|outer| outer.writable)
        .map(|outer| (outer.path.as_str(), at.real(&outer.path)))
        .collect();
    let mut asks: Vec<RequestedAccess> = Vec::new();
    for inner in &followed {
        let places = places(&inner.path, at);
        for (path, real) in &outer {
            // The mounted folder itself can't be replaced from inside of the container.
            if places.iter().any(|place| place.starts_with(real) && place != real) {
                let ask = RequestedAccess::new(Control, "Can reach any file through a folder that it can change")
                    .value(format!("{} in {}", visible(&inner.path), visible(path)))
                    .impact("A container can replace the inner path with a link. The next start follows that link.");
                if !asks.contains(&ask) {
                    asks.push(ask);
                }
            }
        }
    }
    asks
}

fn followed(resolved: &Value) -> Vec<Followed> {
    let entries = |key: &str| resolved.get(key).and_then(Value::as_object).into_iter().flat_map(|map| map.values());
    let mut found = Vec::new();
    let mut read = |path: String| found.push(Followed { path, writable: false });
    for file in entries("secrets").chain(entries("configs")) {
        file.get("file").map(text_of).into_iter().for_each(&mut read);
    }
    for build in entries("services").filter_map(|service| service.get("build")) {
        let context =
            if build.is_string() { text_of(build) } else { build.get("context").map(text_of).unwrap_or_default() };
        if context.is_empty() {
            continue;
        }
        let dockerfile = build.get("dockerfile").map_or_else(|| "Dockerfile".to_owned(), text_of);
        read(Path::new(&context).join(dockerfile).to_string_lossy().into_owned());
        read(context);
        match build.get("additional_contexts") {
            Some(Value::Object(map)) => map.values().map(text_of).for_each(&mut read),
            Some(others) => list(others)
                .filter_map(|entry| text_of(entry).split_once('=').map(|(_, path)| path.to_owned()))
                .for_each(&mut read),
            None => {}
        }
    }
    for volume in entries("services").filter_map(|service| service.get("volumes")).flat_map(list) {
        let mount = Mount::read(volume);
        if let (Some(path), "bind") = (mount.source, mount.kind.as_str()) {
            found.push(Followed { path, writable: !mount.read_only });
        }
    }
    for options in entries("volumes").filter_map(|volume| volume.get("driver_opts")) {
        let option = |key: &str| options.get(key).map(text_of).unwrap_or_default();
        let read_only = option("o").split(',').any(|option| option == "ro");
        found.push(Followed { path: option("device"), writable: !read_only });
    }
    // Others are names and addresses.
    found.retain(|found| Path::new(&found.path).has_root() || found.path.contains('\\'));
    found
}

/// Every directory entry that decides where a path leads, without links in its folders.
fn places(path: &str, at: &At<'_>) -> Vec<PathBuf> {
    if !at.here {
        return vec![plain(Path::new(path))];
    }
    let parts = |path: &Path| path.components().map(|part| part.as_os_str().to_owned()).collect::<Vec<OsString>>();
    let mut left: VecDeque<OsString> = parts(Path::new(path)).into();
    let (mut now, mut places, mut links) = (PathBuf::new(), Vec::new(), 0);
    while let Some(part) = left.pop_front() {
        match Path::new(&part).components().next() {
            Some(Component::ParentDir) => drop(now.pop()),
            Some(Component::Normal(_)) => {
                let place = now.join(&part);
                places.push(place.clone());
                match std::fs::read_link(&place) {
                    Ok(target) if links < MOST_LINKS => {
                        links += 1;
                        parts(&target).into_iter().rev().for_each(|part| left.push_front(part));
                    }
                    _ => now = place,
                }
            }
            Some(Component::CurDir) | None => {}
            // The root, or a drive: what was before counts no more.
            Some(_) => now.push(&part),
        }
    }
    places
}
