use std::fs;

use proptest::prelude::*;

use super::{
    text::{RenderedText, without_line_end},
    *,
};

fn output() -> (tempfile::TempDir, Output) {
    let directory = tempfile::tempdir().unwrap();
    let output = Output::new(directory.path().join("1"), Arc::new(DiskQuota::unlimited()));
    (directory, output)
}

fn plain() -> RenderOptions<'static> {
    RenderOptions::default()
}

fn texts(output: &Output, view: View) -> Vec<String> {
    let mut texts = Vec::new();
    loop {
        let window = output.window(view, texts.len() as u64, 7, plain()).unwrap();
        if window.lines.is_empty() {
            assert_eq!(window.total, texts.len() as u64);
            return texts;
        }
        texts.extend(window.lines.into_iter().map(|line| line.text));
    }
}

#[test]
fn a_line_stands_where_its_first_byte_came_and_is_whole() {
    let (_directory, output) = output();
    output.append(Stream::Stdout, b"one\ntw", 10).unwrap();
    output.append(Stream::Stderr, b"oops\n", 20).unwrap();
    output.append(Stream::Stdout, b"o\n\nfour", 30).unwrap();
    assert_eq!(texts(&output, View::Both), ["one", "two", "oops", "", "four"]);
    assert_eq!(texts(&output, View::Stdout), ["one", "two", "", "four"]);
    assert_eq!(texts(&output, View::Stderr), ["oops"]);
    let times: Vec<u64> =
        output.window(View::Both, 0, 9, plain()).unwrap().lines.iter().map(|line| line.at_us).collect();
    assert_eq!(times, [10, 10, 20, 30, 30]);
    let counts = output.counts();
    assert_eq!((counts.stdout.bytes, counts.stdout.lines, counts.stderr.lines, counts.chunks), (13, 4, 1, 3));
    assert_eq!(fs::read(output.path(Stream::Stdout)).unwrap(), b"one\ntwo\n\nfour");
}

#[test]
fn chunks_are_kept_as_they_were_read() {
    let (_directory, output) = output();
    for (stream, bytes, at) in [(Stream::Stdout, "ab", 1), (Stream::Stderr, "c", 2), (Stream::Stdout, "def", 3)] {
        output.append(stream, bytes.as_bytes(), at).unwrap();
    }
    let chunk = |stream, at_us, offset, len| Chunk { stream, at_us, offset, len };
    assert_eq!(
        output.chunks(0, 9),
        [chunk(Stream::Stdout, 1, 0, 2), chunk(Stream::Stderr, 2, 0, 1), chunk(Stream::Stdout, 3, 2, 3)],
    );
    assert_eq!(output.chunks(2, 9).len(), 1);
}

#[test]
fn drawing_is_capped_and_the_data_is_not() {
    let (_directory, output) = output();
    let long = "é".repeat(LINE_LIMIT as usize);
    output.append(Stream::Stdout, format!("x{long}\nshort\n").as_bytes(), 0).unwrap();
    let window = output.window(View::Stdout, 0, 9, plain()).unwrap();
    assert!(window.lines[0].cut);
    assert_eq!(window.lines[0].bytes, LINE_LIMIT * 2 + 2);
    assert!(window.lines[0].shown.is_empty(), "a character cut by the limit is not a broken one");
    assert_eq!(window.lines[1].text, "short");
}

#[test]
fn one_window_is_bounded() {
    let (_directory, output) = output();
    output.append(Stream::Stdout, &b"\n".repeat(5000), 0).unwrap();
    assert_eq!(output.window(View::Stdout, 10, u64::MAX, plain()).unwrap().lines.len() as u64, WINDOW_LINES);
    assert!(output.window(View::Both, u64::MAX, u64::MAX, plain()).unwrap().lines.is_empty());
}

