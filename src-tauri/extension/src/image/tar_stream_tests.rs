use proptest::prelude::*;

use super::*;

#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    entries: Vec<(String, Kind, u64)>,
    data: Vec<Vec<u8>>,
    ended: usize,
}

impl Receive for Seen {
    fn entry(&mut self, head: Head) -> Result<()> {
        // As an unpacker does: nothing of this size is ever taken.
        if head.size > 1 << 40 {
            return Err(Error::new(Code::ImageTooLarge, "too much"));
        }
        self.entries.push((String::from_utf8_lossy(&head.path).into_owned(), head.kind.clone(), head.size));
        if head.kind == Kind::File {
            self.data.push(Vec::new());
        }
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        self.data.last_mut().unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.ended += 1;
        Ok(())
    }
}

fn seen(tar: &[u8], piece: usize) -> Result<Seen> {
    let (mut stream, mut seen) = (TarStream::default(), Seen::default());
    for piece in tar.chunks(piece) {
        stream.feed(piece, &mut seen)?;
    }
    stream.finish()?;
    Ok(seen)
}

fn header(path: &str, kind: tar::EntryType, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// Blocks as they are, data filled up.
fn blocks(parts: &[(tar::Header, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (header, data) in parts {
        tar.extend_from_slice(header.as_bytes());
        tar.extend_from_slice(data);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
    tar.extend_from_slice(&[0; 2 * BLOCK]);
    tar
}

fn pax(records: &[(&str, &str)]) -> String {
    records.iter().fold(String::new(), |text, (key, value)| {
        let rest = key.len() + value.len() + 3;
        let length = (1..9).map(|digits| rest + digits).find(|length| length.to_string().len() + rest == *length);
        text + &format!("{} {key}={value}\n", length.unwrap())
    })
}

#[test]
fn entries_and_data_come_wherever_the_stream_is_cut() {
    let long = "x".repeat(300);
    let mut tar = tar::Builder::new(Vec::new());
    for (path, data) in [("a", "hello".to_owned()), (long.as_str(), "y".repeat(1025)), ("empty", String::new())] {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, data.as_bytes()).unwrap();
    }
    let tar = tar.into_inner().unwrap();
    let whole = seen(&tar, tar.len()).unwrap();
    assert_eq!(whole.entries.iter().map(|(path, ..)| path.as_str()).collect::<Vec<_>>(), ["a", &long, "empty"]);
    assert_eq!((whole.data[0].as_slice(), whole.data[1].len(), whole.ended), (b"hello".as_slice(), 1025, 3));
    for piece in [1, 7, 511, 512, 513, 1000] {
        assert_eq!(seen(&tar, piece).unwrap(), whole, "{piece}");
    }
}

#[test]
fn pax_headers_name_paths_links_and_sizes() {
    let records = pax(&[("path", "long/na\nme"), ("linkpath", "to"), ("size", "3"), ("mtime", "1.5")]);
    let tar = blocks(&[
        (header("pax", tar::EntryType::XHeader, records.len() as u64), records.as_bytes()),
        (header("short", tar::EntryType::Regular, 0), b"abc"),
        (header("next", tar::EntryType::Symlink, 512), b""),
    ]);
    let seen = seen(&tar, 100).unwrap();
    assert_eq!(seen.entries[0], ("long/na\nme".into(), Kind::File, 3));
    // What one header says is of one entry, and a link has no data whatever it says.
    assert_eq!(seen.entries[1], ("next".into(), Kind::Link(Vec::new()), 0));
    assert_eq!(seen.data[0], b"abc");
}

#[test]
fn what_is_no_file_is_named_and_its_data_passed_over() {
    let mut sparse = header("sparse", tar::EntryType::GNUSparse, 5);
    sparse.as_gnu_mut().unwrap().set_is_extended(true);
    sparse.set_cksum();
    // The map's first block says that another one follows.
    let mut map = vec![0; 2 * BLOCK];
    map[MAP_GOES_ON] = 1;
    map.extend_from_slice(b"AAAAA");
    let new_sparse = pax(&[("GNU.sparse.major", "1")]);
    let tar = blocks(&[
        (header("pipe", tar::EntryType::Fifo, 0), b""),
        (header("zero", tar::EntryType::Char, 0), b""),
        (header("disk", tar::EntryType::Block, 0), b""),
        (sparse, &map),
        (header("pax", tar::EntryType::XHeader, new_sparse.len() as u64), new_sparse.as_bytes()),
        (header("new", tar::EntryType::Regular, 1), b"B"),
        (header("odd", tar::EntryType::new(b'Z'), 3), b"ZZZ"),
        (header("folder/", tar::EntryType::Regular, 0), b""),
        (header("last", tar::EntryType::Regular, 1), b"L"),
    ]);
    let seen = seen(&tar, 512).unwrap();
    let kinds: Vec<&str> = seen
        .entries
        .iter()
        .map(|(_, kind, _)| match kind {
            Kind::Other(why) => why,
            Kind::Directory => "folder",
            _ => "file",
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "it's a named pipe",
            "it's a device",
            "it's a device",
            "it's a sparse file",
            "it's a sparse file",
            "its file type is unknown",
            "folder",
            "file"
        ]
    );
    assert_eq!(seen.data, [b"L"]);
}

#[test]
fn a_name_of_gigabytes_is_not_held() {
    let name = vec![b'n'; LONGEST_EXTENSION + 700];
    for kind in [tar::EntryType::GNULongName, tar::EntryType::XHeader, tar::EntryType::GNULongLink] {
        let tar = blocks(&[
            (header("long", kind, name.len() as u64), &name),
            (header("file", tar::EntryType::Regular, 1), b"x"),
            (header("last", tar::EntryType::Regular, 1), b"L"),
        ]);
        let seen = seen(&tar, 4096).unwrap();
        assert_eq!(seen.entries[0].1, Kind::Other("its name is too long"), "{kind:?}");
        assert_eq!(seen.data, [b"L"]);
    }
    let mut stream = TarStream::default();
    let mut seen = Seen::default();
    stream.feed(header("long", tar::EntryType::GNULongName, 1 << 40).as_bytes(), &mut seen).unwrap();
    for _ in 0..1000 {
        stream.feed(&[b'n'; 4096], &mut seen).unwrap();
    }
    assert!(matches!(&stream.state, State::Extension { text, .. } if text.len() <= LONGEST_EXTENSION + 1));
}

#[test]
fn what_is_no_archive_is_refused() {
    let good = blocks(&[(header("a", tar::EntryType::Regular, 3), b"abc")]);
    let mut sum = good.clone();
    sum[0] ^= 1;
    let mut size = header("a", tar::EntryType::Regular, 3);
    size.as_gnu_mut().unwrap().size = *b"notanumber\0\0";
    size.set_cksum();
    let summary = |records: &str| {
        blocks(&[
            (header("p", tar::EntryType::XHeader, records.len() as u64), records.as_bytes()),
            (header("a", tar::EntryType::Regular, 0), b""),
        ])
    };
    for tar in [
        sum,
        good[..BLOCK + 2].to_vec(),
        good[..100].to_vec(),
        blocks(&[(size, b"")]),
        b"<html>".repeat(100),
        summary("9999 path=a\n"),
        summary("7 path\n"),
        summary("0 path=a\n"),
        summary("path=a\n"),
        summary(&pax(&[("size", "-1")])),
        summary(&pax(&[("size", "99999999999999999999999")])),
    ] {
        assert_eq!(seen(&tar, 512).unwrap_err().code, Code::ArchiveUnreadable);
    }
    assert_eq!(seen(&[], 512).unwrap(), Seen::default());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        tar in proptest::collection::vec(any::<u8>(), 0..3000),
        piece in 1..2000usize,
    ) {
        let _ = seen(&tar, piece);
    }

    #[test]
    fn a_spoiled_archive_is_read_the_same_however_it_is_cut(
        at in 0..6 * BLOCK, with in any::<u8>(), fix in any::<bool>(), piece in 1..2000usize,
    ) {
        let records = pax(&[("path", "long"), ("size", "700")]);
        let mut tar = blocks(&[
            (header("pax", tar::EntryType::XHeader, records.len() as u64), records.as_bytes()),
            (header("short", tar::EntryType::Regular, 0), &[b'd'; 700]),
            (header("link", tar::EntryType::Link, 9), b""),
        ]);
        let at = at % tar.len();
        tar[at] = with;
        if fix {
            // A hostile archive has right sums.
            let block = at / BLOCK * BLOCK;
            let mut header = tar::Header::from_byte_slice(&tar[block..block + BLOCK]).clone();
            header.set_cksum();
            tar[block..block + BLOCK].copy_from_slice(header.as_bytes());
        }
        prop_assert_eq!(seen(&tar, piece), seen(&tar, usize::MAX));
    }
}
