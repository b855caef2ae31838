use std::{
    io::Write,
    process::{Command, Stdio},
};

use proptest::prelude::*;

use super::*;

/// What comes out of a body in these pieces, and what was wrong with it.
fn decoded<'a>(codings: &[Coding], pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Option<Broken>) {
    let mut decoder = Decoder::new(codings).unwrap();
    let mut out = Vec::new();
    let mut sink = |piece: &[u8]| {
        out.extend_from_slice(piece);
        Ok(())
    };
    let pushed = pieces.into_iter().try_for_each(|piece| decoder.push(piece, &mut sink));
    let broken = match pushed.and_then(|()| decoder.end()) {
        Ok(()) => None,
        Err(Halt::Broken { broken, .. }) => Some(broken),
        Err(Halt::Refused(error)) => panic!("{error}"),
    };
    (out, broken)
}

fn at_once(coding: Coding, bytes: &[u8]) -> (Vec<u8>, Option<Broken>) {
    decoded(&[coding], [bytes])
}

/// What a program makes of its stdin; `None` where there is no such program.
fn program(name: &str, args: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new(name);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("{name}: {error}"),
    };
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{name} {args:?}");
    Some(output.stdout)
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bare(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `{"hello":"world"}` by the `brotli` program.
const HELLO_BR: &[u8] = b"\x0b\x08\x80{\"hello\":\"world\"}\x03";
const HELLO: &[u8] = br#"{"hello":"world"}"#;

/// Text with repetitions, and with enough between them that it has several blocks.
fn text(length: usize) -> Vec<u8> {
    let mut number = 1_u32;
    let words = std::iter::repeat_with(|| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("{{\"id\":{},\"name\":\"volume-{}\"}}\n", number >> 8, number >> 29)
    });
    let mut text: Vec<u8> = words.take(length / 20 + 1).flat_map(String::into_bytes).collect();
    text.truncate(length);
    text
}

#[cfg(unix)]
#[test]
fn what_the_programs_compress_is_decoded() {
    let programs: [(&str, &[&str], Coding); 6] = [
        ("gzip", &["-c", "-1"], Coding::Gzip),
        ("gzip", &["-c", "-9"], Coding::Gzip),
        ("brotli", &["-c", "-q", "5"], Coding::Brotli),
        ("brotli", &["-c", "-q", "11", "-w", "24"], Coding::Brotli),
        ("zstd", &["-c", "-3", "--check"], Coding::Zstd),
        ("zstd", &["-c", "-19", "--no-check"], Coding::Zstd),
    ];
    for size in [0, 1, 1000, 300_000] {
        let text = text(size);
        for (name, args, coding) in programs {
            let Some(packed) = program(name, args, &text) else {
                assert!(std::env::var_os("CI").is_none(), "{name} isn't installed");
                eprintln!("left out: {name} isn't installed");
                continue;
            };
            let (out, broken) = at_once(coding, &packed);
            assert_eq!((out.len(), broken), (size, None), "{name} {args:?}");
            assert!(out == text, "{name} {args:?}");
            let pieces: Vec<_> = packed.chunks(7).collect();
            assert!(decoded(&[coding], pieces) == (text.clone(), None), "{name} {args:?} in pieces");
        }
    }
}

#[test]
fn bodies_after_each_other_are_one_as_for_the_programs() {
    for (coding, packed) in [(Coding::Gzip, gzip(HELLO)), (Coding::Zstd, zstd(HELLO))] {
        let twice = [&packed[..], &packed].concat();
        assert_eq!(at_once(coding, &twice), ([HELLO, HELLO].concat(), None));
        let name = if coding == Coding::Gzip { "gzip" } else { "zstd" };
        if let Some(by_program) = program(name, &["-dc"], &twice) {
            assert_eq!(by_program, [HELLO, HELLO].concat());
        }
    }
    // A frame to skip, and zeros behind the last member.
    let skipped = [b"\x53\x2a\x4d\x18\x03\0\0\0abc", &zstd(HELLO)[..]].concat();
    assert_eq!(at_once(Coding::Zstd, &skipped), (HELLO.to_vec(), None));
    let padded = [&gzip(HELLO)[..], &[0; 512]].concat();
    assert_eq!(at_once(Coding::Gzip, &padded), (HELLO.to_vec(), None));
}

