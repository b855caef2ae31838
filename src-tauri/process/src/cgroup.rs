//! Cgroups (version 2) of commands: where one may be made, and how all in it are ended at once.
//!
//! A supervisor makes and removes them. What is here is for when it was killed.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

const PREFIX: &str = "porthole-run-";

/// A path for the next command's own cgroup; none where this process may not make one.
pub fn next() -> Option<PathBuf> {
    static PARENT: OnceLock<Option<PathBuf>> = OnceLock::new();
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let parent = PARENT.get_or_init(|| {
        let parent = parent().filter(|parent| is_writable(parent))?;
        remove_stale(&parent);
        Some(parent)
    });
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    parent.as_ref().map(|parent| parent.join(format!("{PREFIX}{}-{number}", std::process::id())))
}

/// The cgroup of this process.
fn parent() -> Option<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    located(&own, &mounts)
}

/// Where `/proc/self/cgroup` and `/proc/self/mountinfo` say that it is.
fn located(own: &str, mounts: &str) -> Option<PathBuf> {
    let own = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        (kind.split(' ').next() == Some("cgroup2")).then_some(())?;
        let mut fields = mount.split(' ').skip(3);
        let (root, at) = (fields.next()?, fields.next()?);
        // One that is outside of what is mounted here has `..` in its path.
        let below = Path::new(own).strip_prefix(root).ok()?;
        (!below.components().any(|part| part.as_os_str() == "..")).then(|| Path::new(at).join(below))
    })
}

fn is_writable(directory: &Path) -> bool {
    nix::unistd::access(directory, nix::unistd::AccessFlags::W_OK).is_ok()
}

/// Removes empty ones that a killed Porthole left.
fn remove_stale(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse::<i32>().ok());
        if owner.is_some_and(|owner| !Path::new("/proc").join(owner.to_string()).exists()) {
            // One with processes in it can't be removed.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// Whether a process lives in it.
pub fn is_populated(path: &Path) -> bool {
    fs::read_to_string(path.join("cgroup.events")).is_ok_and(|events| events.lines().any(|line| line == "populated 1"))
}

/// Kills all in it, and removes it when that is done soon.
pub fn kill(path: &Path) {
    let _ = fs::write(path.join("cgroup.kill"), "1");
    for _ in 0..100 {
        if !is_populated(path) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let _ = fs::remove_dir(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_cgroup_is_found_where_it_is_mounted() {
        let hybrid = "29 25 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";
        let unified = "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate";
        let bound = "35 24 0:30 /a/b /cg rw - cgroup2 none rw";
        for (own, mounts, found) in [
            ("1:cpu:/x\n0::/\n", hybrid, Some("/sys/fs/cgroup/unified")),
            ("0::/user.slice/app.scope\n", unified, Some("/sys/fs/cgroup/user.slice/app.scope")),
            ("0::/a/b/c\n", bound, Some("/cg/c")),
            ("0::/../other\n", unified, None),
            ("0::/elsewhere\n", bound, None),
            ("1:cpu:/x\n", hybrid, None),
            ("0::/\n", "29 25 0:26 / /sys/fs/cgroup rw - cgroup cgroup rw", None),
        ] {
            let located = located(own, mounts).map(|path| path.display().to_string());
            assert_eq!(located.as_deref().map(|path| path.trim_end_matches('/')), found, "{own} {mounts}");
        }
    }
}
