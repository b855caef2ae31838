//! The owner of an object that Porthole created on an engine: one process on one machine.
//!
//! A process number alone names nothing: another container has the same ones, and after a restart they are given again.
//! So it comes with the machine, its start, the pid namespace and the time when the process began.

use std::fmt;

/// One process among those of all machines that use an engine, as its labels name it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    machine: String,
    /// One start of the machine; empty where the system doesn't tell.
    boot: String,
    /// The pid namespace; empty where there are none.
    namespace: String,
    process: i32,
    /// When the process began, in steps of the system's own; empty where it doesn't tell.
    began: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, boot, namespace, process, began } = self;
        write!(f, "{machine}/{boot}/{namespace}/{began}/{process}")
    }
}

impl Owner {
    /// The newest parts are last, and a machine's name may hold anything.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(5, '/');
        let process = parts.next()?.parse().ok().filter(|process| *process > 0)?;
        let mut part = || parts.next().map(str::to_owned);
        let (began, namespace, boot, machine) = (part()?, part()?, part()?, part()?);
        Some(Self { machine, boot, namespace, process, began })
    }

    fn of_this_process() -> Self {
        let process = i32::try_from(std::process::id()).unwrap_or_default();
        Self { machine: machine(), boot: boot(), namespace: namespace(), process, began: began(process) }
    }

    /// Whether that process is known to be no more, as `here` sees it.
    fn is_dead(&self, here: &Self, lives: impl Fn(i32) -> bool, began: impl Fn(i32) -> String) -> bool {
        if self.machine != here.machine {
            return false;
        }
        if self.boot != here.boot {
            // Nothing that ran then runs now. Two machines may have one name, but not one id as well.
            return !self.boot.is_empty() && !here.boot.is_empty() && self.machine.contains('#');
        }
        // What another container runs can't be seen from here.
        if self.namespace != here.namespace {
            return false;
        }
        // Another user's process may live without this user being told when it began.
        let began = began(self.process);
        let is_another = !began.is_empty() && !self.began.is_empty() && began != self.began;
        !lives(self.process) || is_another
    }
}

/// This process, among those of all machines that use an engine.
pub fn owner() -> String {
    Owner::of_this_process().to_string()
}

/// Whether that was a process of this machine which is no more.
pub fn is_dead(owner: &str) -> bool {
    Owner::parse(owner).is_some_and(|owner| owner.is_dead(&Owner::of_this_process(), lives, began))
}

/// The label of a process of this machine that is no more: no process has an id this high.
#[cfg(test)]
pub(crate) fn dead_owner() -> String {
    let here = Owner::of_this_process();
    Owner { process: i32::MAX, ..here }.to_string()
}

/// What this machine calls itself, and its id where it has one: many machines have the same name.
fn machine() -> String {
    match machine_id() {
        Some(id) => format!("{}#{id}", hostname()),
        None => hostname(),
    }
}

/// A hash of the machine's id: the id itself isn't for others to see.
#[cfg(target_os = "linux")]
fn machine_id() -> Option<String> {
    let id = std::fs::read_to_string("/etc/machine-id").ok().filter(|id| !id.trim().is_empty())?;
    let hash = ring::digest::digest(&ring::digest::SHA256, format!("porthole {}", id.trim()).as_bytes());
    Some(hash.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(not(target_os = "linux"))]
fn machine_id() -> Option<String> {
    None
}

#[cfg(target_os = "linux")]
fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(target_os = "linux")]
fn namespace() -> String {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self/ns/pid").map(|about| about.ino().to_string()).unwrap_or_default()
}

#[cfg(target_os = "linux")]
fn began(process: i32) -> String {
    porthole_supervisor::stat::Stat::of(process).map(|found| found.started.to_string()).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn boot() -> String {
    String::new()
}

#[cfg(not(target_os = "linux"))]
fn namespace() -> String {
    String::new()
}

#[cfg(windows)]
fn began(process: i32) -> String {
    u32::try_from(process).ok().and_then(porthole_base::win32::began).map(|time| time.to_string()).unwrap_or_default()
}

#[cfg(not(any(target_os = "linux", windows)))]
fn began(_: i32) -> String {
    String::new()
}

/// What this machine calls itself.
#[cfg(unix)]
pub fn hostname() -> String {
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(unix)]
fn lives(process: i32) -> bool {
    use nix::{errno::Errno, sys::signal::kill, unistd::Pid};
    kill(Pid::from_raw(process), None) != Err(Errno::ESRCH)
}

/// What this machine calls itself.
#[cfg(not(unix))]
pub fn hostname() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

#[cfg(windows)]
fn lives(process: i32) -> bool {
    u32::try_from(process).is_ok_and(porthole_base::win32::lives)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Owner {
        Owner {
            machine: "here#1".into(),
            boot: "boot".into(),
            namespace: "4026531836".into(),
            process: 7,
            began: "123".into(),
        }
    }

    fn dead(owner: &Owner, lives: bool, began: &str) -> bool {
        let parsed = Owner::parse(&owner.to_string()).unwrap();
        assert_eq!(parsed, *owner);
        parsed.is_dead(&here(), |_| lives, |_| began.to_owned())
    }

    #[test]
    fn only_a_process_of_this_machine_is_known_to_be_dead() {
        assert!(dead(&here(), false, ""));
        assert!(!dead(&here(), true, "123"));
        assert!(!dead(&Owner { machine: "there#1".into(), ..here() }, false, ""));
        assert!(!is_dead(&owner()));
        assert!(is_dead(&dead_owner()));
    }

    /// One window removed what another one in a container of its own was using.
    #[test]
    fn a_process_of_another_container_is_not_known_to_be_dead() {
        assert!(!dead(&Owner { namespace: "4026532999".into(), ..here() }, false, ""));
    }

    #[test]
    fn a_living_process_whose_beginning_is_not_told_is_not_dead() {
        assert!(!dead(&here(), true, ""));
        assert!(!dead(&Owner { began: String::new(), ..here() }, true, "123"));
    }

    #[test]
    fn a_number_that_was_given_to_another_process_is_a_dead_ones() {
        assert!(dead(&here(), true, "456"));
    }

    #[test]
    fn what_ran_before_the_machine_was_started_is_dead_where_the_machine_is_known() {
        assert!(dead(&Owner { boot: "before".into(), ..here() }, true, "123"));
        let nameless = Owner { machine: "here".into(), ..here() };
        let before = Owner { boot: "before".into(), ..nameless.clone() };
        assert!(!before.is_dead(&nameless, |_| false, |_| String::new()));
    }

    #[test]
    fn what_is_no_owner_is_not_dead() {
        for text in ["", "here/7", "here/", "a/b/c/d/-7", "a/b/c/d/"] {
            assert!(!is_dead(text), "{text}");
        }
    }
}
