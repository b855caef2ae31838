//! The recorded commands of a mock: which of them a command gets, and how that happens again.

use std::sync::Arc;

use tokio::time::Instant;

use super::{sequence::Sequences, speed::Speed};
use crate::{aside, session::Recorded, summary::text_of};
use porthole_base::error::{Code, Error, Result};
use porthole_output::{
    Chunk, Output, Stream,
    record::{Clock, Record, until},
};
use porthole_process::{Command, Ending, Fed, Place, Run, RunEvent, Signal, Started, Stdin, Stops};
use porthole_sdk::{
    call::{Act, Call, Origin},
    sdk_call::{CliTarget, Sdk, SdkCall},
};

/// How many chunks are looked up at once, and how many bytes of a chunk are read at once.
const CHUNKS: usize = 256;
const PIECE: u64 = 256 * 1024;
/// The longest command line that a miss shows, in characters.
const SHOWN: usize = 60;

/// The commands of a session.
#[derive(Debug, Default)]
pub(super) struct Runs {
    recordings: Vec<Recording>,
    sequences: Sequences<RunKey>,
}

#[derive(Debug)]
struct Recording {
    /// The place of its call in the session, from 0.
    call: usize,
    key: RunKey,
    run: Run,
    output: Arc<Output>,
}

/// What a command is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct RunKey {
    /// The container; none on the host.
    container: Option<String>,
    program: String,
    args: Vec<String>,
}

impl RunKey {
    /// None of what an engine does by itself, and of a terminal.
    fn of(command: &Command) -> Option<Self> {
        let container = match &command.place {
            Place::Host => None,
            Place::Container { name } => Some(name.clone()),
            Place::Engine => return None,
        };
        let is_plain = command.terminal.is_none();
        is_plain.then(|| Self { container, program: command.program.clone(), args: command.args.clone() })
    }
}

impl Runs {
    /// Those of these calls. What started and stopped an extension's backend isn't among them.
    pub fn of(calls: &[Recorded]) -> Self {
        let mut runs = Self::default();
        for (call, recorded) in calls.iter().enumerate() {
            let Act::Run(run) = &recorded.call.act else { continue };
            let is_over =
                run.closed_us.is_some() && run.failure.as_ref().is_none_or(|error| error.code != Code::Cancelled);
            let Some(key) = RunKey::of(&run.command) else { continue };
            if is_over && recorded.call.origin != Origin::Extension && recorded.call.skipped().is_none() {
                runs.sequences.add(key.clone(), runs.recordings.len());
                let (run, output) = (run.clone(), Arc::clone(&recorded.output));
                runs.recordings.push(Recording { call, key, run, output });
            }
        }
        runs
    }

    pub fn len(&self) -> usize {
        self.recordings.len()
    }

    /// Does again what was recorded for a command. The last event is `Closed` or `Failed`.
    pub async fn play(&self, command: &Command, speed: Speed, stops: Stops, record: &mut dyn Record<RunEvent>) {
        let found = RunKey::of(command).and_then(|key| self.sequences.next(&key));
        match found.and_then(|n| self.recordings.get(n)) {
            Some(recording) => Playing::new(speed, stops, record).play(recording, command).await,
            None => record.event(RunEvent::Failed { at_us: 0, error: self.miss(command) }),
        }
    }

    fn miss(&self, command: &Command) -> Error {
        let asked = shown(&text_of(&Act::Run(Run::new(command.clone()))));
        let error = Error::new(Code::NotRecorded, format!("Not in the mock's session: {asked}"));
        let Some(key) = RunKey::of(command) else {
            return error.hint("A mock serves commands without a terminal.");
        };
        // Of several that are as close, the first one.
        let Some(closest) = self.recordings.iter().rev().max_by_key(|recording| closeness(&key, &recording.key)) else {
            return error.detail("The session has no commands.").hint("Record one that has this command.");
        };
        let line = shown(&text_of(&Act::Run(closest.run.clone())));
        let differs = [
            ("where it runs", key.container != closest.key.container),
            ("the program", key.program != closest.key.program),
            ("the arguments", key.args != closest.key.args),
        ];
        let differs: Vec<&str> = differs.into_iter().filter_map(|(part, differs)| differs.then_some(part)).collect();
        let at = closest
            .key
            .container
            .as_ref()
            .map_or_else(|| "on the host".to_owned(), |name| format!("in {}", shown(name)));
        error
            .detail(format!(
                "Closest: call {}, {at}: {line}. It differs in {}.",
                closest.call + 1,
                differs.join(" and ")
            ))
            .hint("Record a session that has this command.")
    }
}

