//! What is taken out of bodies and outputs while they stream through.

use std::io::{self, Write};

use super::{
    FieldNames, RedactionKind, Tally,
    facts::Redactor,
    fields::FieldRedactor,
    place_of,
    secrets::{Collected, Replacer, Secrets},
    urls::UrlPasswords,
};
use crate::session::{Content, Recorded, WriteFailed, Written};
use porthole_base::error::{Code, Error, Result};
use porthole_http::exchange::Head;
use porthole_output::{Chunk, Decoder, Halt, MOST_DECODED, SAVE_PIECE, Stream};
use porthole_sdk::call::{Act, Call};

/// Chunks that are read at once.
const CHUNKS: usize = 4096;

/// What becomes of a call's bytes. A stream without a length stays as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct BodyChange {
    /// The body has another content encoding, which is undone.
    decoded: bool,
    stdout: Option<u64>,
    stderr: Option<u64>,
}

impl BodyChange {
    fn of(&self, stream: Stream) -> Option<u64> {
        match stream {
            Stream::Stdout => self.stdout,
            Stream::Stderr => self.stderr,
        }
    }

    /// Has the response's headers say what the body is now.
    pub fn tell(&self, call: &mut Call) {
        let (Act::Exchange(exchange), Some(length)) = (&mut call.act, self.stdout) else { return };
        let Some(Head { headers, .. }) = exchange.response.as_mut().map(|response| &mut response.head) else { return };
        for header in headers {
            if self.decoded && header.name.eq_ignore_ascii_case("content-encoding") {
                "identity".clone_into(&mut header.value);
            }
            if header.name.eq_ignore_ascii_case("content-length") {
                header.value = length.to_string();
            }
        }
    }
}

/// Tells each piece of a stream and whether a chunk ends with it.
fn each_piece(one: &Recorded, stream: Stream, tell: &mut dyn FnMut(&[u8], bool) -> Written) -> Written {
    each_chunk(one, &mut |chunk| {
        let mut at = 0;
        while chunk.stream == stream && at < chunk.len {
            let end = chunk.len.min(at + SAVE_PIECE);
            let bytes = one.output.read(stream, chunk.offset + at, chunk.offset + end)?;
            if bytes.is_empty() {
                return Err(
                    Error::new(Code::OutputUnreadable, "The output's file is shorter than what was recorded").into()
                );
            }
            at += bytes.len() as u64;
            tell(&bytes, at == chunk.len)?;
        }
        Ok(())
    })
}

fn each_chunk(one: &Recorded, tell: &mut dyn FnMut(Chunk) -> Written) -> Written {
    let mut n = 0;
    while n < one.counts.chunks {
        let most = CHUNKS.min(usize::try_from(one.counts.chunks - n).unwrap_or(CHUNKS));
        let chunks = one.output.chunks(n, most);
        if chunks.is_empty() {
            break;
        }
        n += chunks.len() as u64;
        chunks.into_iter().try_for_each(&mut *tell)?;
    }
    Ok(())
}

/// What a stream goes through: its codings are undone, then fields and secrets are replaced.
struct Pipeline<'a> {
    decoder: Option<Decoder>,
    decoded: u64,
    fields: FieldRedactor<'a>,
    known: Replacer<'a>,
    /// Values of fields that were replaced.
    found: u64,
    between: Vec<u8>,
}

impl<'a> Pipeline<'a> {
    fn new(one: &Recorded, stream: Stream, names: &'a FieldNames, secrets: &'a Secrets) -> Result<Self> {
        let codings = if stream == Stream::Stdout { one.codings() } else { Vec::new() };
        let decoder = if codings.is_empty() { None } else { Some(Decoder::new(&codings)?) };
        let (fields, known) = (FieldRedactor::new(names), Replacer::new(secrets));
        Ok(Self { decoder, decoded: 0, fields, known, found: 0, between: Vec::new() })
    }

