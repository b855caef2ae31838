//! What differs between two texts of any size, by line and word. What both begin and end with is passed over without
//! being kept.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use similar::{Algorithm, ChangeTag, DiffOp, DiffTag, InlineChangeOptions, TextDiff};
use tokio_util::sync::CancellationToken;

use super::{
    facts::{ComparedExtent, ComparedLine, Difference, Hunk, LinePiece},
    rules::ReadRules,
};
use porthole_base::error::{Code, Error, Result};
use porthole_output::{Output, Stream};

/// Bytes read at once.
const PIECE: u64 = 256 * 1024;
/// Bytes of each side that are compared line by line.
const MOST: u64 = 2 * 1024 * 1024;
/// A longer line is compared in parts of this many bytes.
const LINE: usize = 64 * 1024;
/// After this time no more matching lines are searched for: the rest of one side replaces the rest of the other.
const PATIENCE: Duration = Duration::from_secs(3);
/// Lines around those that differ.
const AROUND: usize = 2;
/// Groups of lines, and lines in all, that are listed.
const MOST_HUNKS: usize = 200;
const MOST_LINES: usize = 4000;
/// Characters of a line that are shown.
const SHOWN: usize = 2000;

/// One stream of a recorded output, as far as it is there now.
#[derive(Debug, Clone)]
pub(super) struct Source {
    output: Arc<Output>,
    stream: Stream,
    pub length: u64,
}

impl Source {
    pub fn new(output: Arc<Output>, stream: Stream) -> Self {
        let counts = output.counts();
        let length = match stream {
            Stream::Stdout => counts.stdout.bytes,
            Stream::Stderr => counts.stderr.bytes,
        };
        Self { output, stream, length }
    }

    pub fn read(&self, from: u64, to: u64) -> Result<Vec<u8>> {
        self.output.read(self.stream, from, to.min(self.length))
    }
}

/// What was found.
pub(super) struct Compared {
    pub difference: Difference,
    pub allowed: u32,
    pub partial: Option<ComparedExtent>,
}

/// Compares two streams as text, or as bytes where they aren't UTF-8.
///
/// # Errors
/// [`Code::OutputUnreadable`]; [`Code::Cancelled`].
pub(super) fn compare(
    first: &Source,
    second: &Source,
    rules: &ReadRules,
    stop: &CancellationToken,
) -> Result<Compared> {
    let same = Same::of(first, second, stop)?;
    if same.before == first.length && same.before == second.length {
        return Ok(Compared { difference: Difference::Same, allowed: 0, partial: None });
    }
    let ends = [first.length - same.after, second.length - same.after];
    let mut at = [Place { offset: same.line_start, line: same.lines }; 2];
    let mut allowed = 0;
    loop {
        go_on(stop)?;
        let (before, after) = (Lines::take(first, at[0], ends[0], rules)?, Lines::take(second, at[1], ends[1], rules)?);
        let (Some(mut old), Some(mut new)) = (before.texts(), after.texts()) else {
            let difference =
                Difference::Bytes { offset: same.before, first_length: first.length, second_length: second.length };
            return Ok(Compared { difference, allowed, partial: None });
        };
        // The newline between the last line and those that are left out after it belongs to them.
        let is_left_out = !before.is_cut && !after.is_cut && (before.ends_left_out() || after.ends_left_out());
        let (old_end, new_end) = (with_end(&old, &new), with_end(&new, &old));
        if is_left_out {
            old.pop();
            old.extend(old_end.as_deref());
            new.pop();
            new.extend(new_end.as_deref());
        }
        let alike = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
        let is_cut = (alike == old.len() && before.is_cut) || (alike == new.len() && after.is_cut);
        // What differs may be behind lines that are left out.
        if is_cut && rules.has_lines() {
            allowed += before.left_out_before(alike).max(after.left_out_before(alike));
            at = [before.place(alike), after.place(alike)];
            continue;
        }
        allowed += before.left_out.max(after.left_out);
        let extent = ComparedExtent { first: before.end, second: after.end, callbacks: false };
        let partial = (before.is_cut || after.is_cut).then_some(extent);
        return Ok(Compared { difference: lines(&old, &new, (&before, &after)), allowed, partial });
    }
}

/// The last of these lines with a line end: where it has none, that of the last one of the other text.
fn with_end(lines: &[&str], other: &[&str]) -> Option<String> {
    let last = *lines.last()?;
    if last.ends_with('\n') {
        return Some(last.to_owned());
    }
    let end = other.last().map(|line| split_end(line).1).filter(|end| !end.is_empty());
    Some(format!("{last}{}", end.unwrap_or("\n")))
}

/// A line and its end.
fn split_end(line: &str) -> (&str, &str) {
    line.split_at(line.trim_end_matches(['\r', '\n']).len())
}

