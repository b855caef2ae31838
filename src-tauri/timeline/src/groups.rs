//! Which page load, console run or replay a call belongs to.

use std::collections::VecDeque;

use super::{CallGroup, Origin};

/// Groups that are remembered: calls of code that has ended come in no later than a few loads after it.
const MOST: usize = 64;

/// The groups of the latest calls, numbered for each origin.
#[derive(Debug, Default)]
pub(super) struct Groups(VecDeque<(Origin, CallGroup)>);

impl Groups {
    /// The group of the code of this origin that began at this time.
    pub fn of(&mut self, origin: Origin, began_ms: u64) -> CallGroup {
        let newest_first = || self.0.iter().rev().filter(|(of, _)| *of == origin).map(|(_, group)| *group);
        if let Some(known) = newest_first().find(|group| group.began_ms == began_ms) {
            return known;
        }
        let number = newest_first().next().map_or(0, |group| group.number).saturating_add(1);
        let group = CallGroup { began_ms, number };
        self.0.push_back((origin, group));
        if self.0.len() > MOST {
            // The last number of the other origin stays, however many loads this one has.
            let oldest = self.0.iter().position(|(of, _)| *of == origin);
            oldest.map(|at| self.0.remove(at));
        }
        group
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_loads_and_console_runs_are_numbered_each_by_themselves() {
        let mut groups = Groups::default();
        let mut number = |origin, began_ms| groups.of(origin, began_ms).number;
        assert_eq!(number(Origin::Page, 10), 1);
        assert_eq!(number(Origin::Page, 20), 2);
        assert_eq!(number(Origin::Console, 15), 1);
        assert_eq!(number(Origin::Page, 10), 1, "a late call of the load before");
        assert_eq!(number(Origin::Page, 20), 2);
        for load in 100..10_000 {
            number(Origin::Page, load);
        }
        assert_eq!(number(Origin::Console, 15), 1);
        assert_eq!(number(Origin::Console, 16), 2);
        assert_eq!(groups.0.len(), MOST);
    }
}
