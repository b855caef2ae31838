use super::*;
use crate::log::find_level;

const PYTHON: &str = include_str!("samples/python.txt");
const NODE: &str = include_str!("samples/node.txt");
const RUST: &str = include_str!("samples/rust.txt");
const JAVA: &str = include_str!("samples/java.txt");
const GO: &str = include_str!("samples/go.txt");

/// The groups of some lines: the first line of each, how many lines are behind it, and how many of those are frames.
fn groups(text: &str) -> Vec<(String, usize, usize)> {
    let mut tracker = Tracker::default();
    let mut groups: Vec<(String, usize, usize)> = Vec::new();
    for line in text.lines() {
        let step = tracker.next(line, find_level(line).map(|found| found.level));
        if step.joins_blank {
            groups.pop();
            groups.last_mut().unwrap().1 += 1;
        }
        if step.continues {
            let last = groups.last_mut().unwrap();
            last.1 += 1;
            last.2 += usize::from(step.frame);
        } else {
            groups.push((line.to_owned(), 0, 0));
        }
    }
    groups
}

fn told(text: &str) -> Vec<(String, usize, usize)> {
    let mut groups = groups(text);
    groups.iter_mut().for_each(|(line, ..)| line.truncate(40));
    groups
}

fn of(groups: &[(&str, usize, usize)]) -> Vec<(String, usize, usize)> {
    groups.iter().map(|(line, lines, frames)| ((*line).to_owned(), *lines, *frames)).collect()
}

#[test]
fn python_has_the_logged_line_with_both_of_its_tracebacks() {
    let expected = of(&[
        ("2026-01-02 15:04:05,511 INFO root: starti", 0, 0),
        ("2026-01-02 15:04:05,512 ERROR root: reque", 16, 4),
        ("2026-01-02 15:04:05,532 WARNING root: goi", 0, 0),
        ("Traceback (most recent call last):", 15, 4),
    ]);
    let told: Vec<_> = groups(PYTHON).into_iter().map(|(line, a, b)| (line.chars().take(41).collect(), a, b)).collect();
    assert_eq!(told, expected);
}

#[test]
fn node_has_the_error_with_its_cause() {
    let told = told(NODE);
    let error = told.iter().find(|(line, ..)| line == "NotReady: backend not ready").unwrap();
    assert_eq!((error.1, error.2), (16, 12));
    assert_eq!(told.last().unwrap(), &("Node.js v20.20.2".to_owned(), 0, 0));
}

#[test]
fn rust_has_both_panics_with_their_frames() {
    let expected = of(&[
        ("start", 0, 0),
        ("", 0, 0),
        ("thread '<unnamed>' (32140) panicked at a.", 15, 5),
        ("", 0, 0),
        ("thread 'main' (32139) panicked at a.rs:1:", 15, 6),
    ]);
    let told: Vec<_> = groups(RUST).into_iter().map(|(line, a, b)| (line.chars().take(41).collect(), a, b)).collect();
    assert_eq!(told, expected);
}

#[test]
fn java_has_its_suppressed_exceptions_and_causes() {
    let expected = of(&[
        ("2026-01-02 15:04:05,123 [main] INFO  A - ", 0, 0),
        ("Exception in thread \"main\" java.lang.Runt", 23, 21),
    ]);
    let told: Vec<_> = groups(JAVA).into_iter().map(|(line, a, b)| (line.chars().take(41).collect(), a, b)).collect();
    assert_eq!(told, expected);
    let warned = "12:00:00 WARN c.e.App - Failed\njava.io.IOException: gone\n\tat a.B.c(B.java:1)";
    assert_eq!(groups(warned).iter().map(|group| (group.1, group.2)).collect::<Vec<_>>(), [(2, 1)]);
    let logged = "12:00:00 ERROR c.e.App - Failed\njava.io.IOException: gone\n\tat a.B.c(B.java:1)\n\t... 3 more\n12:00:01 INFO x";
    assert_eq!(groups(logged).iter().map(|group| (group.1, group.2)).collect::<Vec<_>>(), [(3, 1), (0, 0)]);
}

#[test]
fn go_has_all_goroutines_of_a_panic() {
    let expected =
        of(&[("starting", 0, 0), ("panic: runtime error: index out of range", 14, 5), ("exit status 2", 0, 0)]);
    assert_eq!(told(GO), expected);
    let served = "2026/01/02 15:04:05 http: panic serving 127.0.0.1:1: boom\ngoroutine 5 [running]:\nmain.f()\n\t/x.go:8 +0x1d\nnext";
    assert_eq!(groups(served).iter().map(|group| (group.1, group.2)).collect::<Vec<_>>(), [(3, 1), (0, 0)]);
}

#[test]
fn prose_is_no_trace() {
    for text in [
        "a\n  at the end",
        "Errors: 3\n  indented",
        "Error handling\n",
        "one\n\n    at f (a.js:1:2)",
        "goroutine [x]\nfoo()",
        "Caused by: nothing",
        "    at f (a.js:1:2)",
    ] {
        assert!(groups(text).iter().all(|group| group.1 == 0), "{text}");
    }
}

#[test]
fn an_error_with_causes_goes_on_behind_an_empty_line() {
    let anyhow = "Error: outer\n\nCaused by:\n    0: inner\n    1: gone\n\nStack backtrace:\n   0: a::b\n             at a.rs:1:2\n\nnext";
    assert_eq!(groups(anyhow).iter().map(|group| (group.1, group.2)).collect::<Vec<_>>(), [(8, 1), (0, 0), (0, 0)]);
}