#[test]
fn several_codings_are_undone_in_their_order() {
    let names = ["zstd".to_owned(), "x-gzip".to_owned()];
    let codings = Coding::of_names(&names).unwrap();
    assert_eq!(decoded(&codings, [&gzip(&zstd(HELLO))[..]]), (HELLO.to_vec(), None));
    let codings = [Coding::Deflate, Coding::Gzip];
    assert_eq!(decoded(&codings, [&gzip(&bare(HELLO))[..]]), (HELLO.to_vec(), None));
    assert_eq!(decoded(&codings, [&gzip(&zlib(HELLO))[..]]), (HELLO.to_vec(), None));
    assert_eq!(decoded(&[], [HELLO]), (HELLO.to_vec(), None));
    let unsupported = Coding::of_names(&["gzip".to_owned(), "compress".to_owned()]).unwrap_err();
    assert_eq!(unsupported.code, Code::CodingUnsupported);
    assert_eq!(Coding::of_names(&vec!["gzip".to_owned(); 5]).unwrap_err().code, Code::CodingUnsupported);
}

#[test]
fn each_part_of_a_gzip_header_may_be_there() {
    let mut with_all = flate2::GzBuilder::new()
        .extra(vec![1, 2, 3])
        .filename("volumes.json")
        .comment("nightly")
        .write(Vec::new(), flate2::Compression::default());
    with_all.write_all(HELLO).unwrap();
    let mut packed = with_all.finish().unwrap();
    assert_eq!(at_once(Coding::Gzip, &packed), (HELLO.to_vec(), None));
    // The checksum of the header, which nothing but the flag announces.
    packed[3] |= 2;
    let header = packed.windows(8).position(|bytes| bytes == b"nightly\0").unwrap() + 8;
    packed.splice(header..header, [0, 0]);
    assert_eq!(decoded(&[Coding::Gzip], packed.chunks(1)), (HELLO.to_vec(), None));
}

#[test]
fn what_arrived_of_a_truncated_body_is_decoded() {
    let text = text(400_000);
    let packed = [(Coding::Gzip, gzip(&text)), (Coding::Deflate, zlib(&text)), (Coding::Zstd, zstd(&text))];
    for (coding, packed) in packed {
        let (out, broken) = at_once(coding, &packed[..packed.len() / 2]);
        assert_eq!(broken, Some(Broken::Truncated), "{coding:?}");
        assert!(out.len() > 100_000 && text.starts_with(&out), "{coding:?}: {}", out.len());
    }
    for end in 1..HELLO_BR.len() {
        assert_eq!(at_once(Coding::Brotli, &HELLO_BR[..end]).1, Some(Broken::Truncated), "{end}");
    }
    for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd] {
        assert_eq!(at_once(coding, b""), (Vec::new(), None), "{coding:?}");
    }
}

#[test]
fn a_mislabeled_body_is_told_from_a_damaged_one() {
    for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd] {
        let (out, broken) = at_once(coding, b"<!doctype html><title>Not compressed</title>");
        assert_eq!((out.len(), broken), (0, Some(Broken::Format)), "{coding:?}");
    }
    assert_eq!(at_once(Coding::Brotli, &gzip(HELLO)), (Vec::new(), Some(Broken::Format)));
    let text = text(400_000);
    for (coding, mut packed) in [(Coding::Gzip, gzip(&text)), (Coding::Zstd, zstd(&text))] {
        let at = packed.len() - 3;
        packed[at] ^= 0xff;
        let (out, broken) = at_once(coding, &packed);
        assert!(broken == Some(Broken::Checksum) || broken == Some(Broken::Damaged), "{coding:?}: {broken:?}");
        assert!(out == text, "{coding:?}: all of it was decoded before the checksum");
    }
}

#[test]
fn what_follows_the_end_is_not_taken_for_a_part() {
    let packed = [
        (Coding::Gzip, gzip(HELLO)),
        (Coding::Deflate, zlib(HELLO)),
        (Coding::Brotli, HELLO_BR.to_vec()),
        (Coding::Zstd, zstd(HELLO)),
    ];
    for (coding, packed) in packed {
        let more = [&packed[..], b"<html>"].concat();
        assert_eq!(at_once(coding, &more), (HELLO.to_vec(), Some(Broken::Trailing)), "{coding:?}");
    }
}

