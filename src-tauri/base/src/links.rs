//! Symbolic links to a file that is replaced: the link stays, and the file that it leads to is replaced.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// How many links lead to a file at most, as on Linux.
const LINKS: usize = 40;

/// The file that a path leads to, which need not exist. Only links that this user made are followed: another user, as a
/// container that shares the directory, must not choose the file that is replaced.
///
/// # Errors
/// When too many links follow each other.
pub fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        if !is_own_link(&path) {
            return Ok(path);
        }
        let to = fs::read_link(&path)?;
        path = path.parent().unwrap_or(Path::new("")).join(to);
    }
    Err(io::Error::other("too many links"))
}

fn is_own_link(path: &Path) -> bool {
    let Ok(about) = fs::symlink_metadata(path) else { return false };
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&about) != nix::unistd::geteuid().as_raw() {
        return false;
    }
    about.is_symlink()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{lchown, symlink};

    use super::*;

    #[test]
    fn links_lead_to_the_file_also_to_one_that_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("deep")).unwrap();
        symlink("deep/b", at("a")).unwrap();
        symlink("../c", at("deep/b")).unwrap();
        let target = followed(&at("a")).unwrap();
        fs::write(&target, "c").unwrap();
        assert_eq!(fs::read_to_string(at("c")).unwrap(), "c");
        assert_eq!(followed(&at("c")).unwrap(), at("c"));
        symlink("loop", at("loop")).unwrap();
        assert!(followed(&at("loop")).is_err());
    }

    #[test]
    fn a_link_of_another_user_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("a");
        symlink("b", &link).unwrap();
        // Only root can give a link away.
        if lchown(&link, Some(65534), None).is_ok() {
            assert_eq!(followed(&link).unwrap(), link);
        }
    }
}
