//! What a Run comes to for a caller that waits for it.

use super::{
    End, SdkOutcome, Text, Value, Written,
    callbacks::CallbackRules,
    docker_desktop,
    podman_desktop::{self, Generation},
    rancher_desktop,
};
use crate::{
    runtime::{Rule, Runtime},
    sdk_call::SdkExec,
};
use porthole_base::error::Code;
use porthole_process::{Ending, Place, Run, Signal};

/// How a command ended, as far as Runtimes make a difference of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExitOutcome {
    /// It has not.
    Running,
    /// It will never be known: Porthole ended before it, or could not follow it.
    Unknown,
    /// It ended by itself. `said` is what an engine said that did not start it at all.
    Exited { code: i64, said: Option<String> },
    /// A signal ended it.
    Signaled { name: String },
    /// There is no such program on this machine.
    NoProgram { program: String },
    /// It cannot be executed.
    NotExecutable { program: String },
    /// There is no such working directory on this machine.
    NoDirectory,
    /// There is no engine, or none of its containers is the right one.
    Refused { message: String },
}

impl ExitOutcome {
    pub fn of(run: &Run) -> Self {
        let in_container = run.command.place != Place::Host;
        if let Some(error) = &run.failure {
            let program = run.command.program.clone();
            let exited = |otherwise: i64| match &run.ending {
                // The engine told a code, and its words are in the output.
                Some(Ending::Exited { code }) => Self::Exited { code: *code, said: None },
                _ => Self::Exited { code: otherwise, said: Some(error.detail.clone().unwrap_or_default()) },
            };
            return match error.code {
                // Stopped before it was started: as if it had been stopped at once.
                Code::Cancelled if run.started.is_none() => Self::Signaled { name: "SIGTERM".to_owned() },
                Code::ProgramNotFound if in_container => exited(127),
                Code::ProgramNotExecutable | Code::ScriptCarriageReturn | Code::CwdInvalid if in_container => {
                    exited(126)
                }
                Code::ProgramNotFound => Self::NoProgram { program },
                // Porthole refuses it; the code gets the error that is nearest.
                Code::ProgramNotExecutable | Code::ScriptCarriageReturn | Code::PathThroughProc => {
                    Self::NotExecutable { program }
                }
                Code::CwdInvalid => Self::NoDirectory,
                Code::EngineAddressInvalid
                | Code::EngineUnavailable
                | Code::EngineRefused
                | Code::EngineUnexpected
                | Code::ContainerNameInvalid
                | Code::ContainerNotFound
                | Code::ContainerNotRunning
                | Code::ContainerPaused => Self::Refused { message: error.message.clone() },
                Code::CommandInvalid if in_container => Self::Refused { message: error.message.clone() },
                _ => Self::Unknown,
            };
        }
        match (&run.ending, run.closed_us) {
            (Some(Ending::Exited { code }), Some(_)) => Self::Exited { code: *code, said: None },
            // An engine tells no signals, only 128 and their number.
            (Some(Ending::Signaled { signal, .. }), Some(_)) if in_container => {
                Self::Exited { code: 128 + i64::from(*signal), said: None }
            }
            (Some(Ending::Signaled { name, .. }), Some(_)) => Self::Signaled { name: name.clone() },
            _ => Self::Running,
        }
    }

    /// What a shell makes of a program that cannot be started: its exit code and its words, as
    /// dash has them.
    pub(super) fn in_shell(&self) -> (i64, String) {
        match self {
            Self::NotExecutable { program } => (126, format!("/bin/sh: 1: {program}: Permission denied\n")),
            Self::NoProgram { program } => (127, format!("/bin/sh: 1: {program}: not found\n")),
            _ => (0, String::new()),
        }
    }
}

/// What a command wrote, as texts.
pub(super) struct CapturedOutput<'a> {
    written: Written<'a>,
    /// How long the longer one is.
    pub longest: u64,
}

