use super::*;
use porthole_process::Place;

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

/// What engines were seen to tell: exit code, stdout, stderr.
fn ended(program: &str, code: i64, stdout: &str, stderr: &str, had_process: bool) -> Option<Code> {
    let mut command = Command::new(Place::Container { name: "c".into() }, program, [] as [&str; 0]);
    command.cwd = Some("/nowhere".into());
    let mut beginning = Beginning::default();
    beginning.keep(Stream::Stdout, stdout.as_bytes());
    beginning.keep(Stream::Stderr, stderr.as_bytes());
    beginning.failure(&command, code, had_process).map(|error| error.code)
}

const OCI: &str = "OCI runtime exec failed: exec failed: unable to start container process: ";
const SECOND: &str = "Error: read unixpacket @->/proc/self/fd/14/attach: read: connection reset by peer\n";

#[test]
fn docker_28_tells_on_stdout_that_a_program_did_not_start() {
    for (program, code, words, expected) in [
        ("nope", 127, "exec: \"nope\": executable file not found in $PATH\r\n", Code::ProgramNotFound),
        ("/nope", 127, "exec: \"/nope\": stat /nope: no such file or directory\r\n", Code::ProgramNotFound),
        ("/notes", 126, "exec: \"/notes\": permission denied\r\n", Code::ProgramNotExecutable),
        ("/data", 126, "exec: \"/data\": is a directory: permission denied\r\n", Code::ProgramNotExecutable),
        (
            "true",
            127,
            "chdir to cwd (\"/nowhere\") set in config.json failed: no such file or directory\r\n",
            Code::CwdInvalid,
        ),
        (
            "true",
            127,
            "chdir to cwd (\"/file\") set in config.json failed: not a directory: Are you trying to mount a directory onto a file (or vice-versa)?\r\n",
            Code::CwdInvalid,
        ),
    ] {
        assert_eq!(ended(program, code, &format!("{OCI}{words}"), "", false), Some(expected), "{words}");
    }
}

/// They were looked for on stdout alone, and with 126 and 127 alone.
#[test]
fn podman_tells_on_stderr_that_a_program_did_not_start_and_with_125_of_a_directory() {
    const NOT_FOUND: &str = "No such file or directory: OCI runtime attempted to invoke a command that was not found\n";
    for (program, code, words, expected) in [
        ("nope", 127, format!("crun: executable file `nope` not found in $PATH: {NOT_FOUND}"), Code::ProgramNotFound),
        ("/nope", 127, format!("crun: executable file `/nope` not found: {NOT_FOUND}"), Code::ProgramNotFound),
        ("x/nope", 127, format!("crun: executable file `/data/x/nope` not found: {NOT_FOUND}"), Code::ProgramNotFound),
        (
            "/notes",
            126,
            "crun: the path `/notes` exists but it is not executable: Operation not permitted: OCI permission denied\n"
                .into(),
            Code::ProgramNotExecutable,
        ),
        (
            "/data",
            126,
            "crun: the path `/data` is not a regular file: Operation not permitted: OCI permission denied\n".into(),
            Code::ProgramNotExecutable,
        ),
        ("true", 127, format!("crun: chdir to `/nowhere`: {NOT_FOUND}"), Code::CwdInvalid),
        ("true", 125, "crun: chdir to `/f`: Not a directory: OCI runtime error\n".into(), Code::CwdInvalid),
    ] {
        let stderr = format!("Error: {words}{SECOND}");
        assert_eq!(ended(program, code, "", &stderr, false), Some(expected), "{words}");
    }
}

/// runc exits with 255 since 1.2, and was known to exit with 1 only.
#[test]
fn a_program_that_the_kernel_refuses_is_known_whatever_the_runtime_exits_with() {
    for (code, stderr) in [
        (1, "exec /data/broken: exec format error\n"),
        (255, "exec /data/broken: exec format error\n"),
        (255, "exec /data/broken: no such file or directory\n"),
        (1, "exec `/data/broken`: Exec format error\n"),
        (1, "exec `/data/broken`: No such file or directory\n"),
    ] {
        for had_process in [true, false] {
            assert_eq!(
                ended("/data/broken", code, "", stderr, had_process),
                Some(Code::ProgramNotExecutable),
                "{stderr}"
            );
        }
    }
    assert_eq!(ended("sh", 255, "", "exec /data/broken: exec format error\n", true), None);
    assert_eq!(ended("sh", 255, "", "", true), None);
}

/// Podman tells of no process once a command has ended, and a shell's own words were taken for the runtime's.
#[test]
fn a_shell_that_writes_like_a_runtime_is_not_taken_for_one() {
    for (stdout, stderr) in [
        ("runc: x: no such file or directory\n", ""),
        ("", "sh: line 0: nope: not found\n"),
        ("", "Error: crun: executable file `nope` not found in $PATH\n"),
        ("OCI runtime exec failed: exec failed: exec: \"nope\": executable file not found in $PATH\n", ""),
        ("looking\nOCI runtime exec failed: exec: \"sh\": executable file not found\n", ""),
        ("OCI runtime exec failed: exec: \"sh\": executable file not found\n", "more\n"),
        ("", ""),
    ] {
        assert_eq!(ended("sh", 127, stdout, stderr, false), None, "{stdout}{stderr}");
    }
    // One that had a process wrote it itself.
    let words = "OCI runtime exec failed: exec failed: exec: \"sh\": executable file not found in $PATH\n";
    assert_eq!(ended("sh", 127, words, "", true), None);
    assert_eq!(ended("sh", 127, words, "", false), Some(Code::ProgramNotFound));
}

#[test]
fn a_long_complaint_is_kept_to_a_limit() {
    let mut beginning = Beginning::default();
    beginning.keep(Stream::Stdout, &[b'x'; 10_000]);
    beginning.keep(Stream::Stdout, &[b'x'; 10_000]);
    assert_eq!(beginning.stdout.len(), Beginning::LIMIT);
}
