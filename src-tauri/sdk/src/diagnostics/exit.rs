//! What the end of a command means.

use super::{
    Evidence, Finding,
    program_text::names_carriage_return,
    text::{first_line, quoted, quoted_bytes},
};
use porthole_base::error::{Code, Error};
use porthole_process::{CARRIAGE_RETURN, Ending, Place, Run};

fn failed<'a>(evidence: &Evidence<'a>, code: Code) -> Option<(&'a Run, &'a Error)> {
    let run = evidence.run()?;
    Some((run, run.failure.as_ref().filter(|error| error.code == code)?))
}

/// What the code gets for a program that never started.
fn as_told(evidence: &Evidence<'_>, run: &Run, error: &Error) -> String {
    let in_container = matches!(run.command.place, Place::Container { .. });
    let plain = evidence.asking().is_some_and(|asking| asking.stream.is_none());
    if !in_container {
        return match plain {
            true => "A plain `exec` rejects with the shell's code 127 or 126 on Docker Desktop (inferred), with the shell's message and no code on Podman Desktop (older), and with empty output on Podman Desktop. Rancher Desktop, and every runtime with `stream`, reports `ENOENT` or `EACCES`.".to_owned(),
            false => "With callbacks, `onError` is called with `ENOENT` or `EACCES`. Don't wait for `onClose` only.".to_owned(),
        };
    }
    let words = error.detail.as_deref().map_or_else(String::new, |words| format!(" ({})", quoted(words.trim())));
    // An engine that refuses to start the command reports no exit code, and nothing is written to a stream.
    let Some(Ending::Exited { code }) = run.ending else {
        let settles = match plain {
            true => {
                "Docker Desktop and Rancher Desktop reject with code 127 or 126 and this message in `stderr`, Podman Desktop with empty output."
            }
            false => {
                "Docker Desktop and Rancher Desktop call `onClose` with 127 or 126; Podman Desktop calls `onError` with this message and `onClose(1)`."
            }
        };
        return format!("The engine doesn't start the command and reports no exit code{words}. {settles}");
    };
    // Docker's engines have them on stdout, Podman's on stderr.
    let sample = evidence.sample;
    let on_stderr = sample.stdout.counts.bytes == 0 && sample.stderr.counts.bytes > 0;
    let stream = if on_stderr { "on stderr" } else { "on stdout" };
    let empty = if on_stderr { ". On" } else { ", and stderr is empty, so code that shows stderr shows nothing. On" };
    format!(
        "The engine reports exit code {code} with its container runtime's message {stream}{words}{empty} Podman Desktop, which treats every exit code in a container as 0, the promise resolves with this message as output."
    )
}

pub(super) fn missing(evidence: &Evidence<'_>) -> Option<Finding> {
    let (run, error) = failed(evidence, Code::ProgramNotFound)?;
    // `program_with_spaces` says more.
    if super::arguments::program_with_spaces(evidence).is_some() {
        return None;
    }
    let fix = match run.command.place {
        Place::Container { .. } => {
            "Install the program, and for a script its interpreter, in the image of the compose file's first service, where `vm.cli.exec` runs, or use the full path. An image built from scratch has no shell and no `ls`, and a script with a carriage return at the end of its first line isn't found."
        }
        Place::Host | Place::Engine => {
            "Ship the program in `host.binaries` in metadata.json: Rancher Desktop looks only in the extension's folder, and on macOS an application that wasn't started from a terminal has a short `PATH`."
        }
    };
    Some(Finding::error(format!("{}.", error.message), as_told(evidence, run, error), fix))
}

pub(super) fn not_executable(evidence: &Evidence<'_>) -> Option<Finding> {
    let not_executable = || Some((failed(evidence, Code::ProgramNotExecutable)?, NOT_EXECUTABLE));
    let carriage_return = || Some((failed(evidence, Code::ScriptCarriageReturn)?, CARRIAGE_RETURN));
    let ((run, error), fix) = not_executable().or_else(carriage_return)?;
    Some(Finding::error(format!("{}.", error.message), as_told(evidence, run, error), fix))
}

const NOT_EXECUTABLE: &str = "Make the file executable (`COPY --chmod=755`, `chmod +x`), and check that it was built for this processor and system. A script must start with `#!` and an existing interpreter, without a carriage return after it.";

/// A script with the line endings of Windows, as shells, `env` and engines report it.
pub(super) fn carriage_return(evidence: &Evidence<'_>) -> Option<Finding> {
    let run = evidence.run()?;
    // Where Porthole saw the line itself, the failure says so.
    let failed = run.failure.as_ref();
    let failed = failed.is_some_and(|error| matches!(error.code, Code::ProgramNotFound | Code::ProgramNotExecutable));
    if !failed && evidence.exited().is_none_or(|code| code == 0) {
        return None;
    }
    let sample = evidence.sample;
    let outputs = [&sample.stderr.head, &sample.stderr.tail, &sample.stdout.head, &sample.stdout.tail];
    // A refused command has written nothing: its runtime's words are the failure's detail.
    let detail = run.failure.as_ref().and_then(|error| error.detail.as_deref()).unwrap_or_default();
    let mut lines = outputs.into_iter().flat_map(|bytes| bytes.split(|byte| *byte == b'\n')).chain([detail.as_bytes()]);
    let line = lines.find(|line| names_carriage_return(line))?;
    Some(Finding::error(
        "The script can't start because its first line ends in a carriage return.",
        format!(
            "The file has Windows line endings (CRLF): the carriage return becomes part of the interpreter's name, so the system looks for a program that doesn't exist. The error names a file that seems to exist: {}.",
            quoted_bytes(line.trim_ascii())
        ),
        CARRIAGE_RETURN,
    ))
}

