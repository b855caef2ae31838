//! Which lines are searched at once, and which stream the lines of a view are from.

use super::{Open, Part, SLICE, Slice};
use crate::{Stream, TaskProgress, View, spill::Bytes, streams::Streams};

impl Streams {
    /// The lines to search next, from the nth of the view on, but none from `end` on.
    pub(super) fn slice(&self, view: View, from: u64, end: u64) -> Option<Slice> {
        let all = self.rows(view).min(end);
        if from >= all {
            return None;
        }
        let reach = |stream, own: u64| {
            let spill = self.of(stream);
            let last = spill.line_of(spill.line_start(own) + SLICE).filter(|_| own < spill.lines())?;
            let end = last.max(own + 1);
            (end < spill.lines()).then(|| self.number_in(view, stream, end))
        };
        let (out, err) = self.before(view, from);
        let ends = [(Stream::Stdout, out), (Stream::Stderr, err)];
        let shown = ends.iter().filter(|(stream, _)| shows(view, *stream));
        let to = shown.filter_map(|(stream, own)| reach(*stream, *own)).min().unwrap_or(all).min(all);
        let (out_end, err_end) = self.before(view, to);
        let part = |stream, from: u64, to: u64| {
            let spill = self.of(stream);
            let (start, end) = (spill.line_start(from), spill.line_start(to));
            (from < to).then(|| Part { stream, from, to, bytes: spill.bytes(), start, end })
        };
        let parts: Vec<Part> =
            [part(Stream::Stdout, out, out_end), part(Stream::Stderr, err, err_end)].into_iter().flatten().collect();
        let open = parts.iter().filter(|part| part.to > self.of(part.stream).whole_lines()).map(|part| {
            let own = part.to - 1;
            let line = self.number_in(view, part.stream, own);
            Open { stream: part.stream, own, line, end: part.end, is_hit: false }
        });
        let open = open.collect();
        Some(Slice { from, to, parts, open })
    }

    /// A line as it is now, and whether it has ended.
    pub(super) fn line_now(&self, stream: Stream, own: u64) -> Option<(Bytes, u64, u64, bool)> {
        let spill = self.of(stream);
        let (start, end) = spill.line(own)?;
        Some((spill.bytes(), start, end, own < spill.whole_lines()))
    }

    /// How many lines of each stream come before the nth of the view.
    fn before(&self, view: View, n: u64) -> (u64, u64) {
        match view {
            View::Both => self.lines.before(n),
            View::Stderr => (0, n),
            _ => (n, 0),
        }
    }

    /// The number in the view of a stream's own line.
    pub(crate) fn number_in(&self, view: View, stream: Stream, own: u64) -> u64 {
        match view {
            View::Both => self.lines.merged(stream, own),
            _ => own,
        }
    }

    /// Stream and own number of the lines of a view.
    pub(super) fn owners(&self, view: View, from: u64, to: u64) -> Box<dyn Iterator<Item = (Stream, u64)> + '_> {
        match view {
            View::Both => Box::new(self.lines.iter_from(from).take((to - from) as usize)),
            View::Stderr => Box::new((from..to).map(|n| (Stream::Stderr, n))),
            _ => Box::new((from..to).map(|n| (Stream::Stdout, n))),
        }
    }

    /// The same of as many lines from the nth on.
    pub(crate) fn owners_from(&self, view: View, from: u64, count: u64) -> Vec<(Stream, u64)> {
        let to = self.rows(view).min(from.saturating_add(count));
        if from >= to { Vec::new() } else { self.owners(view, from, to).collect() }
    }

    pub(super) fn bytes_before(&self, view: View, n: u64) -> TaskProgress {
        let (out, err) = self.before(view, n);
        let streams = [(Stream::Stdout, out), (Stream::Stderr, err)];
        let shown = streams.into_iter().filter(|(stream, _)| shows(view, *stream));
        shown.fold(TaskProgress::default(), |sum, (stream, own)| {
            let spill = self.of(stream);
            TaskProgress { done: sum.done + spill.line_start(own), whole: sum.whole + spill.len() }
        })
    }
}

fn shows(view: View, stream: Stream) -> bool {
    match view {
        View::Both => true,
        View::Stderr => stream == Stream::Stderr,
        _ => stream == Stream::Stdout,
    }
}
