//! Content codings of a body: `gzip`, `deflate`, `br` and `zstd`, as HTTP clients undo them. A view on the bytes: what was
//! received stays as it is.

use std::io::{self, Read};

use super::{Head, zstd};

/// What undoing the codings gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The bytes, or the beginning of them.
    pub bytes: Vec<u8>,
    /// All of the body is in `bytes`.
    pub whole: bool,
    /// Why it stopped early; `whole` is false then.
    pub problem: Option<Problem>,
}

/// Why a body can't be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// It isn't in the format that the header names.
    Header,
    /// It ends too early.
    Cut,
    /// It is damaged.
    Damaged,
}

impl Problem {
    /// What Node's zlib says of it.
    pub fn words_of_node(self) -> &'static str {
        match self {
            Self::Header => "incorrect header check",
            Self::Cut => "unexpected end of file",
            Self::Damaged => "invalid stored block lengths",
        }
    }

    fn of(error: &io::Error, decoded: usize) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Cut,
            _ if decoded == 0 => Self::Header,
            _ => Self::Damaged,
        }
    }
}

/// The codings of a response in the order in which they were applied, in lower case and without `identity`; empty where
/// the body is sent as it is.
pub fn codings(head: &Head) -> Vec<String> {
    let lines = head.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("content-encoding"));
    let names = lines.flat_map(|header| header.value.split(','));
    let names = names.map(|name| name.trim().to_ascii_lowercase());
    names.filter(|name| !name.is_empty() && name != "identity").collect()
}

/// Undoes codings, the last one first. No more than `limit` bytes come out: a few kilobytes can hold gigabytes. `cut`
/// says that `bytes` is only the beginning of the body, so that its end is no problem.
pub fn decode(bytes: &[u8], codings: &[String], limit: usize, cut: bool) -> Decoded {
    let mut reader: Box<dyn Read + '_> = Box::new(bytes);
    for coding in codings.iter().rev() {
        reader = match coding.as_str() {
            "br" => Box::new(brotli_decompressor::Decompressor::new(reader, 4096)),
            "deflate" | "x-deflate" => match deflate(reader) {
                Ok(reader) => reader,
                Err(error) => return nothing(&error, cut),
            },
            "zstd" => match zstd::Decoder::new(reader) {
                Ok(reader) => Box::new(reader),
                Err(error) => return nothing(&error, cut),
            },
            // Members one after the other are one body.
            _ => Box::new(flate2::read::MultiGzDecoder::new(reader)),
        };
    }
    let mut decoded = Vec::new();
    let read = reader.take(limit as u64 + 1).read_to_end(&mut decoded);
    let over = decoded.len() > limit;
    decoded.truncate(limit);
    let problem = read.err().and_then(|error| problem_of(&error, decoded.len(), cut));
    Decoded { bytes: decoded, whole: !over && !cut && problem.is_none(), problem }
}

/// Nothing if the first bytes of the body can't be decoded.
fn nothing(error: &io::Error, cut: bool) -> Decoded {
    Decoded { bytes: Vec::new(), whole: false, problem: problem_of(error, 0, cut) }
}

fn problem_of(error: &io::Error, decoded: usize, cut: bool) -> Option<Problem> {
    Some(Problem::of(error, decoded)).filter(|problem| !(cut && *problem == Problem::Cut))
}

