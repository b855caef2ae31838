//! Moving sockets without overwriting anything.

use std::{fs, io, os::unix::net::UnixDatagram, path::Path};

/// Swaps two paths. On Linux no moment is between: something is at each of them all the time.
pub fn swap(one: &Path, other: &Path) -> io::Result<()> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    match system::rename(one, other, system::EXCHANGE) {
        // The file system can't.
        Err(error) if system::is_unsupported(&error) => {}
        done => return done,
    }
    let between = one.with_file_name(format!(".porthole-{}", std::process::id()));
    move_to_free(one, &between)?;
    move_to_free(other, one).inspect_err(|_| drop(move_to_free(&between, one)))?;
    move_to_free(&between, other).inspect_err(|_| {
        // Both go back to where they were.
        let _ = move_to_free(one, other).and_then(|()| move_to_free(&between, one));
    })
}

/// Moves to a path at which nothing is.
pub fn move_to_free(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    match system::rename(from, to, system::NO_REPLACE) {
        Err(error) if system::is_unsupported(&error) => {}
        done => return done,
    }
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// Whether a socket's file is stale: no process has it open. A datagram can't be sent to a backend's socket, so
/// this neither opens a connection nor waits where a backend accepts none.
///
/// # Errors
/// What the operating system says where it can't be known.
pub fn is_dead(path: &Path) -> io::Result<bool> {
    let tried = UnixDatagram::unbound()?.connect(path);
    match tried.map_err(|error| (error.kind(), error)) {
        Err((io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound, _)) => Ok(true),
        Err((io::ErrorKind::PermissionDenied, error)) => Err(error),
        _ => Ok(false),
    }
}

/// Removes a socket that no process has any more. Anything else at the path is an error.
///
/// # Errors
/// `AddrInUse` and `AlreadyExists`, and what the operating system says.
pub fn make_room(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    match fs::symlink_metadata(path) {
        // One that was left by a killed program.
        Ok(found) if found.file_type().is_socket() => match is_dead(path)? {
            true => fs::remove_file(path),
            false => Err(io::ErrorKind::AddrInUse.into()),
        },
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
mod system {
    use std::{
        ffi::{CString, c_char, c_int, c_uint},
        io,
        os::unix::ffi::OsStrExt,
        path::Path,
    };

    pub const NO_REPLACE: c_uint = 1;
    pub const EXCHANGE: c_uint = 2;
    const AT_FDCWD: c_int = -100;
    const EINVAL: i32 = 22;
    const ENOSYS: i32 = 38;

    unsafe extern "C" {
        fn renameat2(
            from_directory: c_int,
            from: *const c_char,
            to_directory: c_int,
            to: *const c_char,
            flags: c_uint,
        ) -> c_int;
    }

    /// The standard library's `rename` has no flags.
    pub fn rename(from: &Path, to: &Path, flags: c_uint) -> io::Result<()> {
        let (from, to) = (CString::new(from.as_os_str().as_bytes())?, CString::new(to.as_os_str().as_bytes())?);
        // SAFETY: both are strings with a zero at their end, and stay until it returns.
        match unsafe { renameat2(AT_FDCWD, from.as_ptr(), AT_FDCWD, to.as_ptr(), flags) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    pub fn is_unsupported(error: &io::Error) -> bool {
        matches!(error.raw_os_error(), Some(EINVAL | ENOSYS))
    }
}