impl<'a> CapturedOutput<'a> {
    pub(super) fn new(written: Written<'a>) -> Self {
        Self { written, longest: written.stdout_len.max(written.stderr_len) }
    }

    pub(super) fn stdout(&self) -> Value {
        let Written { stdout, stdout_len, limit, .. } = self.written;
        Value::Text(Text::of(stdout, stdout_len, limit))
    }

    pub(super) fn stderr(&self) -> Value {
        let Written { stderr, stderr_len, limit, .. } = self.written;
        Value::Text(Text::of(stderr, stderr_len, limit))
    }

    /// Standard error, or the message in its place.
    pub(super) fn stderr_or(&self, said: Option<&str>) -> Value {
        said.map_or_else(|| self.stderr(), Value::text)
    }
}

/// When `close()` was called, if it was: that is SIGTERM, and no other signal is.
pub(super) fn closed_at(run: &Run) -> Option<u64> {
    run.stops.iter().find(|stop| stop.signal == Signal::Term).map(|stop| stop.at_us)
}

/// What `exec` gives on a Runtime. `line` is the command with its arguments as it was started.
pub(super) fn outcome(run: &Run, asked: &SdkExec, written: Written<'_>, runtime: Runtime) -> (SdkOutcome, Vec<Rule>) {
    let exit = ExitOutcome::of(run);
    if let Some(stream) = asked.stream {
        let rules = match runtime {
            Runtime::DockerDesktop => docker_desktop::streaming(&exit, stream.split_lines),
            Runtime::RancherDesktop => rancher_desktop::streaming(&exit, stream.split_lines, closed_at(run).is_some()),
            Runtime::PodmanDesktop | Runtime::PodmanDesktopOlder => podman_desktop::streaming(
                stream.split_lines,
                run.command.place != Place::Host,
                closed_at(run).is_some(),
            ),
        };
        let end = ends(run, runtime).pop().unwrap_or(End::Open);
        return (SdkOutcome::Streamed { end }, rules);
    }
    let captured = CapturedOutput::new(written);
    match runtime {
        Runtime::DockerDesktop => docker_desktop::finished(&exit, asked, &captured),
        Runtime::RancherDesktop => {
            let words = [&run.command.program].into_iter().chain(&run.command.args);
            let line = words.map(String::as_str).collect::<Vec<_>>().join(" ");
            rancher_desktop::finished(&exit, &line, &captured)
        }
        Runtime::PodmanDesktop | Runtime::PodmanDesktopOlder => {
            podman_desktop::finished(&exit, asked, &captured, Generation::of(runtime))
        }
    }
}

/// How a Runtime makes callbacks of what a command writes.
pub fn callback_rules(run: &Run, runtime: Runtime, split: bool) -> CallbackRules {
    match runtime {
        Runtime::DockerDesktop => docker_desktop::callback_rules(split),
        Runtime::RancherDesktop => rancher_desktop::callback_rules(split, closed_at(run)),
        Runtime::PodmanDesktop | Runtime::PodmanDesktopOlder => {
            podman_desktop::callback_rules(split, run.command.place != Place::Host)
        }
    }
}

/// The callbacks that tell how a streaming `exec` ended; none while it goes on.
pub fn ends(run: &Run, runtime: Runtime) -> Vec<End> {
    // Nothing was done: Porthole told the code so.
    if let Some(error) = run.failure.as_ref().filter(|error| error.is_skipped()) {
        return vec![End::Error { error: Value::error(error.message.clone()) }];
    }
    let exit = ExitOutcome::of(run);
    match runtime {
        Runtime::DockerDesktop => docker_desktop::ends(&exit),
        Runtime::RancherDesktop => rancher_desktop::ends(&exit, closed_at(run).is_some()),
        Runtime::PodmanDesktop | Runtime::PodmanDesktopOlder => {
            podman_desktop::ends(&exit, run.command.place != Place::Host)
        }
    }
}
