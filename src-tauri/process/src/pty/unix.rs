//! A pseudo-terminal.

use std::{
    fs::{File, OpenOptions},
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::fs::OpenOptionsExt,
    },
};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use portable_pty::{MasterPty, PtySize, native_pty_system};
use tokio::net::unix::pipe;

use crate::{TerminalSize, running::Streams};

/// The side of a command. It is held until the command has it too: without any, the other side has ended.
pub(crate) struct CommandSide {
    /// The file that is the terminal.
    #[cfg(target_os = "linux")]
    pub path: std::path::PathBuf,
    file: File,
}

/// Porthole's side, which sets the size.
pub(crate) struct OurSide(Box<dyn MasterPty + Send>);

impl CommandSide {
    /// A descriptor of it.
    pub fn descriptor(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

impl OurSide {
    pub fn resize(&self, size: TerminalSize) {
        // After the end of the command there is nothing to resize.
        let _ = self.0.resize(pty_size(size));
    }
}

/// Opens a terminal of this size: the side of a command, and what it reads and writes.
pub(crate) async fn open(size: TerminalSize) -> io::Result<(CommandSide, Streams)> {
    let pair = native_pty_system().openpty(pty_size(size)).map_err(io::Error::other)?;
    let path = pair.master.tty_name().ok_or_else(|| io::Error::other("the terminal has no name"))?;
    // This process must not get it for its own.
    let file = OpenOptions::new().read(true).write(true).custom_flags(nix::libc::O_NOCTTY).open(&path)?;
    let streams = Streams {
        stdin: Some(Box::new(pipe::Sender::from_owned_fd_unchecked(own(&*pair.master)?)?)),
        stdout: Some(Box::new(pipe::Receiver::from_owned_fd_unchecked(own(&*pair.master)?)?)),
        stderr: None,
        terminal: Some(OurSide(pair.master)),
    };
    let side = CommandSide {
        #[cfg(target_os = "linux")]
        path,
        file,
    };
    Ok((side, streams))
}

/// The descriptor of our side once more, for reads and writes that don't block.
#[allow(unsafe_code)]
fn own(master: &dyn MasterPty) -> io::Result<OwnedFd> {
    let fd = master.as_raw_fd().ok_or_else(|| io::Error::other("the terminal has no descriptor"))?;
    // SAFETY: the terminal has it open, and is borrowed here.
    let owned = unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned()?;
    let flags = OFlag::from_bits_retain(fcntl(owned.as_fd(), FcntlArg::F_GETFL)?);
    fcntl(owned.as_fd(), FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(owned)
}

fn pty_size(TerminalSize { columns, rows }: TerminalSize) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}
