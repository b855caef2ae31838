//! What the end of a command means.

use super::{
    Evidence, Finding,
    words::{first_line, quoted, quoted_bytes},
};
use crate::{
    error::{Code, Error},
    run::{CARRIAGE_RETURN, Ending, Place, Run},
};

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
            true => "A plain exec of Docker Desktop goes through a shell (reported), which answers with exit code 127 or 126 and its own words on stderr. Elsewhere, and with `stream`, there is no exit code: the error names `ENOENT` or `EACCES`.".to_owned(),
            false => "With callbacks `onError` is called with an error that names `ENOENT` or `EACCES`; do not wait for `onClose` alone.".to_owned(),
        };
    }
    let code = match run.ending {
        Some(Ending::Exited { code }) => format!("exit code {code}"),
        _ => "exit code 126 or 127".to_owned(),
    };
    let words = error.detail.as_deref().map_or_else(String::new, |words| format!(" ({})", quoted(words.trim())));
    // Docker's engines have them on stdout, Podman's on stderr.
    let sample = evidence.sample;
    let on_stderr = sample.stdout.counts.bytes == 0 && sample.stderr.counts.bytes > 0;
    let stands = if on_stderr { "on stderr" } else { "on stdout" };
    let empty = if on_stderr { ". On" } else { " and an empty stderr. Code that shows stderr shows nothing, and on" };
    format!(
        "The engine reports it as {code} with the words of its runtime {stands}{words}{empty} Podman Desktop, where the exit code in a container counts as 0, the promise resolves with these words for output."
    )
}

pub(super) fn missing(evidence: &Evidence<'_>) -> Option<Finding> {
    let (run, error) = failed(evidence, Code::ProgramNotFound)?;
    // That one is told of with more.
    if super::arguments::program_with_spaces(evidence).is_some() {
        return None;
    }
    let advice = match run.command.place {
        Place::Container { .. } => {
            "Install the program in the image, or give its whole path. A script is also reported as missing when its interpreter is, or when its first line ends in a carriage return. An image from scratch has no shell and no `ls`; `vm.cli.exec` runs in the first service of the compose file, which may be another image."
        }
        Place::Host | Place::Engine => {
            "Ship the program as one of `host.binaries` in metadata.json: Rancher Desktop looks in the extension's own folder alone, and an application that was not started from a terminal has a short `PATH` on macOS."
        }
    };
    Some(Finding::error(format!("{}.", capital(&error.message)), as_told(evidence, run, error), advice))
}

pub(super) fn not_executable(evidence: &Evidence<'_>) -> Option<Finding> {
    let not_executable = || Some((failed(evidence, Code::ProgramNotExecutable)?, NOT_EXECUTABLE));
    let carriage_return = || Some((failed(evidence, Code::ScriptCarriageReturn)?, CARRIAGE_RETURN));
    let ((run, error), advice) = not_executable().or_else(carriage_return)?;
    Some(Finding::error(format!("{}.", capital(&error.message)), as_told(evidence, run, error), advice))
}

const NOT_EXECUTABLE: &str = "Set the run bit (`COPY --chmod=755`, `chmod +x`), check that the file was built for this processor and system, and that a script begins with `#!`, an interpreter that exists, and no carriage return after it.";

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
    let detail = run.failure.as_ref().and_then(|error| error.detail.as_deref()).unwrap_or_default();
    let mut lines = outputs.into_iter().flat_map(|bytes| bytes.split(|byte| *byte == b'\n')).chain([detail.as_bytes()]);
    let line = lines.find(|line| names_carriage_return(line))?;
    Some(Finding::error(
        format!(
            "The script can't start: its first line ends in a carriage return. Reported as {}.",
            quoted_bytes(line.trim_ascii())
        ),
        "The file has Windows line endings (CRLF). The carriage return counts as the last character of the interpreter's name, so the system looks for a program that doesn't exist, and its message names a file that seems to be there.",
        CARRIAGE_RETURN,
    ))
}

