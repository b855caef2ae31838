use proptest::prelude::*;

use super::*;
use crate::DiskQuota;

fn output() -> (tempfile::TempDir, Arc<Output>) {
    let directory = tempfile::tempdir().unwrap();
    let output = Arc::new(Output::new(directory.path().join("1"), Arc::new(DiskQuota::unlimited())));
    (directory, output)
}

fn query(view: View, text: &str) -> Query {
    Query { view, text: text.into(), regex: false, match_case: true, inverse: false }
}

fn regex(text: &str) -> Query {
    Query { regex: true, ..query(View::Stdout, text) }
}

fn hits(output: &Arc<Output>, query: &Query) -> Vec<u64> {
    let search = Search::new(Arc::clone(output), query).unwrap();
    search.advance(|| true).unwrap();
    search.numbers(0, u64::MAX)
}

#[test]
fn lines_are_found_by_text_and_by_expression() {
    let (_directory, output) = output();
    output.append(Stream::Stdout, b"Alpha\r\nbeta a.c\nabc\n\nALPHA abc", 0).unwrap();
    output.append(Stream::Stderr, b"alpha\n", 0).unwrap();
    assert_eq!(hits(&output, &query(View::Stdout, "a.c")), [1]);
    assert_eq!(hits(&output, &regex("a.c")), [1, 2, 4]);
    assert_eq!(hits(&output, &regex("^$")), [3]);
    assert_eq!(hits(&output, &regex("a$")), [0], "a line end of two bytes is one");
    assert_eq!(hits(&output, &Query { match_case: false, ..query(View::Both, "alpha") }), [0, 4, 5]);
    assert_eq!(hits(&output, &Query { inverse: true, ..query(View::Both, "a") }), [3]);
    assert_eq!(hits(&output, &query(View::Stderr, "alpha")), [0]);
}

#[test]
fn what_cannot_be_searched_for_is_an_error() {
    let (_directory, output) = output();
    for query in [query(View::Stdout, ""), regex("("), query(View::Stdout, "a\nb"), query(View::Hex, "a")] {
        let error = Search::new(Arc::clone(&output), &query).unwrap_err();
        assert_eq!(error.code, Code::SearchInvalid, "{query:?}");
    }
}

#[test]
fn a_hit_has_a_place_and_a_next_one_beyond_either_end() {
    let (_directory, output) = output();
    output.append(Stream::Stdout, b"x\n-\nx\n-\nx\n", 0).unwrap();
    let search = Search::new(output, &query(View::Stdout, "x")).unwrap();
    assert_eq!(search.near(0, None, true).unwrap(), None);
    search.advance(|| true).unwrap();
    let near = |line, after| search.near(line, None, after).unwrap().map(|hit| (hit.place, hit.line)).unwrap();
    assert_eq!([near(0, true), near(1, true), near(4, true)], [(1, 2), (1, 2), (0, 0)]);
    assert_eq!([near(4, false), near(0, false), near(1, false)], [(1, 2), (2, 4), (0, 0)]);
    let window = search.window(1, 9, false).unwrap();
    assert_eq!((window.total, window.lines[0].n, &window.lines[0].found[..]), (3, 2, &[(0, 1)][..]));
    assert_eq!(search.exact(0, 2).unwrap(), "x\nx\n");
}

#[test]
fn a_line_is_searched_again_when_it_has_grown() {
    let (_directory, output) = output();
    let search = |query: Query| Search::new(Arc::clone(&output), &query).unwrap();
    let (found, ends, without) = (
        search(query(View::Both, "password:")),
        search(Query { view: View::Both, ..regex("word$") }),
        search(Query { inverse: true, ..query(View::Both, ":") }),
    );
    let told = || {
        [&found, &ends, &without].map(|search| {
            search.advance(|| true).unwrap();
            search.numbers(0, 99)
        })
    };
    output.append(Stream::Stderr, b"pass", 0).unwrap();
    output.append(Stream::Stdout, b"one\n", 0).unwrap();
    assert_eq!(told(), [vec![], vec![], vec![0, 1]]);
    output.append(Stream::Stderr, b"word", 0).unwrap();
    output.append(Stream::Stdout, b"a password: here\n", 0).unwrap();
    assert_eq!(told(), [vec![2], vec![0], vec![0, 1]]);
    output.append(Stream::Stderr, b":", 0).unwrap();
    assert_eq!(told(), [vec![0, 2], vec![], vec![1]]);
    output.append(Stream::Stderr, b"\nnext\n", 0).unwrap();
    assert_eq!(told(), [vec![0, 2], vec![], vec![1, 3]]);
}

#[test]
fn a_match_in_a_line_longer_than_a_slice_is_found_wherever_it_stands() {
    let (_directory, output) = output();
    let mut line = vec![b'.'; 3 * LONG as usize];
    for at in [0, LONG as usize - 3, 2 * LONG as usize, line.len() - 6] {
        line[at..at + 6].copy_from_slice(b"needle");
        output.append(Stream::Stdout, &line, 0).unwrap();
        output.append(Stream::Stdout, b"\n", 0).unwrap();
        line[at..at + 6].copy_from_slice(b"......");
    }
    output.append(Stream::Stdout, &line, 0).unwrap();
    output.append(Stream::Stdout, b"\nshort\n", 0).unwrap();
    assert_eq!(hits(&output, &query(View::Stdout, "needle")), [0, 1, 2, 3]);
    assert_eq!(hits(&output, &regex("^needle")), [0]);
    assert_eq!(hits(&output, &regex("needle$")), [3]);
    assert_eq!(hits(&output, &Query { inverse: true, ..query(View::Stdout, "needle") }), [4, 5]);
}

