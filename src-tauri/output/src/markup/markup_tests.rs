use proptest::prelude::*;

use super::*;

fn formatted<'a>(is_html: bool, pieces: impl IntoIterator<Item = &'a [u8]>) -> Formatted {
    let mut formatter = Formatter::new(is_html);
    let mut out = Formatted::default();
    for piece in pieces {
        formatter.push(piece, &mut out);
    }
    formatter.finish(&mut out);
    out
}

fn text(is_html: bool, source: &str) -> String {
    String::from_utf8(formatted(is_html, [source.as_bytes()]).text).unwrap()
}

#[test]
fn xml_is_indented_and_short_elements_stay_in_a_line() {
    let source =
        "\u{feff}<?xml version=\"1.0\"?><a  x='1'\n y=\"2\"><b>one</b><c/><d></d><e><f>two\nlines</f></e>tail</a>";
    let expected = "<?xml version=\"1.0\"?>\n<a x='1' y=\"2\">\n  <b>one</b>\n  <c/>\n  <d></d>\n  <e>\n    <f>\n      two\n      lines\n    </f>\n  </e>\n  tail\n</a>\n";
    assert_eq!(text(false, source), expected);
    assert_eq!(text(false, expected), expected, "what is formatted stays as it is");
}

#[test]
fn comments_and_sections_keep_their_lines_and_tell_where_they_are() {
    let out =
        formatted(false, [&b"<!DOCTYPE a [\n<!ENTITY b \"c>\">\n]><a><!-- one <b>\ntwo --><![CDATA[<x>\n]]></a>"[..]]);
    let lines: Vec<_> = std::str::from_utf8(&out.text).unwrap().lines().zip(&out.states).collect();
    assert_eq!(
        lines,
        [
            ("<!DOCTYPE a [", &MarkupState::Text),
            ("<!ENTITY b \"c>\">", &MarkupState::Declaration),
            ("]>", &MarkupState::Declaration),
            ("<a>", &MarkupState::Text),
            ("  <!-- one <b>", &MarkupState::Text),
            ("  two -->", &MarkupState::Comment),
            ("  <![CDATA[<x>", &MarkupState::Text),
            ("  ]]>", &MarkupState::Cdata),
            ("</a>", &MarkupState::Text),
        ]
    );
}

#[test]
fn html_is_indented_as_a_browser_reads_it() {
    let source = "<!doctype html><html><head><meta charset=utf-8><title>T</title><script>if (a<b) {\n  go()\n}</script><body><ul><li>one<li>two <b>bold</b></ul><p>text<br>more<div>x</div></body></html>";
    let expected = "<!doctype html>\n<html>\n  <head>\n    <meta charset=utf-8>\n    <title>T</title>\n    <script>\n      if (a<b) {\n      go()\n      }\n    </script>\n  <body>\n    <ul>\n      <li>\n        one\n      <li>\n        two\n        <b>bold</b>\n    </ul>\n    <p>\n      text\n      <br>\n      more\n    <div>x</div>\n  </body>\n</html>\n";
    assert_eq!(text(true, source), expected);
}

#[test]
fn what_is_no_markup_stays_text() {
    assert_eq!(text(true, "1 < 2 and </ nothing"), "1\n< 2 and\n</ nothing\n");
    assert_eq!(text(false, "<a>"), "<a>\n");
    assert_eq!(text(false, "</b><a></c></a>"), "</b>\n<a>\n</c>\n</a>\n".replace("</c>", "  </c>"));
    assert_eq!(text(true, ""), "");
}

#[test]
fn long_tokens_and_deep_documents_are_bounded() {
    let long = format!("<a href=\"{}\">é{}</a>", "x".repeat(100_000), "é".repeat(50_000));
    let out = formatted(false, [long.as_bytes()]);
    let kept: Vec<u8> = out.text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    assert_eq!(String::from_utf8(kept).unwrap(), long.replace("<a href", "<ahref"));
    let deep = "<a>".repeat(5000);
    let out = formatted(false, [deep.as_bytes()]);
    assert_eq!(out.states.len(), 5000);
    assert!(out.text.len() < 5000 * 101);
}

#[test]
fn a_document_is_formatted_as_it_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let quota = Arc::new(DiskQuota::unlimited());
    let source = Arc::new(Output::of_body(folder.path().join("1"), Arc::clone(&quota)));
    let markup = Markup::new(Arc::clone(&source), false, folder.path().join("1-markup"), quota);
    source.append(Stream::Stdout, b"<a><b>1</b><b", 1).unwrap();
    markup.catch_up(false).unwrap();
    let rows = || markup.window(0, 10, RenderOptions::default()).unwrap().lines.into_iter().map(|line| line.text);
    assert_eq!(rows().collect::<Vec<_>>(), ["<a>", "  <b>1</b>"]);
    source.append(Stream::Stdout, b">2</b></a>", 2).unwrap();
    markup.catch_up(true).unwrap();
    assert_eq!(rows().collect::<Vec<_>>(), ["<a>", "  <b>1</b>", "  <b>2</b>", "</a>"]);
}

proptest! {
    #[test]
    fn cut_anywhere_is_the_same(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "<a>", "</a>", "<b c=\"d>\n\" e>", "<br/>", "<!-- x\n-->", "<![CDATA[ ]]>", "<?pi?>", "text", " \n", "é", "<", ">",
                "<script>", "</script>", "<li>", "<!doctype html>", "&amp;", "\"", "'", "=", "/",
            ]),
            0..30,
        ),
        is_html: bool,
        cuts in prop::collection::vec(any::<usize>(), 0..6),
    ) {
        let source = parts.concat();
        let bytes = source.as_bytes();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        let (cut, whole) = (formatted(is_html, pieces), formatted(is_html, [bytes]));
        prop_assert_eq!(std::str::from_utf8(&cut.text), std::str::from_utf8(&whole.text));
        prop_assert_eq!(cut.states, whole.states.clone());
        prop_assert_eq!(whole.text.iter().filter(|byte| **byte == b'\n').count(), whole.states.len());
        // Nothing but white space is added or lost.
        let dense = |text: &[u8]| -> Vec<u8> { text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect() };
        prop_assert_eq!(dense(&whole.text), dense(bytes));
    }
}
