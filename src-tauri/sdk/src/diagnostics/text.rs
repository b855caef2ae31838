//! Formats values of a call for use in a sentence.

use crate::runtime::Runtime;

/// Characters of a value that a sentence holds.
const LONGEST: usize = 80;

/// A value in backticks; long values are cut, control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = String::from("`");
    for (n, c) in text.chars().enumerate() {
        if n == LONGEST {
            shown.push('…');
            break;
        }
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown.push('`');
    shown
}

/// The same of bytes that may be no text.
pub(super) fn quoted_bytes(bytes: &[u8]) -> String {
    // A character has four bytes at most.
    quoted(&String::from_utf8_lossy(&bytes[..bytes.len().min(4 * LONGEST + 4)]))
}

/// The first line that has something in it.
pub(super) fn first_line(bytes: &[u8]) -> Option<String> {
    let line = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty())?;
    Some(quoted_bytes(line))
}

/// `A`, `A and B`, `A, B and C`; of many the first ones.
pub(super) fn listed<S: AsRef<str>>(items: &[S]) -> String {
    if let [a, b, c, d, e, rest @ ..] = items
        && rest.len() > 1
    {
        let [a, b, c, d, e] = [a, b, c, d, e].map(AsRef::as_ref);
        return format!("{a}, {b}, {c}, {d}, {e} and {} more", rest.len());
    }
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [all @ .., last] => {
            let all: Vec<&str> = all.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", all.join(", "), last.as_ref())
        }
    }
}

/// The text with its first letter in upper case.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Runtimes by their names; both generations of Podman Desktop by one.
pub(super) fn names(runtimes: &[Runtime]) -> String {
    let both = Runtime::PODMAN.iter().all(|podman| runtimes.contains(podman));
    let named = runtimes.iter().filter(|runtime| !(both && **runtime == Runtime::PodmanDesktopOlder));
    listed(&named.map(|runtime| runtime.name()).collect::<Vec<_>>())
}

/// All the Runtimes but these.
pub(super) fn others(runtimes: &[Runtime]) -> Vec<Runtime> {
    Runtime::ALL.into_iter().filter(|runtime| !runtimes.contains(runtime)).collect()
}

/// `1 line`, `2 lines`.
pub(super) fn many(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A time in microseconds: `9 ms`, `2.5 s`.
pub(super) fn duration(us: u64) -> String {
    if us < 1_000_000 { format!("{} ms", us / 1000) } else { format!("{:.1} s", us as f64 / 1e6) }
}

/// A number of bytes as people read it.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_whole_or_cut_on_one_line() {
        assert_eq!(quoted("a\tb\u{1b}"), r"`a\tb\u{1b}`");
        assert_eq!(quoted(&"é".repeat(100)), format!("`{}…`", "é".repeat(80)));
        assert_eq!(quoted_bytes(&[b'a', 0xff]), "`a\u{fffd}`");
        assert_eq!(first_line(b"\n  one\r\ntwo").as_deref(), Some("`one`"));
        assert_eq!(first_line(b" \n"), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(listed(&["a"; 6]), "a, a, a, a, a and a");
        assert_eq!(listed(&["a"; 9]), "a, a, a, a, a and 4 more");
        assert_eq!(names(&Runtime::ALL), "Docker Desktop, Rancher Desktop and Podman Desktop");
        assert_eq!(names(&others(&Runtime::PODMAN)), "Docker Desktop and Rancher Desktop");
        assert_eq!(names(&[Runtime::PodmanDesktopOlder]), "Podman Desktop (older)");
        assert_eq!([0, 1, 2].map(|count| many(count, "line")), ["0 lines", "1 line", "2 lines"]);
        assert_eq!([0, 9_400, 2_500_010].map(duration), ["0 ms", "9 ms", "2.5 s"]);
        assert_eq!(
            [0, 1, 500, 1500, 3_000_000, 2_500_000_000].map(size),
            ["0 bytes", "1 byte", "500 bytes", "1.5 kB", "3.0 MB", "2.5 GB"]
        );
    }
}
