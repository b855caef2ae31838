use proptest::prelude::*;

use super::{trace::Tracker, *};
use crate::{DiskQuota, Line, Query, RenderOptions, Row, SaveContent, Search};

fn output() -> (tempfile::TempDir, Arc<Output>) {
    let folder = tempfile::tempdir().unwrap();
    let output = Output::new(folder.path().join("1"), Arc::new(DiskQuota::unlimited()));
    (folder, Arc::new(output))
}

fn of(text: &str) -> (tempfile::TempDir, Arc<Output>) {
    let (folder, output) = output();
    output.append(Stream::Stdout, text.as_bytes(), 1).unwrap();
    (folder, output)
}

fn query(levels: &[Level], text: &str, fold: bool) -> LogQuery {
    LogQuery { view: View::Both, levels: levels.to_vec(), text: text.to_owned(), fold }
}

fn log(output: &Arc<Output>, levels: &[Level], text: &str) -> Log {
    Log::new(Arc::clone(output), query(levels, text, true)).unwrap()
}

fn rows(log: &Log) -> Vec<Line> {
    while log.advance().unwrap().is_some() {}
    let mut lines: Vec<Line> = Vec::new();
    loop {
        let window = log.window(lines.len() as u64, 1000, RenderOptions { ansi: true, finder: None }).unwrap();
        if window.lines.is_empty() {
            assert_eq!(window.total, lines.len() as u64);
            return lines;
        }
        lines.extend(window.lines);
    }
}

fn texts(log: &Log) -> Vec<String> {
    rows(log).into_iter().map(|line| line.text).collect()
}

/// What a row says: the number of its line, its level, the lines folded into it, and its text.
type Told = (u64, Option<Level>, u64, String);

fn told(line: &Line) -> Told {
    let folded = if let Some(Row::Log { folded, .. }) = line.row { folded } else { 0 };
    (line.n, line.level, folded, line.text.clone())
}

/// One line of a plain list of all lines.
struct Plain {
    number: u64,
    text: String,
    level: Level,
    head: usize,
}

/// All lines of a stream, decided one after the other when all is there.
fn decided(lines: &[(u64, String)]) -> Vec<Plain> {
    let mut tracker = Tracker::default();
    let mut plain: Vec<Plain> = Vec::new();
    for (at, (number, text)) in lines.iter().enumerate() {
        let level = find_level(text).map(|found| found.level);
        let step = tracker.next(text, level);
        let before = at.checked_sub(1).map(|before| plain[before].head);
        if step.joins_blank {
            plain[at - 1].head = plain[at - 2].head;
        }
        let head = match before {
            Some(_) if step.joins_blank => plain[at - 2].head,
            Some(head) if step.continues => head,
            _ => at,
        };
        if step.traces && head != at && plain[head].level == Level::Other {
            plain[head].level = Level::Error;
        }
        let level = level.unwrap_or(if step.traces { Level::Error } else { Level::Other });
        plain.push(Plain { number: *number, text: text.clone(), level, head });
    }
    plain
}

/// The rows that a log has, found in plain lists.
fn reference(chunks: &[(Stream, String)], query: &LogQuery) -> Vec<Told> {
    let mut streams: [Vec<(u64, String)>; 2] = Default::default();
    let (mut open, mut number) = ([false; 2], 0);
    for (stream, chunk) in chunks {
        for c in chunk.chars() {
            let (lines, open) = (&mut streams[*stream as usize], &mut open[*stream as usize]);
            if !std::mem::replace(open, c != '\n') {
                lines.push((number, String::new()));
                number += 1;
            }
            if c != '\n' {
                lines.last_mut().unwrap().1.push(c);
            }
        }
    }
    let filter = Filter::read(&query.text).unwrap();
    let mut rows = Vec::new();
    for lines in &streams {
        let plain = decided(lines);
        for (at, line) in plain.iter().enumerate() {
            let group: Vec<&Plain> = plain.iter().filter(|other| other.head == line.head).collect();
            let texts: Vec<String> = group.iter().map(|line| line.text.clone()).collect();
            let level = plain[line.head].level;
            let wanted = query.levels.is_empty() || query.levels.contains(&level);
            if !wanted || !filter.passes(level, &texts) || (query.fold && line.head != at) {
                continue;
            }
            let folded = if query.fold { group.len() as u64 - 1 } else { 0 };
            rows.push((line.number, (line.head == at).then_some(level), folded, line.text.clone()));
        }
    }
    rows.sort_by_key(|row| row.0);
    rows
}

