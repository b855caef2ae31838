//! Processes of a command in a container, seen from this host where that is possible.
//!
//! An engine tells the host's id of an exec. Where the engine runs on this very kernel, `/proc`
//! has the rest; where it runs in a virtual machine there is nothing to see, and signals go
//! through a program in the container.

use serde::{Deserialize, Serialize};

/// What this host's `/proc` tells of a process in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostProcess {
    /// Its id inside the container.
    pub inner_pid: u32,
    /// It, as this host knows it.
    pub process: Process,
}

/// A process of this host that can't be mistaken for a later one with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Process {
    /// Its number on this host.
    pub pid: i32,
    /// When it was started, in the kernel's ticks since it began.
    pub started: u64,
    /// Its process group when it was looked at.
    pub group: i32,
}

#[cfg(target_os = "linux")]
mod os {
    use std::{
        collections::{BTreeSet, HashMap},
        fs,
    };

    use porthole_supervisor::stat::Stat;

    use super::{HostProcess, Process};

    /// Looks at a process by the host's id, if it belongs to that container.
    pub fn look(host_pid: u32, container: &str) -> Option<HostProcess> {
        let pid = i32::try_from(host_pid).ok()?;
        in_container(pid, container).then_some(())?;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
        let inner_pid = ids.split_whitespace().last()?.parse().ok()?;
        Some(HostProcess { inner_pid, process: stat(pid)?.0 })
    }

    /// Whether this host sees the container's processes, by the first of them.
    pub fn sees(host_pid: u32, container: &str) -> bool {
        i32::try_from(host_pid).is_ok_and(|pid| in_container(pid, container))
    }

    /// The descendants of these that can be found at little cost: it is done while a command runs, so that those are known
    /// that lose their parents later.
    pub fn children_of(known: &BTreeSet<Process>) -> BTreeSet<Process> {
        let mut found = BTreeSet::new();
        let mut open: Vec<i32> = known.iter().filter(|process| is_same(process)).map(|process| process.pid).collect();
        while let Some(pid) = open.pop() {
            let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
            let children = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
            for child in
                children.flat_map(|ids| ids.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
            {
                if let Some((process, _)) = stat(child)
                    && !known.contains(&process)
                    && found.insert(process)
                {
                    open.push(child);
                }
            }
        }
        found
    }

    /// The living processes of a command in that container: those that are known, all of their descendants, those of its
    /// process group, and those with a variable of its in their environment.
    pub fn living(container: &str, known: &BTreeSet<Process>, group: Option<i32>, marker: &str) -> Vec<Process> {
        let all: HashMap<i32, (Process, i32)> =
            processes().map(|(process, parent)| (process.pid, (process, parent))).collect();
        let is_ours = |process: &Process| {
            let is_known = known.iter().any(|known| (known.pid, known.started) == (process.pid, process.started));
            is_known || Some(process.group) == group || is_marked(process.pid, marker)
        };
        let below = |pid: i32| {
            let mut at = pid;
            // A table that changed while it was read may hold a circle.
            for _ in 0..all.len() {
                let Some((process, parent)) = all.get(&at) else { return false };
                if is_ours(process) {
                    return true;
                }
                at = *parent;
            }
            false
        };
        let members = all.values().filter(|(process, _)| in_container(process.pid, container));
        members.filter(|(process, _)| below(process.pid)).map(|(process, _)| *process).collect()
    }

    /// Whether the environments of the container's processes can be read, by the first of them.
    pub fn reads(host_pid: u32) -> bool {
        fs::File::open(format!("/proc/{host_pid}/environ")).is_ok()
    }

    /// Whether it still is that process.
    pub fn is_same(process: &Process) -> bool {
        stat(process.pid).is_some_and(|(found, _)| found.started == process.started)
    }

    fn is_marked(pid: i32, marker: &str) -> bool {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        !marker.is_empty() && environment.split(|byte| *byte == 0).any(|line| line.starts_with(marker.as_bytes()))
    }

    /// By its control group, which has the container's id in its path; without control groups, as where an engine runs
    /// without root, by the files that engines mount into each container.
    fn in_container(pid: i32, container: &str) -> bool {
        if container.is_empty() {
            return false;
        }
        if fs::read_to_string(format!("/proc/{pid}/cgroup")).is_ok_and(|cgroup| cgroup.contains(container)) {
            return true;
        }
        is_elsewhere(pid)
            && fs::read_to_string(format!("/proc/{pid}/mountinfo")).is_ok_and(|mounts| has_files_of(&mounts, container))
    }

    /// Whether it has its own process namespace. Only processes of this user can be checked.
    fn is_elsewhere(pid: i32) -> bool {
        let namespace = |of: &str| fs::read_link(format!("/proc/{of}/ns/pid")).ok();
        namespace(&pid.to_string()).is_some_and(|there| Some(there) != namespace("self"))
    }

    /// Whether the container's own hostname, hosts or resolv.conf is mounted in its place. A container that sees the
    /// mounts of all others has its own files there.
    pub(super) fn has_files_of(mounts: &str, container: &str) -> bool {
        mounts.lines().any(|line| {
            let mut fields = line.split(' ').skip(3);
            let (root, at) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            matches!(at, "/etc/hostname" | "/etc/hosts" | "/etc/resolv.conf")
                && root.split('/').any(|part| part == container)
        })
    }

    fn processes() -> impl Iterator<Item = (Process, i32)> {
        Stat::all().filter_map(|(pid, found)| unless_zombie(pid, found))
    }

    /// The living processes in these groups.
    pub fn in_groups(ids: &[i32]) -> Vec<Process> {
        if ids.is_empty() {
            return Vec::new();
        }
        processes().map(|(process, _)| process).filter(|process| ids.contains(&process.group)).collect()
    }

    /// A living process.
    pub fn process(pid: i32) -> Option<Process> {
        Some(stat(pid)?.0)
    }

    /// A living process and its parent.
    fn stat(pid: i32) -> Option<(Process, i32)> {
        unless_zombie(pid, Stat::of(pid)?)
    }

    fn unless_zombie(pid: i32, found: Stat) -> Option<(Process, i32)> {
        let Stat { zombie, parent, group, started } = found;
        // A zombie can't be signaled.
        (!zombie).then_some((Process { pid, started, group }, parent))
    }
}

/// Elsewhere the processes of containers can't be seen.
#[cfg(not(target_os = "linux"))]
#[allow(missing_docs)]
mod os {
    use std::collections::BTreeSet;