/// `deflate` is zlib's format by the standard, and often the bare one in practice: clients take both.
fn deflate<'a>(mut reader: Box<dyn Read + 'a>) -> io::Result<Box<dyn Read + 'a>> {
    let mut first = [0];
    if reader.read(&mut first)? == 0 {
        return Ok(Box::new(io::empty()));
    }
    let whole = io::Cursor::new(first).chain(reader);
    Ok(match first[0] & 0x0f {
        8 => Box::new(flate2::read::ZlibDecoder::new(whole)),
        _ => Box::new(flate2::read::DeflateDecoder::new(whole)),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::exchange::Header;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn bare(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn named(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn decoded(bytes: &[u8], names: &[&str]) -> Decoded {
        decode(bytes, &named(names), 1 << 20, false)
    }

    const HELLO: &[u8] = br#"{"hello":"world"}"#;
    /// `HELLO` by the `brotli` program.
    const HELLO_BR: &[u8] = b"\x0b\x08\x80{\"hello\":\"world\"}\x03";

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn each_coding_is_undone_and_several_in_their_order() {
        for (bytes, names) in [
            (gzip(HELLO), &["gzip"][..]),
            (gzip(HELLO), &["x-gzip"]),
            (zlib(HELLO), &["deflate"]),
            (bare(HELLO), &["deflate"]),
            (HELLO_BR.to_vec(), &["br"]),
            (zstd(HELLO), &["zstd"]),
            (gzip(&zstd(HELLO)), &["zstd", "gzip"]),
            (gzip(&zlib(HELLO)), &["deflate", "gzip"]),
            (HELLO.to_vec(), &[]),
        ] {
            let decoded = decoded(&bytes, names);
            assert_eq!(decoded, Decoded { bytes: HELLO.to_vec(), whole: true, problem: None }, "{names:?}");
        }
        assert_eq!(decoded(&[gzip(b"a"), gzip(b"b")].concat(), &["gzip"]).bytes, b"ab");
        assert!(decoded(b"", &["deflate"]).bytes.is_empty());
    }

    #[test]
    fn a_body_that_is_not_what_it_says_is_a_problem_and_what_came_before_stays() {
        let bytes = gzip(&HELLO.repeat(10_000));
        let half = &bytes[..bytes.len() / 2];
        let broken = decoded(half, &["gzip"]);
        assert!(!broken.whole && broken.bytes.starts_with(HELLO));
        assert_eq!(broken.problem, Some(Problem::Cut));
        let beginning = decode(half, &named(&["gzip"]), 1 << 20, true);
        assert_eq!((beginning.problem, beginning.whole), (None, false));
        assert_eq!(beginning.bytes, broken.bytes);
        for names in [["gzip"], ["br"], ["deflate"], ["zstd"]] {
            assert_eq!(decoded(b"plain text, sent as it is", &names).problem, Some(Problem::Header), "{names:?}");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bytes = gzip(&vec![0; 50_000_000]);
        assert!(bytes.len() < 300_000);
        let stopped = decoded(&bytes, &["gzip"]);
        assert_eq!((stopped.bytes.len(), stopped.whole, stopped.problem), (1 << 20, false, None));
        let bytes = zstd(&vec![0; 50_000_000]);
        assert!(bytes.len() < 300_000);
        let stopped = decoded(&bytes, &["zstd"]);
        assert_eq!((stopped.bytes.len(), stopped.whole, stopped.problem), (1 << 20, false, None));
    }

    #[test]
    fn the_codings_are_read_off_all_header_lines() {
        let head = |values: &[&str]| Head {
            start_line: "HTTP/1.1 200 OK".into(),
            headers: values
                .iter()
                .map(|value| Header { name: "Content-encoding".into(), value: (*value).into() })
                .collect(),
        };
        assert_eq!(codings(&head(&["GZip, br", "deflate"])), ["gzip", "br", "deflate"]);
        assert_eq!(codings(&head(&["identity"])), [""; 0]);
        assert_eq!(codings(&head(&[])), [""; 0]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail_or_exceed_the_limit(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            names in prop::collection::vec(prop::sample::select(vec!["gzip", "deflate", "br", "zstd"]), 0..4),
            cut: bool,
        ) {
            let decoded = decode(&bytes, &named(&names), 1000, cut);
            prop_assert!(decoded.bytes.len() <= 1000);
            prop_assert!(!(decoded.whole && decoded.problem.is_some()));
        }
    }
}