fn chunks() -> impl Strategy<Value = Vec<(Stream, String)>> {
    let piece = prop::sample::select(vec![
        "\n",
        "\n",
        "\n",
        "{\"level\":\"error\",\"msg\":\"boom\"}",
        "{\"level\":30,\"took\":120}",
        "level=warn took=7",
        "ERROR",
        " boom",
        "INFO x",
        "DEBUG y",
        "plain",
        "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    boom()\n",
        "ValueError: boom",
        "During handling of the above exception, another exception occurred:",
        "java.io.IOException: gone\n\tat a.B.c(B.java:1)\n",
        "\tat a.B.d(B.java:2)",
        "Caused by: java.lang.Error",
        "\t... 3 more",
        "Mine: x\n    at f (a.js:1:2)",
        "panic: boom\n\ngoroutine 1 [running]:\nmain.f()\n\t/a.go:3 +0x1\n",
        "thread 'main' panicked at a.rs:1:2:\nboom\n",
        "stack backtrace:\n   0: a::b\n             at a.rs:1:2",
        "note: run with",
        "    ",
        "é",
    ]);
    let chunk = (prop::bool::ANY, prop::collection::vec(piece, 1..5));
    let chunk = chunk.prop_map(|(out, pieces)| (if out { Stream::Stdout } else { Stream::Stderr }, pieces.concat()));
    prop::collection::vec(chunk, 0..16)
}

fn queries() -> impl Strategy<Value = LogQuery> {
    let levels = prop::sample::subsequence(Level::ALL.to_vec(), 0..3);
    let text = prop::sample::select(vec!["", "", "boom", "level:error", "-boom", "took>100", "-level:other a"]);
    (levels, text, prop::bool::ANY).prop_map(|(levels, text, fold)| query(&levels, text, fold))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Wherever the output is cut and whenever it is read, the rows are those of the whole.
    #[test]
    fn rows_are_those_of_plain_lists(
        chunks in chunks(),
        query in queries(),
        looks in prop::collection::vec(prop::bool::ANY, 16),
        opened in prop::collection::vec(0u64..20, 0..3),
        cut in 3usize..60,
    ) {
        let (_folder, output) = output();
        let log = Log::new(Arc::clone(&output), query.clone()).unwrap();
        for ((n, (stream, chunk)), look) in chunks.iter().enumerate().zip(looks) {
            for piece in chunk.as_bytes().chunks(cut) {
                output.append(*stream, piece, n as u64).unwrap();
                if look {
                    log.window(0, 5, RenderOptions::default()).unwrap();
                }
            }
        }
        prop_assert_eq!(rows(&log).iter().map(told).collect::<Vec<_>>(), reference(&chunks, &query));
        let exact = log.exact(0, u64::MAX).unwrap();
        let closed = rows(&log).len();
        for row in opened.into_iter().filter(|row| *row < closed as u64) {
            let line = rows(&log)[row as usize].n;
            log.fold(line, Fold::Open).unwrap();
            prop_assert!(rows(&log).len() >= closed);
            log.fold(line, Fold::Close).unwrap();
        }
        prop_assert_eq!(log.exact(0, u64::MAX).unwrap(), exact);
    }

    #[test]
    fn errors_are_where_the_summary_says(chunks in chunks(), parts in 1u32..40) {
        let (_folder, output) = output();
        for (stream, chunk) in &chunks {
            output.append(*stream, chunk.as_bytes(), 1).unwrap();
        }
        let log = log(&output, &[], "");
        let rows = rows(&log);
        let errors: Vec<u64> = (0..).zip(&rows).filter(|(_, row)| row.level == Some(Level::Error)).map(|(n, _)| n).collect();
        let summary = log.summary(parts);
        prop_assert_eq!(summary.errors, errors.len() as u64);
        prop_assert_eq!(summary.counts.iter().sum::<u64>(), rows.len() as u64);
        prop_assert_eq!(summary.marks.iter().map(|mark| mark.errors).sum::<u64>(), summary.errors);
        for mark in &summary.marks {
            let level = rows[mark.row as usize].level;
            prop_assert_eq!(level, Some(if mark.errors > 0 { Level::Error } else { Level::Warning }));
            let place = (mark.row * u64::from(parts)) / rows.len() as u64;
            prop_assert!(place == u64::from(mark.place), "{mark:?} {place}");
        }
        for row in 0..rows.len() as u64 {
            let next = errors.iter().find(|error| **error > row).or(errors.first()).copied();
            prop_assert_eq!(log.error_near(row, true), next);
            let before = errors.iter().rfind(|error| **error < row).or(errors.last()).copied();
            prop_assert_eq!(log.error_near(row, false), before);
        }
    }

    #[test]
    fn a_search_finds_what_is_in_the_log(chunks in chunks(), query in queries()) {
        let (_folder, output) = output();
        let log = Arc::new(Log::new(Arc::clone(&output), query.clone()).unwrap());
        let wanted = Query { view: View::Log, text: "boom".into(), regex: false, match_case: true, inverse: false };
        let search = Search::in_log(Arc::clone(&log), &wanted).unwrap();
        for (stream, chunk) in &chunks {
            output.append(*stream, chunk.as_bytes(), 1).unwrap();
            search.advance(|| true).unwrap();
        }
        let all = reference(&chunks, &LogQuery { fold: false, ..query });
        let hits: Vec<u64> = all.iter().filter(|row| row.3.contains("boom")).map(|row| row.0).collect();
        prop_assert_eq!(search.numbers(0, 1000), hits.clone());
        for line in hits {
            let row = log.row_of(line).unwrap();
            let window = log.window(row, 1, RenderOptions::default()).unwrap();
            prop_assert_eq!(window.lines[0].n, line);
        }
    }
}