    use super::{HostProcess, Process};

    pub fn look(_: u32, _: &str) -> Option<HostProcess> {
        None
    }

    pub fn sees(_: u32, _: &str) -> bool {
        false
    }

    pub fn children_of(_: &BTreeSet<Process>) -> BTreeSet<Process> {
        BTreeSet::new()
    }

    pub fn living(_: &str, _: &BTreeSet<Process>, _: Option<i32>, _: &str) -> Vec<Process> {
        Vec::new()
    }

    pub fn reads(_: u32) -> bool {
        false
    }

    pub fn is_same(_: &Process) -> bool {
        false
    }
}

pub use os::{children_of, is_same, living, look, reads, sees};
#[cfg(target_os = "linux")]
pub(super) use os::{in_groups, process};

/// Sends a signal to these processes: to whole groups first, so that none in them can fork away meanwhile. Tells whether
/// each that is left got it.
#[cfg(unix)]
pub fn signal(processes: &[Process], led: Option<i32>, signal: super::Signal) -> bool {
    use nix::{errno::Errno, sys::signal, unistd::Pid};

    use super::group::signal_group;

    let whole = led.filter(|led| processes.iter().any(|process| process.group == *led));
    let sent = whole.map(|group| signal_group(group, signal));
    let mut reached = !matches!(sent, Some(Err(_)));
    for process in processes.iter().filter(|process| Some(process.group) != whole) {
        let number = signal::Signal::try_from(signal.number()).ok();
        if is_same(process) && signal::kill(Pid::from_raw(process.pid), number) == Err(Errno::EPERM) {
            reached = false;
        }
    }
    reached
}

/// Signals nothing.
#[cfg(not(unix))]
pub fn signal(_: &[Process], _: Option<i32>, _: super::Signal) -> bool {
    false
}

// It reads `/proc`.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::os::has_files_of;

    /// Without control groups no process was known to be the container's.
    #[test]
    fn a_container_without_a_control_group_is_known_by_its_own_files() {
        let (own, other) = ("a".repeat(64), "b".repeat(64));
        // Docker, Podman; a container that sees the mounts of another one; one with a longer name.
        for (mounts, expected) in [
            (format!("9 8 0:4 /home/me/docker/containers/{own}/hostname /etc/hostname rw - ext4 /dev/vda rw"), true),
            (
                format!("9 8 0:4 /run/containers/overlay-containers/{own}/userdata/hosts /etc/hosts rw - tmpfs t rw"),
                true,
            ),
            (
                format!(
                    "9 8 0:4 /docker/containers/{own}/mounts/shm /docker/containers/{own}/mounts/shm rw - tmpfs t rw"
                ),
                false,
            ),
            (format!("9 8 0:4 /docker/containers/{other}/hosts /etc/hosts rw - ext4 /dev/vda rw"), false),
            (format!("9 8 0:4 /docker/containers/{own}x/hosts /etc/hosts rw - ext4 /dev/vda rw"), false),
            (String::new(), false),
            ("9 8".to_owned(), false),
        ] {
            assert_eq!(has_files_of(&mounts, &own), expected, "{mounts}");
        }
    }
}
