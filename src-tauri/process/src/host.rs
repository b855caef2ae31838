//! A command on this machine.

use std::{ffi::OsStr, io, path::Path, pin::pin, sync::Arc};

use tokio::io::AsyncReadExt;

use super::{
    Command, Containment, Ending, FixedCommand, GroupReaper, RunEvent, Started, Stops,
    fixed::changed_since,
    group_reaper::Restarts,
    pty::{self, OpenTerminal},
    resolve::{Resolved, enterable, not_executable, resolve},
    running::{Reader, Running, Streams},
    script,
    stdin::{Feed, Input},
    terminal::{Keys, Sizes},
};
use porthole_base::{
    error::{Code, Error, Result},
    handles,
};
use porthole_output::{
    Stream,
    record::{Clock, Gate, Record, until},
};

/// Bytes read at once: what a Linux pipe holds.
const PIPE: usize = 64 * 1024;

/// Runs a command on the host and records what it does. The last event is `Closed` or `Failed`.
///
/// When this future is dropped, the command is killed with all of its descendants; when the whole process is
/// killed, the command's supervisor does it, or else the reaper.
pub async fn run_on_host(
    command: &Command,
    stops: Stops,
    reaper: Option<Arc<dyn GroupReaper>>,
    record: &mut dyn Record<RunEvent>,
) {
    run_fixed_on_host(command, None, stops, reaper, record).await;
}

/// The same with the programs that were found before, which must be the same still.
pub async fn run_fixed_on_host(
    command: &Command,
    fixed: Option<&FixedCommand>,
    stops: Stops,
    reaper: Option<Arc<dyn GroupReaper>>,
    record: &mut dyn Record<RunEvent>,
) {
    attend(command, fixed, Containment::Cgroup, stops, reaper, record).await;
}

/// The same with this containment at most, for tests: what a system permits is used otherwise.
#[doc(hidden)]
pub async fn run_on_host_in(
    command: &Command,
    most: Containment,
    stops: Stops,
    reaper: Option<Arc<dyn GroupReaper>>,
    record: &mut dyn Record<RunEvent>,
) {
    attend(command, None, most, stops, reaper, record).await;
}

async fn attend(
    command: &Command,
    fixed: Option<&FixedCommand>,
    most: Containment,
    mut stops: Stops,
    reaper: Option<Arc<dyn GroupReaper>>,
    record: &mut dyn Record<RunEvent>,
) {
    let clock = Clock::start();
    let (keys, sizes) = stops.terminal().map(|typed| (typed.keys, typed.sizes)).unzip();
    let ended = match start(command, fixed, (most, keys), clock, record).await {
        Ok((process, streams, input)) => {
            if let Some(reaper) = &reaper {
                reaper.watch_group(process.watched());
            }
            let restarts = Restarts::of(reaper.as_deref());
            let mut owned =
                OwnedProcess { process: Some(process), reaper, closed: false, remaining: false, stopped: false };
            let ended = follow(&mut owned, (streams, input, sizes), restarts, &mut stops, clock, record).await;
            owned.closed = ended.is_ok();
            ended
        }
        Err(error) => Err(error),
    };
    match ended {
        Ok(()) => record.event(RunEvent::Closed { at_us: clock.now_us() }),
        Err(error) => record.event(RunEvent::Failed { at_us: clock.now_us(), error }),
    }
}

/// A command that must not outlive this value.
struct OwnedProcess {
    /// Always there, but for the last moment.
    process: Option<Running>,
    reaper: Option<Arc<dyn GroupReaper>>,
    closed: bool,
    /// The command ended and left something in the background.
    remaining: bool,
    /// The user stopped it.
    stopped: bool,
}

impl Drop for OwnedProcess {
    fn drop(&mut self) {
        let Some(process) = self.process.take() else { return };
        let group = process.group_id();
        if !self.closed {
            process.kill();
        }
        let Some(reaper) = &self.reaper else { return };
        // A command may leave a background process behind, as it would in a terminal. It lives on
        // until Porthole ends: its supervisor and the reaper keep it until then. But one that was stopped is to end whole.
        let is_left = self.closed && process.is_left(self.remaining);
        if is_left && !(self.stopped && process.ends_when_dropped()) {
            process.keep_in(&**reaper);
        } else {
            reaper.forget_group(group);
        }
    }
}

