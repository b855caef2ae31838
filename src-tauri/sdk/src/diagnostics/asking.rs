//! A command as an extension's code asks for it, or would.

use crate::{
    call::{Act, Call},
    runtime::Runtime,
    sdk_call::{CliTarget, Sdk, SdkCall},
};
use porthole_process::{EnvVar, Place, Streaming};

/// The arguments of the code's `exec` call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking<'a> {
    pub whose: CliTarget,
    pub program: &'a str,
    pub args: &'a [String],
    /// The program is a whole command line, as the deprecated functions take it.
    pub line: bool,
    pub cwd: Option<&'a str>,
    pub env: &'a [EnvVar],
    pub stream: Option<Streaming>,
}

impl<'a> Asking<'a> {
    /// What code asked for when it made the Call, else what it would have to ask for. A Runtime may
    /// have made another command of it: of one line for a shell, say.
    pub fn of(call: &'a Call) -> Option<Self> {
        match (&call.sdk, &call.act) {
            (Some(Sdk { asked: SdkCall::Exec(exec), .. }), _) => Some(Self {
                whose: exec.whose,
                program: &exec.cmd,
                args: &exec.args,
                line: exec.line,
                cwd: exec.cwd.as_deref(),
                env: &exec.env,
                stream: exec.stream,
            }),
            (Some(_), _) | (None, Act::Exchange(_)) => None,
            (None, Act::Run(run)) => Some(Self {
                whose: match run.command.place {
                    Place::Host => CliTarget::Host,
                    Place::Engine => CliTarget::Docker,
                    Place::Container { .. } => CliTarget::Vm,
                },
                program: &run.command.program,
                args: &run.command.args,
                line: false,
                cwd: run.command.cwd.as_deref(),
                env: &run.command.env,
                stream: run.command.stream,
            }),
        }
    }

    /// The Runtimes that join program and arguments to a line for a shell: with callbacks none
    /// does. Docker Desktop's is reported; the older Podman Desktop's is in its source.
    pub fn shells(&self) -> Vec<Runtime> {
        match (self.stream, self.whose) {
            (Some(_), _) => Vec::new(),
            (None, CliTarget::Host) => vec![Runtime::DockerDesktop, Runtime::PodmanDesktopOlder],
            (None, CliTarget::Vm | CliTarget::Docker) => vec![Runtime::DockerDesktop],
        }
    }

    /// The arguments after the program.
    pub fn words(&self) -> Vec<&'a str> {
        match self.line {
            true => self.program.split_whitespace().skip(1).collect(),
            false => self.args.iter().map(String::as_str).collect(),
        }
    }

    /// The program without its folder.
    pub fn name(&self) -> &'a str {
        let word = if self.line { self.program.split_whitespace().next() } else { None };
        word.unwrap_or(self.program).rsplit(['/', '\\']).next().unwrap_or_default()
    }

    /// The program is a shell, which runs the argument after `-c` as a script.
    pub fn is_shell(&self) -> bool {
        ["sh", "bash", "ash", "dash", "zsh", "ksh"].contains(&self.name())
    }
}