fn closeness(asked: &RunKey, recorded: &RunKey) -> impl Ord + use<> {
    let alike = asked.args.iter().zip(&recorded.args).take_while(|(first, second)| first == second).count();
    (
        asked.program == recorded.program,
        asked.container == recorded.container,
        alike,
        asked.args.len() == recorded.args.len(),
    )
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

/// What the backend's own commands ran in: the container, or this machine.
pub(super) fn own_place(calls: &[Recorded]) -> Option<Place> {
    let of_backend = |call: &Call| match &call.sdk {
        Some(Sdk { asked: SdkCall::Exec(asked), .. }) => asked.whose == CliTarget::Vm && asked.container.is_none(),
        _ => false,
    };
    let run = |recorded: &Recorded| match &recorded.call.act {
        Act::Run(run) => Some(run.command.place.clone()),
        Act::Exchange(_) => None,
    };
    let own = calls.iter().find(|recorded| of_backend(&recorded.call)).and_then(run);
    own.or_else(|| calls.iter().filter_map(run).find(|place| matches!(place, Place::Container { .. })))
}

/// A recording that happens again.
struct Playing<'r> {
    speed: Speed,
    clock: Clock,
    stops: Stops,
    record: &'r mut dyn Record<RunEvent>,
    /// When the recorded moment was that now counts as the beginning, and when that is here.
    from: (u64, Instant),
}

/// How a wait for a recorded moment ended.
enum Waited {
    Due,
    Stopped(Signal),
}

impl<'r> Playing<'r> {
    fn new(speed: Speed, stops: Stops, record: &'r mut dyn Record<RunEvent>) -> Self {
        Self { speed, clock: Clock::start(), stops, record, from: (0, Instant::now()) }
    }

    async fn play(mut self, recording: &Recording, command: &Command) {
        let run = &recording.run;
        if let Some(program) = &run.resolved {
            self.record.event(RunEvent::Resolved { program: program.clone() });
        }
        // What came after a stop was its effect: it comes after the next one.
        let stop_us = run.stops.first().map(|stop| stop.at_us);
        let stopped = match self.until_stop(recording, command, stop_us).await {
            Ok(stopped) => stopped,
            Err(error) => return self.fail(error),
        };
        let Some(signal) = stopped else { return self.end(run) };
        let Some(stop_us) = stop_us else { return self.end_by(signal) };
        self.from = (stop_us, Instant::now());
        match self.pieces(recording, stop_us..u64::MAX).await {
            Ok(None) => {}
            Ok(Some(again)) => return self.end_by(again),
            Err(error) => return self.fail(error),
        }
        match self.wait(run.closed_us.unwrap_or_default()).await {
            Waited::Due => self.end(run),
            Waited::Stopped(again) => self.end_by(again),
        }
    }

    /// All until the first recorded stop, or the end. Gives the signal that came meanwhile.
    async fn until_stop(
        &mut self,
        recording: &Recording,
        command: &Command,
        stop_us: Option<u64>,
    ) -> Result<Option<Signal>> {
        let run = &recording.run;
        if let Some(started_us) = run.started_us {
            if let Waited::Stopped(signal) = self.wait(started_us).await {
                return Ok(Some(signal));
            }
            self.start(run, command);
        }
        if let Some(signal) = self.pieces(recording, 0..stop_us.unwrap_or(u64::MAX)).await? {
            return Ok(Some(signal));
        }
        let waited = match stop_us {
            None => self.wait(run.closed_us.unwrap_or_default()).await,
            Some(_) => self.stopped().await,
        };
        Ok(match waited {
            Waited::Due => None,
            Waited::Stopped(signal) => Some(signal),
        })
    }

