//! A terminal of this machine: a pseudo-terminal, and on Windows a pseudo-console.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod os;

use std::io;

pub(super) use os::*;

use super::terminal::Sizes;
use porthole_base::error::{Code, Error};

/// Porthole's side of a terminal in which a command runs, and the sizes that its user wants. A command without a terminal
/// has neither.
pub(super) struct OpenTerminal {
    ours: Option<OurSide>,
    sizes: Option<Sizes>,
}

impl OpenTerminal {
    /// Gives it the size of now, which may be another than it was opened with.
    pub fn new(ours: Option<OurSide>, mut sizes: Option<Sizes>) -> Self {
        if let (Some(ours), Some(sizes)) = (&ours, &mut sizes) {
            ours.resize(sizes.now());
        }
        Self { ours, sizes }
    }

    /// Waits for the next size and gives it to the terminal. This never ends if none can come any more.
    pub async fn next_size(&mut self) {
        let size = match &mut self.sizes {
            Some(sizes) => sizes.next().await,
            None => std::future::pending().await,
        };
        if let Some(ours) = &self.ours {
            ours.resize(size);
        }
    }

    /// The command has ended. What it left in the background may write on in a terminal of Unix. A console of Windows ends
    /// its output only when it is closed, which also ends what is left in it.
    pub fn command_ended(&mut self) {
        if cfg!(windows) {
            self.ours = None;
        }
    }
}

/// Why there is no terminal.
pub(super) fn unavailable(error: &io::Error) -> Error {
    if cfg!(windows) && error.kind() == io::ErrorKind::Unsupported {
        return Error::new(Code::TerminalUnavailable, "This version of Windows has no terminals for other programs")
            .hint("A terminal on the host needs Windows 10 version 1809 or newer. Open one in a container, or run single commands on the host.");
    }
    Error::new(Code::TerminalUnavailable, "Can't create a terminal for the command")
        .detail(error)
        .hint("Close other terminals, or run the command without one.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_a_terminal_left_says_so_and_what_to_do() {
        let error = unavailable(&io::ErrorKind::StorageFull.into());
        assert_eq!(error.code, Code::TerminalUnavailable);
        assert!(error.hint.is_some_and(|hint| hint.contains("without one")));
    }

    #[cfg(windows)]
    #[test]
    fn a_windows_without_consoles_for_others_is_named_and_another_place_too() {
        let error = unavailable(&io::ErrorKind::Unsupported.into());
        assert_eq!(error.code, Code::TerminalUnavailable);
        let hint = error.hint.unwrap();
        assert!(hint.contains("1809") && hint.contains("container"), "{hint}");
    }
}
