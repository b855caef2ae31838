//! Process ids of a command in a container, seen from this host where that is possible.
//!
//! An engine tells the host's id of an exec. Where the engine runs on this very kernel, `/proc`
//! has the rest; where it runs in a virtual machine there is nothing to see, and signals go
//! through a program in the container.

/// What this host's `/proc` tells of a process in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// Its id inside the container.
    pub inner_pid: u32,
    /// The host's id of its process group.
    pub group: i32,
}

/// Looks at a process by the host's id, if it belongs to that container.
#[cfg(target_os = "linux")]
pub(super) fn look(host_pid: u32, container: &str) -> Option<Seen> {
    let directory = format!("/proc/{host_pid}");
    in_container(&directory, container).then_some(())?;
    let status = std::fs::read_to_string(format!("{directory}/status")).ok()?;
    let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    let inner_pid = ids.split_whitespace().last()?.parse().ok()?;
    Some(Seen { inner_pid, group: group_of(&directory)? })
}

/// Whether this host sees the container's processes, by the first of them.
#[cfg(target_os = "linux")]
pub(super) fn sees(host_pid: u32, container: &str) -> bool {
    in_container(&format!("/proc/{host_pid}"), container)
}

/// Whether a process of that group still lives in that container. A group's id alone could have
/// been given to somebody else.
#[cfg(target_os = "linux")]
pub(super) fn group_lives(group: i32, container: &str) -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|entry| entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()))
        .map(|entry| entry.path().to_string_lossy().into_owned())
        .any(|directory| group_of(&directory) == Some(group) && in_container(&directory, container))
}

#[cfg(target_os = "linux")]
fn in_container(directory: &str, container: &str) -> bool {
    !container.is_empty()
        && std::fs::read_to_string(format!("{directory}/cgroup")).is_ok_and(|cgroup| cgroup.contains(container))
}

/// The fifth field of `stat`; the second, in parentheses, may hold anything.
#[cfg(target_os = "linux")]
fn group_of(directory: &str) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("{directory}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace();
    let state = fields.next()?;
    // A zombie is nobody to signal.
    (state != "Z").then_some(())?;
    fields.nth(1)?.parse().ok()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn look(_: u32, _: &str) -> Option<Seen> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(super) fn sees(_: u32, _: &str) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(super) fn group_lives(_: i32, _: &str) -> bool {
    false
}
