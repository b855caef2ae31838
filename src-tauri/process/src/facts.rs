//! What is known of a Run: the command as composed, what was started, and how it ended.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use porthole_base::error::{Code, Error, Result};

/// Where a command runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Place {
    /// On this machine, with the rights of the user who runs Porthole.
    Host,
    /// By an engine itself, which starts nothing on this machine: it builds and pulls images, and follows logs.
    Engine,
    /// In a running container of the target's engine.
    Container {
        /// Its name or id.
        name: String,
    },
}

impl Place {
    /// That there is such a place at all: the target may have no container.
    ///
    /// # Errors
    /// [`Code::ContainerNotFound`].
    pub fn named(&self) -> Result<()> {
        match self {
            Self::Container { name } if name.is_empty() => {
                Err(Error::new(Code::ContainerNotFound, "The target has no container to run a command in")
                    .hint("Choose the backend's container as the target's container."))
            }
            _ => Ok(()),
        }
    }
}

/// One environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EnvVar {
    /// The name: not empty, without `=`.
    pub name: String,
    /// The value.
    pub value: String,
}

/// What the composed variables do to the environment that is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum EnvMode {
    /// They are added, and win over those of the same name.
    #[default]
    Add,
    /// They are all there is. Only on the host: an engine always adds to the container's own.
    Replace,
}

/// A command as composed: an argument list, never a shell line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// Where it runs.
    pub place: Place,
    /// What is started: a path, or a name looked up on the `PATH` of the place.
    pub program: String,
    /// One entry an argument.
    #[serde(default)]
    pub args: Vec<String>,
    /// Working directory; the place's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cwd: Option<String>,
    /// Variables added to, or instead of, the environment that is there.
    #[serde(default)]
    pub env: Vec<EnvVar>,
    /// Which of the two.
    #[serde(default)]
    pub env_mode: EnvMode,
    /// On the host: a directory on the `PATH` besides those that are there, which is what `program` is looked up on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub bin: Option<Bin>,
    /// `user`, `user:group`, `uid` or `uid:gid` in a container; the host ignores none: it refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub user: Option<String>,
    /// How an extension's code would ask for it: with callbacks, or plain when absent. The command
    /// runs the same; what the code receives differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub stream: Option<Streaming>,
    /// What it reads from its standard input, which is empty when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub stdin: Option<Stdin>,
    /// It runs in a terminal, which begins with this size: what is typed is its input, and all that it writes is one stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub terminal: Option<TerminalSize>,
    /// Variables that are switched off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<OffVariable>>", optional)]
    pub off_env: Vec<OffVariable>,
}

/// How many characters a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TerminalSize {
    /// In a row.
    pub columns: u16,
    /// Below each other.
    pub rows: u16,
}

/// A variable that is switched off in the form: it is kept, and never set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OffVariable {
    /// Its place among all variables, on and off.
    pub at: u32,
    /// The name.
    pub name: String,
    /// The value.
    #[serde(default)]
    pub value: String,
}

/// What a command reads from its standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Stdin {
    /// This text, as UTF-8 and with no line end added.
    Text {
        /// The text.
        text: String,
    },
    /// The bytes of a file.
    File {
        /// Its full path on this machine.
        path: String,
    },
}

/// What was written to a command's standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Fed {
    /// How many bytes the command's pipe, or the engine, took.
    pub bytes: u64,
    /// All bytes were written, and the input was closed.
    pub whole: bool,
    /// Why the rest couldn't be read; absent where the command didn't take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<Error>,
}

/// Where an extension's own programs are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Bin {
    /// The directory.
    pub directory: String,
    /// It comes before the others, and not behind them.
    pub first: bool,
}

/// How callbacks are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Streaming {
    /// `splitOutputLines`: one callback a line in place of one a chunk.
    #[serde(default)]
    pub split_lines: bool,
}

impl Command {
    /// A command with the place's own directory and environment.
    pub fn new<S: Into<String>>(place: Place, program: impl Into<String>, args: impl IntoIterator<Item = S>) -> Self {
        Self {
            place,
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            cwd: None,
            env: Vec::new(),
            env_mode: EnvMode::Add,
            bin: None,
            user: None,
            stream: None,
            stdin: None,
            terminal: None,
            off_env: Vec::new(),
        }
    }
}

/// A signal that stops a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub enum Signal {
    /// Asks the group to end.
    #[serde(rename = "SIGTERM")]
    Term,
    /// As Ctrl-C in a terminal.
    #[serde(rename = "SIGINT")]
    Int,
    /// As when its terminal is closed: an interactive shell ends on this, and ignores SIGTERM.
    #[serde(rename = "SIGHUP")]
    Hup,
    /// Ends the group without asking.
    #[serde(rename = "SIGKILL")]
    Kill,
}

impl Signal {
    /// The number it has on Linux and macOS.
    pub fn number(self) -> i32 {
        match self {
            Self::Term => 15,
            Self::Int => 2,
            Self::Hup => 1,
            Self::Kill => 9,
        }
    }

