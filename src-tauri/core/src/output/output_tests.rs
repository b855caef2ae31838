use proptest::prelude::*;

use super::*;

fn output() -> (tempfile::TempDir, Output) {
    let directory = tempfile::tempdir().unwrap();
    let output = Output::create(directory.path().join("1")).unwrap();
    (directory, output)
}

fn texts(output: &Output, view: View) -> Vec<String> {
    let mut texts = Vec::new();
    loop {
        let window = output.window(view, texts.len() as u64, 7).unwrap();
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
    let times: Vec<u64> = output.window(View::Both, 0, 9).unwrap().lines.iter().map(|line| line.at_us).collect();
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
    let window = output.window(View::Stdout, 0, 9).unwrap();
    assert!(window.lines[0].cut);
    assert_eq!(window.lines[0].bytes, LINE_LIMIT * 2 + 2);
    assert!(window.lines[0].shown.is_empty(), "a character cut by the limit is not a broken one");
    assert_eq!(window.lines[1].text, "short");
}

#[test]
fn one_window_is_bounded() {
    let (_directory, output) = output();
    output.append(Stream::Stdout, &b"\n".repeat(5000), 0).unwrap();
    assert_eq!(output.window(View::Stdout, 10, u64::MAX).unwrap().lines.len() as u64, WINDOW_LINES);
    assert!(output.window(View::Both, u64::MAX, u64::MAX).unwrap().lines.is_empty());
}

#[test]
fn a_json_body_is_indented_and_another_stands_as_it_is() {
    let (_directory, json) = output();
    json.append(Stream::Stdout, br#"{"n":9007199254740993}"#, 0).unwrap();
    assert_eq!(texts(&json, View::Pretty), ["{", "  \"n\": 9007199254740993", "}"]);
    let (_directory, html) = output();
    html.append(Stream::Stdout, b"<html>", 0).unwrap();
    assert_eq!(texts(&html, View::Pretty), ["<html>"]);
}

#[test]
fn files_are_private_and_go_with_the_output() {
    let (directory, output) = output();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(output.path(Stream::Stdout)), 0o600);
        assert_eq!(mode(directory.path().join("1")), 0o700);
    }
    drop(output);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn an_output_that_cannot_be_made_says_where() {
    let error = Output::create("/nonexistent/porthole/1".into()).unwrap_err();
    assert_eq!(error.code, Code::SpillFailed);
    assert!(error.message.contains("/nonexistent/porthole/1"));
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
        let expected: Vec<String> = whole.map(|line| Shown::of(without_line_end(line)).text).collect();
        prop_assert_eq!(texts(&output, View::Stdout), expected);
        prop_assert_eq!(fs::read(output.path(Stream::Stdout)).unwrap(), bytes);
    }
}
