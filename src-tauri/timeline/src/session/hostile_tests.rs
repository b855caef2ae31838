use std::{
    fs,
    io::{Cursor, Write},
    sync::Arc,
};

use proptest::prelude::*;
use serde_json::{Value, json};
use zip::{
    CompressionMethod::{self, Deflated, Stored},
    ZipWriter,
    write::SimpleFileOptions,
};

use super::{
    layout,
    samples::{two, write},
    *,
};
use porthole_base::error::{Code, Error};
use porthole_output::DiskQuota;

fn whole() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.porthole");
    write(&path, &two(), &Value::Null);
    fs::read(path).unwrap()
}

fn facts_of(bytes: &[u8]) -> Value {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    serde_json::from_reader(zip.by_name(ENTRY).unwrap()).unwrap()
}

fn pack(entries: &[(&str, &[u8], CompressionMethod)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes, method) in entries {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(*method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A session with one stream, whose facts and entries are changed first.
fn changed(change: impl FnOnce(&mut Value, &mut Vec<(&str, Vec<u8>, CompressionMethod)>)) -> Vec<u8> {
    let mut facts = facts_of(&whole());
    facts["calls"].as_array_mut().unwrap().truncate(1);
    let chunk = [[52_u64.to_le_bytes(), 25_u64.to_le_bytes()].concat()].concat();
    let mut entries =
        vec![("calls/1/stdout", br#"{"token":"s3cret","n":1.0}"#.to_vec(), Stored), ("calls/1/chunks", chunk, Stored)];
    change(&mut facts, &mut entries);
    let text = facts.to_string();
    let mut all: Vec<_> = entries.iter().map(|(name, bytes, method)| (*name, bytes.as_slice(), *method)).collect();
    all.push((ENTRY, text.as_bytes(), Deflated));
    pack(&all)
}

fn refused(bytes: &[u8]) -> Error {
    layout::read(Cursor::new(bytes)).unwrap_err()
}

fn code(bytes: &[u8]) -> Code {
    refused(bytes).code
}

#[test]
fn a_session_that_was_packed_by_another_program_opens() {
    assert_eq!(layout::read(Cursor::new(changed(|_, _| ()))).unwrap().places.len(), 1);
}

#[test]
fn what_is_no_session_is_refused() {
    for bytes in [&b""[..], b"PK", b"some text that is longer than the end of a zip", &[0; 100]] {
        assert_eq!(code(bytes), Code::SessionInvalid);
    }
    assert_eq!(code(&pack(&[])), Code::SessionInvalid);
    assert_eq!(code(&pack(&[("a.txt", b"a", Stored)])), Code::SessionInvalid);
    assert_eq!(code(&pack(&[(ENTRY, b"[]", Stored)])), Code::SessionInvalid);
    assert_eq!(code(&changed(|facts, _| facts["format"] = "other".into())), Code::SessionInvalid);
    assert_eq!(code(&changed(|facts, _| facts["calls"][0]["call"]["act"] = json!({}))), Code::SessionInvalid);
}

#[test]
fn a_cut_file_is_refused_wherever_it_is_cut() {
    let bytes = whole();
    for length in 0..bytes.len() {
        assert_eq!(code(&bytes[..length]), Code::SessionInvalid, "cut at {length} of {}", bytes.len());
        assert!(layout::read(Cursor::new(&bytes[length + 1..])).is_err(), "begins at {length}");
    }
}

#[test]
fn a_later_version_is_refused_with_what_to_do_even_if_nothing_else_is_known_of_it() {
    let later = changed(|facts, _| {
        facts["version"] = 2.into();
        facts["calls"] = json!("something else");
    });
    let error = refused(&later);
    assert_eq!(error.code, Code::SessionTooNew);
    assert_eq!(error.hint.as_deref(), Some("Update Porthole."));
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    for name in ["../../etc/passwd", "/etc/passwd", "calls/1/../../x", "calls\\1\\stdout", "calls/2/stdout"] {
        let bytes = changed(|facts, entries| {
            facts["calls"][0]["stdout"]["entry"] = name.into();
            entries[0].0 = name;
        });
        assert_eq!(code(&bytes), Code::SessionInvalid, "{name}");
        assert_eq!(code(&changed(|_, entries| entries.push((name, vec![1], Stored)))), Code::SessionInvalid, "{name}");
    }
    assert_eq!(code(&changed(|_, entries| drop(entries.remove(0)))), Code::SessionInvalid);
}

#[test]
fn wrong_lengths_are_refused() {
    for bytes in [
        changed(|facts, _| facts["calls"][0]["stdout"]["bytes"] = 27.into()),
        changed(|facts, _| facts["calls"][0]["stdout"]["bytes"] = u64::MAX.into()),
        changed(|_, entries| entries[0].1.push(b'a')),
        changed(|facts, _| drop(facts["calls"][0].as_object_mut().unwrap().remove("chunks"))),
        // Chunks: half of one, one without bytes, one that is too long, one of the other stream.
        changed(|facts, entries| {
            facts["calls"][0]["chunks"]["bytes"] = 15.into();
            entries[1].1.truncate(15);
        }),
        changed(|facts, entries| {
            facts["calls"][0]["chunks"]["bytes"] = 32.into();
            entries[1].1.extend([0; 16]);
        }),
        changed(|_, entries| entries[1].1[0] = 54),
        changed(|_, entries| entries[1].1[7] = 0xff),
        changed(|_, entries| entries[1].1[0] = 53),
    ] {
        assert_eq!(code(&bytes), Code::SessionInvalid);
    }
}

#[test]
fn a_compressed_stream_is_refused_with_how_to_pack_it() {
    let error = refused(&changed(|_, entries| entries[0].2 = Deflated));
    assert_eq!(error.code, Code::SessionInvalid);
    assert!(error.hint.unwrap().contains("zip -0"));
}

#[test]
fn facts_that_unpack_to_gigabytes_are_not_unpacked() {
    let zeros = vec![b' '; MOST_FACTS as usize + 1];
    let bomb = pack(&[(ENTRY, &zeros, Deflated)]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(code(&bomb), Code::SessionTooLarge);
    // The same with a length that says that it is small.
    let length = (zeros.len() as u32).to_le_bytes();
    let places: Vec<usize> =
        bomb.windows(4).enumerate().filter(|(_, four)| *four == length).map(|(at, _)| at).collect();
    assert_eq!(places.len(), 2);
    let mut lying = bomb.clone();
    for at in places {
        lying[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
    }
    assert_eq!(code(&lying), Code::SessionInvalid);
}

#[test]
fn a_directory_that_says_that_it_is_huge_is_not_read() {
    let bytes = whole();
    let end = bytes.len() - 22;
    let mut many = bytes.clone();
    many[end + 8..end + 12].copy_from_slice(&[0xff; 4]);
    assert_eq!(code(&many), Code::SessionInvalid, "there is no long form of the end");
    let mut huge = bytes[..end].to_vec();
    let (begins, at) =
        (u64::from(u32::from_le_bytes(bytes[end + 16..end + 20].try_into().unwrap())), huge.len() as u64);
    huge.extend(b"PK\x06\x06");
    huge.extend(44_u64.to_le_bytes());
    huge.extend([0; 12]);
    for number in [1 << 40, 1 << 40, at - begins, begins] {
        huge.extend(u64::to_le_bytes(number));
    }
    huge.extend(b"PK\x06\x07\0\0\0\0");
    huge.extend(at.to_le_bytes());
    huge.extend(1_u32.to_le_bytes());
    huge.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
    huge.extend([0xff; 8]);
    huge.extend([0; 2]);
    assert_eq!(code(&huge), Code::SessionTooLarge);
    let many = changed(|facts, entries| {
        let call = json!({ "call": facts["calls"][0]["call"] });
        facts["calls"] = vec![call; MOST_CALLS + 1].into();
        entries.clear();
    });
    assert_eq!(code(&many), Code::SessionTooLarge);
}

#[test]
fn entries_with_the_same_name_or_the_same_bytes_are_refused() {
    let bytes = whole();
    let twice: Vec<u8> = {
        let mut bytes = bytes.clone();
        while let Some(at) = bytes.windows(6).position(|six| six == b"stderr") {
            bytes[at..at + 6].copy_from_slice(b"stdout");
        }
        bytes
    };
    assert_eq!(code(&twice), Code::SessionInvalid);
    // Each entry of the directory in turn leads to the first one.
    let headers = bytes.windows(4).enumerate().filter(|(_, four)| *four == b"PK\x01\x02").map(|(at, _)| at);
    for at in headers.skip(1) {
        let mut overlapping = bytes.clone();
        overlapping[at + 42..at + 46].copy_from_slice(&[0; 4]);
        assert_eq!(code(&overlapping), Code::SessionInvalid);
    }
}

#[test]
fn damaged_bytes_are_found_before_they_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.porthole");
    let mut bytes = whole();
    let at = bytes.windows(6).position(|six| six == b"s3cret").unwrap();
    bytes[at] = b'S';
    fs::write(&path, bytes).unwrap();
    let session = Session::open(&path).unwrap();
    let output = |n| session.output(n, "unused".into(), Arc::new(DiskQuota::unlimited()));
    let error = output(0).unwrap_err();
    assert_eq!(error.code, Code::SessionInvalid);
    assert!(error.message.contains("a.porthole") && error.detail.unwrap().contains("damaged"));
    assert!(output(1).is_ok());
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &std::path::Path| Session::open(path).unwrap_err().code;
    assert_eq!(open(&folder.path().join("missing")), Code::SessionUnreadable);
    assert_eq!(open(folder.path()), Code::SessionInvalid);
    #[cfg(target_os = "linux")]
    {
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(open(&pipe), Code::SessionInvalid);
    }
}

proptest! {
    #[test]
    fn no_change_of_any_byte_makes_it_fail(at in any::<prop::sample::Index>(), byte: u8, length in 1..40_usize) {
        let mut bytes = whole();
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + length);
        bytes[at..end].fill(byte);
        if let Ok(layout) = layout::read(Cursor::new(&bytes)) {
            for place in layout.places.iter().flat_map(|places| [places.stdout, places.stderr, places.chunks]).flatten() {
                prop_assert!(place.from + place.bytes <= bytes.len() as u64);
            }
        }
    }
}
