//! Where the entries of a session are in its file. Everything in the file is hostile: nothing is taken from it before its
//! limits are checked, and nothing is unpacked but `session.json`.

use std::{
    collections::HashMap,
    io::{self, Read, Seek, SeekFrom},
};

use serde::Deserialize;
use zip::{
    CompressionMethod, ZipArchive,
    read::{ArchiveOffset, Config, ZipReadOptions},
    result::ZipError,
};

use super::format::{ENTRY, FORMAT, MOST_CALLS, MOST_DIRECTORY, MOST_FACTS, Part, SessionFacts, VERSION, ended};
use crate::chunk_times::{CHUNK, ChunkReader};
use porthole_base::{
    error::{Code, Error, Result},
    numbers::count,
};
use porthole_output::Stream;

/// Where the bytes of an entry are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub from: u64,
    pub bytes: u64,
    pub crc32: u32,
}

/// The entries of one call.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Places {
    pub stdout: Option<Place>,
    pub stderr: Option<Place>,
    pub chunks: Option<Place>,
}

/// What a session file holds.
#[derive(Debug)]
pub(super) struct Layout {
    pub facts: SessionFacts,
    pub places: Vec<Places>,
}

/// Reads it. The bytes of streams are not read, but those that tell how they arrived are.
///
/// # Errors
/// [`Code::SessionInvalid`] with the reason, [`Code::SessionTooNew`], [`Code::SessionTooLarge`], and
/// [`Code::SessionUnreadable`] when reading fails.
pub(super) fn read<R: Read + Seek>(mut from: R) -> Result<Layout> {
    check_end(&mut from)?;
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let mut zip = ZipArchive::with_config(config, from).map_err(zip_error)?;
    if zip.has_duplicate_names() {
        return Err(invalid("Two of its entries have the same name"));
    }
    if zip.has_overlapping_entries().map_err(zip_error)? {
        return Err(invalid("Its entries overlap"));
    }
    let facts = read_facts(&mut zip)?;
    let mut found = HashMap::new();
    for index in 0..zip.len() {
        let options = ZipReadOptions::new().enforce_header_consistency(true);
        let entry = zip.by_index_with_options(index, options).map_err(zip_error)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if name == ENTRY {
            continue;
        }
        if entry.compression() != CompressionMethod::Stored || entry.compressed_size() != entry.size() {
            return Err(invalid(&format!("`{}` is compressed", shown(&name)))
                .hint("Streams must be stored without compression. To repack a session, use `zip -0`."));
        }
        let from = entry.data_start().ok_or_else(|| invalid("An entry has no bytes"))?;
        found.insert(name, Place { from, bytes: entry.size(), crc32: entry.crc32() });
    }
    let places = take_places(&facts, &mut found)?;
    if let Some(name) = found.keys().next() {
        return Err(invalid(&format!("It has an entry that belongs to no call: `{}`", shown(name))));
    }
    let mut from = zip.into_inner();
    for (n, places) in places.iter().enumerate() {
        check_chunks(&mut from, n, places)?;
    }
    Ok(Layout { facts, places })
}

/// Reads the record at the end before anything is made of it: it says how much memory the directory takes.
fn check_end<R: Read + Seek>(from: &mut R) -> Result<()> {
    const END: u64 = 22;
    const LOCATOR: u64 = 20;
    const LONG_END: u64 = 56;
    let length = from.seek(SeekFrom::End(0)).map_err(|error| unreadable(&error))?;
    let cut = || invalid("It isn't a zip file, or its end is missing");
    let at = length.checked_sub(END).ok_or_else(cut)?;
    let end: [u8; END as usize] = read_at(from, at)?;
    if end[..4] != *b"PK\x05\x06" || end[20..] != [0, 0] {
        return Err(cut());
    }
    let (mut entries, mut size, mut begins) =
        (u64::from(short(&end, 10)), u64::from(word(&end, 12)), u64::from(word(&end, 16)));
    let mut ends = at;
    if entries == 0xffff || size == 0xffff_ffff || begins == 0xffff_ffff {
        let locator: [u8; LOCATOR as usize] = read_at(from, at.checked_sub(LOCATOR).ok_or_else(cut)?)?;
        if locator[..4] != *b"PK\x06\x07" {
            return Err(cut());
        }
        ends = long(&locator, 8);
        if ends.checked_add(LONG_END + LOCATOR) != Some(at) {
            return Err(invalid("Its zip directory isn't at the offset that it states"));
        }
        let end: [u8; LONG_END as usize] = read_at(from, ends)?;
        if end[..4] != *b"PK\x06\x06" {
            return Err(cut());
        }
        (entries, size, begins) = (long(&end, 32), long(&end, 40), long(&end, 48));
    }
    if begins.checked_add(size) != Some(ends) {
        return Err(invalid("Its zip directory isn't at the offset that it states"));
    }
    if entries > 3 * MOST_CALLS as u64 + 1 || size > MOST_DIRECTORY {
        return Err(Error::new(
            Code::SessionTooLarge,
            format!("It has {} entries, more than Porthole opens", count(entries)),
        ));
    }
    Ok(())
}

