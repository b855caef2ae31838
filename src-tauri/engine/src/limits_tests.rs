use proptest::prelude::*;

use super::*;

fn read(kind: Kind, pieces: &[&[u8]]) -> Result<(), PastLimit> {
    let meter = Meter::new();
    meter.begin(kind);
    pieces.iter().try_for_each(|piece| meter.lock().read(piece))
}

fn frame(length: u32) -> Vec<u8> {
    [&[1, 0, 0, 0][..], &length.to_be_bytes()].concat()
}

const UPGRADED: &[u8] = b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";

#[test]
fn each_part_of_a_response_has_a_limit() {
    let endless = |start: &[u8], again: &[u8]| {
        let mut pieces = vec![start];
        pieces.extend(std::iter::repeat_n(again, 40_000_000 / again.len()));
        read(Kind::Whole, &pieces)
    };
    assert_eq!(endless(b"HTTP/1.1 200 OK\r\n", b"X-Header: yes\r\n"), Err(PastLimit::Head));
    assert_eq!(endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n"), Err(PastLimit::Head));
    assert_eq!(endless(b"HTTP/1.1 200 ", b"O"), Err(PastLimit::Head));
    assert_eq!(endless(b"", b"\r\n"), Err(PastLimit::Head));
    assert_eq!(endless(OK, &[b' '; 4096]), Err(PastLimit::Bytes(WHOLE)));
    // An endless length of a chunk counts as the body does.
    assert_eq!(
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"00000000"),
        Err(PastLimit::Bytes(WHOLE))
    );
    assert_eq!(endless(OK, b"{},{},{},"), Err(PastLimit::Objects));
}

#[test]
fn a_refusal_of_a_stream_or_an_archive_is_read_as_a_whole() {
    for kind in [Kind::Stream, Kind::Archive] {
        let refusal = b"HTTP/1.1 500 No\r\n\r\n";
        let body = vec![b'x'; WHOLE as usize + 1];
        assert_eq!(read(kind, &[refusal, &body]), Err(PastLimit::Bytes(WHOLE)));
    }
    let body = vec![b'{'; WHOLE as usize + 1];
    assert_eq!(read(Kind::Archive, &[OK, &body]), Ok(()));
}

#[test]
fn pieces_of_a_stream_are_short_and_the_stream_is_not() {
    let piece = [frame(1024 * 1024), vec![9; 1024 * 1024]].concat();
    let many: Vec<&[u8]> = std::iter::once(UPGRADED).chain(std::iter::repeat_n(&piece[..], 100)).collect();
    assert_eq!(read(Kind::Stream, &many), Ok(()));
    assert_eq!(read(Kind::Stream, &[UPGRADED, &frame(u32::MAX)]), Err(PastLimit::Piece));
    let raw = vec![b'x'; 1024 * 1024];
    let endless: Vec<&[u8]> = std::iter::once(UPGRADED).chain(std::iter::repeat_n(&raw[..], 17)).collect();
    assert_eq!(read(Kind::Stream, &endless), Err(PastLimit::Piece));
}

#[test]
fn requests_are_known_by_how_their_response_is_read() {
    let kind =
        |method: &str, path: &str| Kind::of(&hyper::Request::builder().method(method).uri(path).body(()).unwrap());
    for (method, path, expected) in [
        ("POST", "http://docker/v1.41/exec/abc/start", Kind::Stream),
        ("POST", "http://docker/v1.41/containers/abc/attach?stdin=true", Kind::Stream),
        ("POST", "http://docker/v1.41/containers/abc/start", Kind::Whole),
        ("GET", "http://docker/v1.41/containers/abc/archive?path=/", Kind::Archive),
        ("HEAD", "http://docker/v1.41/containers/abc/archive?path=/", Kind::Whole),
        ("GET", "http://docker/v1.41/containers/json", Kind::Whole),
        ("GET", "http://docker/containers/abc/logs?follow=1", Kind::Followed),
        ("GET", "http://docker/logs", Kind::Whole),
        ("POST", "http://docker/build?t=x", Kind::Followed),
        ("POST", "http://docker/session", Kind::Followed),
        ("POST", "http://docker/images/create?fromImage=x", Kind::Followed),
        ("POST", "http://docker/containers/create", Kind::Whole),
    ] {
        assert_eq!(kind(method, path), expected, "{method} {path}");
    }
}

proptest! {
    #[test]
    fn split_anywhere_it_is_the_same(cuts in prop::collection::vec(0usize..300, 0..12), large in any::<bool>()) {
        let interim = b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n";
        let last = if large { frame(u32::MAX) } else { frame(3) };
        let all = [interim, UPGRADED, &frame(5), b"hello", b"raw line\n", &last, b"end"].concat();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(all.len())).collect();
        cuts.sort_unstable();
        let mut from = 0;
        let pieces: Vec<&[u8]> = cuts.into_iter().chain([all.len()]).map(|cut| {
            let piece = &all[from..cut];
            from = cut;
            piece
        }).collect();
        prop_assert_eq!(read(Kind::Stream, &pieces), if large { Err(PastLimit::Piece) } else { Ok(()) });
    }
}

#[tokio::test]
async fn a_response_that_drips_has_a_limit_of_time() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let (mut engine, io) = tokio::io::duplex(64);
    let meter = Meter::new();
    let mut metered = Metered::new(io, meter.clone());
    meter.begin(Kind::Whole);
    assert!(meter.lock().deadline.is_some_and(|(_, limit)| limit == WHOLE_TIME));
    // So long as it takes in a test.
    let soon = Instant::now() + Duration::from_millis(20);
    meter.lock().deadline = Some((soon, WHOLE_TIME));
    engine.write_all(OK).await.unwrap();
    let error = metered.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.get_ref().and_then(|error| error.downcast_ref()), Some(&PastLimit::Time(WHOLE_TIME)));
    // A connection that rests has none, nor has a command that is silent.
    meter.rest();
    engine.write_all(b" ").await.unwrap();
    metered.read_exact(&mut [0]).await.unwrap();
    meter.begin(Kind::Stream);
    assert!(meter.lock().deadline.is_none());
}