#[test]
fn a_json_body_is_indented_and_another_says_why_it_is_not() {
    let (_directory, json) = output();
    json.append(Stream::Stdout, br#"{"n":9007199254740993}"#, 0).unwrap();
    assert_eq!(texts(&json, View::Pretty), ["{", "  \"n\": 9007199254740993", "}"]);
    let (_directory, html) = output();
    html.append(Stream::Stdout, b"{}\n<html>", 0).unwrap();
    let window = html.window(View::Pretty, 0, 9, plain()).unwrap();
    let problem = window.problem.unwrap();
    assert_eq!((problem.code, problem.detail.as_deref()), (Code::NotJson, Some("At byte 3, line 2")));
}

#[test]
fn chunks_tell_what_they_cut() {
    let (_directory, output) = output();
    for piece in [&b"one\ntw"[..], b"o\n\xf0\x9f", b"\x9a\xa2\n"] {
        output.append(Stream::Stdout, piece, 0).unwrap();
    }
    output.append(Stream::Stderr, b"\x9a\n", 0).unwrap();
    let rows = output.window(View::Chunks, 0, 9, plain()).unwrap().lines;
    let cuts = rows.iter().map(|line| match line.row {
        Some(Row::Chunk { begins_in_line, ends_in_line, begins_in_character, ends_in_character, .. }) => {
            [begins_in_line, ends_in_line, begins_in_character, ends_in_character]
        }
        _ => panic!("{line:?}"),
    });
    let cuts: Vec<_> = cuts.collect();
    assert_eq!(cuts[0], [false, true, false, false]);
    assert_eq!(cuts[1], [true, true, false, true]);
    assert_eq!(cuts[2], [true, false, true, false]);
    assert_eq!(cuts[3], [false, false, false, false], "a wrong byte is no cut character");
    assert_eq!(rows[1].text, "o\u{240a}\\xF0\\x9F");
}

#[test]
fn bytes_are_shown_sixteen_a_row() {
    let (_directory, output) = output();
    output.append(Stream::Stdout, &(0..40).collect::<Vec<u8>>(), 7).unwrap();
    let window = output.window(View::Hex, 1, 9, plain()).unwrap();
    assert_eq!((window.total, window.lines.len()), (3, 2));
    assert_eq!((window.lines[1].n, window.lines[1].at_us, window.lines[1].bytes), (32, 7, 8));
    assert!(window.lines[1].text.starts_with("20 21 22 23"));
    assert_eq!(output.window(View::HexStderr, 0, 9, plain()).unwrap().total, 0);
}

#[test]
fn events_are_rows_with_the_last_id_that_was_set() {
    let (_directory, output) = output();
    output.expect(BodyKind::Events);
    output.append(Stream::Stdout, b"id: 4\ndata: a\ndata: b\n", 1).unwrap();
    output.append(Stream::Stdout, b"\nevent: tick\ndata: {}\n\n: ping\n\nda", 9).unwrap();
    let window = output.window(View::Events, 0, 9, plain()).unwrap();
    assert_eq!((window.total, window.lines[0].at_us), (4, 9), "an event is there when its empty line is");
    let told = |n: usize| match &window.lines[n].row {
        Some(Row::Event { outcome, name, id, .. }) => {
            (window.lines[n].text.as_str(), *outcome, name.as_str(), id.as_deref())
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(told(0), ("a\u{240a}b", EventOutcome::Dispatched, "message", Some("4")));
    assert_eq!(told(1), ("{}", EventOutcome::Dispatched, "tick", Some("4")));
    assert_eq!(told(2), ("ping", EventOutcome::Comment, "message", Some("4")));
    assert_eq!(told(3).1, EventOutcome::Unfinished);
}

#[test]
fn json_lines_say_which_of_them_is_not_json() {
    let (_directory, output) = output();
    output.expect(BodyKind::JsonLines);
    output.append(Stream::Stdout, b"{\"a\":1}\n\nnope\n{\"half", 0).unwrap();
    let window = output.window(View::Events, 0, 9, plain()).unwrap();
    let problems = window.lines.iter().map(|line| matches!(&line.row, Some(Row::Record { problem: Some(_) })));
    assert_eq!(problems.collect::<Vec<_>>(), [false, false, true, false]);
}

#[test]
fn a_progress_bar_shows_its_last_state_where_terminal_codes_are_followed() {
    let (_directory, output) = output();
    let updates: String = (0..=100_000).map(|n| format!("\r{n} of 100000")).collect();
    output.append(Stream::Stdout, updates.as_bytes(), 0).unwrap();
    output.append(Stream::Stdout, b"\r\r\n10%\r20%\r\n", 0).unwrap();
    let followed = output.window(View::Stdout, 0, 9, RenderOptions { ansi: true, finder: None }).unwrap().lines;
    assert_eq!(followed[0].text, "100000 of 100000");
    assert_eq!(followed[1].text, "20%");
    let shown = output.window(View::Stdout, 1, 9, plain()).unwrap().lines;
    assert_eq!(shown[0].text, "10%\u{240d}20%");
}

#[test]
fn a_color_goes_on_to_the_lines_after_it_wherever_a_window_begins() {
    let (_directory, output) = output();
    output.append(Stream::Stdout, b"plain\n\x1b[31mred\nred\n", 0).unwrap();
    output.append(Stream::Stderr, b"plain\n", 0).unwrap();
    output.append(Stream::Stdout, b"red\x1b[0m\nplain\n", 0).unwrap();
    let ansi = RenderOptions { ansi: true, finder: None };
    let colored = |view, from| {
        let window = output.window(view, from, 9, ansi).unwrap();
        window.lines.iter().map(|line| !line.styles.is_empty()).collect::<Vec<_>>()
    };
    assert_eq!(colored(View::Stdout, 0), [false, true, true, true, false]);
    assert_eq!(colored(View::Stdout, 2), [true, true, false]);
    assert_eq!(colored(View::Stdout, 4), [false]);
    // The other stream has its own.
    assert_eq!(colored(View::Both, 2), [true, false, true, false]);
}

#[test]
fn the_row_at_a_time_is_the_first_that_came_then_or_later() {
    let (_directory, output) = output();
    for (stream, text, at) in [(Stream::Stdout, "a\nb\n", 10), (Stream::Stderr, "c\n", 20), (Stream::Stdout, "d\n", 30)]
    {
        output.append(stream, text.as_bytes(), at).unwrap();
    }
    let rows: Vec<u64> = [0, 10, 11, 20, 30, 31].iter().map(|at| output.row_at_time(View::Both, *at)).collect();
    assert_eq!(rows, [0, 0, 2, 2, 3, 4]);
    assert_eq!(output.row_at_time(View::Stdout, 11), 2);
    assert_eq!(output.row_at_time(View::Chunks, 30), 2);
    assert_eq!(output.row_at_time(View::Hex, 30), 1);
}

#[test]
fn exact_text_is_what_came_and_not_what_is_drawn() {
    let (_directory, output) = output();
    output.append(Stream::Stdout, b"a\x1b[1m\t\0\r\nb\xff\n", 0).unwrap();
    output.append(Stream::Stderr, b"last", 0).unwrap();
    assert_eq!(output.exact(View::Both, 0, 9).unwrap(), "a\u{1b}[1m\t\0\r\nb\u{fffd}\nlast");
    assert_eq!(output.exact(View::Both, 1, 2).unwrap(), "b\u{fffd}\n");
    output.append(Stream::Stdout, &vec![b'x'; EXACT_LIMIT as usize], 0).unwrap();
    assert_eq!(output.exact(View::Stdout, 0, 9).unwrap_err().code, Code::CopyTooLarge);
}

#[test]
fn files_are_private_and_go_with_the_output() {
    let (directory, output) = output();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is made before the first byte");
    output.append(Stream::Stderr, b"x", 0).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(output.path(Stream::Stderr)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    drop(output);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_small_body_needs_no_file_and_a_larger_one_is_whole_in_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let output = Output::of_body(directory.path().join("1"), Arc::new(DiskQuota::unlimited()));
    output.append(Stream::Stdout, &[b'a'; SMALL], 0).unwrap();
    let snapshot = output.bytes(Stream::Stdout).0;
    assert!(!output.path(Stream::Stdout).exists());
    assert_eq!(output.exact(View::Stdout, 0, 9).unwrap(), "a".repeat(SMALL));
    output.append(Stream::Stdout, b"b\nc", 0).unwrap();
    assert_eq!(fs::read(output.path(Stream::Stdout)).unwrap().len(), SMALL + 3);
    assert_eq!(texts(&output, View::Stdout)[1], "c");
    assert_eq!(snapshot.read(10, 99_999).unwrap().len(), SMALL - 10);
    assert_eq!(snapshot.read(99_999, 999_999).unwrap(), [0u8; 0]);
}

#[test]
fn a_file_that_cannot_be_made_is_an_error_that_says_where() {
    let output = Output::new("/nonexistent/porthole/1".into(), Arc::new(DiskQuota::unlimited()));
    let error = output.append(Stream::Stdout, b"one\n", 0).unwrap_err();
    assert_eq!(error.code, Code::SpillFailed);
    assert!(error.message.contains("/nonexistent/porthole/1.stdout"), "{error}");
    // Nothing that was read is lost.
    output.append(Stream::Stdout, b"two\n", 0).unwrap_err();
    assert_eq!(output.read(Stream::Stdout, 0, 99).unwrap(), b"one\ntwo\n");
    assert_eq!(texts(&output, View::Stdout), ["one", "two"]);
}

/// It had the code of one that can't be written, and the page said "disk".
#[test]
fn an_output_whose_file_is_gone_is_unreadable_and_not_unwritten() {
    let directory = tempfile::tempdir().unwrap();
    let output = Output::new(directory.path().join("1"), Arc::new(DiskQuota::unlimited()));
    output.append(Stream::Stdout, &vec![b'x'; 100_000], 0).unwrap();
    output.append(Stream::Stdout, b"\nlast\n", 0).unwrap();
    output.end();
    fs::remove_file(output.path(Stream::Stdout)).unwrap();
    assert_eq!(output.exact(View::Stdout, 0, 9).unwrap_err().code, Code::OutputUnreadable);
}

#[test]
fn a_file_that_is_closed_is_opened_for_whoever_reads_and_goes_with_the_output() {
    let directory = tempfile::tempdir().unwrap();
    let quota = Arc::new(DiskQuota::unlimited());
    let output = Output::new(directory.path().join("1"), Arc::clone(&quota));
    output.append(Stream::Stdout, b"one\n", 0).unwrap();
    let before = output.bytes(Stream::Stdout).0;
    output.end();
    assert_eq!(before.read(0, 9).unwrap(), b"one\n");
    // Moved, it is the same output.
    fs::create_dir(directory.path().join("sub")).unwrap();
    output.move_to(&directory.path().join("sub/2")).unwrap();
    assert_eq!(before.read(1, 9).unwrap(), b"ne\n");
    assert_eq!(output.path(Stream::Stdout), directory.path().join("sub/2.stdout"));
    // And where it can't be moved, it is held open.
    output.move_to(&directory.path().join("missing/3")).unwrap();
    // An open file keeps its folder on Windows.
    if cfg!(unix) {
        fs::remove_dir_all(directory.path().join("sub")).unwrap();
    }
    assert_eq!(output.read(Stream::Stdout, 0, 9).unwrap(), b"one\n");
}

#[test]
fn a_tail_in_memory_is_read_as_one_with_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let output = Output::of_body(directory.path().join("1"), Arc::new(DiskQuota::unlimited()));
    output.append(Stream::Stdout, &[b'a'; 5000], 0).unwrap();
    output.lock().stdout.fail_writes();
    output.append(Stream::Stdout, b"bcd", 0).unwrap_err();
    assert_eq!(output.read(Stream::Stdout, 4998, 9999).unwrap(), b"aabcd");
    assert_eq!(output.read(Stream::Stdout, 5001, 5002).unwrap(), b"c");
    assert_eq!(output.read(Stream::Stdout, 9000, 9001).unwrap(), b"");
    let before = output.bytes(Stream::Stdout).0;
    output.end();
    output.make_files().unwrap();
    assert_eq!(fs::read(output.path(Stream::Stdout)).unwrap().len(), 5003);
    assert_eq!(before.read(4999, 5003).unwrap(), b"abcd");
}

#[test]
fn what_outputs_take_is_counted_and_given_back() {
    let directory = tempfile::tempdir().unwrap();
    let quota = Arc::new(DiskQuota::new(10));
    let output = Output::new(directory.path().join("1"), Arc::clone(&quota));
    output.append(Stream::Stdout, b"0123456789", 0).unwrap();
    assert_eq!((quota.used(), quota.is_full()), (10, true));
    drop(output);
    assert_eq!((quota.used(), quota.is_full()), (0, false));
}

#[test]
fn an_output_that_is_opened_again_is_the_same() {
    let (directory, output) = output();
    for (stream, text, at) in [(Stream::Stdout, "a\nb", 10), (Stream::Stderr, "c\n", 20), (Stream::Stdout, "d\ne", 30)]
    {
        output.append(stream, text.as_bytes(), at).unwrap();
    }
    let all = |output: &Output| {
        let window = output.window(View::Both, 0, 9, plain()).unwrap();
        (window.lines, output.chunks(0, 9))
    };
    for (stream, name) in [(Stream::Stdout, "2.stdout"), (Stream::Stderr, "2.stderr")] {
        fs::copy(output.path(stream), directory.path().join(name)).unwrap();
    }
    let chunks = output.chunks(0, 9).into_iter().map(|chunk| (chunk.stream, chunk.len, chunk.at_us));
    let quota = Arc::new(DiskQuota::unlimited());
    let again = Output::reopen(directory.path().join("2"), Arc::clone(&quota), None, chunks).unwrap();
    assert_eq!(all(&again), all(&output));
    let blind = Output::reopen(directory.path().join("2"), quota, None, std::iter::empty()).unwrap();
    assert_eq!(texts(&blind, View::Both), ["a", "bd", "e", "c"]);
    drop((again, blind));
    assert!(directory.path().join("2.stdout").exists());
}

/// Only the first megabyte of a chunk was taken, and all that followed had the times of what came later.
#[test]
fn a_chunk_of_more_than_a_megabyte_keeps_the_times_of_what_follows() {
    let (directory, output) = output();
    let long = [b"x".repeat(1_500_000), b"\n".to_vec(), b"y".repeat(1_000_000)].concat();
    for (stream, bytes, at) in
        [(Stream::Stdout, &long[..], 5), (Stream::Stderr, b"err\n", 6), (Stream::Stdout, b"z\nlast\n", 7)]
    {
        output.append(stream, bytes, at).unwrap();
    }
    for (stream, name) in [(Stream::Stdout, "2.stdout"), (Stream::Stderr, "2.stderr")] {
        fs::copy(output.path(stream), directory.path().join(name)).unwrap();
    }
    let chunks = output.chunks(0, 9).into_iter().map(|chunk| (chunk.stream, chunk.len, chunk.at_us));
    let again = Output::reopen(directory.path().join("2"), Arc::new(DiskQuota::unlimited()), None, chunks).unwrap();
    assert_eq!(again.chunks(0, 9), output.chunks(0, 9));
    let times = |output: &Output| -> Vec<(Stream, u64)> {
        let window = output.window(View::Both, 0, 9, plain()).unwrap();
        window.lines.iter().map(|line| (line.stream, line.at_us)).collect()
    };
    assert_eq!(times(&again), times(&output));
}

proptest! {
    /// However the streams are cut into chunks, the lines are those of the whole.
    #[test]
    fn split_anywhere_is_the_same(
        bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'a'), any::<u8>()], 0..200),
        cuts in prop::collection::vec(0usize..200, 0..20),
    ) {
        let (_directory, output) = output();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.sort_unstable();
        let mut from = 0;
        for (i, cut) in cuts.into_iter().chain([bytes.len()]).enumerate() {
            output.append(Stream::Stdout, &bytes[from..cut], i as u64).unwrap();
            from = cut;
        }
        let whole = bytes.split_inclusive(|byte| *byte == b'\n');
        let expected: Vec<String> = whole.map(|line| RenderedText::of(without_line_end(line)).text).collect();
        prop_assert_eq!(texts(&output, View::Stdout), expected);
        prop_assert_eq!(fs::read(output.path(Stream::Stdout)).unwrap_or_default(), bytes);
    }
}
