//! The level that plain text begins with: `ERROR`, `[warn]`, `E0102 15:04:05` of klog, `<11>` of syslog.

use super::{
    Level,
    level::{Found, of_word},
};

/// Bytes at the beginning of a line in which a level may be.
const BEGINNING: usize = 200;
/// Words that may come before it: a time, a thread, the name of a logger.
const BEFORE: usize = 8;
/// Of those, words that are only letters, such as the name of a month or a host.
const PLAIN: usize = 2;

/// The level of a line, and where it is.
pub(super) fn find(text: &str) -> Option<Found> {
    let beginning = &text[..text.floor_char_boundary(BEGINNING)];
    klog(beginning).or_else(|| syslog(beginning)).or_else(|| word(beginning))
}

/// `E0102 15:04:05.678901`: a letter, the month and day, and the time.
fn klog(text: &str) -> Option<Found> {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| bytes.get(from..to).is_some_and(|some| some.iter().all(u8::is_ascii_digit));
    let level = match bytes.first()? {
        b'E' | b'F' => Level::Error,
        b'W' => Level::Warning,
        b'I' => Level::Info,
        b'D' => Level::Debug,
        _ => return None,
    };
    let is_klog = digits(1, 5) && bytes.get(5) == Some(&b' ') && digits(6, 8) && bytes.get(8) == Some(&b':');
    is_klog.then_some(Found { level, range: (0, 5) })
}

/// `<11>`: eight times the facility and the severity (RFC 5424).
fn syslog(text: &str) -> Option<Found> {
    let end = text.get(..5.min(text.len()))?.find('>')?;
    let priority: u32 = text.strip_prefix('<')?.get(..end - 1)?.parse().ok()?;
    let level = match priority % 8 {
        0..=3 => Level::Error,
        4 => Level::Warning,
        5 | 6 => Level::Info,
        _ => Level::Debug,
    };
    (priority < 192).then_some(Found { level, range: (1, end) })
}

fn word(text: &str) -> Option<Found> {
    let (mut plain, mut timed) = (0, true);
    for chunk in text.split_ascii_whitespace().take(BEFORE + 1) {
        // It is a part of `text`.
        let at = chunk.as_ptr() as usize - text.as_ptr() as usize;
        if let Some((level, start, end)) = in_chunk(chunk, at == 0, timed && at > 0) {
            return Some(Found { level, range: (at + start, at + end) });
        }
        timed &= chunk.bytes().any(|byte| byte.is_ascii_digit());
        plain += usize::from(chunk.bytes().all(|byte| byte.is_ascii_alphabetic()));
        if plain > PLAIN {
            return None;
        }
    }
    None
}

/// A level within a word. `timed`: only numbers come before.
fn in_chunk(chunk: &str, first: bool, timed: bool) -> Option<(Level, usize, usize)> {
    let bytes = chunk.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let end = bytes[at..].iter().position(|byte| !byte.is_ascii_alphabetic()).map_or(bytes.len(), |n| at + n);
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let after = bytes.get(end).copied();
        let found = named(&chunk[at..end], before, after, first && at == 0, timed);
        if let Some(level) = found {
            return Some((level, at, end));
        }
        at = end;
    }
    None
}

/// What a word says between these characters. Small letters are prose unless something sets them apart.
fn named(word: &str, before: Option<u8>, after: Option<u8>, first: bool, timed: bool) -> Option<Level> {
    if !before.is_none_or(|byte| b"[(<|\":=".contains(&byte))
        || !after.is_none_or(|byte| b"])>|\":,[!=".contains(&byte))
    {
        return None;
    }
    // What PostgreSQL and ASP.NET write.
    if after == Some(b':') && word == "LOG" {
        return Some(Level::Info);
    }
    if after == Some(b':') && first && word == "fail" {
        return Some(Level::Error);
    }
    let level = of_word(word)?;
    if word.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(level);
    }
    let within =
        matches!((before, after), (Some(b'['), Some(b']')) | (Some(b'<'), Some(b'>')) | (Some(b'|'), Some(b'|')));
    let apart = before.is_none() && (after == Some(b':') || (first && after == Some(b'[')));
    let alone = before.is_none() && after.is_none() && timed;
    // `note: ` of compilers belongs to what comes before it.
    ((within || apart || alone) && (within || word != "note")).then_some(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_write_has_its_level() {
        use Level::{Debug, Error, Info, Trace, Warning};
        for (line, expected) in [
            ("ERROR something failed", Error),
            ("[warn] careful", Warning),
            ("2026/01/02 15:04:05 [error] 31#31: *1 open() failed", Error),
            ("E0102 15:04:05.678901       1 main.go:3] failed", Error),
            ("I0102 15:04:05.678901       1 main.go:3] fine", Info),
            ("<11>Jan  2 15:04:05 host app: failed", Error),
            ("<14>1 2026-01-02T15:04:05Z host app - - -", Info),
            ("2026-01-02 15:04:05,123 [main] WARN  c.e.App - careful", Warning),
            ("2026-01-02 15:04:05.000  INFO 1 --- [main] c.e.App : Started", Info),
            ("2026-01-02T15:04:05.123Z  WARN app::db: slow query", Warning),
            ("[2026-01-02T15:04:05Z ERROR app] failed", Error),
            ("[15:04:05 INF] Now listening", Info),
            ("3:04PM DBG cache miss", Debug),
            ("ERROR:root:failed", Error),
            ("WARNING:urllib3.connectionpool:Retrying", Warning),
            ("2026-01-02 15:04:05.000 UTC [1] LOG:  ready", Info),
            ("2026-01-02 15:04:05.000 UTC [31] FATAL:  password authentication failed", Error),
            ("2026-01-02T15:04:05Z 0 [Warning] [MY-010068] [Server] CA", Warning),
            ("error: cannot find", Error),
            ("error[E0425]: cannot find value", Error),
            ("warning: unused variable", Warning),
            ("main.c:3:5: error: expected", Error),
            ("npm ERR! code ENOENT", Error),
            ("npm WARN deprecated", Warning),
            ("fail: Microsoft.Hosting[3]", Error),
            ("E, [2026-01-02T15:04:05.1 #12] ERROR -- : failed", Error),
            ("15:04:05 trace polling", Trace),
            ("Jan  2 15:04:05 host app[12]: ERROR failed", Error),
            ("level WARNING: low", Warning),
        ] {
            let found = find(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(found.level, expected, "{line}");
            assert!(!line[found.range.0..found.range.1].is_empty());
        }
    }

    #[test]
    fn prose_has_none() {
        for line in [
            "an error happened",
            "no errors",
            "Info about this",
            "the fine print",
            "This is a text in which ERROR is a word",
            "note: this is a note",
            "<p>error</p>",
            "<999>x",
            "ERRORS: 3",
            "",
            "   ",
            "debugging",
            "http://host/error",
        ] {
            assert_eq!(find(line), None, "{line}");
        }
    }
}
