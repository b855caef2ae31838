//! One execution of a command, and how it is done on this machine: never through a shell, in a separate process group,
//! and ended with its owner.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(target_os = "linux")]
pub mod cgroup;
#[cfg(any(windows, test))]
mod command_line;
mod environment;
mod facts;
mod fixed;
pub mod group;
mod group_reaper;
mod host;
pub mod host_pid;
mod loading;
pub mod membership;
mod pty;
mod resolve;
mod running;
mod script;
mod shell;
mod shell_line;
mod stdin;
mod stops;
#[cfg(target_os = "linux")]
mod supervised;
mod terminal;
mod walk;
#[cfg(all(test, windows))]
mod windows_tests;

pub use environment::is_same_variable;
pub use facts::*;
pub use fixed::{FixedCommand, HASHED_TO, NamedProgram, ProgramFile};
pub use group_reaper::{GroupReaper, Restarts, WatchedGroup, end_groups};
pub use host::{run_fixed_on_host, run_on_host, run_on_host_in};
pub use loading::loads_code;
pub use resolve::{check, command_of, command_on};
pub use script::CARRIAGE_RETURN;
pub use shell::login_shell;
pub use shell_line::ShellLine;
pub use stdin::{Feed, Input};
pub use stops::{Stop, Stopper, Stops, stops};
pub use terminal::{Keys, Sizes, Terminal, TerminalInput, terminal};

use porthole_base::error::{Code, Error, Result};

/// Splits a pasted command line into arguments as a POSIX shell would; nothing in it is run or
/// replaced.
///
/// # Errors
/// [`Code::CommandInvalid`] when a quote is not closed.
pub fn split_words(text: &str) -> Result<Vec<String>> {
    shell_words::split(text).map_err(|error| {
        Error::new(Code::CommandInvalid, "A quote in the pasted line isn't closed")
            .detail(error)
            .hint("Close it, or paste the text as one argument.")
    })
}

/// Ends this process at once, with success. What libraries have left for the end of a process would run beside threads that
/// still use them.
#[cfg(unix)]
#[allow(unsafe_code)]
pub fn end_process() -> ! {
    // SAFETY: it takes nothing, touches no memory of ours, and does not return.
    unsafe { nix::libc::_exit(0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use porthole_base::error::Code;

    #[test]
    fn a_pasted_line_is_split_and_not_run() {
        let words = split_words(r#"pg_dump "my db" --opt='a b' $HOME \$x *.txt | gzip"#).unwrap();
        assert_eq!(words, ["pg_dump", "my db", "--opt=a b", "$HOME", "$x", "*.txt", "|", "gzip"]);
        assert_eq!(split_words("it's").unwrap_err().code, Code::CommandInvalid);
    }
}
