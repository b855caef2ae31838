//! JavaScript source: strings, objects, lists.

use porthole_base::terminal::is_control;

/// A string literal. It is valid JSON too; what an editor would not show is written by its number.
pub(super) fn string(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c if is_control(c) => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| literal.push_str(&format!("\\u{unit:04x}")));
            }
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

/// The name of a property. Written plainly, `__proto__` would be the prototype.
pub(super) fn key(name: &str) -> String {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || "_$".contains(c));
    if name == "__proto__" {
        "[\"__proto__\"]".to_owned()
    } else if begins && name.chars().all(|c| c.is_ascii_alphanumeric() || "_$".contains(c)) {
        name.to_owned()
    } else {
        string(name)
    }
}

/// An object literal, one property a line. Values are source; their strings contain no line breaks,
/// so that their lines can be moved in.
pub(super) fn object(properties: &[(String, String)]) -> String {
    if properties.is_empty() {
        return "{}".to_owned();
    }
    let lines = properties.iter().map(|(name, value)| format!("  {}: {},\n", key(name), inner(value)));
    format!("{{\n{}}}", lines.collect::<String>())
}

/// An array literal on one line where it fits.
pub(super) fn array(values: &[String]) -> String {
    let line = format!("[{}]", values.join(", "));
    if line.chars().count() <= 80 && !line.contains('\n') {
        return line;
    }
    let lines = values.iter().map(|value| format!("  {},\n", inner(value)));
    format!("[\n{}]", lines.collect::<String>())
}

/// Source that is two spaces further in from its second line on.
pub(super) fn inner(source: &str) -> String {
    source.replace('\n', "\n  ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_quoted_where_they_must_be() {
        for (name, source) in [
            ("a", "a"),
            ("$_1", "$_1"),
            ("class", "class"),
            ("X-A", "\"X-A\""),
            ("1", "\"1\""),
            ("", "\"\""),
            ("é", "\"é\""),
            ("__proto__", "[\"__proto__\"]"),
        ] {
            assert_eq!(key(name), source);
        }
    }

    #[test]
    fn what_nobody_would_see_is_written_by_its_number() {
        assert_eq!(string("a\u{2028}\u{7f}\u{1b}\u{feff}é😀"), "\"a\\u2028\\u007f\\u001b\\ufeffé😀\"");
    }

    proptest! {
        /// The literal is JSON, whose strings are those of JavaScript.
        #[test]
        fn a_string_is_read_back_as_it_was(text in any::<String>()) {
            let literal = string(&text);
            prop_assert!(!literal.contains(char::is_control));
            prop_assert_eq!(serde_json::from_str::<String>(&literal).unwrap(), text);
        }
    }
}
