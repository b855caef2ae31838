//! When what was recorded happens again.

use std::{str::FromStr, time::Duration};

use tokio::time::Instant;

/// The longest wait between two recorded moments: more is a time that no session has by itself.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// How many times as fast as in the recording; at once when 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed(f64);

impl Default for Speed {
    fn default() -> Self {
        Self(1.0)
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .and_then(Self::new)
            .ok_or_else(|| "expected a number from 0, for example 2 for twice as fast".to_owned())
    }
}

impl Speed {
    /// This many times as fast, if it is a number from 0.
    pub fn new(times: f64) -> Option<Self> {
        (times.is_finite() && times >= 0.0).then_some(Self(times))
    }

    /// How many times as fast.
    pub fn times(self) -> f64 {
        self.0
    }

    fn waits(self, recorded_us: u64) -> Duration {
        if self.0 == 0.0 {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(recorded_us as f64 / 1e6 / self.0).unwrap_or(LONGEST).min(LONGEST)
    }

    /// Waits until this long after the beginning, in recorded microseconds.
    pub(super) async fn until(self, began: Instant, recorded_us: u64) {
        let due = began + self.waits(recorded_us);
        // Also a moment that is over would let other tasks go first.
        if due > Instant::now() {
            tokio::time::sleep_until(due).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_number_from_0() {
        for text in ["-1", "NaN", "inf", "", "x", "1,5"] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
        let waits = |speed: &str, us| speed.parse::<Speed>().unwrap().waits(us).as_micros();
        assert_eq!((waits("1", 1500), waits("2", 3000), waits("0.5", 1000)), (1500, 1500, 2000));
        assert_eq!(waits("0", u64::MAX), 0);
        assert_eq!(Speed::default().waits(1500), Duration::from_micros(1500));
    }

    #[test]
    fn no_recorded_time_is_too_long_to_be_waited_for() {
        for speed in ["1", "0.000000001", "1e-300", "5e-324"] {
            assert_eq!(speed.parse::<Speed>().unwrap().waits(u64::MAX), LONGEST, "{speed}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_are_counted_from_the_beginning() {
        let began = Instant::now();
        let speed = Speed::default();
        for at_us in [2_000_000, 1_000_000, 5_000_000] {
            speed.until(began, at_us).await;
        }
        assert_eq!(began.elapsed(), Duration::from_secs(5));
    }
}