async fn start(
    command: &Command,
    fixed: Option<&FixedCommand>,
    (most, keys): (Containment, Option<Keys>),
    clock: Clock,
    record: &mut dyn Record<RunEvent>,
) -> Result<(Running, Streams, Option<Input>)> {
    let resolved = fixed.map_or_else(|| resolve(command), FixedCommand::unchanged)?;
    record.event(RunEvent::Resolved { program: resolved.program.display().to_string() });
    let input = Input::of(command, keys).await?;
    let (terminal, of_terminal) = match command.terminal {
        Some(size) => Some(pty::open(size).await.map_err(|error| pty::unavailable(&error))?),
        None => None,
    }
    .unzip();
    let started = Running::start(&resolved, command, most, terminal.as_ref()).await;
    let (process, pipes) = started.map_err(|error| refused(&resolved, &error))?;
    let streams = of_terminal.unwrap_or(pipes);
    let started = Started {
        pid: process.id(),
        cwd: Some(resolved.cwd.display().to_string()),
        containment: Some(process.containment()),
        ..Started::default()
    };
    record.event(RunEvent::Started { at_us: clock.now_us(), started });
    Ok((process, streams, input))
}

/// Why the operating system did not start a program that was found.
fn refused(resolved: &Resolved, error: &io::Error) -> Error {
    /// `ENOEXEC`: neither a program for this machine nor a script with a first line.
    #[cfg(not(windows))]
    const NOT_A_PROGRAM: &[i32] = &[8];
    /// `ERROR_BAD_EXE_FORMAT` and `ERROR_EXE_MACHINE_TYPE_MISMATCH`: the same.
    #[cfg(windows)]
    const NOT_A_PROGRAM: &[i32] = &[193, 216];
    /// `ESTALE`, from the process that was to execute the program: for it another file is at that path.
    #[cfg(unix)]
    const CHANGED: i32 = nix::libc::ESTALE;
    #[cfg(not(unix))]
    const CHANGED: i32 = -1;
    let path = &resolved.program;
    if let Some(exhausted) = handles::exhausted(&format!("start {}", path.display()), error) {
        return exhausted;
    }
    // The directory may have gone since it was looked at, and the error is the same.
    if let Err(cwd) = enterable(&resolved.cwd) {
        return cwd.detail(error);
    }
    let error_text = match (error.kind(), error.raw_os_error()) {
        (_, Some(CHANGED)) => return changed_since(path, error),
        (_, Some(code)) if NOT_A_PROGRAM.contains(&code) => {
            Error::new(Code::ProgramNotExecutable, format!("{} isn't a program for this machine", path.display()))
                .hint(NO_PROGRAM_HINT)
        }
        // The standard library refuses an argument that `cmd`, which runs these files, would read as something else.
        (io::ErrorKind::InvalidInput, None) if is_batch_file(path) => Error::new(
            Code::BatchArgumentInvalid,
            format!("{} is a batch file, and an argument has a line break", path.display()),
        )
        .hint("cmd ends an argument of a batch file at a line break. Remove the line break, or start the program that the batch file starts."),
        (io::ErrorKind::NotFound, _) if script::first_line_ends_in_carriage_return(path) => Error::new(
            Code::ScriptCarriageReturn,
            format!("{}: the first line ends in a carriage return", path.display()),
        )
        .hint(script::CARRIAGE_RETURN),
        (io::ErrorKind::NotFound, _) => Error::new(
            Code::ProgramNotExecutable,
            format!("The interpreter or loader of {} doesn't exist", path.display()),
        )
        .hint("Check a script's first line (#!), or the loader that a binary was linked with."),
        (io::ErrorKind::PermissionDenied, _) => not_executable(path),
        _ => Error::new(Code::SpawnFailed, format!("Can't start {}", path.display())),
    };
    error_text.detail(error)
}

#[cfg(not(windows))]
const NO_PROGRAM_HINT: &str =
    "A script needs a first line such as #!/bin/sh; a binary must be built for this processor.";
#[cfg(windows)]
const NO_PROGRAM_HINT: &str = "A binary must be built for Windows and this processor. A script is run by its interpreter: start that, with the script as its argument.";

pub(super) fn is_batch_file(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    cfg!(windows) && extension.is_some_and(|extension| ["bat", "cmd"].iter().any(|b| extension.eq_ignore_ascii_case(b)))
}

