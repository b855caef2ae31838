//! Why a command in a container never ran. An engine tells it as an exit code and its runtime's words on one of the
//! command's own streams: on stdout with 126 or 127 (Docker 20.10 to 28, runc), on stderr with 125, 126 or 127 (Podman 5,
//! crun), or as a refusal of the exec or of its start.

use porthole_base::error::{Code, Error};
use porthole_output::Stream;
use porthole_process::Command;

/// The beginning of what a command wrote: long enough for a runtime's complaint.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Beginning {
    const LIMIT: usize = 4096;

    pub fn keep(&mut self, stream: Stream, bytes: &[u8]) {
        let kept = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let room = Self::LIMIT - kept.len();
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Why the command didn't start, if that is what its end means. `had_process`: the engine told of a process at any
    /// time, so what was written is the command's own.
    pub fn failure(&self, command: &Command, code: i64, had_process: bool) -> Option<Error> {
        if let Some(error) = self.of_kernel(command, code) {
            return Some(error);
        }
        if had_process || !matches!(code, 125..=127) {
            return None;
        }
        not_started(&self.of_runtime(command)?, command)
    }

    /// The runtime's words, where they are all that was written and name the command. Podman tells of no process once a
    /// command has ended, so a shell's own words must not be taken for them.
    fn of_runtime(&self, command: &Command) -> Option<String> {
        const FIRST: [&str; 6] =
            ["OCI runtime exec failed: ", "exec failed: ", "Error: crun: ", "Error: runc: ", "crun: ", "runc: "];
        let text = self.only_stream()?;
        if text.starts_with("unable to find ") {
            return Some(text);
        }
        let is_first = FIRST.iter().any(|words| text.starts_with(words))
            || text.starts_with("Error: ") && text.lines().next().is_some_and(|line| line.contains(": OCI "));
        (is_first && (names(&text, &command.program) || is_about_directory(&text))).then_some(text)
    }

    /// The words of the runtime's own process, which is there already when the kernel refuses to become the program: runc
    /// exits with 1, since 1.2 with 255, crun with 1.
    fn of_kernel(&self, command: &Command, code: i64) -> Option<Error> {
        if !matches!(code, 1 | 255) || !self.stdout.is_empty() {
            return None;
        }
        let text = self.only_stream()?;
        let (said, why) = text.strip_prefix("exec ")?.rsplit_once(": ")?;
        let name = |path: &str| path.trim_matches('`').rsplit('/').next().map(str::to_owned);
        if name(said) != name(&command.program) {
            return None;
        }
        let hint = match why.to_ascii_lowercase().as_str() {
            "exec format error" => {
                "Check that it is built for the container's processor. A script needs `#!` and its interpreter."
            }
            // The program was found before, so it is what its first line or its header names.
            "no such file or directory" => "The container doesn't have its interpreter or loader.",
            _ => return None,
        };
        Some(not_executable(command).hint(hint).detail(text))
    }

    /// All that was written, if it was on one stream.
    fn only_stream(&self) -> Option<String> {
        let written = match (self.stdout.is_empty(), self.stderr.is_empty()) {
            (false, true) => &self.stdout,
            (true, false) => &self.stderr,
            _ => return None,
        };
        Some(String::from_utf8_lossy(written).trim().to_owned())
    }
}

/// Whether a runtime's words have this program in quotes, by its path or its name.
fn names(text: &str, program: &str) -> bool {
    let escaped = program.escape_debug().to_string();
    let program = |quoted: &str| {
        let below = |program: &str| quoted.strip_suffix(program).is_some_and(|before| before.ends_with('/'));
        quoted == program || quoted == escaped || below(program)
    };
    ['"', '`'].iter().any(|quote| text.split(*quote).skip(1).step_by(2).any(program))
}

fn is_about_directory(text: &str) -> bool {
    ["chdir to ", "current working directory", "Cwd must be"].iter().any(|words| text.contains(words))
}

fn not_executable(command: &Command) -> Error {
    Error::new(Code::ProgramNotExecutable, format!("`{}` can't be executed in the container", command.program))
}

/// Why a runtime didn't start a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    NoDirectory,
    NoUser,
    NotExecutable,
    NotFound,
}

impl Reason {
    /// Reads it off what the runtime wrote, which is the only source: its exit codes and the engines' statuses are the same
    /// for several of them. The texts are those that runc 1.1 and 1.3 and crun 1.28 have, and Docker 28 for a user. None
    /// of them is translated.
    fn read(complaint: &str) -> Option<Self> {
        let lower = complaint.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if is_about_directory(complaint) {
            Some(Self::NoDirectory)
        } else if says(&["unable to find user", "unable to find group", "no matching entries"]) {
            Some(Self::NoUser)
        } else if says(&[
            "permission denied",
            "exec format error",
            "is a directory",
            "not a regular file",
            "not executable",
            "operation not permitted",
        ]) {
            Some(Self::NotExecutable)
        } else if says(&["executable file", "no such file or directory"]) {
            Some(Self::NotFound)
        } else {
            None
        }
    }
}

/// What a runtime's complaint means; none when it is not one about starting a program.
pub(super) fn not_started(complaint: &str, command: &Command) -> Option<Error> {
    let program = &command.program;
    let error = match Reason::read(complaint)? {
        Reason::NoDirectory => {
            let cwd = command.cwd.as_deref().unwrap_or("the container's working directory");
            Error::new(Code::CwdInvalid, format!("Can't run in {cwd}: directory not found in the container"))
        }
        Reason::NoUser => {
            let user = command.user.as_deref().unwrap_or_default();
            Error::new(Code::CommandInvalid, format!("User not found in the container: `{user}`"))
                .hint("A numeric user ID works without an entry in /etc/passwd.")
        }
        Reason::NotExecutable => {
            not_executable(command).hint("Check that it is executable and built for the container's processor.")
        }
        Reason::NotFound => {
            Error::new(Code::ProgramNotFound, format!("Program not found in the container: `{program}`"))
                .hint("The engine looked for it on the container's PATH. An image built from scratch has no shell.")
        }
    };
    Some(error.detail(complaint))
}

#[cfg(test)]
#[path = "exec_failure_tests.rs"]
mod tests;
