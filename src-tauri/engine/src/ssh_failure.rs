//! Why an engine behind ssh doesn't respond, read from the text that ssh and docker wrote. ssh exits with 255 when it
//! fails itself and docker with 1, so their text is the only source. It is read here and nowhere else. The texts were
//! taken from OpenSSH 9.2 and the docker command 28.2, and `is not a docker command` from those before 18.09; none of them
//! is translated. What isn't known is [`SshFailure::Unknown`], with a hint that works for all of them.

use super::{
    address::{Address, Transport},
    ssh::SshExit,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SshFailure {
    HostKeyChanged,
    HostKeyUnknown,
    /// The user on the other side may not open the engine's socket.
    SocketDenied,
    /// The host accepts no key.
    KeyDenied,
    HostUnknown,
    NotReachable,
    /// The docker command there is older than 18.09.
    DockerTooOld,
    DockerMissing,
    /// docker was started, and its engine doesn't respond.
    EngineDown,
    Unknown,
}

/// The exit code of a POSIX shell that found no program.
const NO_PROGRAM: i32 = 127;

impl SshFailure {
    /// The first that fits: later texts are parts of earlier ones.
    const TEXTS: [(Self, &[&str]); 9] = [
        (Self::HostKeyChanged, &["IDENTIFICATION HAS CHANGED"]),
        (Self::HostKeyUnknown, &["Host key verification failed", "host key is known"]),
        (Self::SocketDenied, &["permission denied while trying to connect", "connect: permission denied"]),
        (Self::KeyDenied, &["Permission denied", "Too many authentication failures"]),
        (Self::HostUnknown, &["Could not resolve hostname"]),
        (Self::NotReachable, &["Connection refused", "timed out", "No route to host", "Network is unreachable"]),
        (Self::DockerTooOld, &["dial-stdio", "is not a docker command"]),
        (Self::DockerMissing, &["command not found", "not recognized"]),
        (
            Self::EngineDown,
            &[
                "Cannot connect to the Docker daemon",
                "failed to connect to the docker API",
                "no such file or directory",
            ],
        ),
    ];

    pub fn of(ended: &SshExit) -> Self {
        let text = |(_, texts): &&(Self, &[&str])| texts.iter().any(|text| ended.told.contains(text));
        let found = Self::TEXTS.iter().find(text).map_or(Self::Unknown, |(failure, _)| *failure);
        // A shell's own words for it are in its user's language.
        let no_program = ended.status.and_then(|status| status.code()) == Some(NO_PROGRAM);
        if no_program && matches!(found, Self::EngineDown | Self::Unknown) { Self::DockerMissing } else { found }
    }

    /// What to try.
    pub fn hint(self, address: &Address) -> String {
        // As ssh takes it: without the socket on the other side.
        let there = match address.transport() {
            Ok(Transport::Ssh(to)) => {
                let port = to.port.map(|port| format!("-p {port} ")).unwrap_or_default();
                format!("ssh {port}{}{}", to.user.map(|user| format!("{user}@")).unwrap_or_default(), to.host)
            }
            _ => "ssh".to_owned(),
        };
        match self {
            Self::HostKeyChanged => format!(
                "The host's key has changed. If that is expected, remove the old key with `ssh-keygen -R` and run `{there}` once in a terminal."
            ),
            Self::HostKeyUnknown => {
                format!("The host's key is unknown: run `{there}` once in a terminal and accept it.")
            }
            Self::SocketDenied => {
                "The remote user doesn't have permission to open the engine's socket: add the user to its group (often `docker`)."
                    .to_owned()
            }
            Self::KeyDenied => format!(
                "The host accepted none of your keys, and ssh can't ask for a password here: add the right key with `ssh-add`. `{there}` must work without a prompt."
            ),
            Self::HostUnknown => {
                "Unknown host name: check the context's address and the `Host` entries in ~/.ssh/config."
                    .to_owned()
            }
            Self::NotReachable => {
                format!("No SSH server responds there: check that `{there}` works in a terminal and that the port is right.")
            }
            Self::DockerTooOld => {
                "The remote docker command is older than 18.09 and doesn't support `dial-stdio`.".to_owned()
            }
            Self::DockerMissing => format!(
                "`docker` isn't installed on the remote host, or isn't on the PATH of commands that ssh runs: try `{there} docker version`."
            ),
            Self::EngineDown => format!(
                "ssh and docker work, but the remote engine doesn't respond: try `{there} docker version`."
            ),
            Self::Unknown => format!("Check that `{there} docker version` works in a terminal without a prompt."),
        }
    }
}

// They need statuses that tell of a signal.
#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn ended(code: i32, told: &str) -> SshExit {
        SshExit { status: Some(std::process::ExitStatus::from_raw(code << 8)), told: told.into() }
    }

    #[test]
    fn what_ssh_and_docker_write_is_read_in_one_place() {
        for (code, told, expected) in [
            (
                255,
                "No ED25519 host key is known for [host]:2222\nHost key verification failed.",
                SshFailure::HostKeyUnknown,
            ),
            (
                255,
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                SshFailure::HostKeyChanged,
            ),
            (255, "me@host: Permission denied (publickey).", SshFailure::KeyDenied),
            (255, "ssh: Could not resolve hostname host: Name or service not known", SshFailure::HostUnknown),
            (255, "ssh: connect to host host port 2222: Connection refused", SshFailure::NotReachable),
            (127, "bash: line 1: docker: command not found", SshFailure::DockerMissing),
            (1, "docker: 'system dial-stdio' is not a docker command.", SshFailure::DockerTooOld),
            (1, "permission denied while trying to connect to the Docker daemon socket", SshFailure::SocketDenied),
            (1, "Cannot connect to the Docker daemon at unix:///d.sock.", SshFailure::EngineDown),
            (9, "something else", SshFailure::Unknown),
        ] {
            assert_eq!(SshFailure::of(&ended(code, told)), expected, "{told}");
        }
    }

    #[test]
    fn a_missing_docker_is_known_in_any_language() {
        for told in ["", "bash: Zeile 1: docker: Kommando nicht gefunden.", "sh: docker: no such file or directory"] {
            assert_eq!(SshFailure::of(&ended(127, told)), SshFailure::DockerMissing, "{told}");
        }
    }
}