/// `/bin/sh^M: bad interpreter`, `env: 'bash\r': No such file or directory`, `$'\r': command not found`.
fn names_carriage_return(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let has = |part: &[u8]| memchr::memmem::find(line, part).is_some();
    let missing = || has(b"No such file or directory") || has(b"no such file or directory") || has(b"not found");
    let names = || [&b"^M"[..], b"\r'", b"\\r'", b"\\r\"", b"\r:", b"\\r:"].iter().any(|end| has(end));
    (has(b"bad interpreter") || missing()) && names()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What the command itself said last.
fn said(evidence: &Evidence<'_>) -> String {
    let last = |bytes: &[u8]| {
        let line = bytes.trim_ascii().rsplit(|byte| *byte == b'\n').next()?;
        first_line(line)
    };
    let said = last(&evidence.sample.stderr.tail).or_else(|| last(&evidence.sample.stdout.tail));
    said.map_or_else(String::new, |line| format!(" Its last words: {line}"))
}

pub(super) fn exit_126(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence.exited().filter(|code| *code == 126 && carriage_return(evidence).is_none())?;
    Some(Finding::error(
        format!("The command ended with 126: something was found and could not be executed.{}", said(evidence)),
        "126 comes from a shell, not from the program: the file has no run bit, is a directory, was built for another processor, or its interpreter is missing. The program itself never ran.",
        "Look at the file with `ls -l` and `file` where it runs, and set the run bit in the image (`COPY --chmod=755`).",
    ))
}

pub(super) fn exit_127(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence.exited().filter(|code| *code == 127 && carriage_return(evidence).is_none())?;
    Some(Finding::error(
        format!(
            "The command ended with 127: a shell found no program of the name that it was given.{}",
            said(evidence)
        ),
        "The program is not on the `PATH` there, or a script's interpreter is not. The `PATH` of a desktop application is shorter than that of a terminal, on macOS most of all.",
        "Give the whole path, or install the program in the image. If it is a script that is there, check that its first line doesn't end in a carriage return. Print `PATH` with `exec(\"env\", [], { stream })` to see what there is.",
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
            "somebody killed it: most often the system, because memory ran out, or a limit of the container; else `kill -9` or `docker kill`",
            "Look for `OOMKilled` in `docker inspect` and for `oom` in the kernel's log, and give the container more memory or the command less to do.",
        ),
        "SIGSEGV" | "SIGBUS" => (
            "it crashed on memory that is not its own",
            "Run it under a debugger or with a sanitizer. A program for another C library (glibc in an Alpine image) and one under emulation of another processor crash like this.",
        ),
        "SIGABRT" => (
            "it gave up by itself: a failed assertion, an uncaught exception, a broken heap",
            "Its last words on stderr name the place.",
        ),
        "SIGILL" | "SIGTRAP" | "SIGSYS" => (
            "it met an instruction or a system call that is not allowed there",
            "Check that it is built for this processor, and which system calls the container may use.",
        ),
        "SIGFPE" => ("it divided by zero or overflowed", "Its input holds a value that it does not expect."),
        "SIGPIPE" => (
            "it wrote to somebody who reads no more",
            "In a pipe, `head` and the like end the one before them so: that is often no mistake.",
        ),
        "SIGTERM" => (
            "it was asked to end: by `kill`, `docker stop`, a time limit, or `close()`",
            "Find who sends it. A command that should finish its work first has to handle it.",
        ),
        "SIGINT" => {
            ("it was interrupted, as by Ctrl-C", "Find who sends it: a terminal sends it to all that run in it.")
        }
        "SIGHUP" => ("its terminal or its session ended", "Start what has to stay with `setsid` or as a service."),
        "SIGALRM" | "SIGXCPU" => ("its time was up", "Raise the limit, or give it less to do."),
        _ => ("a signal ended it", "Find who sends it."),
    }
}

/// `128 + n`: a shell's way to say that a signal ended a command, and an engine's.
pub(super) fn exit_of_signal(evidence: &Evidence<'_>) -> Option<Finding> {
    let code = evidence.exited().filter(|code| (129..=159).contains(code))?;
    let name = signal(code - 128)?;
    let (meaning, advice) = meaning(name);
    Some(Finding::error(
        format!(
            "The command ended with {code}, which is 128 + {} for {name}: {meaning}.{}",
            code - 128,
            said(evidence)
        ),
        "The code gets it as an exit code like any other and no `signal`: neither an engine nor a shell says more. A program may also choose this number itself.",
        advice,
    ))
}

pub(super) fn ended_by_signal(evidence: &Evidence<'_>) -> Option<Finding> {
    let run = evidence.run().filter(|run| run.failure.is_none())?;
    let Some(Ending::Signaled { name, .. }) = &run.ending else { return None };
    // Whoever stops a command knows why it ended.
    if !run.stops.is_empty() {
        return None;
    }
    let (meaning, advice) = meaning(name);
    let matters = match evidence.asking()?.stream {
        None => {
            "There is no exit code: Docker Desktop rejects with `code: null` and the name in `signal` (inferred), Rancher Desktop with `signal`, and on Podman Desktop it counts as success."
        }
        Some(_) => {
            "There is no exit code: `onClose(null)` on Docker Desktop (inferred) and Podman Desktop; on Rancher Desktop `onError` is called with the signal and `onClose` never."
        }
    };
    Some(Finding::error(format!("{name} ended the command: {meaning}.{}", said(evidence)), matters, advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_that_is_named_has_words() {
        for name in (1..32).filter_map(signal) {
            let (meaning, advice) = meaning(name);
            assert!(!meaning.is_empty() && advice.ends_with('.'), "{name}");
        }
        assert_eq!([9, 11, 15, 17].map(signal), [Some("SIGKILL"), Some("SIGSEGV"), Some("SIGTERM"), None]);
    }
}
