//! Whose a thing on an engine is that Porthole made there: that of one process on one machine.

/// This process, among those of all machines that use an engine.
pub(crate) fn owner() -> String {
    format!("{}/{}", machine(), std::process::id())
}

/// Whether that was a process of this machine which is no more.
pub(crate) fn is_dead(owner: &str) -> bool {
    dead(owner, &machine(), lives)
}

fn dead(owner: &str, machine: &str, lives: impl Fn(i32) -> bool) -> bool {
    let Some((at, process)) = owner.rsplit_once('/') else { return false };
    at == machine && process.parse().is_ok_and(|process: i32| process > 0 && !lives(process))
}

/// What this machine calls itself.
#[cfg(unix)]
pub(crate) fn machine() -> String {
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(unix)]
fn lives(process: i32) -> bool {
    use nix::{errno::Errno, sys::signal::kill, unistd::Pid};
    kill(Pid::from_raw(process), None) != Err(Errno::ESRCH)
}

/// What this machine calls itself.
#[cfg(not(unix))]
pub(crate) fn machine() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

#[cfg(not(unix))]
fn lives(_: i32) -> bool {
    // Not known here: the warden, or the stream to it, is what ends what a killed Porthole made.
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_this_machine_is_known_to_be_dead() {
        let never = |_| false;
        assert!(dead("here/7", "here", never));
        for (owner, lives) in [("here/7", true), ("there/7", false), ("here/", false), ("here/-7", false), ("", false)]
        {
            assert!(!dead(owner, "here", |_| lives), "{owner}");
        }
        assert!(!is_dead(&owner()));
    }
}