/// Reads both streams and waits for the process, until all three have ended.
async fn follow(
    owned: &mut OwnedProcess,
    (streams, input, sizes): (Streams, Option<Input>, Option<Sizes>),
    mut restarts: Restarts,
    stops: &mut Stops,
    clock: Clock,
    record: &mut dyn Record<RunEvent>,
) -> Result<()> {
    let OwnedProcess { process: Some(process), remaining, stopped, .. } = owned else { return Ok(()) };
    let mut stdout = Pipe::new(streams.stdout, Stream::Stdout);
    let mut stderr = Pipe::new(streams.stderr, Stream::Stderr);
    let mut feed = Feed::new(input, streams.stdin);
    let mut feeding = pin!(feed.run());
    let mut terminal = OpenTerminal::new(streams.terminal, sizes);
    let mut running = true;
    let mut gate = Gate::default();
    while running || stdout.is_open() || stderr.is_open() {
        // The order of writes to two pipes isn't known. Where both have something, stdout
        // comes first, as most programs have it; but a flood there must not hold stderr up.
        let flooded = stdout.is_full();
        if gate.is_over(record) {
            break;
        }
        let full = gate.full(record);
        let may_read = full.is_none();
        let (first, second) = if flooded { (&mut stderr, &mut stdout) } else { (&mut stdout, &mut stderr) };
        tokio::select! {
            biased;
            stop = stops.next() => {
                gate.stop();
                *stopped = true;
                let sent = process.signal(stop.signal).await;
                if matches!(sent, Ok(true)) {
                    record.event(RunEvent::StopSent { at_us: clock.now_us(), signal: stop.signal });
                }
                let nobody_left = matches!(sent, Ok(false));
                stop.answer(sent.map(drop));
                // The streams are held by a process that is no descendant any more: there is nothing to stop,
                // and the user who pressed Stop does not want to read on.
                if nobody_left && !running {
                    break;
                }
            }
            // Before the streams: what is typed must get to a command that never stops writing.
            done = &mut feeding, if feed.is_open() => feed.end(Some(done), clock, record),
            () = terminal.next_size() => {}
            read = first.read(), if may_read && first.is_open() => gate.read(first.record(read, clock, record)?),
            read = second.read(), if may_read && second.is_open() => gate.read(second.record(read, clock, record)?),
            () = until(full), if !may_read => {}
            () = restarts.next() => record.event(RunEvent::ReaperRestarted { at_us: clock.now_us() }),
            ended = process.ended(), if running => {
                running = false;
                gate.end();
                terminal.command_ended();
                let (status, left) = ended?;
                *remaining = left;
                record.event(RunEvent::Ended { at_us: clock.now_us(), ending: ending(status) });
            }
        }
    }
    feed.end(None, clock, record);
    Ok(())
}

/// One stream of the child, until its end.
struct Pipe {
    reader: Option<Reader>,
    stream: Stream,
    buffer: Vec<u8>,
    last_read: usize,
}

impl Pipe {
    fn new(reader: Option<Reader>, stream: Stream) -> Self {
        Self { reader, stream, buffer: vec![0; PIPE], last_read: 0 }
    }

    fn is_open(&self) -> bool {
        self.reader.is_some()
    }

    /// Whether the last read took all that fits: more is waiting, most likely.
    fn is_full(&self) -> bool {
        self.last_read == PIPE
    }

    async fn read(&mut self) -> io::Result<usize> {
        match &mut self.reader {
            Some(reader) => reader.read(&mut self.buffer).await,
            None => Ok(0),
        }
    }

    fn record(&mut self, read: io::Result<usize>, clock: Clock, record: &mut dyn Record<RunEvent>) -> Result<usize> {
        self.last_read = read.unwrap_or_default();
        if self.last_read > 0 {
            record.chunk(self.stream, clock.now_us(), &self.buffer[..self.last_read])?;
        } else {
            // A pipe or terminal has no other errors than its end, whatever name the system gives it.
            self.reader = None;
        }
        Ok(self.last_read)
    }
}

#[cfg(unix)]
fn ending(status: std::process::ExitStatus) -> Ending {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exited { code: code.into() },
        (None, signal) => {
            let signal = signal.unwrap_or_default();
            let name = nix::sys::signal::Signal::try_from(signal).map(|known| known.as_str().to_owned());
            Ending::Signaled { signal, name: name.unwrap_or_else(|_| format!("signal {signal}")) }
        }
    }
}

#[cfg(not(unix))]
fn ending(status: std::process::ExitStatus) -> Ending {
    Ending::Exited { code: status.code().unwrap_or(-1).into() }
}
