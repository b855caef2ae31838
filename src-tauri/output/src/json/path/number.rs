//! Decimal numbers of any size and precision, compared exactly.

use std::cmp::Ordering;

/// The most that an exponent counts: beyond it numbers differ only by their sign.
const FARTHEST: i64 = 1 << 60;

/// `0.DIGITS × 10^exponent`, in one form for each value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// Without zeros at either end; none for zero.
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// Reads a number as JSON writes it.
    pub fn read(text: &[u8]) -> Self {
        let (negative, text) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (number, power) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(at) => (&text[..at], power(&text[at + 1..])),
            None => (text, 0),
        };
        let whole = number.iter().position(|byte| *byte == b'.').unwrap_or(number.len());
        let digits: Vec<u8> = number.iter().copied().filter(u8::is_ascii_digit).collect();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let mut digits = digits[zeros..].to_vec();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            return Self::from(0);
        }
        let exponent = power.saturating_add(whole as i64).saturating_sub(zeros as i64);
        Self { negative, digits, exponent }
    }
}

impl From<u64> for Decimal {
    fn from(number: u64) -> Self {
        if number == 0 {
            return Self { negative: false, digits: Vec::new(), exponent: 0 };
        }
        Self::read(number.to_string().as_bytes())
    }
}

fn power(text: &[u8]) -> i64 {
    let (negative, digits) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let read = digits.iter().fold(0i64, |sum, digit| {
        sum.saturating_mul(10).saturating_add(i64::from(digit.saturating_sub(b'0'))).min(FARTHEST)
    });
    if negative { -read } else { read }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let size = || (self.exponent, &self.digits).cmp(&(other.exponent, &other.digits));
        sign(self).cmp(&sign(other)).then_with(|| if self.negative { size().reverse() } else { size() })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compare(a: &str, b: &str) -> Ordering {
        Decimal::read(a.as_bytes()).cmp(&Decimal::read(b.as_bytes()))
    }

    #[test]
    fn numbers_that_a_double_cannot_tell_apart_are_compared_exactly() {
        assert_eq!(compare("9007199254740993", "9007199254740992"), Ordering::Greater);
        assert_eq!(compare("0.1", "0.1000000000000000000001"), Ordering::Less);
        assert_eq!(compare("1e400", "1e401"), Ordering::Less);
        assert_eq!(compare("-1e400", "-1e401"), Ordering::Greater);
        for (a, b) in [("1e2", "100"), ("1.50", "15E-1"), ("-0", "0.0e9"), ("0.00012", "1.2e-4")] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
        assert_eq!(compare("1e99999999999999999999", "-1"), Ordering::Greater);
    }

    proptest! {
        #[test]
        fn whole_numbers_compare_as_they_do(a: i64, b: i64, shift in 0usize..4) {
            let zeros = "0".repeat(shift);
            let written = format!("{a}{zeros}e-{shift}");
            prop_assert_eq!(compare(&written, &b.to_string()), a.cmp(&b));
            prop_assert_eq!(compare(&written, &a.to_string()), Ordering::Equal);
        }
    }
}
