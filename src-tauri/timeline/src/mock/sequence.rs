//! The nth request for something gets its nth recording; further requests get the last one.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Recordings by what they are known by.
#[derive(Debug)]
pub(super) struct Sequences<K>(HashMap<K, Sequence>);

#[derive(Debug, Default)]
struct Sequence {
    recordings: Vec<usize>,
    next: AtomicUsize,
}

impl<K> Default for Sequences<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Sequences<K> {
    /// Adds the next recording of it.
    pub fn add(&mut self, key: K, recording: usize) {
        self.0.entry(key).or_default().recordings.push(recording);
    }

    /// The recording that is next.
    pub fn next(&self, key: &K) -> Option<usize> {
        let Sequence { recordings, next } = self.0.get(key)?;
        let last = recordings.len().checked_sub(1)?;
        let step = |n: usize| (n < last).then_some(n + 1);
        let n = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).unwrap_or(last);
        recordings.get(n).copied()
    }

    /// The same, and it stays the next.
    pub fn peek(&self, key: &K) -> Option<usize> {
        let Sequence { recordings, next } = self.0.get(key)?;
        recordings.get(next.load(Ordering::Relaxed)).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_is_used_once_in_order_and_the_last_one_from_then_on(
            keys in prop::collection::vec(0u8..3, 0..12), asked in prop::collection::vec(0u8..3, 0..30),
        ) {
            let mut sequences = Sequences::default();
            for (recording, key) in keys.iter().enumerate() {
                sequences.add(*key, recording);
            }
            let mut times = [0; 3];
            for key in asked {
                let of_it: Vec<usize> = (0..keys.len()).filter(|n| keys[*n] == key).collect();
                let expected = of_it.get(times[usize::from(key)]).or(of_it.last()).copied();
                prop_assert_eq!(sequences.peek(&key), expected);
                prop_assert_eq!(sequences.next(&key), expected);
                times[usize::from(key)] += 1;
            }
        }
    }
}