/// What the command itself said last.
fn said(evidence: &Evidence<'_>) -> String {
    let last = |bytes: &[u8]| {
        let line = bytes.trim_ascii().rsplit(|byte| *byte == b'\n').next()?;
        first_line(line)
    };
    let said = last(&evidence.sample.stderr.tail).or_else(|| last(&evidence.sample.stdout.tail));
    said.map_or_else(String::new, |line| format!(" Last line of output: {line}."))
}

pub(super) fn exit_126(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence.exited().filter(|code| *code == 126 && carriage_return(evidence).is_none())?;
    Some(Finding::error(
        "Exit code 126: the program was found but can't be executed.",
        format!(
            "A shell returns 126 without running the program if the file isn't executable, is a directory, was built for another processor, or has no interpreter.{}",
            said(evidence)
        ),
        "Check the file with `ls -l` and `file` where it runs, and make it executable in the image (`COPY --chmod=755`).",
    ))
}

pub(super) fn exit_127(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence.exited().filter(|code| *code == 127 && carriage_return(evidence).is_none())?;
    Some(Finding::error(
        "Exit code 127: a shell didn't find the program.",
        format!(
            "The program, or the interpreter of a script, isn't on the `PATH`, which is shorter in a desktop application than in a terminal, especially on macOS.{}",
            said(evidence)
        ),
        "Use the full path, or install the program in the image; `exec(\"env\", [], { stream })` prints the `PATH`. If it is an existing script, check that its first line doesn't end in a carriage return.",
    ))
}

/// The signals that a command ends by, with the numbers that they have on Linux.
fn signal(number: i64) -> Option<&'static str> {
    Some(match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return None,
    })
}

/// What such an end most likely means, and what to do.
fn meaning(signal: &str) -> (&'static str, &'static str) {
    match signal {
        "SIGKILL" => (
            "it was killed, often because memory ran out",
            "Look for `OOMKilled` in `docker inspect` and for `oom` in the kernel log: the container needs more memory or the command less work. Otherwise find the sender, for example `kill -9` or `docker kill`.",
        ),
        "SIGSEGV" | "SIGBUS" => (
            "it crashed with an invalid memory access",
            "Run it in a debugger or with a sanitizer. Programs built for another C library (glibc in an Alpine image) or emulated for another processor can crash like this.",
        ),
        "SIGABRT" => (
            "it aborted itself",
            "Read the end of stderr. Common causes are a failed assertion, an uncaught exception and a corrupted heap.",
        ),
        "SIGILL" | "SIGTRAP" | "SIGSYS" => (
            "it used a forbidden instruction or system call",
            "Check that it was built for this processor and which system calls the container allows.",
        ),
        "SIGFPE" => ("it divided by zero or overflowed", "Check its input for values that it doesn't expect."),
        "SIGPIPE" => (
            "it wrote to a pipe that was closed",
            "Programs like `head` close the pipe early, so this is often not an error.",
        ),
        "SIGTERM" => (
            "it was terminated",
            "Find the sender: `kill`, `docker stop`, a time limit or `close()`. A command that has to finish its work first must handle the signal.",
        ),
        "SIGINT" => (
            "it was interrupted, as by Ctrl-C",
            "Find the sender. A terminal sends it to all processes that run in it.",
        ),
        "SIGHUP" => ("its terminal or session closed", "Start long-running programs with `setsid` or as a service."),
        "SIGALRM" | "SIGXCPU" => ("its time limit was reached", "Raise the limit, or give it less work."),
        _ => ("a signal ended it", "Find out which process sent the signal."),
    }
}

/// `128 + n`: a shell's way to say that a signal ended a command, and an engine's.
pub(super) fn exit_of_signal(evidence: &Evidence<'_>) -> Option<Finding> {
    let code = evidence.exited().filter(|code| (129..=159).contains(code))?;
    let name = signal(code - 128)?;
    let (meaning, fix) = meaning(name);
    Some(Finding::error(
        format!("Exit code {code} (128 + {}, {name}): {meaning}.", code - 128),
        format!(
            "Your code gets a normal exit code without `signal`, because engines and shells report nothing else; a program can also choose this number itself.{}",
            said(evidence)
        ),
        fix,
    ))
}

pub(super) fn ended_by_signal(evidence: &Evidence<'_>) -> Option<Finding> {
    let run = evidence.run().filter(|run| run.failure.is_none())?;
    let Some(Ending::Signaled { name, .. }) = &run.ending else { return None };
    // The user who stopped a command knows why it ended.
    if !run.stops.is_empty() {
        return None;
    }
    let (meaning, fix) = meaning(name);
    let impact = match evidence.asking()?.stream {
        None => {
            "There is no exit code: Docker Desktop rejects with `code: null` and the name in `signal` (inferred), Rancher Desktop with `signal`, and Podman Desktop treats it as success."
        }
        Some(_) => {
            "There is no exit code: Docker Desktop (inferred) and Podman Desktop call `onClose(null)`, and Rancher Desktop calls `onError` with the signal and never calls `onClose`."
        }
    };
    Some(Finding::error(format!("{name} ended the command: {meaning}."), format!("{impact}{}", said(evidence)), fix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_that_is_named_has_words() {
        for name in (1..32).filter_map(signal) {
            let (meaning, fix) = meaning(name);
            assert!(!meaning.is_empty() && fix.ends_with('.'), "{name}");
        }
        assert_eq!([9, 11, 15, 17].map(signal), [Some("SIGKILL"), Some("SIGSEGV"), Some("SIGTERM"), None]);
    }
}