    /// Takes a piece and appends what is certain to `out`. `tell` hears of each field.
    fn push(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<u8>,
        tell: &mut dyn FnMut(&str, Option<&str>),
    ) -> std::result::Result<(), Halt> {
        let Self { decoder, decoded, fields, known, found, between } = self;
        let mut next = |piece: &[u8]| {
            *decoded += piece.len() as u64;
            if *decoded > MOST_DECODED {
                return Err(Error::new(Code::DecodingLimit, "The body is too large when it is decoded"));
            }
            between.clear();
            fields.push(piece, between, &mut |name, value| {
                *found += 1;
                tell(name, value);
            });
            known.push(between, out);
            Ok(())
        };
        match decoder {
            Some(decoder) => decoder.push(bytes, &mut next),
            None => {
                between.clear();
                fields.push(bytes, between, &mut |name, value| {
                    *found += 1;
                    tell(name, value);
                });
                known.push(between, out);
                Ok(())
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>, tell: &mut dyn FnMut(&str, Option<&str>)) -> std::result::Result<(), Halt> {
        self.decoder.as_ref().map_or(Ok(()), Decoder::end)?;
        let Self { fields, known, found, between, .. } = self;
        between.clear();
        fields.finish(between, &mut |name, value| {
            *found += 1;
            tell(name, value);
        });
        known.push(between, out);
        known.finish(out);
        Ok(())
    }
}

/// What looking through a stream gave.
struct Looked {
    fields: u64,
    known: u64,
    length: u64,
    is_decoded: bool,
}

/// Looks through a stream; nothing if it can't be decoded.
fn look_through(
    one: &Recorded,
    stream: Stream,
    names: &FieldNames,
    secrets: &Secrets,
    tell: &mut dyn FnMut(&str, Option<&str>),
    see: &mut dyn FnMut(&[u8]),
) -> Result<Option<Looked>> {
    let mut pipeline = Pipeline::new(one, stream, names, secrets)?;
    let (mut out, mut length, mut halted) = (Vec::new(), 0, false);
    let read = each_piece(one, stream, &mut |bytes, _| {
        if !halted {
            halted = pipeline.push(bytes, &mut out, tell).is_err();
            see(&out);
            length += out.len() as u64;
            out.clear();
        }
        Ok(())
    });
    reading(read)?;
    halted = halted || pipeline.finish(&mut out, tell).is_err();
    see(&out);
    length += out.len() as u64;
    let is_decoded = pipeline.decoder.is_some();
    let looked = Looked { fields: pipeline.found, known: pipeline.known.count, length, is_decoded };
    Ok((!halted).then_some(looked))
}

fn reading(read: Written) -> Result<()> {
    read.map_err(|failed| match failed {
        WriteFailed::Reading(error) => error,
        WriteFailed::Writing(error) => Error::new(Code::OutputUnreadable, "An output can't be read").detail(error),
    })
}

/// Collects values of fields and passwords of URLs in a call's bytes.
pub(super) fn collect(one: &Recorded, redactor: &mut Redactor<'_>) -> Result<()> {
    let Redactor { options, fields, tally, collected } = redactor;
    let none = Collected::default().known();
    for stream in [Stream::Stdout, Stream::Stderr] {
        let place = place_of(one, stream);
        let mut in_urls = Collected::default();
        let mut passwords = UrlPasswords::new();
        let mut tell = |name: &str, value: Option<&str>| {
            value.into_iter().for_each(|value| collected.add(value));
            tally.add(RedactionKind::Field, name, place, 1);
        };
        let mut see = |bytes: &[u8]| {
            if options.authorization {
                passwords.push(bytes, &mut in_urls);
            }
        };
        look_through(one, stream, fields, &none, &mut tell, &mut see)?;
        passwords.finish(&mut in_urls);
        collected.add_all(in_urls);
    }
    Ok(())
}

/// Looks for secrets in a call's bytes, and tells what becomes of these.
pub(super) fn look(one: &Recorded, names: &FieldNames, secrets: &Secrets, tally: &mut Tally) -> Result<BodyChange> {
    let mut change = BodyChange::default();
    for stream in [Stream::Stdout, Stream::Stderr] {
        let place = place_of(one, stream);
        let Some(looked) = look_through(one, stream, names, secrets, &mut |_, _| (), &mut |_| ())? else {
            tally.add(RedactionKind::Unchecked, "", place, 1);
            continue;
        };
        if looked.known > 0 {
            tally.add(RedactionKind::Known, "", place, looked.known);
        }
        if looked.known + looked.fields > 0 {
            change.decoded |= looked.is_decoded;
            match stream {
                Stream::Stdout => change.stdout = Some(looked.length),
                Stream::Stderr => change.stderr = Some(looked.length),
            }
        }
    }
    Ok(change)
}

/// A call's bytes without what is taken out.
#[derive(Debug)]
pub struct RedactedContent<'a> {
    one: &'a Recorded,
    names: &'a FieldNames,
    secrets: &'a Secrets,
    change: BodyChange,
    /// How long each chunk of a stream is now.
    lengths: [Vec<u64>; 2],
}

impl<'a> RedactedContent<'a> {
    pub(super) fn new(one: &'a Recorded, names: &'a FieldNames, secrets: &'a Secrets, change: BodyChange) -> Self {
        Self { one, names, secrets, change, lengths: Default::default() }
    }
}

fn index(stream: Stream) -> usize {
    match stream {
        Stream::Stdout => 0,
        Stream::Stderr => 1,
    }
}

impl Content for RedactedContent<'_> {
    fn about(&self, stream: Stream) -> u64 {
        self.change.of(stream).unwrap_or_else(|| self.one.content().about(stream))
    }

    fn write(&mut self, stream: Stream, to: &mut dyn Write) -> Written {
        if self.change.of(stream).is_none() {
            return self.one.content().write(stream, to);
        }
        let mut pipeline = Pipeline::new(self.one, stream, self.names, self.secrets)?;
        let lengths = &mut self.lengths[index(stream)];
        lengths.clear();
        let (mut out, mut length) = (Vec::new(), 0);
        each_piece(self.one, stream, &mut |bytes, ends| {
            pipeline.push(bytes, &mut out, &mut |_, _| ()).map_err(Halt::into_error)?;
            to.write_all(&out)?;
            length += out.len() as u64;
            out.clear();
            if ends {
                lengths.push(std::mem::take(&mut length));
            }
            Ok(())
        })?;
        pipeline.finish(&mut out, &mut |_, _| ()).map_err(Halt::into_error)?;
        to.write_all(&out)?;
        // What was held back came with the last chunk.
        if let Some(last) = lengths.last_mut() {
            *last += out.len() as u64;
        }
        Ok(())
    }

    fn each_chunk(&mut self, tell: &mut dyn FnMut(Stream, u64, u64) -> io::Result<()>) -> Written {
        let mut at = [0; 2];
        each_chunk(self.one, &mut |chunk| {
            let n = index(chunk.stream);
            let len = match self.change.of(chunk.stream) {
                None => chunk.len,
                Some(_) => self.lengths[n].get(at[n]).copied().unwrap_or_default(),
            };
            at[n] += 1;
            Ok(tell(chunk.stream, len, chunk.at_us)?)
        })
    }
}
