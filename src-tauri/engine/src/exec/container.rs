//! A command in a container, by the engine's exec.

mod terminal;
mod watched;

use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bollard::{
    container::LogOutput,
    errors::Error as ApiError,
    exec::{CreateExecOptions, StartExecOptions, StartExecResults},
};
use futures_util::{Stream as Frames, StreamExt};
use tokio::{
    io::AsyncWrite,
    time::{Instant, timeout},
};

use watched::Watched;

use super::{
    exec_failure::{Beginning, not_started},
    exec_signal::ExecProcess,
    lookup::{Answer, CheckInterval, Question, answered, lookup},
};
use crate::reaper::Reaper;
use crate::{Engine, diagnose::was_reset};
use porthole_base::{
    error::{Code, Error, Result},
    random::random_id,
    reference::ContainerName,
};
use porthole_output::Stream;
use porthole_output::record::{Clock, Gate, Record, until};
use porthole_process::{
    Command, Containment, Ending, EnvMode, Feed, GroupReaper, Input, Restarts, RunEvent, Signal, Sizes, Started, Stops,
    check, host_pid,
};

/// How often to query the engine whether a silent command still runs.
const ASK: Duration = Duration::from_secs(1);
/// How long an engine may report nothing about a command after its streams ended.
pub(super) const SILENCE: Duration = Duration::from_secs(5);
/// How often to query the process ID at first.
const ASK_AT_START: Duration = Duration::from_millis(10);
/// How often to query it after the streams have ended: the result comes soon.
const ASK_AT_END: Duration = Duration::from_millis(2);

/// Runs a command in a running container and records what it does. The last event is `Closed` or
/// `Failed`.
///
/// When this future is dropped, the command is ended by the reaper as soon as this process ends.
pub async fn run_in_container(
    engine: &Engine,
    container: &str,
    command: &Command,
    mut stops: Stops,
    reaper: Option<Arc<Reaper>>,
    record: &mut dyn Record<RunEvent>,
) {
    let clock = Clock::start();
    // Part of a request's path from here on.
    let ended = match container.parse() {
        Ok(name) => attend(engine, &name, command, &mut stops, reaper, clock, record).await,
        Err(error) => Err(error),
    };
    match ended {
        Ok(()) => record.event(RunEvent::Closed { at_us: clock.now_us() }),
        Err(error) => record.event(RunEvent::Failed { at_us: clock.now_us(), error }),
    }
}

async fn attend(
    engine: &Engine,
    container: &ContainerName,
    command: &Command,
    stops: &mut Stops,
    reaper: Option<Arc<Reaper>>,
    clock: Clock,
    record: &mut dyn Record<RunEvent>,
) -> Result<()> {
    let (keys, sizes) = stops.terminal().map(|typed| (typed.keys, typed.sizes)).unzip();
    let input = Input::of(command, keys).await?;
    let (inside, container_started) = stops.unless_stopped(create(engine, container, command)).await?;
    // Before the start: the engine may have started it when this process is killed.
    let watched = Watched::new(reaper, &inside);
    let mut exec = Exec::new(engine, container, inside, container_started);
    let ended = match stops.unless_stopped(attach(engine, container, command, &exec.inside)).await {
        Ok((frames, into)) => {
            let mut feed = Feed::new(input, Some(Box::new(into)));
            let ended = exec.follow(command, (frames, &mut feed, sizes), stops, &watched, clock, record).await;
            feed.end(None, clock, record);
            ended
        }
        Err(error) => {
            exec.was_refused = error.code != Code::Cancelled;
            Err(error)
        }
    };
    watched.end(&mut exec).await;
    ended
}

type Output = Pin<Box<dyn Frames<Item = std::result::Result<LogOutput, ApiError>> + Send>>;
/// Where a command's input is written to.
type Into = Pin<Box<dyn AsyncWrite + Send>>;

