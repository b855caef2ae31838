//! What Linux tells of a process in `/proc/PID/stat`.

use std::fs;

/// A process at the moment of the look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// It has ended, and its parent hasn't taken its status yet.
    pub zombie: bool,
    /// The id of its parent.
    pub parent: i32,
    /// The id of its process group.
    pub group: i32,
    /// When it was started, in the kernel's ticks since it began. With the id it tells a process from all others.
    pub started: u64,
}

impl Stat {
    /// That of a process; none when there is no such process.
    pub fn of(pid: i32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the name in parentheses, and may hold anything.
        let after = stat.iter().rposition(|byte| *byte == b')')? + 1;
        let fields: Vec<&str> = std::str::from_utf8(&stat[after..]).ok()?.split_whitespace().collect();
        Some(Self {
            zombie: matches!(*fields.first()?, "Z" | "X"),
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }

    /// All processes that this one may see, with their ids.
    pub fn all() -> impl Iterator<Item = (i32, Self)> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        ids.filter_map(|pid| Some((pid, Self::of(pid)?)))
    }
}
