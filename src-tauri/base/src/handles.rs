//! How many files this process may have open at once, and the error when it has that many.

use std::io;
#[cfg(unix)]
use std::sync::OnceLock;

#[cfg(unix)]
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::error::{Code, Error};

/// What the soft limit is raised to where the hard one lets it: thousands of calls, and no more than programs can take
/// that look at each possible handle.
#[cfg(unix)]
const WANTED: u64 = 65_536;
/// The limit where it can't be read: the usual one.
const USUAL: u64 = 1024;

/// The soft limit that this process was started with, once it was raised.
#[cfg(unix)]
static ORIGINAL: OnceLock<u64> = OnceLock::new();

/// Raises the soft limit of open files. Programs that are started get the original one back with [`restore_in`].
pub fn raise() {
    #[cfg(unix)]
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(WANTED);
        if soft < wanted && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_ok() {
            let _ = ORIGINAL.set(soft);
        }
    }
}

/// The soft limit that programs are to have that are started, where it isn't that of this process.
#[cfg(target_os = "linux")]
pub fn original() -> Option<u64> {
    ORIGINAL.get().copied()
}

/// The soft limit of this process.
pub fn limit() -> u64 {
    #[cfg(unix)]
    return getrlimit(Resource::RLIMIT_NOFILE).map_or(USUAL, |(soft, _)| soft);
    #[cfg(not(unix))]
    USUAL
}

/// Starts a command with the soft limit that Porthole was started with: a program may take longer, or fail, with a higher
/// one than its user has set.
#[cfg(unix)]
#[allow(unsafe_code)]
pub fn restore_in(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    let Some(soft) = ORIGINAL.get().copied() else { return };
    let restore = move || {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
        Ok(setrlimit(Resource::RLIMIT_NOFILE, soft, hard)?)
    };
    // SAFETY: between fork and exec only calls that are safe in a signal handler are allowed. These two are system calls
    // on numbers, and touch neither the heap nor a lock.
    unsafe { command.pre_exec(restore) };
}

/// Nothing was raised here.
#[cfg(not(unix))]
pub fn restore_in(_: &mut std::process::Command) {}

/// Whether the operating system has refused a handle because too many are open.
pub fn is_exhausted(error: &io::Error) -> bool {
    #[cfg(unix)]
    return matches!(error.raw_os_error(), Some(nix::libc::EMFILE | nix::libc::ENFILE));
    // `ERROR_TOO_MANY_OPEN_FILES`.
    #[cfg(not(unix))]
    return error.raw_os_error() == Some(4);
}

/// The error for a handle that was refused, if this is why: `doing` is what could not be done.
pub fn exhausted(doing: &str, error: &io::Error) -> Option<Error> {
    if !is_exhausted(error) {
        return None;
    }
    #[cfg(unix)]
    let of_system = error.raw_os_error() == Some(nix::libc::ENFILE);
    #[cfg(not(unix))]
    let of_system = false;
    let (message, hint) = if of_system {
        (
            format!("Can't {doing}: the system has too many open files"),
            "Close other programs, or raise the system's limit (fs.file-max).",
        )
    } else {
        let limit = limit();
        (
            format!("Can't {doing}: Porthole has {} open files, and its limit is {limit}", open_now().unwrap_or(limit)),
            "Stop running commands, or start Porthole with a higher limit: see `ulimit -n`.",
        )
    };
    Some(Error::new(Code::TooManyOpenFiles, message).detail(error).hint(hint))
}

/// How many are open; unknown where not even this can be opened.
fn open_now() -> Option<u64> {
    let listed = std::fs::read_dir(if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" }).ok()?;
    // One of them is the listing itself.
    Some((listed.count() as u64).saturating_sub(1))
}
