//! Who listens on a port of this machine, where the system says so: on Linux, for processes of the same user.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The processes that listen on a port, and their sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listeners {
    sockets: Vec<u64>,
    processes: Vec<Process>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Process {
    pid: u32,
    /// In the system's own ticks: a number that is given again belongs to another start.
    started: u64,
    program: PathBuf,
    cwd: PathBuf,
}

/// What a program is known by from one start of it to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListeningProgram {
    /// Its files.
    pub programs: Vec<PathBuf>,
    /// The directories that it was started in.
    pub directories: Vec<PathBuf>,
}

impl Listeners {
    /// What tells these processes from others.
    pub fn identity(&self) -> String {
        let each = self
            .processes
            .iter()
            .map(|Process { pid, started, program, .. }| format!("{pid} {started} {}", program.display()));
        each.collect::<Vec<_>>().join("\n")
    }

    /// What tells the program from others.
    pub fn program(&self) -> ListeningProgram {
        let mut programs: Vec<PathBuf> = self.processes.iter().map(|process| process.program.clone()).collect();
        let mut directories: Vec<PathBuf> = self.processes.iter().map(|process| process.cwd.clone()).collect();
        for list in [&mut programs, &mut directories] {
            list.sort();
            list.dedup();
        }
        ListeningProgram { programs, directories }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::{Listeners, Process};

    /// `LISTEN`, as the tables of the kernel write it.
    const LISTEN: &str = "0A";

    impl Listeners {
        /// Who listens on a port; none where nobody does, or where the system doesn't say who.
        pub fn on(port: u16) -> Option<Self> {
            let sockets = sockets(port);
            let mut holders: Vec<(u64, Process)> = Vec::new();
            for entry in fs::read_dir("/proc").ok()?.flatten() {
                let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
                let held: BTreeSet<u64> = held(&entry.path()).filter(|inode| sockets.contains(inode)).collect();
                if held.is_empty() {
                    continue;
                }
                let process = process(pid)?;
                holders.extend(held.into_iter().map(|inode| (inode, process.clone())));
            }
            // Several programs may listen on one port, each with a socket of its own. Children that share a socket come
            // and go; the process that began first made it.
            let mut processes: Vec<Process> = Vec::new();
            for socket in &sockets {
                let of_socket = || holders.iter().filter(|(inode, _)| inode == socket).map(|(_, process)| process);
                let first = of_socket().map(|process| process.started).min()?;
                processes.extend(of_socket().filter(|process| process.started == first).cloned());
            }
            processes.sort();
            processes.dedup();
            (!sockets.is_empty()).then_some(Self { sockets, processes })
        }

        /// Whether the same processes listen there.
        pub fn still_listen(&self, port: u16) -> bool {
            sockets(port) == self.sockets
                && self.processes.iter().all(|known| process(known.pid).as_ref() == Some(known))
        }
    }

    /// The sockets that listen on a port, by inode.
    fn sockets(port: u16) -> Vec<u64> {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
        let mut sockets: Vec<u64> =
            tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(|line| listening(line, port)).collect();
        sockets.sort_unstable();
        sockets
    }

    fn listening(line: &str, port: u16) -> Option<u64> {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let at = u16::from_str_radix(fields.get(1)?.rsplit(':').next()?, 16).ok()?;
        (at == port && *fields.get(3)? == LISTEN).then(|| fields.get(9)?.parse().ok()).flatten()
    }

    /// The sockets that a process has open, by inode.
    fn held(process: &Path) -> impl Iterator<Item = u64> {
        let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        open.filter_map(|fd| {
            let link = fs::read_link(fd.path()).ok()?;
            link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
        })
    }

    fn process(pid: u32) -> Option<Process> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name of a program may hold spaces and brackets; what follows its last bracket doesn't.
        let started = stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()?;
        let link = |name: &str| fs::read_link(format!("/proc/{pid}/{name}")).ok();
        Some(Process { pid, started, program: link("exe")?, cwd: link("cwd")? })
    }
}

#[cfg(not(target_os = "linux"))]
impl Listeners {
    /// This system doesn't say who listens.
    pub fn on(_port: u16) -> Option<Self> {
        None
    }

    /// Whether the same processes listen there.
    pub fn still_listen(&self, _port: u16) -> bool {
        false
    }
}
