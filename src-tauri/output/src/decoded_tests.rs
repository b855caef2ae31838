use std::io::Write;

use super::*;
use crate::{RenderOptions, View};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn body(codings: &[Coding], kind: BodyKind) -> (tempfile::TempDir, Arc<Output>, Decoded) {
    let folder = tempfile::tempdir().unwrap();
    let quota = Arc::new(DiskQuota::unlimited());
    let source = Arc::new(Output::of_body(folder.path().join("1"), Arc::clone(&quota)));
    source.expect_encoded(kind, codings);
    let decoded =
        Decoded::new(Arc::clone(&source), codings, Some(kind), folder.path().join("1-decoded"), quota).unwrap();
    (folder, source, decoded)
}

fn text_of(decoded: &Decoded) -> String {
    String::from_utf8(decoded.output().read(Stream::Stdout, 0, u64::MAX).unwrap()).unwrap()
}

#[test]
fn events_are_decoded_as_they_arrive() {
    let (_folder, source, decoded) = body(&[Coding::Gzip], BodyKind::Events);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    for n in 0..3 {
        encoder.write_all(format!("data: {n}\n\n").as_bytes()).unwrap();
        encoder.flush().unwrap();
        source.append(Stream::Stdout, &std::mem::take(encoder.get_mut()), n).unwrap();
        assert!(decoded.is_behind());
        assert_eq!(decoded.catch_up(false).unwrap(), None);
        assert!(!decoded.is_behind());
        let window = decoded.output().window(View::Events, 0, 10, RenderOptions::default()).unwrap();
        let rows: Vec<_> = window.lines.iter().map(|line| (line.text.as_str(), line.at_us)).collect();
        assert_eq!(rows.last(), Some(&(&*n.to_string(), n)));
        assert_eq!(rows.len() as u64, n + 1);
    }
    source.append(Stream::Stdout, &encoder.finish().unwrap(), 3).unwrap();
    decoded.catch_up(true).unwrap();
    let sent = source.counts().stdout.bytes;
    assert_eq!(decoded.facts(), DecodedFacts { sent, bytes: 27, problem: None });
    assert_eq!(source.kind(), Some(BodyKind::Events));
}

#[test]
fn a_broken_body_keeps_what_was_decoded_and_says_why_decoding_stopped() {
    let text = "all work and no play\n".repeat(2000);
    let packed = gzip(text.as_bytes());
    let (_folder, source, decoded) = body(&[Coding::Gzip], BodyKind::Text);
    source.append(Stream::Stdout, &packed[..packed.len() - 9], 1).unwrap();
    assert_eq!(decoded.catch_up(false).unwrap(), None);
    assert_eq!(decoded.facts().problem, None, "more may come");
    decoded.catch_up(true).unwrap();
    let problem = decoded.facts().problem.unwrap();
    assert_eq!((problem.code, problem.message.as_str()), (Code::DecodingFailed, "The gzip data ends too early"));
    assert!(text.starts_with(&text_of(&decoded)) && decoded.facts().bytes > 10_000);
    assert_eq!(source.read(Stream::Stdout, 0, 9999).unwrap(), &packed[..packed.len() - 9], "the bytes stay");
}

#[test]
fn a_bomb_stops_at_the_limit_and_keeps_what_came_before() {
    let packed = gzip(&vec![0; 70_000_000]);
    assert!(packed.len() < 100_000);
    let (_folder, source, decoded) = body(&[Coding::Gzip], BodyKind::Bytes);
    source.append(Stream::Stdout, &packed, 1).unwrap();
    while decoded.catch_up(true).unwrap().is_some() {}
    let facts = decoded.facts();
    assert_eq!((facts.bytes, facts.problem.unwrap().code), (TIMES_FROM, Code::DecodingLimit));
    assert_eq!(decoded.output().counts().stdout.bytes, TIMES_FROM);
    assert!(!decoded.is_behind());

    let (_folder, source, mut decoded) = body(&[Coding::Gzip], BodyKind::Text);
    decoded.most = 1000;
    source.append(Stream::Stdout, &gzip("long enough ".repeat(1000).as_bytes()), 1).unwrap();
    decoded.catch_up(true).unwrap();
    let facts = decoded.facts();
    assert_eq!((facts.bytes, facts.problem.unwrap().code), (1000, Code::DecodingLimit));
}

#[test]
fn a_long_body_is_decoded_in_steps_and_within_the_quota() {
    let text = "0123456789".repeat(2_000_000);
    let (_folder, source, decoded) = body(&[Coding::Gzip], BodyKind::Text);
    source.append(Stream::Stdout, &gzip(text.as_bytes()), 1).unwrap();
    let making = decoded.catch_up(true).unwrap().unwrap();
    assert!(making.done < making.whole);
    decoded.quota.set_quota(1);
    assert_eq!(decoded.catch_up(true).unwrap_err().code, Code::QuotaReached);
    decoded.quota.set_quota(u64::MAX);
    while decoded.catch_up(true).unwrap().is_some() {}
    assert_eq!(decoded.facts().bytes, text.len() as u64);
    assert!(text_of(&decoded) == text);
}

#[test]
fn a_body_that_is_not_what_its_codings_say_is_known_by_its_first_bytes() {
    let (_folder, source, _decoded) = body(&[Coding::Gzip], BodyKind::Text);
    assert!(!source.is_mislabeled());
    source.append(Stream::Stdout, b"{\"not\": ", 1).unwrap();
    assert!(source.is_mislabeled());
    source.append(Stream::Stdout, b"\"compressed\"}", 2).unwrap();
    assert_eq!(source.kind(), Some(BodyKind::Json));
}

#[test]
fn the_kind_and_charset_of_a_compressed_body_are_those_of_its_text() {
    let (_folder, source, _decoded) = body(&[Coding::Gzip], BodyKind::Text);
    for byte in gzip(b"{\"name\": \"caf\xc3\xa9\"}") {
        source.append(Stream::Stdout, &[byte], 1).unwrap();
    }
    assert_eq!(source.kind(), Some(BodyKind::Json));
    let (_folder, source, _decoded) = body(&[Coding::Gzip], BodyKind::Text);
    source.append(Stream::Stdout, &gzip(b"caf\xe9 cr\xe8me\n"), 1).unwrap();
    assert_eq!(source.charset(None).map(|(encoding, _)| encoding.name()), Some("windows-1252"));
}

#[test]
fn events_are_found_in_what_came_before_they_were_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let output = Output::of_body(folder.path().join("1"), Arc::new(DiskQuota::unlimited()));
    output.expect(BodyKind::Text);
    output.append(Stream::Stdout, b"\xef\xbb", 1).unwrap();
    output.append(Stream::Stdout, b"\xbfdata: 1\n\nda", 2).unwrap();
    let rows = || output.window(View::Events, 0, 10, RenderOptions::default()).unwrap().lines.len();
    output.show_as(BodyKind::Events);
    assert_eq!(rows(), 2);
    output.append(Stream::Stdout, b"ta: 2\n\ndata: 3\n\n", 3).unwrap();
    assert_eq!(rows(), 3);
    output.show_as(BodyKind::JsonLines);
    output.append(Stream::Stdout, b"data: 4\n\n", 3).unwrap();
    output.show_as(BodyKind::Events);
    assert_eq!(rows(), 4);
}