/// Compares two texts that are in memory.
pub(super) fn compare_texts(first: &str, second: &str) -> Difference {
    if first == second {
        return Difference::Same;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (first.lines().collect(), second.lines().collect());
    lines(&old, &new, (&Lines::plain(old.len() as u64), &Lines::plain(new.len() as u64)))
}

/// What two streams begin and end with alike.
struct Same {
    /// Bytes at the beginning.
    before: u64,
    /// Where the first line begins that is shown: a few before the one that differs. How many lines are before it.
    line_start: u64,
    lines: u64,
    /// Bytes at the end, beginning with a whole line.
    after: u64,
}

impl Same {
    fn of(first: &Source, second: &Source, stop: &CancellationToken) -> Result<Self> {
        // Where the last lines begin: those before the one that differs are shown with it.
        let mut starts = VecDeque::from([0]);
        let (mut before, mut lines) = (0, 0);
        let shorter = first.length.min(second.length);
        while before < shorter {
            go_on(stop)?;
            let (old, new) = (first.read(before, before + PIECE)?, second.read(before, before + PIECE)?);
            let alike = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
            for end in memchr::memchr_iter(b'\n', &old[..alike]) {
                starts.push_back(before + end as u64 + 1);
                if starts.len() > AROUND + 1 {
                    starts.pop_front();
                    lines += 1;
                }
            }
            before += alike as u64;
            if alike < old.len() || alike == 0 {
                break;
            }
        }
        let line_start = starts.front().copied().unwrap_or_default();
        let mut same = Self { before, line_start, lines, after: 0 };
        same.after = same.at_the_end(first, second, stop)?;
        Ok(same)
    }

    fn at_the_end(&self, first: &Source, second: &Source, stop: &CancellationToken) -> Result<u64> {
        let room = first.length.min(second.length) - self.line_start;
        let (mut alike, mut whole) = (0, 0);
        while alike < room {
            go_on(stop)?;
            let length = PIECE.min(room - alike);
            let piece = |source: &Source| source.read(source.length - alike - length, source.length - alike);
            let (old, new) = (piece(first)?, piece(second)?);
            let more = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
            // The first line may have begun before what is alike, and the next ones are shown with what differs.
            if let Some(end) = memchr::memchr_iter(b'\n', &old[old.len() - more..]).nth(AROUND) {
                whole = alike + (more - end - 1) as u64;
            }
            alike += more as u64;
            if more < old.len() || more == 0 {
                break;
            }
        }
        Ok(whole)
    }
}

fn go_on(stop: &CancellationToken) -> Result<()> {
    if stop.is_cancelled() {
        return Err(Error::new(Code::Cancelled, "The comparison was canceled"));
    }
    Ok(())
}

/// Where a line begins.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: u64,
    /// Its number, from 0.
    line: u64,
}

/// A line that is compared, or a part of a long one.
struct Line {
    start: usize,
    end: usize,
    /// Its number, from 0.
    number: u64,
    /// How many lines were left out before it.
    left_out: u32,
}

/// The lines between what is alike.
struct Lines {
    bytes: Vec<u8>,
    kept: Vec<Line>,
    left_out: u32,
    /// There is more than was taken.
    is_cut: bool,
    /// Where in the stream it begins and ends.
    begin: u64,
    end: u64,
    /// The number of the line after the last one.
    next: u64,
}

impl Lines {
    /// This number of lines, with none left out.
    fn plain(count: u64) -> Self {
        let kept = (0..count).map(|number| Line { start: 0, end: 0, number, left_out: 0 }).collect();
        Self { bytes: Vec::new(), kept, left_out: 0, is_cut: false, begin: 0, end: 0, next: count }
    }

    fn take(source: &Source, at: Place, to: u64, rules: &ReadRules) -> Result<Self> {
        let to = to.max(at.offset);
        let mut bytes = source.read(at.offset, to.min(at.offset + MOST))?;
        // A file that was cut short has no more, whatever its length was.
        let is_cut = !bytes.is_empty() && at.offset + (bytes.len() as u64) < to;
        if is_cut && let Some(end) = memchr::memrchr(b'\n', &bytes) {
            bytes.truncate(end + 1);
        }
        let end = at.offset + bytes.len() as u64;
        let mut lines = Self { bytes, kept: Vec::new(), left_out: 0, is_cut, begin: at.offset, end, next: at.line };
        let mut start = 0;
        while start < lines.bytes.len() {
            let rest = &lines.bytes[start..];
            let line = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            let end = if line > LINE { character_start(rest, LINE) } else { line };
            let text = String::from_utf8_lossy(&rest[..end]);
            if rules.has_lines() && rules.leaves_out(text.trim_end_matches(['\r', '\n'])) {
                lines.left_out += 1;
            } else {
                let (number, left_out) = (lines.next, lines.left_out);
                lines.kept.push(Line { start, end: start + end, number, left_out });
            }
            lines.next += u64::from(end == line);
            start += end;
        }
        Ok(lines)
    }

