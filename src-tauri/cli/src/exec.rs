//! `porthole-cli exec`.

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use clap::Args;
use porthole_base::error::{Code, Error, Result};
use porthole_engine::exec;
use porthole_engine::{Address, EngineEnvironment, LastEngine, reaper::Reaper};
use porthole_process::{Command, Ending, EnvMode, EnvVar, Place, Run, RunEvent, Signal, Stopper, Streaming, stops};
use porthole_sdk::{call::Act, runtime::Runtime};

use tokio::sync::Notify;

use crate::{
    NOTHING,
    findings::Witness,
    say::{self, Bytes, complain},
    sdk_result,
    session_file::{Kept, SessionFile},
    signals::{Asked, Signals},
    sink::{Sink, Writes},
};

#[derive(Args)]
pub struct Arguments {
    /// Where to run it: host or container:NAME
    #[arg(value_name = "TARGET", value_parser = read_place)]
    place: Place,
    /// Use the engine of this Docker context (default: the current context)
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Set the working directory (default on the host: the current directory)
    #[arg(long, value_name = "DIR")]
    cwd: Option<String>,
    /// Set an environment variable (can be repeated)
    #[arg(short = 'e', long = "env", value_name = "K=V", value_parser = read_variable)]
    env: Vec<EnvVar>,
    /// Start with an empty environment (host only)
    #[arg(long)]
    clear_env: bool,
    /// Run as this user in the container
    #[arg(short = 'u', long)]
    user: Option<String>,
    /// Print each event as a line of JSON instead of the output
    #[arg(long)]
    json: bool,
    /// Print findings to stderr when the command finishes
    #[arg(long)]
    findings: bool,
    /// Print what the extension's code would receive on this runtime, instead of the output: docker-desktop,
    /// rancher-desktop, podman-desktop or podman-desktop-older
    #[arg(long, value_name = "RUNTIME", conflicts_with = "json")]
    received: Option<Runtime>,
    /// With --received: print the callbacks that streaming code would get
    #[arg(long, requires = "received")]
    stream: bool,
    /// With --stream: print one callback for each line of output
    #[arg(long, requires = "stream")]
    split_lines: bool,
    /// Add the call with all its bytes to this session file, created if it doesn't exist
    #[arg(long, value_name = "FILE")]
    session: Option<PathBuf>,
    /// Program and arguments
    #[arg(last = true, required = true)]
    argv: Vec<String>,
}

fn read_place(text: &str) -> std::result::Result<Place, String> {
    match text.split_once(':') {
        None if text == "host" => Ok(Place::Host),
        Some(("container", name)) if !name.is_empty() => Ok(Place::Container { name: name.to_owned() }),
        _ => Err("expected `host` or `container:NAME`".to_owned()),
    }
}

fn read_variable(text: &str) -> std::result::Result<EnvVar, String> {
    let (name, value) = text.split_once('=').ok_or("expected `NAME=value`")?;
    Ok(EnvVar { name: name.to_owned(), value: value.to_owned() })
}

/// Time limit for a run to accept a stop.
const DEAF: Duration = Duration::from_secs(3);

/// Time limit for a command to exit by itself when this process has to exit.
const GRACE: Duration = Duration::from_secs(5);

/// What the exit code is decided on.
#[derive(Default)]
pub struct ExitFacts {
    pub ending: Option<Ending>,
    pub failure: Option<Error>,
    /// The call couldn't be added to its session.
    pub unkept: bool,
}

/// What is reported of a command besides its output.
pub struct Reporting<'a> {
    json: bool,
    pub findings: bool,
    pub session: Option<&'a SessionFile>,
}

pub async fn exec(arguments: Arguments, signals: Signals) -> ExitCode {
    let engine = EngineEnvironment::of_this_process().resolve(arguments.context.as_deref());
    let cwd = arguments.cwd.clone();
    let mut command =
        composed(arguments.place, arguments.argv, arguments.cwd, arguments.env, arguments.clear_env, arguments.user);
    command.stream = arguments.stream.then_some(Streaming { split_lines: arguments.split_lines });
    let reaper = Some(Arc::new(Reaper::start()));
    let (ending, heard) = (reaper.clone(), signals.clone());
    // Code sets a working directory only if the user does.
    let asked = Command { cwd, ..command.clone() };
    let session = match arguments.session.as_deref().map(SessionFile::open).transpose() {
        Ok(session) => session,
        Err(error) => return say::failed(&error),
    };
    let how = Reporting { json: arguments.json, findings: arguments.findings, session: session.as_ref() };
    let told = match arguments.received {
        Some(runtime) => sdk_result::exec(command, asked, engine, reaper, runtime, &how, signals).await,
        None => printed(command, asked, engine, reaper, &how, signals).await,
    };
    end(ending, heard).await;
    if told.unkept {
        return ExitCode::from(NOTHING);
    }
    let not_run = told.failure.map(|error| match error.code {
        // As shells have it, also where an engine reports another code.
        Code::ProgramNotFound => 127,
        Code::ProgramNotExecutable | Code::ScriptCarriageReturn | Code::PathThroughProc => 126,
        _ => NOTHING,
    });
    ExitCode::from(match (not_run, told.ending) {
        (Some(code), _) => code,
        (None, Some(Ending::Exited { code })) => u8::try_from(code & 0xff).unwrap_or(NOTHING),
        (None, Some(Ending::Signaled { signal, .. })) => u8::try_from(128 + signal).unwrap_or(NOTHING),
        (None, None) => NOTHING,
    })
}