#[test]
fn hits_far_apart_and_close_together_have_the_right_numbers() {
    let (_directory, output) = output();
    let mut text = String::new();
    let mut expected = Vec::new();
    for n in 0..200_000u64 {
        // Alone, in pairs, and in a crowd.
        let hit = n % 20_011 == 7 || n % 30_011 == 8 || (90_000..90_400).contains(&n);
        if hit {
            expected.push(n);
        }
        text.push_str(if hit { "found it here\n" } else { "nothing in this line to be seen by anyone\n" });
    }
    output.append(Stream::Stdout, text.as_bytes(), 0).unwrap();
    assert_eq!(hits(&output, &query(View::Stdout, "found")), expected);
    assert_eq!(hits(&output, &query(View::Both, "found")), expected);
    let rest = hits(&output, &Query { inverse: true, ..query(View::Both, "found") });
    assert_eq!(rest.len() as u64, 200_000 - expected.len() as u64);
}

#[test]
fn lines_around_one_that_is_longer_than_a_block_have_the_right_numbers() {
    let (_directory, output) = output();
    let long = "-".repeat(2 * BLOCK as usize);
    let many = "nothing\n".repeat(BLOCK as usize);
    let text = format!("found\n{long}found{long}\nnothing\nfound\n{many}found");
    output.append(Stream::Stdout, text.as_bytes(), 0).unwrap();
    assert_eq!(hits(&output, &query(View::Stdout, "found")), [0, 1, 3, 4 + BLOCK]);
}

#[test]
fn lines_searched_by_several_threads_have_the_right_numbers_in_the_right_order() {
    let (_directory, output) = output();
    let mut expected = Vec::new();
    let mut number = 0;
    // Two slices, with both streams, and a line that is longer than the piece of a thread.
    while number < 300_000 {
        let mut out = Vec::new();
        for _ in 0..1000 {
            let is_hit = number % 97 == 0 || number / 1000 == 77;
            out.extend_from_slice(if is_hit {
                b"found here\n"
            } else {
                b"a line that has no such word in it, and is long enough for two slices\n"
            });
            if is_hit {
                expected.push(number);
            }
            number += 1;
        }
        output.append(Stream::Stdout, &out, 0).unwrap();
        output.append(Stream::Stderr, b"an error\n", 0).unwrap();
        if number % 100_000 == 0 {
            output.append(Stream::Stdout, &b"-".repeat(3_000_000), 0).unwrap();
            output.append(Stream::Stdout, b"found\n", 0).unwrap();
            expected.push(number);
            number += 1;
        }
    }
    assert!(output.counts().stdout.bytes > SLICE, "more than one slice");
    assert_eq!(hits(&output, &query(View::Stdout, "found")), expected);
    let in_both = Search::new(Arc::clone(&output), &query(View::Both, "found")).unwrap();
    in_both.advance(|| true).unwrap();
    assert_eq!(in_both.hits(), expected.len() as u64);
    assert_eq!(hits(&output, &query(View::Stderr, "error")), (0..300).collect::<Vec<_>>());
}

proptest! {
    /// Whenever the search looks, it ends up with what a look at the whole finds.
    #[test]
    fn looked_for_at_any_moment_it_is_the_same(
        pieces in prop::collection::vec((any::<bool>(), prop::sample::select(vec!["a", "b", "ab\n", "\n", "ba\nab", "\r\n"])), 0..40),
        looks in prop::collection::vec(any::<bool>(), 40),
        text in prop::sample::select(vec!["a", "ab", "^b", "a$", "^$", "ab$"]),
        inverse: bool,
        view in prop::sample::select(vec![View::Both, View::Stdout, View::Stderr]),
    ) {
        let (_directory, output) = output();
        let query = Query { view, inverse, ..regex(text) };
        let search = Search::new(Arc::clone(&output), &query).unwrap();
        for ((is_stdout, piece), look) in pieces.into_iter().zip(looks) {
            output.append(if is_stdout { Stream::Stdout } else { Stream::Stderr }, piece.as_bytes(), 0).unwrap();
            if look {
                search.advance(|| true).unwrap();
            }
        }
        // A line that is looked at again may send the search back: it says so by not being done.
        while search.advance(|| true).is_ok() && search.progress().done < search.progress().whole {}
        let expression = RegexMatcherBuilder::new().multi_line(false).build(text).unwrap();
        let lines = output.window(view, 0, 1000, RenderOptions::default()).unwrap().lines;
        let expected: Vec<u64> = lines.iter()
            .filter(|line| {
                let text = output.exact(view, line.n, line.n + 1).unwrap();
                let text = text.strip_suffix('\n').unwrap_or(&text);
                expression.is_match(text.strip_suffix('\r').unwrap_or(text).as_bytes()).unwrap() != inverse
            })
            .map(|line| line.n)
            .collect();
        prop_assert_eq!(search.numbers(0, u64::MAX), expected);
    }
}
