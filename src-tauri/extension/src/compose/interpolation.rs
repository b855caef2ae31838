//! Variables in the texts of compose files and env files, as compose-go's `template` puts in their values.

use crate::braces::closing;

/// Defaults within defaults.
const DEEPEST: usize = 32;

/// Why a text can't be interpolated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// It isn't one of the forms.
    Invalid,
    /// `${NAME:?message}`, and the variable has no value.
    Required { name: String, message: String },
    /// It would be too long, or its defaults are nested too deeply.
    TooMuch,
}

/// The value of a variable, where it has one.
pub(super) type Lookup<'l, 'v> = &'l dyn Fn(&str) -> Option<&'v str>;

/// A text with its variables replaced, and the variables without a value and a default.
#[derive(Debug, Default)]
pub(super) struct Interpolated {
    pub text: String,
    pub unset: Vec<String>,
}

/// Replaces the variables of a text. The result has at most `limit` bytes.
///
/// # Errors
/// [`Problem`].
pub(super) fn interpolate(text: &str, lookup: Lookup<'_, '_>, limit: usize) -> Result<Interpolated, Problem> {
    let mut made = Interpolated::default();
    into(text, lookup, limit, 0, &mut made)?;
    Ok(made)
}

fn into(
    text: &str,
    lookup: Lookup<'_, '_>,
    limit: usize,
    depth: usize,
    made: &mut Interpolated,
) -> Result<(), Problem> {
    if depth > DEEPEST {
        return Err(Problem::TooMuch);
    }
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        push(made, &rest[..at], limit)?;
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            push(made, "$", limit)?;
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('{') {
            let end = closing(inner).ok_or(Problem::Invalid)?;
            expression(&inner[..end], lookup, limit, depth, made)?;
            rest = &inner[end + 1..];
        } else {
            let end = end_of_name(rest);
            if end == 0 {
                // `$1` and `$ ` are texts.
                push(made, "$", limit)?;
            } else {
                value(&rest[..end], lookup, limit, made)?;
            }
            rest = &rest[end..];
        }
    }
    push(made, rest, limit)
}

/// What is between the braces.
fn expression(
    text: &str,
    lookup: Lookup<'_, '_>,
    limit: usize,
    depth: usize,
    made: &mut Interpolated,
) -> Result<(), Problem> {
    let (name, operator) = text.split_at(end_of_name(text));
    if name.is_empty() || text.contains('\n') {
        return Err(Problem::Invalid);
    }
    if operator.is_empty() {
        return value(name, lookup, limit, made);
    }
    let (counts_empty, operator) = match operator.strip_prefix(':') {
        Some(operator) => (true, operator),
        None => (false, operator),
    };
    let found = lookup(name);
    let set = found.filter(|value| !(counts_empty && value.is_empty()));
    let mut signs = operator.chars();
    let sign = signs.next();
    let other = signs.as_str();
    match (sign, set) {
        (Some('-' | '?'), Some(value)) => push(made, value, limit),
        (Some('-'), None) | (Some('+'), Some(_)) => into(other, lookup, limit, depth + 1, made),
        (Some('+'), None) => Ok(()),
        (Some('?'), None) => {
            let mut message = Interpolated::default();
            into(other, lookup, limit, depth + 1, &mut message)?;
            Err(Problem::Required { name: name.to_owned(), message: message.text })
        }
        _ => Err(Problem::Invalid),
    }
}

fn value(name: &str, lookup: Lookup<'_, '_>, limit: usize, made: &mut Interpolated) -> Result<(), Problem> {
    match lookup(name) {
        Some(value) => push(made, value, limit),
        None => {
            if !made.unset.iter().any(|known| known == name) {
                made.unset.push(name.to_owned());
            }
            Ok(())
        }
    }
}

fn push(made: &mut Interpolated, text: &str, limit: usize) -> Result<(), Problem> {
    if made.text.len() + text.len() > limit {
        return Err(Problem::TooMuch);
    }
    made.text.push_str(text);
    Ok(())
}

fn end_of_name(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(name: &str) -> Option<&'static str> {
        match name {
            "A" => Some("a"),
            "EMPTY" => Some(""),
            "_B1" => Some("${A}"),
            _ => None,
        }
    }

    fn made(text: &str) -> Result<String, Problem> {
        interpolate(text, &known, 1000).map(|made| made.text)
    }

    #[test]
    fn every_form_becomes_what_compose_makes_of_it() {
        for (text, expected) in [
            ("$A ${A} $$A $1 $ x$", "a a $A $1 $ x$"),
            ("${A:-d}${EMPTY:-d}${NO:-d}", "add"),
            ("${A-d}[${EMPTY-d}]${NO-d}", "a[]d"),
            ("${A:+x}[${EMPTY:+x}][${NO:+x}]", "x[][]"),
            ("${A+x}[${EMPTY+x}][${NO+x}]", "x[x][]"),
            ("${A:?no}${A?no}[${EMPTY?no}]", "aa[]"),
            ("${NO:-${ALSO:-$A}/x}", "a/x"),
            ("${NO:-{\"k\": {}}}", "{\"k\": {}}"),
            ("${NO:-$$x}-${NO-a:-b}", "$x-a:-b"),
            ("${NO:-a-b+c?}", "a-b+c?"),
            // What a variable holds is not read again.
            ("$_B1", "${A}"),
            ("[$NO]", "[]"),
            ("$A.b-$Ab", "a.b-"),
        ] {
            assert_eq!(made(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_compose_refuses_is_refused() {
        for text in ["${}", "${A", "${1}", "${A!}", "${A:x}", "${A:}", "${ A}", "${NO:-${}}", "${NO:-a\nb}"] {
            assert_eq!(made(text), Err(Problem::Invalid), "{text}");
        }
        let required = |name: &str, message: &str| Problem::Required { name: name.into(), message: message.into() };
        assert_eq!(made("${NO:?set it to $A}"), Err(required("NO", "set it to a")));
        assert_eq!(made("${EMPTY:?}"), Err(required("EMPTY", "")));
        assert_eq!(made("${NO?}"), Err(required("NO", "")));
    }

    #[test]
    fn variables_without_a_value_are_named_once() {
        let unset = interpolate("$X ${Y} ${Z:-} $X", &known, 1000).unwrap().unset;
        assert_eq!(unset, ["X", "Y"]);
    }

    #[test]
    fn long_results_and_deep_defaults_are_refused() {
        assert_eq!(interpolate(&"$A".repeat(11), &known, 10).unwrap_err(), Problem::TooMuch);
        let deep = format!("{}{}", "${N:-".repeat(100_000), "}".repeat(100_000));
        assert_eq!(made(&deep), Err(Problem::TooMuch));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fail(text in "(\\$|\\{|\\}|A|NO|:|-|\\+|\\?|é| |\n){0,24}") {
            let _ = made(&text);
        }

        #[test]
        fn a_text_without_dollar_signs_stays(text in "[^$]{0,40}") {
            prop_assert_eq!(made(&text), Ok(text));
        }
    }
}
