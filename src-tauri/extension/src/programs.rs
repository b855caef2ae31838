//! An extension's programs for this host, in one directory: that is how the Runtimes install them, and where the
//! extension's host commands are looked up.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    ExtensionRoot,
    manifest::{Manifest, Platform},
};

/// Puts the programs for this host into a directory, which is made; none when the manifest names none. What is not there
/// is left out: the report on the manifest says so.
///
/// # Errors
/// When the directory cannot be made or written to.
pub(super) fn gather(manifest: &Manifest, root: &Path, directory: &Path) -> io::Result<Option<PathBuf>> {
    let own = manifest.binaries.iter().filter(|binary| binary.platform == Platform::this());
    let Ok(root) = ExtensionRoot::open(root) else { return Ok(None) };
    let files: Vec<(&str, PathBuf)> = own
        .filter_map(|binary| {
            let name = Path::new(&binary.path.text).file_name()?.to_str()?;
            Some((name, root.file_path(&binary.path.text).ok()?))
        })
        .collect();
    if files.is_empty() {
        return Ok(None);
    }
    fs::create_dir_all(directory)?;
    for (name, file) in files {
        let place = directory.join(name);
        // Two of one name: the first counts, as it would on a PATH.
        if !place.exists() {
            put(&file, &place)?;
        }
    }
    Ok(Some(directory.to_owned()))
}

/// A link, so that what the author builds meanwhile is what runs.
#[cfg(unix)]
fn put(file: &Path, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(file, place)
}

/// Links are for administrators here.
#[cfg(not(unix))]
fn put(file: &Path, place: &Path) -> io::Result<()> {
    fs::copy(file, place).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    #[test]
    fn programs_of_this_host_stand_in_one_directory() {
        let folder = tempfile::tempdir().unwrap();
        let key = match Platform::this() {
            Platform::Darwin => "darwin",
            Platform::Windows => "windows",
            Platform::Linux => "linux",
        };
        let manifest = format!(
            r#"{{"host": {{"binaries": [{{"{key}": [{{"path": "/a/tool"}}, {{"path": "/b/tool"}}, {{"path": "/b/gone"}}, {{"path": "../out"}}]}}]}}}}"#
        );
        for (path, text) in [("a/tool", "a"), ("b/tool", "b")] {
            fs::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
            fs::write(folder.path().join(path), text).unwrap();
        }
        let (manifest, _) = read(&manifest).unwrap();
        let place = folder.path().join("bin");
        assert_eq!(gather(&manifest, folder.path(), &place).unwrap().as_deref(), Some(place.as_path()));
        assert_eq!(fs::read_to_string(place.join("tool")).unwrap(), "a");
        assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
    }

    #[test]
    fn without_programs_there_is_no_directory() {
        let folder = tempfile::tempdir().unwrap();
        let (manifest, _) = read("{}").unwrap();
        assert_eq!(gather(&manifest, folder.path(), &folder.path().join("bin")).unwrap(), None);
        assert!(!folder.path().join("bin").exists());
    }
}
