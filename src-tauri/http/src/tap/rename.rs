//! Moving sockets without overwriting anything.

use std::{
    fs, io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::Path,
};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};

/// Swaps two paths. On Linux no moment is between: something is at each of them all the time.
pub(super) fn swap(one: &Path, other: &Path) -> io::Result<()> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
        match renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE) {
            // The file system can't.
            Err(nix::errno::Errno::EINVAL | nix::errno::Errno::ENOSYS) => {}
            done => return done.map_err(Into::into),
        }
    }
    let between = one.with_file_name(format!(".porthole-{}", std::process::id()));
    move_to_free(one, &between)?;
    move_to_free(other, one).inspect_err(|_| drop(move_to_free(&between, one)))?;
    move_to_free(&between, other)
}

/// Moves to a path at which nothing is.
pub(super) fn move_to_free(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
        match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
            Err(nix::errno::Errno::EINVAL | nix::errno::Errno::ENOSYS) => {}
            done => return done.map_err(Into::into),
        }
    }
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// Whether nothing listens at a socket any more. It doesn't wait for a backend that accepts nothing.
pub(super) fn is_dead(path: &Path) -> bool {
    let tried = || -> nix::Result<()> {
        let handle: OwnedFd = socket(AddressFamily::Unix, SockType::Stream, SockFlag::empty(), None)?;
        let stream = UnixStream::from(handle);
        stream.set_nonblocking(true).map_err(|_| nix::errno::Errno::EIO)?;
        connect(stream.as_raw_fd(), &UnixAddr::new(path)?)
    };
    matches!(tried(), Err(nix::errno::Errno::ECONNREFUSED | nix::errno::Errno::ENOENT))
}