    fn start(&mut self, run: &Run, command: &Command) {
        let at_us = self.clock.now_us();
        // There is no process.
        let recorded = run.started.clone().unwrap_or_default();
        let started = Started { cwd: recorded.cwd, container_id: recorded.container_id, ..Started::default() };
        self.record.event(RunEvent::Started { at_us, started });
        if let Some(Stdin::Text { text }) = &command.stdin {
            let fed = Fed { bytes: text.len() as u64, whole: true, error: None };
            self.record.event(RunEvent::Fed { at_us, fed });
        }
    }

    /// What was written in a recorded time. Gives the signal that came meanwhile.
    async fn pieces(&mut self, recording: &Recording, time: std::ops::Range<u64>) -> Result<Option<Signal>> {
        let output = &recording.output;
        let mut n = 0;
        loop {
            let chunks = output.chunks(n, CHUNKS);
            if chunks.is_empty() {
                return Ok(None);
            }
            n += chunks.len() as u64;
            for chunk in chunks.into_iter().filter(|chunk| time.contains(&chunk.at_us)) {
                if let Waited::Stopped(signal) = self.wait(chunk.at_us).await {
                    return Ok(Some(signal));
                }
                self.write(output, chunk).await?;
            }
        }
    }

    async fn write(&mut self, output: &Arc<Output>, Chunk { stream, offset, len, .. }: Chunk) -> Result<()> {
        let end = offset + len;
        let mut from = offset;
        while from < end {
            let to = end.min(from + PIECE);
            until(self.record.full()).await;
            let bytes = read(output, stream, from, to).await?;
            self.record.chunk(stream, self.clock.now_us(), &bytes)?;
            from = to;
        }
        Ok(())
    }

    /// Waits until a recorded moment.
    async fn wait(&mut self, recorded_us: u64) -> Waited {
        let (recorded, began) = self.from;
        let (speed, stops) = (self.speed, &mut self.stops);
        tokio::select! {
            biased;
            stop = stops.next() => self.answer(stop),
            () = speed.until(began, recorded_us.saturating_sub(recorded)) => Waited::Due,
        }
    }

    async fn stopped(&mut self) -> Waited {
        let stop = self.stops.next().await;
        self.answer(stop)
    }

    fn answer(&mut self, stop: porthole_process::Stop) -> Waited {
        let signal = stop.signal;
        self.record.event(RunEvent::StopSent { at_us: self.clock.now_us(), signal });
        stop.answer(Ok(()));
        Waited::Stopped(signal)
    }

    /// Ends as the recording did.
    fn end(self, run: &Run) {
        let at_us = self.clock.now_us();
        if let Some(ending) = &run.ending {
            self.record.event(RunEvent::Ended { at_us, ending: ending.clone() });
        }
        self.record.event(match &run.failure {
            Some(error) => RunEvent::Failed { at_us, error: error.clone() },
            None => RunEvent::Closed { at_us },
        });
    }

    /// Ends by a signal: how the command would have reacted to it isn't in the recording.
    fn end_by(self, signal: Signal) {
        let at_us = self.clock.now_us();
        let ending = Ending::Signaled { signal: signal.number(), name: format!("SIG{}", signal.short_name()) };
        self.record.event(RunEvent::Ended { at_us, ending });
        self.record.event(RunEvent::Closed { at_us });
    }

    fn fail(self, error: Error) {
        self.record.event(RunEvent::Failed { at_us: self.clock.now_us(), error });
    }
}

/// A piece of a recorded output.
pub(super) async fn read(output: &Arc<Output>, stream: Stream, from: u64, to: u64) -> Result<Vec<u8>> {
    let output = Arc::clone(output);
    aside(move || output.read(stream, from, to)).await
}

#[cfg(test)]
#[path = "runs_tests.rs"]
mod tests;
