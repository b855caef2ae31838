//! What a Run comes to for a caller that waits for it.

use super::{End, SdkOutcome, Text, Value, Written, callbacks::CallbackRules};
use crate::{
    runtime::{Execution, Rule, Runtime},
    sdk_call::SdkExec,
};
use porthole_base::error::Code;
use porthole_process::{Ending, Place, Run};

/// How a command ended, as far as Runtimes make a difference of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExitOutcome {
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
    pub(crate) fn in_shell(&self) -> (i64, String) {
        match self {
            Self::NotExecutable { program } => (126, format!("/bin/sh: 1: {program}: Permission denied\n")),
            Self::NoProgram { program } => (127, format!("/bin/sh: 1: {program}: not found\n")),
            _ => (0, String::new()),
        }
    }
}

/// What a command wrote, as texts.
pub(crate) struct CapturedOutput<'a> {
    written: Written<'a>,
    /// How long the longer one is.
    pub longest: u64,
}

impl<'a> CapturedOutput<'a> {
    pub(crate) fn new(written: Written<'a>) -> Self {
        Self { written, longest: written.stdout_len.max(written.stderr_len) }
    }

    pub(crate) fn stdout(&self) -> Value {
        let Written { stdout, stdout_len, limit, .. } = self.written;
        Value::Text(Text::of(stdout, stdout_len, limit))
    }

    pub(crate) fn stderr(&self) -> Value {
        let Written { stderr, stderr_len, limit, .. } = self.written;
        Value::Text(Text::of(stderr, stderr_len, limit))
    }

    /// Standard error, or the message in its place.
    pub(crate) fn stderr_or(&self, said: Option<&str>) -> Value {
        said.map_or_else(|| self.stderr(), Value::text)
    }
}

/// The result of `exec` on a runtime.
pub(crate) fn outcome(run: &Run, asked: &SdkExec, written: Written<'_>, runtime: Runtime) -> (SdkOutcome, Vec<Rule>) {
    let (behavior, execution) = (runtime.behavior(), Execution::of(run));
    let Some(stream) = asked.stream else {
        return behavior.finished(&execution, asked, &CapturedOutput::new(written));
    };
    let end = ends(run, runtime).pop().unwrap_or(End::Open);
    (SdkOutcome::Streamed { end }, behavior.streaming(&execution, stream.split_lines))
}

/// How a runtime makes callbacks of the output of a command.
pub fn callback_rules(run: &Run, runtime: Runtime, split: bool) -> CallbackRules {
    runtime.behavior().callback_rules(&Execution::of(run), split)
}

/// The callbacks that tell how a streaming `exec` ended; none while it runs.
pub fn ends(run: &Run, runtime: Runtime) -> Vec<End> {
    // Nothing was done: Porthole told the code so.
    if let Some(error) = run.failure.as_ref().filter(|error| error.is_skipped()) {
        return vec![End::Error { error: Value::error(error.message.clone()) }];
    }
    runtime.behavior().ends(&Execution::of(run))
}
