use proptest::prelude::*;

use super::{super::text::compare_texts, *};

fn patterns(first: &str, second: &str) -> Vec<String> {
    let rules = proposed(&compare_texts(first, second));
    let pattern = |rule| match rule {
        Allow::Lines { pattern } => pattern,
        other => panic!("{other:?}"),
    };
    rules.into_iter().map(pattern).collect()
}

fn matches(pattern: &str, line: &str) -> bool {
    Regex::new(pattern).unwrap().is_match(line)
}

#[test]
fn what_is_another_each_time_becomes_an_expression_and_the_rest_stays() {
    for (first, second, expected) in [
        ("took 12 items", "took 9 items", r"^took [0-9]+ items$"),
        ("[a] pid=17 (x.y)", "[a] pid=4711 (x.y)", r"^\[a\] pid=[0-9]+ \(x\.y\)$"),
        ("3 of 12 done", "5 of 12 done", r"^[0-9]+ of 12 done$"),
        ("ratio 0.25", "ratio 1,234.5", r"^ratio [0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?$"),
        ("id 9f86d081", "id 00000001", "^id [0-9A-Fa-f]+$"),
        ("id 12345678", "id 9", r"^id [0-9]+$"),
        ("at 0x7f10", "at 0xAB", "^at 0[xX][0-9A-Fa-f]+$"),
        ("2026-11-30", "2026-12-01", r"^[0-9]{4}[-/][0-9][0-9][-/][0-9][0-9]$"),
        ("worker-3 up", "worker-12 up", r"^worker\-[0-9]+ up$"),
    ] {
        assert_eq!(patterns(first, second), [expected], "{first}");
    }
}

#[test]
fn times_ids_and_durations_are_known_in_their_usual_forms() {
    for (first, second, other) in [
        ("up since 2026-11-30T01:02:03.5Z", "up since 2027-01-02 03:04:05+01:00", "up since yesterday"),
        ("Mon Nov 30 08:52:38 UTC 2026", "Tue Dec 01 08:52:39 UTC 2026", "Some day in 2026"),
        ("Mon, 30 Nov 2026 01:02:03 GMT ok", "Tue, 01 Dec 2026 23:02:59 GMT ok", "Mon, 30 Nov 2026 01:02:03 GMT no"),
        ("finished in 12ms", "finished in 1m2.5s", "finished in time"),
        ("finished in 12 ms", "finished in 1.2 s", "finished in 12 kg"),
        ("id 9f86d081-884c-4d65-9a2f-eaa0c55ad015", "id 00000000-0000-4d65-9a2f-eaa0c55ad01f", "id none"),
        ("sha256:9f86d081884c7d65 pulled", "sha256:884c7d659f86d081 pulled", "sha512:884c7d659f86d081 pulled"),
        ("listening on 127.0.0.1:8080", "listening on 127.0.0.1:39117", "listening on 10.0.0.1:8080"),
        ("{\"n\":1,\"at\":1796000000}", "{\"n\":1,\"at\":1796000999}", "{\"n\":2,\"at\":1796000000}"),
    ] {
        let found = patterns(first, second);
        assert_eq!(found.len(), 1, "{first}");
        assert!(matches(&found[0], first) && matches(&found[0], second), "{found:?}");
        assert!(!matches(&found[0], other), "{found:?} matches {other}");
    }
}

#[test]
fn words_that_differ_and_lines_of_one_text_alone_are_not_proposed() {
    for (first, second) in [
        ("one", "two"),
        ("took 12 ms", "failed"),
        ("status ok 1", "status failed 1"),
        // It could be any number.
        ("17", "18"),
        ("id deadbeef", "id defaced0x"),
        ("", "line 1"),
        // It was moved.
        ("line 1\nline 2", "line 2\nline 1"),
        (&format!("{} 1", "a".repeat(LONGEST)), &format!("{} 2", "a".repeat(LONGEST))),
    ] {
        let found = patterns(first, second);
        assert!(found.is_empty(), "{first} {found:?}");
    }
}

#[test]
fn numbers_that_tell_a_result_are_not_proposed() {
    for (first, second) in [
        ("0 tests failed", "3 tests failed"),
        ("FAIL: 0", "FAIL: 3"),
        ("exit status 0", "exit status 1"),
        ("HTTP 200", "HTTP 500"),
        ("http: 200", "http: 500"),
        ("GET / HTTP/1.1 200", "GET / HTTP/1.1 500"),
        ("{\"exit_code\":0}", "{\"exit_code\":2}"),
        ("0 errors, 1 note", "2 errors, 1 note"),
        ("err 0", "err 5"),
        ("0 warnings", "9 warnings"),
        ("panicked 0 times", "panicked 1 times"),
        ("3 tests failed in 12ms", "0 tests failed in 15ms"),
    ] {
        let found = patterns(first, second);
        assert!(found.is_empty(), "{first} {found:?}");
    }
    for (first, second) in [
        ("error 7 after 12ms", "error 7 after 15ms"),
        ("open http://localhost:8080/", "open http://localhost:39117/"),
        ("open https://localhost:8080/", "open https://localhost:39117/"),
        ("decoded 12 items", "decoded 9 items"),
        ("ferrous 1", "ferrous 2"),
    ] {
        assert_eq!(patterns(first, second).len(), 1, "{first}");
    }
}

