//! The callbacks of a Call: counted once in order, with a place noted every few thousand from where
//! any of them is found again.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{HANDED_OVER, stream_of, too_much};
use crate::{Timeline, aside};
use porthole_base::error::Result;
use porthole_output::{Chunk, Output, Stream, incomplete_tail};
use porthole_process::Run;
use porthole_sdk::{
    call::{Act, Call, CallId},
    runtime::Runtime,
    sdk_call::Sdk,
    sdk_result::{
        self, Callback, Callbacks, Called, End, Text, Value,
        callbacks::{CallbackRules, Decoding, Framing, Machine, Piece, text_of},
    },
};

/// This many callbacks are between two places.
const EVERY: u64 = 4096;
/// What one question counts at most.
const COUNTED: u64 = 64 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_millis(100);
/// Chunks and bytes that are looked at together.
const BATCH: usize = 4096;
const BATCH_BYTES: u64 = 4 * 1024 * 1024;
/// How many calls, runtimes and splits have their places kept: the last ones that were viewed.
const KEPT: usize = 8;
/// Bytes of a callback that are shown.
const SHOWN: u64 = 1024;
/// Callbacks in one answer.
const ROWS: u64 = 1000;
/// Bytes in one answer to code, if no single callback has more.
const ANSWER: u64 = 1024 * 1024;
/// The longest wait for a callback.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

type Key = (CallId, Runtime, bool);

/// What was counted so far, the latest last.
#[derive(Debug, Default)]
pub(crate) struct CountedCalls(Mutex<Vec<(Key, Arc<Mutex<CallbackCount>>)>>);

impl CountedCalls {
    fn of(&self, key: Key, callback_rules: CallbackRules) -> Arc<Mutex<CallbackCount>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.iter().position(|(known, _)| *known == key).map(|at| all.remove(at).1);
        let counted = found.unwrap_or_else(|| Arc::new(Mutex::new(CallbackCount::new(callback_rules))));
        all.push((key, Arc::clone(&counted)));
        let beyond = all.len().saturating_sub(KEPT);
        all.drain(..beyond);
        counted
    }
}

impl Timeline {
    /// Callbacks from the nth on, as they are shown: texts of 1 KiB at most.
    ///
    /// # Errors
    /// [`Code::CallNotFound`](porthole_base::error::Code::CallNotFound),
    /// [`Code::OutputUnreadable`](porthole_base::error::Code::OutputUnreadable).
    pub async fn callbacks(
        &self,
        id: CallId,
        runtime: Runtime,
        split: bool,
        from: u64,
        count: u64,
    ) -> Result<Callbacks> {
        self.counted((id, runtime, split), RowRange { from, count: count.min(ROWS), shown: true }).await
    }

    /// The same, whole: about 1 MiB in one answer, and one callback at least.
    ///
    /// # Errors
    /// As [`Timeline::callbacks`]; [`Code::ValueTooLarge`](porthole_base::error::Code::ValueTooLarge) for a callback of
    /// more than 64 MiB.
    pub async fn whole_callbacks(&self, id: CallId, runtime: Runtime, split: bool, from: u64) -> Result<Callbacks> {
        self.counted((id, runtime, split), RowRange { from, count: ROWS, shown: false }).await
    }

    /// Callbacks from the nth on, whole, for the code that waits for them: answers when there is
    /// one, when no more will come, or with nothing after half a minute.
    ///
    /// # Errors
    /// As [`Timeline::whole_callbacks`].
    pub async fn next_callbacks(&self, id: CallId, from: u64) -> Result<Callbacks> {
        let call = self.call(id)?;
        let runtime = call.sdk.as_ref().map(|Sdk { runtime, .. }| *runtime).unwrap_or_default();
        let split = stream_of(&call).unwrap_or_default().split_lines;
        let until = tokio::time::Instant::now() + LONGEST_WAIT;
        let mut revision = self.revision();
        loop {
            // What changes while it is counted wakes the wait below.
            revision.borrow_and_update();
            let found = self.whole_callbacks(id, runtime, split, from).await?;
            if !found.rows.is_empty() || found.ended {
                return Ok(found);
            }
            if found.whole && !matches!(tokio::time::timeout_at(until, revision.changed()).await, Ok(Ok(()))) {
                return Ok(found);
            }
        }
    }

    async fn counted(&self, key: Key, wanted: RowRange) -> Result<Callbacks> {
        let (id, runtime, split) = key;
        let over = !self.is_live(id);
        let output = self.output(id)?;
        let chunks = output.counts().chunks;
        // Asked last: a stop that is not among these facts came after those chunks.
        let call = self.call(id)?;
        let is_missing = sdk_result::is_missing(&call, runtime);
        let Some(run) = run_of(call).filter(|_| !is_missing) else {
            let from = wanted.from;
            return Ok(Callbacks { from, total: 0, whole: true, ended: over, rows: Vec::new(), lost: None });
        };
        let counted = self.counted.of(key, sdk_result::callback_rules(&run, runtime, split));
        aside(move || {
            let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
            counted.machine.silent_from(sdk_result::callback_rules(&run, runtime, split).silent_from);
            let whole = counted.advance(&output, chunks)?;
            let ends = if over && whole { Some(sdk_result::ends(&run, runtime)) } else { None };
            counted.answer(&output, &run, ends, whole, wanted)
        })
        .await
    }
}