/// Makes the exec, which does not start it. With it comes when the container was started.
async fn create(
    engine: &Engine,
    container: &ContainerName,
    command: &Command,
) -> Result<(ExecProcess, Option<String>)> {
    check(command)?;
    if command.env_mode == EnvMode::Replace {
        return Err(Error::new(
            Code::CommandInvalid,
            "An engine can only add to a container's environment, not replace it",
        )
        .hint("To clear one variable, set it to an empty value. To clear all, run the command with `env -i`."));
    }
    let found = engine.running(container).await?;
    let is_seen = found.pid.is_some_and(|pid| host_pid::sees(pid, &found.id));
    let marker = marker()?;
    let variables = command.env.iter().map(|var| format!("{}={}", var.name, var.value));
    let options = CreateExecOptions {
        cmd: Some([&command.program].into_iter().chain(&command.args).cloned().collect()),
        env: Some(variables.chain([marker.clone()]).collect()),
        working_dir: command.cwd.clone(),
        user: command.user.clone(),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        attach_stdin: (command.stdin.is_some() || command.terminal.is_some()).then_some(true),
        tty: command.terminal.map(|_| true),
        ..CreateExecOptions::default()
    };
    let made = engine.create_exec(&found.id, &options).await;
    let exec = match made {
        Ok(exec) => exec,
        // Newer engines look for the user when the exec is made.
        Err(error) => return Err(refused(engine, error, container, command).await),
    };
    let (engine, user) = (engine.address().clone(), command.user.clone());
    let known = BTreeSet::new();
    let container = found.id;
    let inside = ExecProcess { engine, container, exec, marker, is_seen, user, inner_pid: None, group: None, known };
    Ok((inside, found.started))
}

/// How the variables begin that this Porthole adds.
fn marker_of_all() -> Result<&'static str> {
    static MARKER: OnceLock<String> = OnceLock::new();
    if let Some(marker) = MARKER.get() {
        return Ok(marker);
    }
    let id = random_id()?;
    Ok(MARKER.get_or_init(|| format!("PORTHOLE_EXEC={}-{id}-", std::process::id())))
}

