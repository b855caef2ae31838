//! Text in other charsets than UTF-8, as the window is shown it: bodies on a real socket, and what programs write.

#![cfg(unix)]
use std::io::Write;

use porthole_base::error::Code;
use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_output::{CharsetBy, Query, SaveContent, SearchState, View};
use porthole_tests::{
    calls::{Calls, ended, rows, told},
    servers::{Raw, read_head},
};
use porthole_timeline::{CallId, Origin, Summary, Timeline};

async fn sent(timeline: &Timeline, endpoint: &Endpoint) -> Summary {
    let id = timeline.send(Origin::Composer, endpoint.clone(), Request::new("GET", "/"));
    ended(timeline, id).await
}

async fn lines(timeline: &Timeline, id: CallId, view: View) -> Vec<String> {
    rows(timeline, id, view, 0, 100).await.into_iter().map(|line| line.text).collect()
}

fn answer(content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn named(row: &Summary) -> Option<(&str, CharsetBy)> {
    row.charset.as_ref().map(|charset| (charset.name.as_str(), charset.by))
}

#[tokio::test]
async fn a_body_is_shown_in_the_charset_of_its_header_and_its_bytes_stay() {
    let calls = Calls::new();
    for (content_type, body, name, shown) in [
        ("text/plain; charset=ISO-8859-1", &b"caf\xe9\nna\xefve\n"[..], "windows-1252", ["café", "naïve"]),
        ("text/plain; charset=gbk", b"\xce\xc4\xbc\xfe\n\xb2\xbb\n", "GBK", ["文件", "不"]),
        ("text/plain; charset=Shift_JIS", b"\x83t\x83@\n\x82\xa0\n", "Shift_JIS", ["ファ", "あ"]),
        ("text/plain; charset=utf-16le", &utf16("wide\r\n世界"), "UTF-16LE", ["wide", "世界"]),
    ] {
        let raw = Raw::answering(answer(content_type, body));
        let row = sent(&calls.timeline, &raw.endpoint).await;
        assert_eq!(named(&row), Some((name, CharsetBy::Header)));
        assert_eq!(lines(&calls.timeline, row.id, View::Stdout).await, shown, "{content_type}");
        assert_eq!(calls.timeline.exact(row.id, View::Stdout, 0, 1).await.unwrap().trim_end(), shown[0]);
        let bytes = calls.timeline.output(row.id).unwrap().read(porthole_output::Stream::Stdout, 0, 999).unwrap();
        assert_eq!(bytes, body);
        // Bytes and pieces are shown as they came.
        let hex = &lines(&calls.timeline, row.id, View::Hex).await[0];
        assert!(hex.starts_with(&format!("{:02x} {:02x}", body[0], body[1])), "{hex}");
    }
    let raw = Raw::answering(answer("text/plain; charset=utf-8", "café\n".as_bytes()));
    assert_eq!(named(&sent(&calls.timeline, &raw.endpoint).await), None);
    let raw = Raw::answering(answer("image/png", b"\xff\xfea\0b\0"));
    assert_eq!(named(&sent(&calls.timeline, &raw.endpoint).await), None, "an image has no charset");
}

#[tokio::test]
async fn json_in_another_charset_is_indented_as_its_text() {
    let calls = Calls::new();
    let json = utf16("\u{feff}{\"name\": \"世界\"}");
    let raw = Raw::answering(answer("application/json", &json));
    let row = sent(&calls.timeline, &raw.endpoint).await;
    assert_eq!(named(&row), Some(("UTF-16LE", CharsetBy::Bom)));
    assert_eq!(lines(&calls.timeline, row.id, View::Pretty).await, ["{", "  \"name\": \"世界\"", "}"]);
}

#[tokio::test]
async fn what_a_windows_program_writes_is_decoded_while_it_comes_and_can_be_searched() {
    let calls = Calls::new();
    // As wsl.exe writes into a pipe; a line feed is cut in two.
    let id = calls.sh("printf 'N\\0A\\0M\\0E\\0\\r\\0\\n'; printf '\\0D\\0e\\0b\\0i\\0a\\0n\\0\\n\\0'; read x; printf 'U\\0b\\0u\\0n\\0t\\0u\\0\\n\\0'");
    let row = ended(&calls.timeline, id).await;
    assert_eq!(named(&row), Some(("UTF-16LE", CharsetBy::Looks)));
    assert_eq!(lines(&calls.timeline, id, View::Both).await, ["NAME", "Debian", "Ubuntu"]);
    let query = Query { view: View::Both, text: "bunt".into(), regex: false, match_case: true, inverse: false };
    calls.timeline.search(id, query).unwrap();
    let hits = told(&calls.timeline, |changes| {
        changes.search.as_ref().filter(|search| search.state == SearchState::Complete).map(|search| search.hits)
    });
    assert_eq!(hits.await, 1);
    assert_eq!(lines(&calls.timeline, id, View::Hits).await, ["Ubuntu"]);
    let path = calls.directory.path().join("lines.txt");
    let what = SaveContent::Lines { view: View::Both, from: 1, to: 3 };
    calls.timeline.save(id, what, path.clone(), false).await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "Debian\nUbuntu\n");
    let path = calls.directory.path().join("bytes.bin");
    calls.timeline.save(id, SaveContent::Stdout, path.clone(), false).await.unwrap();
    assert!(std::fs::read(&path).unwrap().starts_with(b"N\0A\0"), "bytes are saved as they came");
}