/// Waits until the reaper has ended what the command left: then that is done when this process ends. Who asks this
/// process to end meanwhile doesn't wait for it; the reaper continues without it.
async fn end(reaper: Option<Arc<Reaper>>, mut signals: Signals) {
    signals.forget();
    let ended = tokio::task::spawn_blocking(|| drop(reaper));
    tokio::select! {
        _ = ended => {}
        _ = signals.next() => {}
    }
}

/// Runs it and prints what it writes.
async fn printed(
    command: Command,
    asked: Command,
    engine: Result<Address>,
    reaper: Option<Arc<Reaper>>,
    how: &Reporting<'_>,
    signals: Signals,
) -> ExitFacts {
    let told = Arc::new(Mutex::new(ExitFacts::default()));
    let ended = Arc::new(Notify::new());
    let sink = Sink::new(how.json, Bytes::Raw, {
        let (told, ended) = (Arc::clone(&told), Arc::clone(&ended));
        move |event: &RunEvent| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            match event {
                RunEvent::Ended { ending, .. } => {
                    told.ending = Some(ending.clone());
                    ended.notify_one();
                }
                RunEvent::Failed { error, .. } => told.failure = Some(error.clone()),
                _ => {}
            }
        }
    });
    let (stopper, stopping) = stops();
    let mut interrupts = tokio::task::JoinSet::new();
    interrupts.spawn(stop_when_interrupted(stopper, ended, sink.writes(), signals));
    let mut kept = Kept::new(Witness::new(sink, how.findings), how.session);
    exec::run(&command, None, engine, &LastEngine::default(), stopping, reaper, &mut kept).await;
    interrupts.abort_all();
    let act = |events: &[RunEvent]| {
        let mut run = Run::new(asked.clone());
        events.iter().cloned().for_each(|event| run.apply(event));
        Act::Run(run)
    };
    let (witness, unkept) = kept.finish(how.session, act);
    let seen = witness.finish();
    let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    if let Some(error) = &told.failure {
        complain(error);
    }
    if let Some(seen) = seen {
        let act = act(&seen.events);
        seen.print(act);
    }
    ExitFacts { unkept: unkept.is_some(), ..told }
}

fn composed(
    place: Place,
    argv: Vec<String>,
    cwd: Option<String>,
    env: Vec<EnvVar>,
    clear_env: bool,
    user: Option<String>,
) -> Command {
    let mut argv = argv.into_iter();
    let mut command = Command::new(place, argv.next().unwrap_or_default(), argv);
    // One that was removed has no path: a name that cannot be is refused as such.
    let here = || {
        let here = std::env::current_dir().map(|here| here.display().to_string());
        Some(here.unwrap_or_else(|_| "(a deleted directory)".to_owned()))
    };
    command.cwd = match command.place {
        Place::Host => cwd.or_else(here),
        Place::Engine | Place::Container { .. } => cwd,
    };
    command.env = env;
    command.env_mode = if clear_env { EnvMode::Replace } else { EnvMode::Add };
    command.user = user;
    command
}

/// The first Ctrl-C asks the command to end, the second one ends it. One that this process is to be ended with, and not
/// by the person before it, gets a moment. What an interrupted command leaves in its group is ended with it: a shell
/// makes its background children deaf to SIGINT.
///
/// A run that can't be stopped, because its output isn't read or its engine hangs, is left to the reaper: this process
/// ends.
async fn stop_when_interrupted(stopper: Stopper, ended: Arc<Notify>, writes: Writes, mut signals: Signals) {
    let asked = signals.next().await;
    tokio::select! {
        stopped = stopper.stop(asked.signal()) => {
            if let Err(error) = stopped {
                complain(&error);
            }
        }
        () = deaf(asked, signals.clone()) => {}
    }
    tokio::select! {
        _ = signals.next() => {}
        () = ended.notified() => {}
        // A command gets time to exit, unless its output isn't read.
        () = writes.stalled(DEAF) => {}
        () = tokio::time::sleep(GRACE), if asked != Asked::Interrupt => {}
    }
    tokio::select! {
        _ = stopper.stop(Signal::Kill) => {}
        () = deaf(asked, signals) => {}
    }
}

/// Ends this process when a run does not listen to a stop.
async fn deaf(asked: Asked, mut signals: Signals) {
    tokio::select! {
        _ = signals.next() => {}
        () = tokio::time::sleep(DEAF) => {}
    }
    say::note("The command didn't stop in time. Killing its remaining processes.");
    std::process::exit(asked.exit_code().into());
}
