//! In which order the items of two streams came, kept as runs of one stream.

use super::offsets::{EVERY, Offsets};
use crate::Stream;

/// The merged order of two sequences. Memory grows with the changes from one stream to the
/// other, not with the items: two bytes for each change.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The stream of the first run; after it they take turns.
    first: Option<Stream>,
    /// How many items of stdout came before each run.
    stdout_before: Offsets,
    /// How many of stderr.
    stderr_before: Offsets,
    stdout: u64,
    stderr: u64,
}

/// Items of one stream that came with none of the other between them.
#[derive(Debug, Clone, Copy)]
struct RunOf {
    stream: Stream,
    stdout_before: u64,
    stderr_before: u64,
}

impl RunOf {
    /// The place of its first item in the merged order.
    fn merged(self) -> u64 {
        self.stdout_before + self.stderr_before
    }

    /// The place of its first item in its own stream.
    fn own(self) -> u64 {
        match self.stream {
            Stream::Stdout => self.stdout_before,
            Stream::Stderr => self.stderr_before,
        }
    }
}

impl Order {
    /// The next `count` items are of this stream.
    pub fn push(&mut self, stream: Stream, count: u64) {
        if count == 0 {
            return;
        }
        if self.stream_of(self.stdout_before.len().wrapping_sub(1)) != Some(stream) {
            self.first.get_or_insert(stream);
            self.stdout_before.push(self.stdout);
            self.stderr_before.push(self.stderr);
        }
        match stream {
            Stream::Stdout => self.stdout += count,
            Stream::Stderr => self.stderr += count,
        }
    }

    /// How many items came.
    pub fn len(&self) -> u64 {
        self.stdout + self.stderr
    }

    /// Bytes of memory in use.
    pub fn memory(&self) -> usize {
        self.stdout_before.memory() + self.stderr_before.memory()
    }

    fn stream_of(&self, run: u64) -> Option<Stream> {
        let first = self.first?;
        (run < self.stdout_before.len()).then(|| if run.is_multiple_of(2) { first } else { first.other() })
    }

    /// The runs from the nth on.
    fn runs_from(&self, n: u64) -> impl Iterator<Item = RunOf> + '_ {
        let before = self.stdout_before.iter_from(n).zip(self.stderr_before.iter_from(n));
        before.zip(n..).filter_map(|((stdout_before, stderr_before), n)| {
            Some(RunOf { stream: self.stream_of(n)?, stdout_before, stderr_before })
        })
    }

    /// The last run with a `place` not above `n`, where places rise from run to run.
    fn run_at(&self, n: u64, place: impl Fn(u64, u64) -> u64) -> u64 {
        let head = |block| Some(place(self.stdout_before.head(block)?, self.stderr_before.head(block)?));
        let (mut low, mut high) = (0, self.stdout_before.blocks());
        while low < high {
            let middle = usize::midpoint(low, high);
            match head(middle) {
                Some(at) if at <= n => low = middle + 1,
                _ => high = middle,
            }
        }
        let first = (low.saturating_sub(1) * EVERY) as u64;
        let runs = self.runs_from(first).take(EVERY);
        let below = runs.take_while(|run| place(run.stdout_before, run.stderr_before) <= n).count() as u64;
        first + below.saturating_sub(1)
    }

    /// Stream and place there of the items from the nth on.
    pub fn iter_from(&self, n: u64) -> impl Iterator<Item = (Stream, u64)> + '_ {
        let mut runs = self.runs_from(self.run_at(n, |stdout, stderr| stdout + stderr)).peekable();
        let mut run = runs.next();
        (n..self.len()).filter_map(move |n| {
            if runs.peek().is_some_and(|next| next.merged() <= n) {
                run = runs.next();
            }
            run.map(|run| (run.stream, run.own() + (n - run.merged())))
        })
    }

    /// How many items of stdout and of stderr came before the nth.
    pub fn before(&self, n: u64) -> (u64, u64) {
        let n = n.min(self.len());
        match self.runs_from(self.run_at(n, |stdout, stderr| stdout + stderr)).next() {
            Some(run) if run.stream == Stream::Stdout => (n - run.stderr_before, run.stderr_before),
            Some(run) => (run.stdout_before, n - run.stdout_before),
            None => (0, 0),
        }
    }

    /// The place in the merged order of a stream's nth item, which must be there.
    pub fn merged(&self, stream: Stream, n: u64) -> u64 {
        // There is no other stream in between.
        if self.stdout_before.len() < 2 {
            return n;
        }
        let at = match stream {
            Stream::Stdout => self.run_at(n, |stdout, _| stdout),
            Stream::Stderr => self.run_at(n, |_, stderr| stderr),
        };
        // The run found may be one of the other stream that ends where the item's begins.
        let runs = self.runs_from(at.saturating_sub(1)).take(3).filter(|run| run.stream == stream && run.own() <= n);
        runs.last().map_or(n, |run| run.merged() + (n - run.own()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn answers_as_a_plain_list_does(
            items in prop::collection::vec((any::<bool>(), 1u64..4), 0..400),
            from in 0u64..900,
        ) {
            let (mut order, mut plain, mut out, mut err) = (Order::default(), Vec::new(), 0, 0);
            for (is_stdout, count) in items {
                let (stream, own) = if is_stdout { (Stream::Stdout, &mut out) } else { (Stream::Stderr, &mut err) };
                order.push(stream, count);
                for _ in 0..count {
                    plain.push((stream, *own));
                    *own += 1;
                }
            }
            let tail: Vec<_> = order.iter_from(from).collect();
            prop_assert_eq!(tail, plain.get(from as usize..).unwrap_or_default().to_vec());
            let head = &plain[..plain.len().min(from as usize)];
            let out = head.iter().filter(|(stream, _)| *stream == Stream::Stdout).count() as u64;
            prop_assert_eq!(order.before(from), (out, head.len() as u64 - out));
            for (n, (stream, own)) in plain.iter().enumerate() {
                prop_assert_eq!(order.merged(*stream, *own), n as u64);
            }
        }
    }

    #[test]
    fn streams_that_take_turns_cost_two_bytes_an_item() {
        let mut order = Order::default();
        for _ in 0..100_000 {
            order.push(Stream::Stdout, 1);
            order.push(Stream::Stderr, 1);
        }
        assert!(order.memory() < 200_000 * 4, "{}", order.memory());
    }
}
