//! Why a command in a container never ran. An engine reports it as exit code 126 or 127 with the
//! words of its runtime on the command's own stdout (docker 20.10, runc), or as the answer to the
//! start of the exec (podman, crun).

use super::{Command, Stream};
use crate::error::{Code, Error};

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

    /// The words of the engine or its runtime on stdout, when there never was a process.
    pub fn of_engine(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.stdout);
        let by_runtime = ["OCI runtime exec failed", "exec failed", "crun:", "runc", "unable to find"];
        by_runtime.iter().any(|words| text.contains(words)).then(|| text.trim().to_owned())
    }

    /// The words of runc's own process on stderr, which says so and exits with 1 when the kernel
    /// refuses to become the program.
    pub fn of_runtime(&self, command: &Command) -> Option<String> {
        let text = String::from_utf8_lossy(&self.stderr);
        let text = text.trim();
        let said = text.strip_prefix("exec ")?.strip_suffix(": exec format error")?;
        let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
        (name(said) == name(&command.program)).then(|| text.to_owned())
    }
}

/// What a runtime's complaint means; none when it is not one about starting a program.
pub(super) fn not_started(complaint: &str, command: &Command) -> Option<Error> {
    let says = |words: &[&str]| words.iter().any(|word| complaint.contains(word));
    let program = &command.program;
    let error = if says(&["chdir to cwd", "cwd", "Cwd"]) {
        let cwd = command.cwd.as_deref().unwrap_or("the container's working directory");
        Error::new(Code::CwdInvalid, format!("cannot run in {cwd}: the container has no such directory"))
    } else if says(&["permission denied", "exec format error", "is a directory"]) {
        Error::new(Code::ProgramNotExecutable, format!("`{program}` cannot be executed in the container"))
            .hint("Has it the run bit, and is it built for the container's processor?")
    } else if says(&["executable file", "no such file or directory"]) {
        Error::new(Code::ProgramNotFound, format!("there is no program `{program}` in the container")).hint(
            "The engine reports this as exit code 126 or 127 with its message on stdout. An image built from scratch has no shell.",
        )
    } else if says(&["unable to find user", "unable to find group", "no matching entries"]) {
        let user = command.user.as_deref().unwrap_or_default();
        Error::new(Code::CommandInvalid, format!("the container knows no user `{user}`"))
            .hint("A number works without an entry in /etc/passwd.")
    } else {
        return None;
    };
    Some(error.detail(complaint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Place;

    #[test]
    fn a_runtimes_words_become_codes() {
        let mut command = Command::new(Place::Container { name: "c".into() }, "nope", [] as [&str; 0]);
        command.cwd = Some("/nowhere".into());
        command.user = Some("ghost".into());
        for (words, code) in [
            (
                "OCI runtime exec failed: exec failed: container_linux.go:380: starting container process caused: exec: \"nope\": executable file not found in $PATH: unknown",
                Code::ProgramNotFound,
            ),
            (
                "OCI runtime exec failed: exec failed: unable to start container process: exec: \"/nope\": stat /nope: no such file or directory: unknown",
                Code::ProgramNotFound,
            ),
            (
                "OCI runtime exec failed: exec failed: unable to start container process: exec: \"/etc/passwd\": permission denied: unknown",
                Code::ProgramNotExecutable,
            ),
            (
                "OCI runtime exec failed: exec failed: unable to start container process: chdir to cwd (\"/nowhere\") set in config.json failed: no such file or directory: unknown",
                Code::CwdInvalid,
            ),
            ("unable to find user ghost: no matching entries in passwd file", Code::CommandInvalid),
            (
                "crun: executable file `nope` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found",
                Code::ProgramNotFound,
            ),
        ] {
            let found = not_started(words, &command);
            assert_eq!(found.as_ref().map(|error| error.code), Some(code), "{words}");
            assert_eq!(found.and_then(|error| error.detail).as_deref(), Some(words));
        }
        assert_eq!(not_started("something else", &command), None);
    }

    #[test]
    fn a_program_that_ran_is_not_taken_for_a_runtime() {
        let mut beginning = Beginning::default();
        beginning.keep(Stream::Stdout, b"sh: nope: not found\n");
        beginning.keep(Stream::Stderr, b"OCI runtime exec failed: executable file not found");
        assert_eq!(beginning.of_engine(), None);
        beginning.keep(Stream::Stdout, &[b'x'; 10_000]);
        assert_eq!(beginning.stdout.len(), Beginning::LIMIT);
    }
}
