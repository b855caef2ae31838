//! In which order the items of two streams came, kept as runs of one stream.

use crate::run::Stream;

/// The merged order of two sequences. Memory grows with the changes from one stream to the
/// other, not with the items.
#[derive(Debug, Default)]
pub(super) struct Order {
    runs: Vec<RunOf>,
    stdout: u64,
    stderr: u64,
}

/// Items of one stream that came with none of the other between them.
#[derive(Debug, Clone, Copy)]
struct RunOf {
    stream: Stream,
    /// The place of the first one in the merged order.
    merged: u64,
    /// The place of the first one in its own stream.
    own: u64,
}

impl Order {
    /// The next item is one of this stream.
    pub fn push(&mut self, stream: Stream) {
        if self.runs.last().is_none_or(|run| run.stream != stream) {
            self.runs.push(RunOf { stream, merged: self.len(), own: self.count(stream) });
        }
        match stream {
            Stream::Stdout => self.stdout += 1,
            Stream::Stderr => self.stderr += 1,
        }
    }

    /// How many items came.
    pub fn len(&self) -> u64 {
        self.stdout + self.stderr
    }

    fn count(&self, stream: Stream) -> u64 {
        match stream {
            Stream::Stdout => self.stdout,
            Stream::Stderr => self.stderr,
        }
    }

    /// Stream and place there of the items from the nth on.
    pub fn iter_from(&self, n: u64) -> impl Iterator<Item = (Stream, u64)> + '_ {
        let first = self.runs.partition_point(|run| run.merged <= n).saturating_sub(1);
        let mut at = first;
        (n..self.len()).filter_map(move |n| {
            if self.runs.get(at + 1).is_some_and(|next| next.merged <= n) {
                at += 1;
            }
            self.runs.get(at).map(|run| (run.stream, run.own + (n - run.merged)))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn answers_as_a_plain_list_does(items in prop::collection::vec(any::<bool>(), 0..200), from in 0u64..220) {
            let (mut order, mut plain, mut out, mut err) = (Order::default(), Vec::new(), 0, 0);
            for is_stdout in items {
                let (stream, own) = if is_stdout { (Stream::Stdout, &mut out) } else { (Stream::Stderr, &mut err) };
                order.push(stream);
                plain.push((stream, *own));
                *own += 1;
            }
            let tail: Vec<_> = order.iter_from(from).collect();
            prop_assert_eq!(tail, plain.get(from as usize..).unwrap_or_default().to_vec());
        }
    }
}
