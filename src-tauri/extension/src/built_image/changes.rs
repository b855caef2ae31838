//! Whether what an image is built from was changed after the image was created.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::{ExtensionRoot, Listing, dockerfile, names::with_slashes};

/// How many files and folders are looked at: what would be found after them isn't said.
const MOST: usize = 20_000;
const MOST_IN_FOLDER: usize = 5_000;

/// A file that is copied into the image, or the Dockerfile, that was changed after this time.
pub(super) fn changed_after(root: &ExtensionRoot, copied: &[String], created: SystemTime) -> Option<String> {
    // The engine's time is to the second.
    let created = created.checked_add(Duration::from_secs(1))?;
    let is_newer = |path: &Path| root.modified(path).is_some_and(|modified| modified > created);
    let mut left: VecDeque<PathBuf> = [PathBuf::from(dockerfile::FILE)].into();
    left.extend(copied.iter().map(PathBuf::from));
    let mut looked_at = 0;
    while let Some(path) = left.pop_front() {
        // What can't be listed is a file, or too large to look at.
        let Ok(entries) = root.list(&path, MOST_IN_FOLDER) else {
            if is_newer(&path) {
                return Some(with_slashes(&path));
            }
            continue;
        };
        looked_at += entries.len();
        if looked_at > MOST {
            return None;
        }
        for (name, listing) in entries {
            let inner = path.join(&name);
            match listing {
                Listing::File if is_newer(&inner) => return Some(with_slashes(&inner)),
                // They change without the extension's own sources.
                Listing::Folder if name != ".git" && name != "node_modules" => left.push_back(inner),
                _ => {}
            }
        }
    }
    None
}