    /// Its name without `SIG`, as `kill -s` takes it.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Int => "INT",
            Self::Hup => "HUP",
            Self::Kill => "KILL",
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ending {
    /// It ended by itself.
    Exited {
        /// Its exit code.
        code: i64,
    },
    /// A signal ended it. On the host the operating system says so; an engine reports only
    /// `128 + n`, so in a container this is set only for a signal that Porthole sent.
    Signaled {
        /// The signal's number.
        signal: i32,
        /// The signal's name.
        name: String,
    },
}

/// What was really started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Started {
    /// Working directory in effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Process id as the host sees it; absent when the engine does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Process id inside the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inner_pid: Option<u32>,
    /// The container's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_id: Option<String>,
    /// How its descendants are found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containment: Option<Containment>,
    /// A variable that Porthole itself added in a container, `NAME=value`, to find the command's processes again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
}

/// How the processes that a command starts are found, to be ended with it. None of these finds a process that
/// another program started for the command, such as a service manager, a scheduler or an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Containment {
    /// Its own cgroup and a supervising process: all of them.
    Cgroup,
    /// A supervising process that adopts them: all, unless one of them kills that process.
    Subreaper,
    /// The process group: not one that left it.
    ProcessGroup,
    /// A job object of Windows: all of them.
    Job,
    /// In a container with processes that this host sees: its descendants, and those that have the variable in their
    /// environment that Porthole added.
    Container,
    /// In a container with processes that this host doesn't see: those that have the variable, found by a shell in the
    /// container.
    Marker,
}

/// One step of a run, in the order in which they happen. Times are microseconds since the run
/// began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum RunEvent {
    /// The program's name was looked up in its place.
    Resolved {
        /// The file that was found.
        program: String,
    },
    /// The process is there.
    Started {
        /// When.
        at_us: u64,
        /// What was started.
        started: Started,
    },
    /// No more is written to its standard input.
    Fed {
        /// When.
        at_us: u64,
        /// How much was.
        fed: Fed,
    },
    /// A signal was sent to its group.
    StopSent {
        /// When.
        at_us: u64,
        /// Which.
        signal: Signal,
    },
    /// The process that ends what a killed Porthole leaves had ended itself, and was started again. The command is not
    /// affected.
    ReaperRestarted {
        /// When.
        at_us: u64,
    },
    /// The process ended. Its streams may still be open in other hands.
    Ended {
        /// When.
        at_us: u64,
        /// How.
        ending: Ending,
    },
    /// Process and streams are gone: nothing more will come.
    Closed {
        /// When.
        at_us: u64,
    },
    /// The run did not start, or was lost. `ending` may still have told a code.
    Failed {
        /// When.
        at_us: u64,
        /// Why.
        error: Error,
    },
}

/// One signal that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StopSent {
    /// Microseconds since the run began.
    pub at_us: u64,
    /// Which.
    pub signal: Signal,
}

/// All that is known of one command execution. What it wrote is in the Call's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Run {
    /// As composed.
    pub command: Command,
    /// The program that the name resolved to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<String>,
    /// What was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Started>,
    /// When it was started, in microseconds since the run began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_us: Option<u64>,
    /// What was written to its standard input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fed: Option<Fed>,
    /// Signals that Porthole sent.
    pub stops: Vec<StopSent>,
    /// When the process was started again that ends what a killed Porthole leaves, in microseconds since the run began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<u64>>", optional)]
    pub reaper_restarts_us: Vec<u64>,
    /// How the process ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// When the process ended, in microseconds since the run began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_us: Option<u64>,
    /// When the last stream closed, or the run failed, in microseconds since the run began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_us: Option<u64>,
    /// Why it did not start, or was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Error>,
}

impl Run {
    /// A run of which nothing has happened yet.
    pub fn new(command: Command) -> Self {
        Self {
            command,
            resolved: None,
            started: None,
            started_us: None,
            fed: None,
            stops: Vec::new(),
            reaper_restarts_us: Vec::new(),
            ending: None,
            ended_us: None,
            closed_us: None,
            failure: None,
        }
    }

    /// Adds what an event tells.
    pub fn apply(&mut self, event: RunEvent) {
        match event {
            RunEvent::Resolved { program } => self.resolved = Some(program),
            RunEvent::Started { at_us, started } => {
                self.started_us = Some(at_us);
                self.started = Some(started);
            }
            RunEvent::Fed { fed, .. } => self.fed = Some(fed),
            RunEvent::StopSent { at_us, signal } => self.stops.push(StopSent { at_us, signal }),
            RunEvent::ReaperRestarted { at_us } => self.reaper_restarts_us.push(at_us),
            RunEvent::Ended { at_us, ending } => {
                self.ended_us = Some(at_us);
                self.ending = Some(ending);
            }
            RunEvent::Closed { at_us } => self.closed_us = Some(at_us),
            RunEvent::Failed { at_us, error } => {
                self.closed_us = Some(at_us);
                self.failure = Some(error);
            }
        }
    }
}