#[test]
fn a_record_opens_to_its_fields() {
    let (_folder, output) = of("start\n{\"level\":\"warn\",\"id\":9007199254740993,\"a\":{\"b\":1}}\nend\n");
    let log = log(&output, &[], "");
    let closed = rows(&log);
    assert_eq!(closed[1].row, Some(Row::Log { opens: true, open: false, folded: 0, frames: 0 }));
    assert_eq!(closed[0].row, Some(Row::Log { opens: false, open: false, folded: 0, frames: 0 }));
    assert_eq!((closed[1].level, closed[1].level_at), (Some(Level::Warning), Some((10, 14))));
    log.fold(1, Fold::Open).unwrap();
    let open = texts(&log);
    assert_eq!(open[2..], ["  level: \"warn\"", "  id: 9007199254740993", "  a:", "    b: 1", "end"]);
    assert_eq!(log.row_of(2).unwrap(), 6);
    assert_eq!(log.exact(3, 4).unwrap(), "  id: 9007199254740993\n");
    assert_eq!(log.row_at_time(1), 0);
    log.fold(0, Fold::CloseInside).unwrap();
    assert_eq!(texts(&log).len(), 3);
}

#[test]
fn a_stack_trace_is_one_row_that_opens() {
    let (_folder, output) = of(include_str!("samples/java.txt"));
    let log = log(&output, &[], "");
    let closed = rows(&log);
    assert_eq!(closed.len(), 2);
    assert_eq!(closed[1].level, Some(Level::Error));
    assert_eq!(closed[1].row, Some(Row::Log { opens: true, open: false, folded: 23, frames: 21 }));
    assert!(log.exact(1, 2).unwrap().ends_with("Main.main(Main.java:132)\n"));
    log.fold(1, Fold::Open).unwrap();
    let open = rows(&log);
    assert_eq!(open.len(), 25);
    assert_eq!((open[2].text.as_str(), &open[2].row, open[2].n), ("\tat A.start(A.java:3)", &Some(Row::Frame), 2));
    assert_eq!(log.exact(1, 2).unwrap().lines().count(), 1);
}

#[test]
fn a_trace_grows_below_an_open_row() {
    let (_folder, output) = of("Error: x\n    at f (a.js:1:2)\n");
    let log = log(&output, &[Level::Error], "");
    assert_eq!(texts(&log).len(), 1);
    log.fold(0, Fold::Open).unwrap();
    output.append(Stream::Stdout, b"    at g (a.js:2:2)\n", 2).unwrap();
    output.append(Stream::Stderr, b"INFO between\n", 2).unwrap();
    output.append(Stream::Stdout, b"    at h (a.js:3:2)\n", 2).unwrap();
    assert_eq!(texts(&log), ["Error: x", "    at f (a.js:1:2)", "    at g (a.js:2:2)", "    at h (a.js:3:2)"]);
}