fn run_of(call: Call) -> Option<Run> {
    match call.act {
        Act::Run(run) => Some(run),
        Act::Exchange(_) => None,
    }
}

/// The requested callbacks.
#[derive(Debug, Clone, Copy)]
struct RowRange {
    from: u64,
    count: u64,
    /// To be shown; else whole.
    shown: bool,
}

/// How far the counting has come.
#[derive(Debug)]
struct CallbackCount {
    /// How many chunks went through the machine.
    chunks: u64,
    machine: Machine,
    /// Both as they were, every few thousand callbacks.
    places: Vec<(u64, Machine)>,
}

/// A callback's bytes, as they are read when it is known which are wanted.
#[derive(Debug)]
struct CallbackBytes {
    n: u64,
    stream: Stream,
    from: u64,
    to: u64,
    at_us: u64,
    line: bool,
    cuts: Vec<u64>,
}

impl CallbackCount {
    fn new(callback_rules: CallbackRules) -> Self {
        let machine = Machine::new(callback_rules);
        Self { chunks: 0, places: vec![(0, machine.clone())], machine }
    }

    /// Counts on, for a while; whether all of this many chunks are counted.
    fn advance(&mut self, output: &Output, chunks: u64) -> Result<bool> {
        let began = Instant::now();
        let mut bytes = 0;
        while self.chunks < chunks && bytes < COUNTED && began.elapsed() < PATIENCE {
            let batch = Batch::read(output, self.chunks, chunks, BATCH_BYTES)?;
            bytes += batch.bytes();
            if batch.chunks.is_empty() {
                break;
            }
            for chunk in &batch.chunks {
                self.machine.push(chunk.stream, chunk.at_us, batch.of(chunk), &mut |_, _| {});
                self.chunks += 1;
                if self.places.last().is_none_or(|(_, place)| self.machine.count >= place.count + EVERY) {
                    self.places.push((self.chunks, self.machine.clone()));
                }
            }
        }
        Ok(self.chunks >= chunks)
    }

    /// The callbacks from one on, as far as they are counted. `ends` are the last ones, of a Call
    /// that is over.
    fn answer(
        &self,
        output: &Output,
        run: &Run,
        ends: Option<Vec<End>>,
        whole: bool,
        wanted: RowRange,
    ) -> Result<Callbacks> {
        let ended = ends.is_some();
        let closed_us = run.closed_us.unwrap_or_default();
        let mut found = self.find(output, wanted)?;
        let mut machine = self.machine.clone();
        let mut last = Vec::new();
        let mut lost = None;
        if let Some(ends) = ends {
            machine.finish(closed_us, &mut |n, piece| keep(&mut found, wanted, n, &piece));
            lost = self.lost(output, &machine)?;
            last.extend(ends.into_iter().filter(|end| !matches!(end, End::Silent | End::Open)));
        }
        let mut rows = self.read(output, &found, wanted.shown)?;
        let all_read = rows.len() == found.len();
        let total = machine.count + last.len() as u64;
        for (end, n) in last.into_iter().zip(machine.count..) {
            if all_read && n >= wanted.from && (rows.len() as u64) < wanted.count {
                rows.push(Callback { n, at_us: closed_us, what: Called::End { end } });
            }
        }
        // A caller that follows must not take the last row of a part for the last of all.
        let to = rows.last().map_or(wanted.from, |row| row.n + 1);
        let ended = ended && (wanted.shown || to >= total);
        Ok(Callbacks { from: wanted.from, total, whole, ended, rows, lost })
    }