#[tokio::test]
async fn a_charset_can_be_chosen_and_given_back() {
    let calls = Calls::new();
    let raw = Raw::answering(answer("text/plain", b"\xa4\xa2\xa4\xa4 x\n"));
    let row = sent(&calls.timeline, &raw.endpoint).await;
    let at_first = named(&row).map(|(name, by)| (name.to_owned(), by));
    for (label, name, shown) in [
        ("gbk", "GBK", "あい x"),
        ("euc-jp", "EUC-JP", "あい x"),
        ("latin1", "windows-1252", "¤¢¤¤ x"),
        ("utf-8", "UTF-8", "\\xA4\\xA2\\xA4\\xA4 x"),
    ] {
        calls.timeline.set_charset(row.id, Some(label)).unwrap();
        let seen =
            told(&calls.timeline, |changes| changes.calls.iter().find(|other| other.id == row.id).cloned()).await;
        assert_eq!(named(&seen), Some((name, CharsetBy::Chosen)));
        assert_eq!(lines(&calls.timeline, row.id, View::Stdout).await, [shown]);
    }
    calls.timeline.set_charset(row.id, None).unwrap();
    let seen = told(&calls.timeline, |changes| changes.calls.iter().find(|other| other.id == row.id).cloned()).await;
    assert_eq!(named(&seen).map(|(name, by)| (name.to_owned(), by)), at_first);
    let unknown = calls.timeline.set_charset(row.id, Some("klingon")).unwrap_err();
    assert_eq!(unknown.code, Code::CharsetUnknown);
    assert_eq!(calls.timeline.set_charset(999, None).unwrap_err().code, Code::CallNotFound);
}

#[tokio::test]
async fn a_long_body_is_decoded_in_steps_and_every_row_of_it_is_found() {
    let calls = Calls::new();
    let raw = Raw::new(|mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n");
        let mut stream = std::io::BufWriter::with_capacity(64 * 1024, stream);
        for n in 0..600_000 {
            if stream.write_all(&utf16(&format!("line {n} ü世\n"))).is_err() {
                return;
            }
        }
    });
    let row = sent(&calls.timeline, &raw.endpoint).await;
    let mut steps = 0;
    let total = loop {
        let window = calls.timeline.lines(row.id, View::Stdout, 0, 1, false).await.unwrap();
        match window.making {
            Some(making) => assert!(making.done < making.whole),
            None => break window.total,
        }
        steps += 1;
    };
    assert!(steps > 0, "it was decoded at once");
    assert_eq!(total, 600_000);
    for n in [0, 1, 299_999, 599_999] {
        let line = rows(&calls.timeline, row.id, View::Stdout, n, 1).await;
        assert_eq!(line[0].text, format!("line {n} ü世"));
    }
    let used = |timeline: &Timeline| {
        let files =
            std::fs::read_dir(timeline.output(row.id).unwrap().path(porthole_output::Stream::Stdout).parent().unwrap());
        files.unwrap().filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains("utf-16")).count()
    };
    assert_eq!(used(&calls.timeline), 1);
    calls.timeline.clear();
    let left = std::fs::read_dir(calls.directory.path()).unwrap();
    assert!(!left.flatten().any(|file| file.file_name().to_string_lossy().contains("utf-16")), "its text goes with it");
}
