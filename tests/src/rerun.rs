//! Tests that need a process of their own: the test runs itself again, where something is as it needs it.

use std::{ffi::OsStr, path::PathBuf, process::Command};

const WHERE: &str = "PORTHOLE_TEST_AGAIN";

/// In the process where a tmpfs of so many megabytes is mounted: its directory. Else the test `name` is run there, and must
/// pass.
pub fn on_small_disk(name: &str, megabytes: u32) -> Option<PathBuf> {
    if let Some(disk) = std::env::var_os(WHERE) {
        return Some(disk.into());
    }
    let directory = tempfile::tempdir().expect("a directory");
    let script = format!("mount -t tmpfs -o size={megabytes}m tmpfs \"$1\" && exec \"$2\" --exact {name} --nocapture");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", &script, "sh"]).arg(directory.path());
    passes(command, directory.path().as_os_str());
    None
}

/// True in the process that may have so many files open. Else the test `name` is run there, and must pass.
pub fn with_handles(name: &str, limit: u32) -> bool {
    if std::env::var_os(WHERE).is_some() {
        return true;
    }
    let script = format!("ulimit -n {limit}; exec \"$1\" --exact {name} --nocapture");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh"]);
    passes(command, OsStr::new("here"));
    false
}

fn passes(mut command: Command, place: &OsStr) {
    let ran = command.arg(std::env::current_exe().expect("this test")).env(WHERE, place).output().expect("the test");
    let said = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}
