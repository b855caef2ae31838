//! Text of an extension's files as it is shown: in one line, with nothing in it that hides or reorders.

use std::fmt::Write;

use serde_json::Value;

/// The most characters of one value that are shown.
const LONGEST: usize = 240;

/// A text with line breaks, control, zero-width and direction characters written out, and cut.
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    let mut chars = text.chars();
    for c in chars.by_ref().take(LONGEST) {
        if hides(c) {
            let _ = write!(shown, "{}", c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    let left = chars.count();
    if left > 0 {
        let _ = write!(shown, "… ({left} more characters)");
    }
    shown
}

/// A value of the configuration; compose writes a dollar sign twice.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => visible(&text.replace("$$", "$")),
        Value::Array(list) if list.iter().all(|entry| entry.is_string() || entry.is_number()) => {
            list.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
        other => visible(&other.to_string().replace("$$", "$")),
    }
}

fn hides(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x61C | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB | 0xE0000..=0xE0FFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_or_reorders_what_is_shown() {
        assert_eq!(visible("a\nb\u{202e}c\u{200b}d"), "a\\u{a}b\\u{202e}c\\u{200b}d");
        let long = visible(&"x".repeat(LONGEST + 5));
        assert!(long.ends_with("x… (5 more characters)"), "{long}");
        assert_eq!(shown(&serde_json::json!(["$$HOME", 2])), "$HOME, 2");
    }
}
