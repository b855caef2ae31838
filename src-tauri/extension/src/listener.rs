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
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    use porthole_supervisor::stat::Stat;

    use super::{Listeners, Process};

    /// `LISTEN`, as the tables of the kernel write it.
    const LISTEN: &str = "0A";

    impl Listeners {
        /// The process that listens on a port; none if there is none, or if the system doesn't report it.
        pub fn on(port: u16) -> Option<Self> {
            let sockets = sockets(port);
            // Children that share a socket come and go; the process that began first made it. Each socket counts: which
            // of several gets a connection depends on the address, and with SO_REUSEPORT on nothing at all.
            let mut holders: BTreeMap<u64, Process> = BTreeMap::new();
            for entry in fs::read_dir("/proc").ok()?.flatten() {
                let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
                let held: BTreeSet<u64> = held(&entry.path()).filter(|inode| sockets.contains(inode)).collect();
                if held.is_empty() {
                    continue;
                }
                let process = process(pid)?;
                for inode in held {
                    let first = holders.entry(inode).or_insert_with(|| process.clone());
                    if (process.started, process.pid) < (first.started, first.pid) {
                        *first = process.clone();
                    }
                }
            }
            let is_whole = !sockets.is_empty() && sockets.iter().all(|inode| holders.contains_key(inode));
            let processes: BTreeSet<Process> = holders.into_values().collect();
            is_whole.then(|| Self { sockets, processes: processes.into_iter().collect() })
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
        let started = Stat::of(pid.try_into().ok()?)?.started;
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

// It reads `/proc`.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        net::TcpListener,
        process::{Child, Command, Stdio},
    };

    use super::*;

    /// Another program that listens on a port, ended when dropped.
    struct Other(Child);

    impl Other {
        fn listen(family: &str, address: &str, port: u16) -> Self {
            let script = format!(
                "import socket, time\ns = socket.socket(socket.{family}, socket.SOCK_STREAM)\n\
                 s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\ns.bind(('{address}', {port}))\ns.listen()\n\
                 print(s.getsockname()[1], flush=True)\ntime.sleep(600)"
            );
            let mut child =
                Command::new("python3").args(["-c", &script]).stdout(Stdio::piped()).spawn().expect("python3");
            let mut line = String::new();
            BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "it listens");
            Self(child)
        }
    }

    impl Drop for Other {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[test]
    fn a_second_program_on_another_address_of_a_port_counts() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let first = Listeners::on(port).unwrap();
        assert_eq!(first.program().programs, [std::env::current_exe().unwrap()]);
        let other = Other::listen("AF_INET6", "::1", port);
        assert!(!first.still_listen(port));
        let both = Listeners::on(port).unwrap();
        assert_eq!(both.program().programs.len(), 2);
        assert!(both.identity().starts_with(&first.identity()) && both.identity() != first.identity());
        drop(other);
        assert_eq!(Listeners::on(port), Some(first));
    }

    #[test]
    fn a_second_program_that_shares_a_port_counts() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let first = Other::listen("AF_INET", "127.0.0.1", port);
        let alone = Listeners::on(port).unwrap();
        let second = Other::listen("AF_INET", "127.0.0.1", port);
        let both = Listeners::on(port).unwrap();
        assert_eq!(both.processes.len(), 2);
        assert_ne!(both.identity(), alone.identity());
        drop((first, second));
    }
}
