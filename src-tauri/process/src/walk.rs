//! Whether a path means the same file to every process: one that goes through procfs doesn't.

use std::path::Path;

#[cfg(target_os = "linux")]
use std::{
    collections::VecDeque,
    ffi::OsString,
    path::{Component, PathBuf},
};

/// Links that are followed on the way, as many as the kernel does.
#[cfg(target_os = "linux")]
const MOST_LINKS: usize = 40;

/// Whether the way to this file leads through procfs, by its own words or by a link (`/dev/fd`, `/dev/stdin`). What is
/// there is another file for each process, such as `/proc/self/cwd`. The path is absolute; what doesn't exist leads
/// nowhere.
#[cfg(target_os = "linux")]
pub(super) fn crosses_procfs(path: &Path) -> bool {
    use nix::sys::statfs::{PROC_SUPER_MAGIC, statfs};
    let parts = |path: &Path| path.components().map(|part| part.as_os_str().to_owned()).collect::<Vec<OsString>>();
    let mut left: VecDeque<OsString> = parts(path).into();
    let mut at = PathBuf::from("/");
    let mut links = 0;
    while let Some(part) = left.pop_front() {
        match Path::new(&part).components().next() {
            Some(Component::RootDir) => at = PathBuf::from("/"),
            // Every link on the way here was followed, so this is the parent that the kernel means too.
            Some(Component::ParentDir) => drop(at.pop()),
            Some(Component::Normal(_)) => {
                at.push(&part);
                let Ok(found) = at.symlink_metadata() else { return false };
                if !found.is_symlink() {
                    if statfs(&at).is_ok_and(|found| found.filesystem_type() == PROC_SUPER_MAGIC) {
                        return true;
                    }
                    continue;
                }
                links += 1;
                let Ok(target) = std::fs::read_link(&at) else { return false };
                if links > MOST_LINKS {
                    return false;
                }
                at.pop();
                for part in parts(&target).into_iter().rev() {
                    left.push_front(part);
                }
            }
            _ => {}
        }
    }
    false
}

/// Elsewhere there is no such file system, but the handles of a process.
#[cfg(not(target_os = "linux"))]
pub(super) fn crosses_procfs(path: &Path) -> bool {
    ["/proc", "/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr"].iter().any(|own| path.starts_with(own))
}

// Only `/proc` has such paths.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_way_through_procfs_is_seen_however_it_gets_there() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        symlink("/proc/self", at("link")).unwrap();
        symlink("link/cwd", at("chain")).unwrap();
        symlink("loop", at("loop")).unwrap();
        for path in ["/proc/self/exe", "/dev/fd/0", "/dev/stdin", "/usr/../proc/self/cwd/bin/sh", "//proc/1"] {
            assert!(crosses_procfs(Path::new(path)), "{path}");
        }
        for name in ["link/exe", "chain", "chain/../../bin/sh", "./x/../link/cwd"] {
            std::fs::create_dir_all(at("x")).unwrap();
            assert!(crosses_procfs(&at(name)), "{name}");
        }
        for path in ["/", "/bin/sh", "/usr/bin/env", "/nonexistent/../proc/self", "/../bin/sh"] {
            assert!(!crosses_procfs(Path::new(path)), "{path}");
        }
        assert!(!crosses_procfs(&at("loop")));
    }
}