    /// The lines; none where they aren't text. What a limit cut off may end in the middle of a character.
    fn texts(&self) -> Option<Vec<&str>> {
        let whole = match std::str::from_utf8(&self.bytes) {
            Ok(_) => self.bytes.len(),
            Err(error) if self.is_cut && error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return None,
        };
        if memchr::memchr(0, &self.bytes).is_some() {
            return None;
        }
        self.kept.iter().map(|line| std::str::from_utf8(&self.bytes[line.start..line.end.min(whole)]).ok()).collect()
    }

    /// The number of a line, from 1.
    fn number(&self, at: usize) -> Option<u64> {
        self.kept.get(at).map(|line| line.number + 1)
    }

    /// How many lines were left out before the nth of those that weren't.
    fn left_out_before(&self, at: usize) -> u32 {
        self.kept.get(at).map_or(self.left_out, |line| line.left_out)
    }

    /// Whether lines were left out after the last one that wasn't.
    fn ends_left_out(&self) -> bool {
        self.left_out > self.kept.last().map_or(0, |line| line.left_out)
    }

    /// Where the nth of those lines begins.
    fn place(&self, at: usize) -> Place {
        match self.kept.get(at) {
            Some(line) => Place { offset: self.begin + line.start as u64, line: line.number },
            None => Place { offset: self.end, line: self.next },
        }
    }
}

/// The last place at or before this one where a character begins.
fn character_start(bytes: &[u8], at: usize) -> usize {
    (at.saturating_sub(3)..=at).rev().find(|at| bytes[*at] & 0xc0 != 0x80).unwrap_or(at)
}

/// The groups of lines that differ.
fn lines(old: &[&str], new: &[&str], (before, after): (&Lines, &Lines)) -> Difference {
    if old == new {
        return Difference::Same;
    }
    let deadline = Instant::now() + PATIENCE;
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).deadline(deadline).diff_slices(old, new);
    let groups = diff.grouped_ops(AROUND);
    let (mut hunks, mut listed, total) = (Vec::new(), 0, groups.len());
    for group in groups.iter().take(MOST_HUNKS) {
        let mut hunk = Hunk { lines: Vec::new() };
        let ends = (ends_of(group, |op| &old[op.old_range()]), ends_of(group, |op| &new[op.new_range()]));
        let changes = group.iter().flat_map(|op| {
            diff.iter_inline_changes_with_options_deadline(op, InlineChangeOptions::default(), Some(deadline))
        });
        for change in changes.take(MOST_LINES - listed) {
            let pieces = change.iter_strings_lossy().map(|(differs, text)| (differs, text.into_owned())).collect();
            let is_same = change.tag() == ChangeTag::Equal;
            let end = match (change.old_index(), change.new_index()) {
                (Some(at), None) => old.get(at).and_then(|line| other_end(line, &ends.1)),
                (None, Some(at)) => new.get(at).and_then(|line| other_end(line, &ends.0)),
                _ => None,
            };
            hunk.lines.push(ComparedLine {
                first: change.old_index().and_then(|at| before.number(at)),
                second: change.new_index().and_then(|at| after.number(at)),
                pieces: shown(pieces, is_same),
                end,
            });
        }
        listed += hunk.lines.len();
        hunks.push(hunk);
        if listed == MOST_LINES {
            break;
        }
    }
    let more = total.saturating_sub(hunks.len()) as u32;
    Difference::Text { hunks, more }
}

/// The ends of the lines that one text of a group has alone, by their text.
fn ends_of<'t>(group: &[DiffOp], lines_of: impl Fn(&DiffOp) -> &'t [&'t str]) -> HashMap<&'t str, &'t str> {
    let differing = group.iter().filter(|op| op.tag() != DiffTag::Equal);
    differing.flat_map(lines_of).map(|line| split_end(line)).collect()
}

/// The end of a line that the other text has with another one.
fn other_end(line: &str, others: &HashMap<&str, &str>) -> Option<String> {
    let (text, end) = split_end(line);
    others.get(text).filter(|other| **other != end).map(|_| end.to_owned())
}

/// The pieces of a line without its end, and only as much of a long line as is shown.
fn shown(pieces: Vec<(bool, String)>, is_same: bool) -> Vec<LinePiece> {
    let mut room = SHOWN;
    let mut line = Vec::with_capacity(pieces.len());
    for (differs, mut text) in pieces {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        if let Some((at, _)) = text.char_indices().nth(room) {
            text.truncate(at);
            text.push('…');
        }
        room = room.saturating_sub(text.chars().count());
        if !text.is_empty() {
            line.push(LinePiece { text, differs: differs && !is_same });
        }
        if room == 0 {
            break;
        }
    }
    line
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
