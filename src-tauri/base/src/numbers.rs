//! Numbers in texts.

/// A count as people read it: `16,777,216`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (16_777_216, "16,777,216")] {
            assert_eq!(count(number), text);
        }
    }

    proptest! {
        #[test]
        fn no_digit_is_lost(number in any::<u64>()) {
            prop_assert_eq!(count(number).replace(',', ""), number.to_string());
        }
    }
}
