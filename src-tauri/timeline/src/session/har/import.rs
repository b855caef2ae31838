//! Reading an archive: one entry after the other, so that never more than one is in memory.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read},
    path::Path,
};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{archive::Entry, entry::Imported};
use crate::session::MOST_CALLS;
use porthole_base::{
    error::{Code, Error, Result},
    numbers::count,
};

/// The largest archive that is read.
const MOST_BYTES: u64 = 2_000_000_000;

/// Reads an archive and tells each of its calls, in order.
///
/// # Errors
/// [`Code::SessionUnreadable`] when the file can't be read; [`Code::HarInvalid`]; [`Code::SessionTooLarge`]; what `tell` says.
pub fn import(path: &Path, tell: &mut dyn FnMut(Imported) -> Result<()>) -> Result<()> {
    let unreadable =
        |error: &io::Error| Error::new(Code::SessionUnreadable, format!("Can't read {}", path.display())).detail(error);
    let about = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !about.is_file() {
        return Err(invalid(path, &"it isn't a file"));
    }
    if about.len() > MOST_BYTES {
        return Err(Error::new(Code::SessionTooLarge, format!("{} is larger than 2 GB", path.display())));
    }
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    read(BufReader::with_capacity(256 * 1024, file), tell).map_err(|failed| match failed {
        ReadFailed::Told(error) => error,
        ReadFailed::Reading(error) => unreadable(&error),
        ReadFailed::Json(error) if error.is_io() => unreadable(&io::Error::from(error)),
        ReadFailed::Json(error) => invalid(path, &error),
    })
}

fn invalid(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::new(Code::HarInvalid, format!("{} isn't an HTTP archive", path.display()))
        .detail(reason)
        .hint("Export it again as HAR, with content.")
}

#[derive(Debug)]
pub(super) enum ReadFailed {
    Told(Error),
    Reading(io::Error),
    Json(serde_json::Error),
}

pub(super) fn read(
    mut from: impl Read,
    tell: &mut dyn FnMut(Imported) -> Result<()>,
) -> std::result::Result<(), ReadFailed> {
    // Some programs begin the file with a byte order mark.
    let mut first = [0; 3];
    let mut filled = 0;
    while filled < first.len() {
        match from.read(&mut first[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ReadFailed::Reading(error)),
        }
    }
    let first = &first[..filled];
    let first = if first == b"\xef\xbb\xbf" { &[] } else { first };
    let mut deserializer = serde_json::Deserializer::from_reader(first.chain(from));
    let mut entries = Entries { tell, failed: None, count: 0 };
    let member = Member { name: "log", inner: Member { name: "entries", inner: &mut entries } };
    let done = member.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match (entries.failed, done) {
        (Some(error), _) => Err(ReadFailed::Told(error)),
        (None, Err(error)) => Err(ReadFailed::Json(error)),
        (None, Ok(())) => Ok(()),
    }
}

/// Reads one member of an object, and skips the others.
struct Member<S> {
    name: &'static str,
    inner: S,
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> DeserializeSeed<'de> for Member<S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> Visitor<'de> for Member<S> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an object with `{}`", self.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        let mut inner = Some(self.inner);
        while let Some(name) = map.next_key::<String>()? {
            match inner.take_if(|_| name == self.name) {
                Some(seed) => map.next_value_seed(seed)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if inner.is_some() { Err(A::Error::missing_field(self.name)) } else { Ok(()) }
    }
}

/// Reads the entries.
struct Entries<'t> {
    tell: &'t mut dyn FnMut(Imported) -> Result<()>,
    failed: Option<Error>,
    count: usize,
}

impl<'de> DeserializeSeed<'de> for &mut Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<(), A::Error> {
        while let Some(entry) = seq.next_element::<Entry>()? {
            self.count += 1;
            let told = if self.count > MOST_CALLS {
                Err(Error::new(
                    Code::SessionTooLarge,
                    format!("The archive has more than {} entries", count(MOST_CALLS as u64)),
                ))
            } else {
                entry.into_call().map_or(Ok(()), &mut *self.tell)
            };
            if let Err(error) = told {
                self.failed = Some(error);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}
