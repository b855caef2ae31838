//! The descendants of this process: found, signaled, and the cgroup that holds them.

use std::{
    collections::HashMap,
    ffi::OsStr,
    fs::{self, File},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use crate::{
    stat::Stat,
    system::{self, KILL},
};

/// The command and all that it started.
pub struct Tree {
    /// The command's process, which leads its process group.
    pub main: i32,
    pub cgroup: Option<Cgroup>,
}

impl Tree {
    /// Sends a signal to every descendant. Tells how many got it, and the last error.
    ///
    /// The process group first and at once, so that none in it can fork away between being found and being signaled.
    pub fn signal(&self, signal: i32) -> (i32, i32) {
        let descendants = descendants();
        let mut errno = 0;
        // The group's id can't be another's as long as one of ours is in it.
        let group = descendants.iter().any(|(_, process)| process.group == self.main);
        if group {
            errno = system::signal_group(self.main, signal);
        }
        let mut count = 0;
        for (pid, process) in &descendants {
            let signaled = if process.group == self.main && errno == 0 {
                Ok(())
            } else {
                system::signal_checked(*pid, signal, || Stat::of(*pid).is_some_and(|now| now.started == process.started))
            };
            match signaled {
                Ok(()) => count += 1,
                Err(number) => errno = number,
            }
        }
        if signal == KILL
            && let Some(cgroup) = &self.cgroup
        {
            cgroup.kill();
        }
        (count, if count > 0 { 0 } else { errno })
    }

    /// Removes the cgroup once it is empty.
    pub fn remove(&self) {
        if let Some(cgroup) = &self.cgroup {
            cgroup.remove();
        }
    }
}

/// All living processes below this one.
fn descendants() -> Vec<(i32, Stat)> {
    let all: HashMap<i32, Stat> = Stat::all().collect();
    let own = std::process::id() as i32;
    let below = |pid: i32| {
        let (mut at, mut steps) = (pid, 0);
        // A table that changed while it was read may hold a circle.
        while let Some(process) = all.get(&at).filter(|_| steps < all.len()) {
            if process.parent == own {
                return true;
            }
            (at, steps) = (process.parent, steps + 1);
        }
        false
    };
    all.iter().filter(|(pid, process)| !process.zombie && below(**pid)).map(|(pid, process)| (*pid, *process)).collect()
}

/// A cgroup (version 2) of the command's own.
pub struct Cgroup(PathBuf);

impl Cgroup {
    /// Makes it, and opens its directory. None where it isn't wanted or isn't permitted, or where the kernel can't kill
    /// one as a whole.
    pub fn make(path: &[u8]) -> Option<(Self, File)> {
        let path = Path::new(OsStr::from_bytes(path));
        if path.as_os_str().is_empty() || fs::create_dir(path).is_err() {
            return None;
        }
        let cgroup = Self(path.to_owned());
        let directory = File::open(path).ok().filter(|_| path.join("cgroup.kill").exists())?;
        Some((cgroup, directory))
    }

    fn kill(&self) {
        let _ = fs::write(self.0.join("cgroup.kill"), "1");
    }

    fn remove(&self) {
        remove_below(&self.0);
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The command may have made cgroups in its own.
fn remove_below(path: &Path) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_below(&entry.path());
        }
    }
    let _ = fs::remove_dir(path);
}