#[test]
fn an_event_is_decoded_when_its_bytes_are_there() {
    let event = b"data: 1\n\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut zstd = ::zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    gzip.write_all(event).unwrap();
    gzip.flush().unwrap();
    zstd.write_all(event).unwrap();
    zstd.flush().unwrap();
    for (coding, flushed) in [(Coding::Gzip, gzip.get_ref()), (Coding::Zstd, zstd.get_ref())] {
        assert_eq!(at_once(coding, flushed), (event.to_vec(), Some(Broken::Truncated)), "{coding:?}");
    }
    // Eight bytes of metadata flush what came before.
    let mut out = Vec::new();
    let flushed = &HELLO_BR[..HELLO_BR.len() - 1];
    let mut decoder = Decoder::new(&[Coding::Brotli]).unwrap();
    decoder
        .push(flushed, &mut |piece| {
            out.extend_from_slice(piece);
            Ok(())
        })
        .unwrap();
    assert_eq!(out, HELLO);
}

#[test]
fn a_zstd_frame_that_asks_for_more_than_128_mb_is_refused() {
    let window = b"\x28\xb5\x2f\xfd\x04\x90\x89\x00\x00{\"hello\":\"world\"}\x8e\x23\xa6\x52";
    assert_eq!(at_once(Coding::Zstd, window), (Vec::new(), Some(Broken::Damaged)));
}

fn packed(coding: Coding, bytes: &[u8]) -> Vec<u8> {
    match coding {
        Coding::Gzip => gzip(bytes),
        Coding::Deflate if bytes.len().is_multiple_of(2) => zlib(bytes),
        Coding::Deflate => bare(bytes),
        Coding::Brotli => {
            let mut out = Vec::new();
            let mut input = bytes;
            let params = ::brotli::enc::BrotliEncoderParams { quality: 4, ..Default::default() };
            ::brotli::BrotliCompress(&mut input, &mut out, &params).unwrap();
            out
        }
        Coding::Zstd => zstd(bytes),
    }
}

fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.sort_unstable();
    let mut from = 0;
    let mut pieces = Vec::new();
    for cut in cuts.into_iter().chain([bytes.len()]) {
        pieces.push(&bytes[from..cut]);
        from = cut;
    }
    pieces
}

proptest! {
    /// Also of a body that is damaged or truncated anywhere. What is decoded of a damaged `br` body is the same up to its
    /// last command.
    #[test]
    fn cut_anywhere_is_the_same(
        which in 0usize..4,
        length in 0usize..6_000,
        damage in prop::option::of((any::<usize>(), 1u8..)),
        end in prop::option::of(any::<usize>()),
        twice: bool,
        cuts in prop::collection::vec(any::<usize>(), 0..8),
    ) {
        let coding = [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd][which];
        let mut bytes = packed(coding, &text(length));
        if twice {
            bytes.extend(bytes.clone());
        }
        if let Some((at, change)) = damage {
            let at = at % bytes.len();
            bytes[at] ^= change;
        }
        if let Some(end) = end {
            bytes.truncate(end % (bytes.len() + 1));
        }
        let whole = at_once(coding, &bytes);
        for pieces in [decoded(&[coding], cut(&bytes, &cuts)), decoded(&[coding], bytes.chunks(1))] {
            let is_damaged = |broken| matches!(broken, Some(Broken::Damaged | Broken::Format));
            if coding == Coding::Brotli && is_damaged(pieces.1) && is_damaged(whole.1) {
                // The library finds a command that is too long at its beginning or at its end.
                let length = pieces.0.len().min(whole.0.len());
                prop_assert!(pieces.0[..length] == whole.0[..length]);
            } else {
                prop_assert_eq!((pieces.0.len(), pieces.1), (whole.0.len(), whole.1));
                prop_assert!(pieces.0 == whole.0);
            }
        }
    }

    #[test]
    fn no_bytes_make_it_fail(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        which in prop::collection::vec(0usize..4, 0..4),
        cuts in prop::collection::vec(any::<usize>(), 0..4),
    ) {
        let all = [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd];
        let codings: Vec<_> = which.into_iter().map(|n| all[n]).collect();
        prop_assert_eq!(decoded(&codings, cut(&bytes, &cuts)), decoded(&codings, [&bytes[..]]));
    }
}