#[test]
fn a_line_of_a_hundred_megabytes_costs_no_more_than_its_beginning() {
    let (_folder, output) = output();
    output.append(Stream::Stdout, b"{\"level\":\"error\",\"blob\":\"", 1).unwrap();
    let piece = vec![b'x'; 1024 * 1024];
    for _ in 0..100 {
        output.append(Stream::Stdout, &piece, 1).unwrap();
    }
    let log = log(&output, &[Level::Error], "");
    assert_eq!(rows(&log).len(), 1);
    output.append(Stream::Stdout, b"\"}\nnext\n", 1).unwrap();
    let rows = rows(&log);
    assert_eq!((rows.len(), rows[0].cut), (1, true));
    assert!(output.memory() < 1024 * 1024, "{}", output.memory());
}

#[test]
fn a_line_costs_half_a_byte_and_a_row_little_more() {
    let (_folder, output) = output();
    let line = b"2026-01-02T15:04:05Z  INFO app: served\n";
    output.append(Stream::Stdout, &line.repeat(200_000), 1).unwrap();
    let before = output.memory();
    let log = log(&output, &[], "");
    while log.advance().unwrap().is_some() {}
    assert!(output.memory() - before < 300_000, "{}", output.memory() - before);
    assert_eq!(log.summary(10).counts, [0, 0, 200_000, 0, 0, 0]);
}

#[test]
fn what_passes_the_filter_is_saved_with_whole_traces() {
    let (folder, output) = of("INFO a\nError: x\n    at f (a.js:1:2)\nINFO b\n");
    let log = log(&output, &[Level::Error], "");
    while log.advance().unwrap().is_some() {}
    let save = |name: &str, log, what| {
        let path = folder.path().join(name);
        crate::save(&output, (None, log), what, &path, false, |_| true).map(|_| std::fs::read_to_string(path).unwrap())
    };
    let rows = SaveContent::Lines { view: View::Log, from: 0, to: 1 };
    for (name, what) in [("log", SaveContent::Log), ("rows", rows)] {
        assert_eq!(save(name, Some(&log), what).unwrap(), "Error: x\n    at f (a.js:1:2)\n");
        assert_eq!(save("none", None, what).unwrap_err().code, Code::SearchMissing);
    }
}

#[test]
fn a_search_marks_what_it_finds_in_fields() {
    let (_folder, output) = of("{\"name\":\"a name\",\"é\":1}\n");
    let log = log(&output, &[], "");
    log.fold(0, Fold::Open).unwrap();
    let query = Query { view: View::Log, text: "name".into(), regex: false, match_case: true, inverse: false };
    let finder = crate::Finder::new(&query).unwrap();
    let window = log.window(1, 2, RenderOptions { ansi: true, finder: Some(&finder) }).unwrap();
    assert_eq!(window.lines[0].text, "  name: \"a name\"");
    assert_eq!(
        (&window.lines[0].row, &window.lines[1].row),
        (&Some(Row::Field { key: 6 }), &Some(Row::Field { key: 3 }))
    );
    assert_eq!(window.lines[0].found, [(2, 6), (11, 15)]);
}

#[test]
fn a_trace_without_an_end_is_divided() {
    let (_folder, output) = of(&format!("Error: x\n{}", "    at f (a.js:1:2)\n".repeat(25_000)));
    let rows = rows(&log(&output, &[], ""));
    let folded: Vec<u64> = rows.iter().map(|line| told(line).2).collect();
    assert_eq!(folded, [9_999, 9_999, 5_000]);
    assert!(rows.iter().all(|line| line.level == Some(Level::Error)));
}

#[test]
fn what_cannot_be_a_log_is_refused() {
    let (_folder, output) = output();
    let refused = |view, text: &str| {
        let query = LogQuery { view, levels: Vec::new(), text: text.to_owned(), fold: true };
        Log::new(Arc::clone(&output), query).unwrap_err().code
    };
    assert_eq!(refused(View::Hex, ""), Code::SearchInvalid);
    assert_eq!(refused(View::Both, "level:loud"), Code::SearchInvalid);
}