#[test]
fn another_color_was_proposed_as_a_duration() {
    for (first, second) in [
        ("\x1b[31mtests\x1b[0m", "\x1b[32mtests\x1b[0m"),
        ("\x1b[1;31mtests done", "\x1b[1;32mtests done"),
        ("\x1b]8;;http://a/1\x07link\x1b]8;;\x07", "\x1b]8;;http://a/2\x07link\x1b]8;;\x07"),
        ("at \x1b[3H", "at \x1b[4H"),
        ("\u{9b}31mtests", "\u{9b}32mtests"),
        // With a color it is still a result, and a number alone.
        ("\x1b[31mfailed 3", "\x1b[31mfailed 4"),
        ("\x1b[31m3\x1b[0m", "\x1b[31m4\x1b[0m"),
    ] {
        let found = patterns(first, second);
        assert!(found.is_empty(), "{first:?} {found:?}");
    }
    for (first, second, other) in [
        ("\x1b[32mtook 12ms\x1b[0m", "\x1b[32mtook 1.5s\x1b[0m", "\x1b[31mtook 12ms\x1b[0m"),
        ("\x1b[32m12ms\x1b[0m done", "\x1b[32m3s\x1b[0m done", "\x1b[31m3s\x1b[0m done"),
    ] {
        let found = patterns(first, second);
        assert_eq!(found.len(), 1, "{first:?}");
        assert!(matches(&found[0], first) && matches(&found[0], second) && !matches(&found[0], other), "{found:?}");
    }
}

#[test]
fn many_lines_of_one_form_have_one_pattern() {
    let lines =
        |from: u32| (from..from + 50).map(|n| format!("item {n} took {}ms of 100ms\n", n * 7)).collect::<String>();
    let found = patterns(&lines(1), &lines(1000));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(r"^item [0-9]+ took ") && found[0].ends_with(" of 100ms$"), "{found:?}");
    let all = |word: &str| (0..50).map(|n| format!("{}: {word}\n", char::from(b'A' + n))).collect::<String>();
    assert!(patterns(&all("1"), &all("2")).len() <= MOST);
}

/// A value of a form that isn't of a shorter one too.
fn value() -> impl Strategy<Value = (String, String)> {
    let two = |one: &'static str| (one, one);
    prop_oneof![
        two("[1-9][0-9]{0,6}"),
        two("[1-9][0-9]{0,3}\\.[0-9]{1,4}"),
        two("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}"),
        two("20[0-9]{2}-(0[1-9]|1[0-2])-[0-2][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{3})?Z"),
        two("[0-9]{1,4}(ns|us|ms|s)"),
        two("[0-9][0-9a-f]{9,30}"),
        two("0x[0-9a-f]{1,8}"),
    ]
}

proptest! {
    #[test]
    fn a_pattern_matches_both_lines_and_no_other(
        pieces in prop::collection::vec(("w[g-lq-r]{1,6}", value()), 1..6),
        other in "w[x-z]{1,6}",
    ) {
        let line = |second: bool| pieces.iter().map(|(word, (one, two))| {
            format!("{word} {} ", if second { two } else { one })
        }).collect::<String>();
        let (first, second) = (line(false), line(true));
        let found = patterns(&first, &second);
        prop_assert_eq!(found.len(), usize::from(first != second), "{} {}", first, second);
        for pattern in found {
            prop_assert!(matches(&pattern, &first) && matches(&pattern, &second), "{}", pattern);
            let unrelated = first.replacen(pieces[0].0.as_str(), &other, 1);
            prop_assert!(!matches(&pattern, &unrelated), "{} {}", pattern, unrelated);
            let longer = format!("{first}{other}");
            prop_assert!(!matches(&pattern, &longer) && !matches(&pattern, &other), "{}", pattern);
        }
    }

    /// Whatever the lines are.
    #[test]
    fn what_is_proposed_matches_a_line_of_each_text(
        first in "([0-9a-f]{1,9}|[a-zé.*()\\[\\]-]{1,4}|[ :,./-]|0x|ms|\\n){0,12}",
        second in "([0-9a-f]{1,9}|[a-zé.*()\\[\\]-]{1,4}|[ :,./-]|0x|ms|\\n){0,12}",
    ) {
        for pattern in patterns(&first, &second) {
            prop_assert!(first.lines().any(|line| matches(&pattern, line)), "{}", pattern);
            prop_assert!(second.lines().any(|line| matches(&pattern, line)), "{}", pattern);
        }
    }
}
