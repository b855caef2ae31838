//! Two sides measured in turns, so that what the machine does besides falls on both.

use crate::context::Result;

/// What was measured, a figure a round.
#[derive(Debug, Default, Clone)]
pub struct Sides {
    /// Porthole.
    pub ours: Vec<f64>,
    /// The peer; empty where there is none.
    pub theirs: Vec<f64>,
}

impl Sides {
    /// Figures that have no peer.
    pub fn alone(ours: Vec<f64>) -> Self {
        Self { ours, theirs: Vec::new() }
    }

    /// The same, beside a fixed figure.
    pub fn beside(self, theirs: f64) -> Self {
        Self { theirs: vec![theirs], ..self }
    }
}

/// Measures both sides in turns: ours first in one pair, theirs in the next. The first round of each
/// only warms caches.
pub async fn alternate(
    pairs: usize,
    mut ours: impl AsyncFnMut() -> Result<f64>,
    mut theirs: impl AsyncFnMut() -> Result<f64>,
) -> Result<Sides> {
    let all = alternate_all(pairs, async || Ok([ours().await?]), async || Ok([theirs().await?])).await?;
    let [sides] = all;
    Ok(sides)
}

/// The same where each round gives several figures.
pub async fn alternate_all<const N: usize>(
    pairs: usize,
    mut ours: impl AsyncFnMut() -> Result<[f64; N]>,
    mut theirs: impl AsyncFnMut() -> Result<[f64; N]>,
) -> Result<[Sides; N]> {
    ours().await?;
    theirs().await?;
    let mut sides = [const { Sides { ours: Vec::new(), theirs: Vec::new() } }; N];
    for pair in 0..pairs {
        let (mine, other) = if pair % 2 == 0 {
            let mine = ours().await?;
            (mine, theirs().await?)
        } else {
            let other = theirs().await?;
            (ours().await?, other)
        };
        for ((sides, mine), other) in sides.iter_mut().zip(mine).zip(other) {
            sides.ours.push(mine);
            sides.theirs.push(other);
        }
    }
    Ok(sides)
}

/// The one in the middle, or between the two in the middle.
pub fn median(figures: &[f64]) -> Option<f64> {
    let sorted = sorted(figures);
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle).copied()?;
    if sorted.len() % 2 == 1 { Some(upper) } else { Some((sorted[middle - 1] + upper) / 2.0) }
}

/// The smallest figure that this part of all figures does not pass: 0.99 for a p99.
pub fn percentile(figures: &[f64], part: f64) -> Option<f64> {
    let sorted = sorted(figures);
    let place = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(place.max(1) - 1).copied()
}

fn sorted(figures: &[f64]) -> Vec<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_percentiles_are_figures_that_were_measured() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0]), Some(2.5));
        assert_eq!(median(&[]), None);
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&hundred, 0.99), Some(99.0));
        assert_eq!(percentile(&[7.0], 0.5), Some(7.0));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