fn read_at<const N: usize>(from: &mut (impl Read + Seek), at: u64) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let read = from.seek(SeekFrom::Start(at)).and_then(|_| from.read_exact(&mut bytes));
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(invalid("Its end is missing")),
        Err(error) => Err(unreadable(&error)),
        Ok(()) => Ok(bytes),
    }
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from(short(bytes, at)) | u32::from(short(bytes, at + 2)) << 16
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from(word(bytes, at)) | u64::from(word(bytes, at + 4)) << 32
}

fn read_facts<R: Read + Seek>(zip: &mut ZipArchive<R>) -> Result<SessionFacts> {
    #[derive(Deserialize)]
    struct Kind {
        format: String,
        version: u32,
    }
    let options = ZipReadOptions::new().enforce_header_consistency(true);
    let entry = match zip.by_name_with_options(ENTRY, options) {
        Err(ZipError::FileNotFound) => return Err(invalid("It has no `session.json`")),
        opened => opened.map_err(zip_error)?,
    };
    let declared = entry.size();
    if declared > MOST_FACTS {
        return Err(Error::new(Code::SessionTooLarge, "Its `session.json` is larger than 128 MB"));
    }
    let mut text = Vec::new();
    let read = entry.take(MOST_FACTS + 1).read_to_end(&mut text);
    read.map_err(|error| invalid("Its `session.json` can't be unpacked").detail(error))?;
    if text.len() as u64 != declared {
        return Err(invalid("Its `session.json` has the wrong length"));
    }
    let not_read = |error: serde_json::Error| invalid("Its `session.json` can't be read").detail(error);
    let Kind { format, version } = serde_json::from_slice(&text).map_err(not_read)?;
    if format != FORMAT {
        return Err(invalid("Its `session.json` doesn't describe a session"));
    }
    if version > VERSION {
        let message = format!("It has version {version} of the format; this Porthole reads versions up to {VERSION}");
        return Err(Error::new(Code::SessionTooNew, message).hint("Update Porthole."));
    }
    let mut facts: SessionFacts = serde_json::from_slice(&text).map_err(not_read)?;
    if facts.calls.len() > MOST_CALLS {
        return Err(Error::new(Code::SessionTooLarge, format!("It has more than {} calls", count(MOST_CALLS as u64))));
    }
    // A call that hasn't ended would never end: nothing of it runs here.
    for call in &mut facts.calls {
        call.call = ended(call.call.clone(), 0);
    }
    Ok(facts)
}

/// The entries of each call, each with the name and the length that the facts say.
fn take_places(facts: &SessionFacts, found: &mut HashMap<String, Place>) -> Result<Vec<Places>> {
    let mut all = Vec::with_capacity(facts.calls.len());
    for (n, call) in facts.calls.iter().enumerate() {
        let mut places = Places::default();
        for (part, entry) in call.parts() {
            let Some(entry) = entry else { continue };
            if entry.entry != part.entry(n) {
                return Err(invalid(&format!("An entry of call {} is named `{}`", n + 1, shown(&entry.entry))));
            }
            let place = found
                .remove(&entry.entry)
                .ok_or_else(|| invalid(&format!("The entry `{}` is missing", shown(&entry.entry))))?;
            if place.bytes != entry.bytes {
                return Err(invalid(&format!("`{}` has the wrong length", shown(&entry.entry))));
            }
            match part {
                Part::Stdout => places.stdout = Some(place),
                Part::Stderr => places.stderr = Some(place),
                Part::Chunks => places.chunks = Some(place),
            }
        }
        all.push(places);
    }
    Ok(all)
}

/// That the chunks of a call are the bytes of its streams.
fn check_chunks<R: Read + Seek>(from: &mut R, n: usize, places: &Places) -> Result<()> {
    let wrong = || invalid(&format!("The chunks of call {} don't match its streams", n + 1));
    let length = |place: Option<Place>| place.map_or(0, |place| place.bytes);
    let mut left = (length(places.stdout), length(places.stderr));
    let Some(chunks) = places.chunks else {
        return if left == (0, 0) { Ok(()) } else { Err(wrong()) };
    };
    if chunks.bytes % CHUNK != 0 {
        return Err(wrong());
    }
    from.seek(SeekFrom::Start(chunks.from)).map_err(|error| unreadable(&error))?;
    let mut reader = ChunkReader::new(io::BufReader::new(from.by_ref().take(chunks.bytes)));
    while let Some((stream, len, _)) = reader.next().map_err(|error| unreadable(&error))? {
        let left = match stream {
            Stream::Stdout => &mut left.0,
            Stream::Stderr => &mut left.1,
        };
        *left = left.checked_sub(len).filter(|_| len > 0).ok_or_else(wrong)?;
    }
    if left == (0, 0) { Ok(()) } else { Err(wrong()) }
}

/// A name as it may be in a message.
fn shown(name: &str) -> String {
    const MOST: usize = 80;
    let text: String = name.chars().filter(|c| !c.is_control()).take(MOST).collect();
    if text.len() < name.len() { format!("{text}…") } else { text }
}

pub(super) fn invalid(reason: &str) -> Error {
    Error::new(Code::SessionInvalid, reason)
}

pub(super) fn unreadable(error: &io::Error) -> Error {
    Error::new(Code::SessionUnreadable, "It can't be read").detail(error)
}

fn zip_error(error: ZipError) -> Error {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => unreadable(&error),
        other => invalid("It isn't a valid zip file").detail(other),
    }
}