    /// Where the wanted callbacks are.
    fn find(&self, output: &Output, wanted: RowRange) -> Result<Vec<CallbackBytes>> {
        let mut found = Vec::new();
        let after = self.places.partition_point(|(_, place)| place.count <= wanted.from);
        let Some((mut at, mut machine)) = self.places.get(after.saturating_sub(1)).cloned() else { return Ok(found) };
        machine.silent_from(self.machine.callback_rules().silent_from);
        let end = wanted.from.saturating_add(wanted.count).min(self.machine.count);
        // Most often they are in the next chunk or two.
        let mut most = BATCH_BYTES / 64;
        while at < self.chunks && machine.count < end {
            let batch = Batch::read(output, at, self.chunks, most)?;
            most = (most * 2).min(BATCH_BYTES);
            if batch.chunks.is_empty() {
                break;
            }
            for chunk in &batch.chunks {
                machine.push(chunk.stream, chunk.at_us, batch.of(chunk), &mut |n, piece| {
                    keep(&mut found, wanted, n, &piece);
                });
                at += 1;
                if machine.count >= end {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Reads what the callbacks get. Of whole ones an answer holds about a megabyte.
    fn read(&self, output: &Output, found: &[CallbackBytes], shown: bool) -> Result<Vec<Callback>> {
        let mut rows = Vec::with_capacity(found.len());
        let mut bytes = 0;
        for found in found {
            let len = found.to - found.from;
            if !shown && len > HANDED_OVER {
                return Err(too_much());
            }
            if !shown && !rows.is_empty() && bytes + len > ANSWER {
                break;
            }
            bytes += len;
            rows.push(self.callback(output, found, if shown { SHOWN } else { HANDED_OVER })?);
        }
        Ok(rows)
    }

    fn callback(&self, output: &Output, found: &CallbackBytes, limit: u64) -> Result<Callback> {
        let callback_rules = self.machine.callback_rules();
        let CallbackBytes { n, stream, from, to, at_us, line, ref cuts } = *found;
        let piece = Piece { stream, from, to, at_us, line, cuts };
        let len = to - from;
        let cut = len > limit;
        let mut bytes = output.read(stream, from, to.min(from + limit))?;
        // A line begins and ends where lines do, but for a last one without its end.
        let (before, end) = if line {
            (Vec::new(), Vec::new())
        } else {
            (output.read(stream, from.saturating_sub(4), from)?, output.read(stream, to.saturating_sub(4), to)?)
        };
        if cut {
            bytes.truncate(bytes.len() - incomplete_tail(&bytes));
        }
        let text = Text { text: text_of(&piece, callback_rules, &bytes), bytes: len, cut };
        let alone = callback_rules.decoding != Decoding::Joined && !line;
        let what = Called::Output {
            stream,
            value: if callback_rules.decoding == Decoding::Bytes { Value::Bytes(text) } else { Value::Text(text) },
            begins_in_character: alone && incomplete_tail(&before) > 0,
            ends_in_character: alone && incomplete_tail(&end) > 0,
            begins_in_line: !line && !before.is_empty() && !before.ends_with(b"\n"),
            ends_in_line: if line { to == self.machine.rest(stream).1 } else { !end.ends_with(b"\n") },
        };
        Ok(Callback { n, at_us, what })
    }

    /// The last lines that no callback got.
    fn lost(&self, output: &Output, machine: &Machine) -> Result<Option<Text>> {
        let callback_rules = machine.callback_rules();
        if !callback_rules.loses_last || callback_rules.silent_from.is_some() {
            return Ok(None);
        }
        let (mut bytes, mut len) = (Vec::new(), 0);
        for (stream, pieces) in [(Stream::Stdout, callback_rules.stdout), (Stream::Stderr, callback_rules.stderr)] {
            let (from, to) = machine.rest(stream);
            if pieces == Framing::Lines && from < to {
                len += to - from;
                bytes.extend(output.read(stream, from, to.min(from + SHOWN))?);
            }
        }
        Ok((len > 0).then(|| Text::of(&bytes, len, SHOWN as usize)))
    }
}

fn keep(found: &mut Vec<CallbackBytes>, wanted: RowRange, n: u64, piece: &Piece<'_>) {
    if n >= wanted.from && n - wanted.from < wanted.count {
        let Piece { stream, from, to, at_us, line, cuts } = *piece;
        found.push(CallbackBytes { n, stream, from, to, at_us, line, cuts: cuts.to_vec() });
    }
}

/// Some chunks that follow each other, with their bytes.
struct Batch {
    chunks: Vec<Chunk>,
    stdout: (u64, Vec<u8>),
    stderr: (u64, Vec<u8>),
}

impl Batch {
    /// The next chunks, of this many bytes at most, but one at least.
    fn read(output: &Output, from: u64, to: u64, most: u64) -> Result<Self> {
        let count = (to - from).min(BATCH as u64) as usize;
        let mut chunks = output.chunks(from, count);
        let mut bytes = 0;
        let fits = chunks.iter().take_while(|chunk| {
            let first = bytes == 0;
            bytes += chunk.len;
            first || bytes <= most
        });
        let fits = fits.count();
        chunks.truncate(fits);
        // The chunks of one stream follow each other in its file.
        let of = |stream: Stream| {
            let mut own = chunks.iter().filter(|chunk| chunk.stream == stream);
            let from = own.next().map(|first| (first.offset, first.offset + first.len));
            let (from, end) = from.unwrap_or_default();
            let to = own.next_back().map_or(end, |last| last.offset + last.len);
            Ok((from, output.read(stream, from, to)?))
        };
        let (stdout, stderr) = (of(Stream::Stdout)?, of(Stream::Stderr)?);
        Ok(Self { chunks, stdout, stderr })
    }

    fn bytes(&self) -> u64 {
        (self.stdout.1.len() + self.stderr.1.len()) as u64
    }

    fn of(&self, chunk: &Chunk) -> &[u8] {
        let (from, bytes) = match chunk.stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        };
        let start = chunk.offset.saturating_sub(*from) as usize;
        // A file that was truncated has less.
        bytes.get(start..bytes.len().min(start + chunk.len as usize)).unwrap_or_default()
    }
}