/// A variable that no other command has. It ends so that none is the beginning of another.
fn marker() -> Result<String> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Ok(format!("{}{}.", marker_of_all()?, NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// Starts the exec with its streams.
async fn attach(
    engine: &Engine,
    container: &ContainerName,
    command: &Command,
    inside: &ExecProcess,
) -> Result<(Output, Into)> {
    if let Some(size) = command.terminal {
        return match engine.attach_terminal(&inside.exec, size).await {
            Err(error) => Err(refused(engine, error, container, command).await),
            Ok(connection) => Ok(terminal::halves(connection)),
        };
    }
    // Frames are 32 KiB at most; what is read at once may hold several.
    let options = StartExecOptions { output_capacity: Some(64 * 1024), ..StartExecOptions::default() };
    match engine.docker().start_exec(&inside.exec, Some(options)).await {
        Err(error) => Err(refused(engine, error, container, command).await),
        Ok(StartExecResults::Attached { output, input }) => Ok((output, input)),
        Ok(StartExecResults::Detached) => {
            Err(Error::new(Code::EngineUnexpected, "The engine started the command without its streams"))
        }
    }
}

/// What a refusal of the exec or of its start means.
async fn refused(engine: &Engine, error: ApiError, container: &ContainerName, command: &Command) -> Error {
    let said = match &error {
        ApiError::DockerResponseServerError { message, .. } => message.clone(),
        _ => String::new(),
    };
    let explained = engine.explain_about(error, container).await;
    if explained.code != Code::EngineRefused {
        return explained;
    }
    let status = explained.status;
    not_started(&said, command).map_or(explained, |why| Error { status, ..why })
}

struct Exec<'a> {
    engine: &'a Engine,
    name: &'a str,
    inside: ExecProcess,
    /// When its container was started, in the engine's words: another time is another start.
    container_started: Option<String>,
    /// When the engine first told a process id.
    appeared_us: Option<u64>,
    started: bool,
    ended: bool,
    exit_code: Option<i64>,
    asked: u32,
    /// Since when the streams have ended and the engine tells neither process nor exit code.
    silent_since: Option<u64>,
    stopped: Vec<Signal>,
    /// The engine refused to start it.
    was_refused: bool,
}

impl<'a> Exec<'a> {
    fn new(engine: &'a Engine, name: &'a str, inside: ExecProcess, container_started: Option<String>) -> Self {
        Self {
            engine,
            name,
            inside,
            container_started,
            appeared_us: None,
            started: false,
            ended: false,
            exit_code: None,
            asked: 0,
            silent_since: None,
            stopped: Vec::new(),
            was_refused: false,
        }
    }

    #[expect(clippy::too_many_lines, reason = "the one place that waits for all that can happen to the command")]
    async fn follow(
        &mut self,
        command: &Command,
        (mut frames, feed, sizes): (Output, &mut Feed, Option<Sizes>),
        stops: &mut Stops,
        watched: &Watched,
        clock: Clock,
        record: &mut dyn Record<RunEvent>,
    ) -> Result<()> {
        let mut feeding = std::pin::pin!(feed.run());
        let mut resizing = std::pin::pin!(terminal::follow_sizes(self.engine, self.inside.exec.clone(), sizes));
        let reads = command.stdin.is_some() || command.terminal.is_some();
        let mut open = true;
        let mut beginning = Beginning::default();
        let mut lookup = std::pin::pin!(lookup(self.engine, self.inside.container.clone(), command));
        let mut looked_up = false;
        let mut restarts = Restarts::of(watched.0.as_deref().map(|reaper| reaper as &dyn GroupReaper));
        let mut looking = CheckInterval::new();
        // The first question comes soon, for the process id; later ones only check on it.
        let mut asking = tokio::time::interval_at(tokio::time::Instant::now() + ASK_AT_START, ASK_AT_START);
        let mut question: Option<Question> = None;
        let mut killed: Option<Instant> = None;
        let mut gate = Gate::default();
        while open || !self.ended {
            if self.ended {
                gate.end();
            }
            if gate.is_over(record) {
                return Ok(());
            }
            let full = gate.full(record);
            let may_read = full.is_none();
            tokio::select! {
                () = until(full), if !may_read => {}
                frame = frames.next(), if open && may_read => match frame {
                    Some(Ok(frame)) => {
                        let (stream, bytes) = stream_of(frame);
                        beginning.keep(stream, &bytes);
                        record.chunk(stream, clock.now_us(), &bytes)?;
                        gate.read(bytes.len());
                    }
                    Some(Err(error)) if !reads || !was_reset(&error) => return Err(self.lost(error).await),
                    // An engine may reset the connection when a command ends without reading its input. All output was
                    // read before the error, and the exit code is still to come.
                    Some(Err(_)) | None => {
                        open = false;
                        asking = tokio::time::interval(ASK_AT_END);
                        self.asked = 0;
                    }
                },
                _ = asking.tick(), if question.is_none() && !self.ended => question = Some(Question::new(self.engine, &self.inside.exec)),
                // The user who killed the command does not wait for an engine that tells nothing of it.
                answer = answered(&mut question, killed), if question.is_some() => {
                    question = None;
                    let answer = answer.ok_or_else(|| self.engine.lost(&"it doesn't respond"))?;
                    self.take(answer, (command, open), watched, clock, record).await?;
                    // Some engines tell the id only tens of milliseconds after the start.
                    // And a process that closed its streams and still runs is not asked after so often.
                    if (open && self.started) || self.asked > if open { 20 } else { 100 } {
                        asking = tokio::time::interval_at(tokio::time::Instant::now() + ASK, ASK);
                    }
                }
                () = looking.next(), if !self.inside.known.is_empty() => {
                    if self.inside.see_more() {
                        watched.tell_more(&self.inside);
                    }
                }
                done = &mut feeding, if feed.is_open() => feed.end(Some(done), clock, record),
                () = &mut resizing => {}
                () = restarts.next() => record.event(RunEvent::ReaperRestarted { at_us: clock.now_us() }),
                stop = stops.next() => {
                    gate.stop();
                    if stop.signal == Signal::Kill {
                        killed.get_or_insert_with(Instant::now);
                    }
                    let sent = timeout(limit(self.engine), self.inside.signal(self.engine, stop.signal)).await;
                    let sent = sent.unwrap_or_else(|_| Err(unanswered()));
                    if sent.is_ok() {
                        self.stopped.push(stop.signal);
                        record.event(RunEvent::StopSent { at_us: clock.now_us(), signal: stop.signal });
                        asking = tokio::time::interval(ASK_AT_START * 5);
                    }
                    let over = sent.is_err() && self.ended;
                    stop.answer(sent);
                    if over {
                        return Ok(());
                    }
                }
                program = &mut lookup, if self.started && !looked_up => {
                    looked_up = true;
                    if let Some(program) = program {
                        record.event(RunEvent::Resolved { program });
                    }
                }
            }
        }
        // A command of a few milliseconds may be over before its name has been looked up.
        if !looked_up && let Ok(Some(program)) = tokio::time::timeout(Duration::from_millis(500), lookup).await {
            record.event(RunEvent::Resolved { program });
        }
        // The complaint of an engine that could not start it came on the stream, to its end.
        let code = self.exit_code.unwrap_or_default();
        beginning.failure(command, code, self.appeared_us.is_some()).map_or(Ok(()), Err)
    }

    /// The engine told the state of the command.
    async fn take(
        &mut self,
        answer: Answer,
        (command, open): (&Command, bool),
        watched: &Watched,
        clock: Clock,
        record: &mut dyn Record<RunEvent>,
    ) -> Result<()> {
        let found = match answer {
            Ok(found) => found,
            Err(error) => return Err(self.gone(error).await),
        };
        self.asked += 1;
        // An engine answers the start before the process is there, and until then it says that
        // the exec does not run and tells no exit code.
        let over = if found.running == Some(false) { found.exit_code } else { None };
        if let Some(pid) = found.pid {
            self.appeared(pid, over.is_some(), command, watched, clock, record);
        }
        match over {
            Some(code) => self.finish(code, clock, record),
            None if open || found.running == Some(true) => self.silent_since = None,
            None => {
                let since = *self.silent_since.get_or_insert_with(|| clock.now_us());
                if clock.now_us() - since > SILENCE.as_micros() as u64 {
                    return Err(Error::new(
                        Code::CommandLost,
                        "The command's streams ended, but the engine reports no exit code",
                    ));
                }
            }
        }
        Ok(())
    }

    /// The process is there. It may take a moment until this host sees where it belongs, and it
    /// is announced when that is known, or when it never will be.
    fn appeared(
        &mut self,
        pid: u32,
        over: bool,
        command: &Command,
        watched: &Watched,
        clock: Clock,
        record: &mut dyn Record<RunEvent>,
    ) {
        let at_us = *self.appeared_us.get_or_insert_with(|| clock.now_us());
        if self.started {
            return;
        }
        self.inside.see(pid);
        if self.inside.inner_pid.is_none() && !over && self.asked < 6 {
            return;
        }
        self.started = true;
        watched.tell_more(&self.inside);
        let started = Started {
            cwd: command.cwd.clone(),
            pid: Some(pid),
            inner_pid: self.inside.inner_pid,
            container_id: Some(self.inside.container.clone()),
            marker: Some(self.inside.marker.clone()),
            containment: Some(if self.inside.is_seen { Containment::Container } else { Containment::Marker }),
        };
        record.event(RunEvent::Started { at_us, started });
    }

    fn finish(&mut self, code: i64, clock: Clock, record: &mut dyn Record<RunEvent>) {
        self.ended = true;
        self.exit_code = Some(code);
        let by_us = self.stopped.iter().find(|signal| code == 128 + i64::from(signal.number()));
        let ending = match by_us {
            Some(signal) => Ending::Signaled { signal: signal.number(), name: format!("SIG{}", signal.short_name()) },
            None => Ending::Exited { code },
        };
        record.event(RunEvent::Ended { at_us: clock.now_us(), ending });
    }

    /// The stream broke: is it the engine, or only this connection?
    async fn lost(&mut self, error: ApiError) -> Error {
        match timeout(SILENCE, self.engine.exec(&self.inside.exec)).await {
            Ok(Err(gone)) => self.gone(gone).await,
            Ok(Ok(_)) | Err(_) => self.engine.lost(&error),
        }
    }

    /// The engine does not answer for this exec any more. Why, is what it says of the container: each engine has other
    /// words and other codes for the exec itself.
    async fn gone(&self, error: ApiError) -> Error {
        let told = match &error {
            ApiError::DockerResponseServerError { message, .. } => message.clone(),
            _ => return self.engine.explain(error),
        };
        let meanwhile = |code, what: &str| {
            Error::new(code, format!("The container `{}` {what} while the command ran in it", self.name))
                .detail(&told)
                .hint("Its output so far is kept.")
        };
        match timeout(SILENCE, self.engine.inspect_id(&self.inside.container)).await {
            Ok(Ok(found)) if !found.running => meanwhile(Code::ContainerNotRunning, "was stopped"),
            Ok(Ok(found)) if found.started != self.container_started => {
                meanwhile(Code::ContainerNotRunning, "was restarted")
            }
            Ok(Ok(_)) => Error::new(Code::CommandLost, "The engine no longer knows the command")
                .detail(told)
                .hint(format!("Its container `{}` is still running. The command's output so far is kept.", self.name)),
            Ok(Err(gone)) if gone.code == Code::ContainerNotFound => meanwhile(Code::ContainerNotFound, "was removed"),
            // An engine that shuts down answers with 500 for a moment.
            Ok(Err(_)) | Err(_) => self.engine.lost(&told),
        }
    }
}

/// How long an engine may take for what stops a command.
fn limit(engine: &Engine) -> Duration {
    if engine.address().is_remote() { SILENCE * 3 } else { SILENCE * 2 }
}

fn unanswered() -> Error {
    Error::new(Code::StopFailed, "Signal not sent: the engine doesn't respond")
        .hint("It isn't known whether the command is still running.")
}

/// A frame's stream and bytes. Without a terminal an engine tells them apart; what it sends
/// outside of any frame, because it ended in the middle of one, counts as stdout.
fn stream_of(frame: LogOutput) -> (Stream, bytes::Bytes) {
    match frame {
        LogOutput::StdErr { message } => (Stream::Stderr, message),
        LogOutput::StdOut { message } | LogOutput::Console { message } | LogOutput::StdIn { message } => {
            (Stream::Stdout, message)
        }
    }
}
