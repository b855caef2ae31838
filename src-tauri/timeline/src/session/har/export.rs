//! Exchanges as an HTTP archive, written as a stream: no body is in memory.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use base64::{engine::general_purpose::STANDARD, write::EncoderWriter};
use serde_json::{Map, Value, json};

use super::date;
use crate::session::{Content, WriteFailed, Written, read::expected};
use porthole_base::error::{Code, Error, Result};
use porthole_http::exchange::{Body, Exchange, Head, Header, target};
use porthole_output::{
    Block, BodyKind, Decoder, EventOutcome, Events, Halt, MOST_DECODED, NewFile, SavedFile, Stream, Utf8,
};
use porthole_sdk::call::{Act, Call};

/// Bodies up to this length have their events and chunks in `_porthole`.
const LOOKED_AT: u64 = 16 * 1024 * 1024;
/// Chunks of a body that are in `_porthole`.
const MOST_CHUNKS: usize = 100_000;

/// An archive that is being written. When it is dropped before it is finished, nothing of it stays.
#[derive(Debug)]
pub struct HarWriter {
    to: BufWriter<File>,
    new: NewFile,
    entries: u64,
}

impl HarWriter {
    /// Begins one at this absolute path.
    ///
    /// # Errors
    /// Those of [`NewFile::begin_private`].
    pub fn begin(path: &Path, replace: bool) -> Result<Self> {
        let new = NewFile::begin_private(path, replace)?;
        let file = new.file().try_clone().map_err(|error| new.failed(&error))?;
        let mut to = BufWriter::with_capacity(256 * 1024, file);
        let creator = json!({ "name": "Porthole", "version": env!("CARGO_PKG_VERSION") });
        let begun = write!(to, "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"entries\":[");
        begun.map_err(|error| new.failed(&error))?;
        Ok(Self { to, new, entries: 0 })
    }

    /// Adds an exchange that has ended, with its body. A run is none: it isn't added, and the answer is false.
    ///
    /// # Errors
    /// [`Code::SaveFailed`] when it can't be written; [`Code::OutputUnreadable`] when the body can't be read.
    pub fn add(&mut self, call: &Call, content: &mut dyn Content) -> Result<bool> {
        let Act::Exchange(exchange) = &call.act else { return Ok(false) };
        let written = self.write_entry(call, exchange, content);
        written.map_err(|failed| match failed {
            WriteFailed::Reading(error) => error,
            WriteFailed::Writing(error) => self.new.failed(&error),
        })?;
        self.entries += 1;
        Ok(true)
    }

    fn write_entry(&mut self, call: &Call, exchange: &Exchange, content: &mut dyn Content) -> Written {
        let body = Looked::at(call, content)?;
        if self.entries > 0 {
            self.to.write_all(b",")?;
        }
        self.to.write_all(b"\n")?;
        let mut entry = entry(call, exchange);
        entry.insert("_porthole".to_owned(), body.facts(call, content)?);
        let response = response(exchange, content.about(Stream::Stdout));
        let about = body.about(exchange);
        let to = &mut self.to;
        open(to, &entry, "response")?;
        open(to, &response, "content")?;
        if body.length == 0 {
            write!(to, "{}", Value::Object(about))?;
        } else {
            open(to, &about, "text")?;
            to.write_all(b"\"")?;
            body.write_text(content, to)?;
            to.write_all(b"\"}")?;
        }
        to.write_all(b"}}")?;
        Ok(())
    }

    /// Ends the archive and gives the file its name.
    ///
    /// # Errors
    /// [`Code::SaveFailed`], [`Code::FileExists`].
    pub fn finish(mut self) -> Result<SavedFile> {
        let ended = self.to.write_all(b"\n]}}\n").and_then(|()| self.to.flush());
        ended.map_err(|error| self.new.failed(&error))?;
        let file = self.to.into_inner().map_err(|error| self.new.failed(error.error()))?;
        file.sync_all().map_err(|error| self.new.failed(&error))?;
        let bytes = file.metadata().map_err(|error| self.new.failed(&error))?.len();
        let path = self.new.path().display().to_string();
        self.new.finish()?;
        Ok(SavedFile { path, bytes })
    }
}

/// Writes an object up to the value of one more member.
fn open(to: &mut impl Write, members: &Map<String, Value>, last: &str) -> io::Result<()> {
    to.write_all(b"{")?;
    for (name, value) in members {
        write!(to, "{}:{value},", Value::from(name.as_str()))?;
    }
    write!(to, "{}:", Value::from(last))
}

/// What a body is when its content encoding is undone.
struct Looked {
    /// The call that says the codings; none where they aren't undone.
    codings: Option<Call>,
    length: u64,
    is_text: bool,
    /// The beginning, for its events.
    start: Vec<u8>,
    is_events: bool,
}

impl Looked {
    fn at(call: &Call, content: &mut dyn Content) -> Written<Self> {
        let expected = expected(call);
        let is_events = expected.as_ref().is_some_and(|(kind, _)| *kind == BodyKind::Events);
        let has_codings = expected.is_some_and(|(_, codings)| !codings.is_empty());
        let mut looked =
            Self { codings: has_codings.then(|| call.clone()), length: 0, is_text: true, start: Vec::new(), is_events };
        if looked.look(content)? || !has_codings {
            return Ok(looked);
        }
        // It isn't what its header says: the bytes as they were sent.
        let mut looked = Self { codings: None, length: 0, is_text: true, start: Vec::new(), is_events: false };
        looked.look(content)?;
        Ok(looked)
    }

    /// Whether all of it could be decoded.
    fn look(&mut self, content: &mut dyn Content) -> Written<bool> {
        let (mut length, mut is_text, mut tail) = (0, true, Vec::new());
        let mut start = Vec::new();
        let whole = decoded(self.codings.as_ref(), content, &mut |piece| {
            length += piece.len() as u64;
            if is_text {
                tail.extend_from_slice(piece);
                let valid = match std::str::from_utf8(&tail) {
                    Ok(_) => tail.len(),
                    Err(error) if error.error_len().is_none() => error.valid_up_to(),
                    Err(_) => {
                        is_text = false;
                        0
                    }
                };
                tail.drain(..valid);
            }
            if length <= LOOKED_AT {
                start.extend_from_slice(piece);
            }
            Ok(())
        })?;
        (self.length, self.is_text) = (length, is_text && tail.is_empty());
        self.start = start;
        Ok(whole)
    }

    /// `content` without its text.
    fn about(&self, exchange: &Exchange) -> Map<String, Value> {
        let head = exchange.response.as_ref().map(|response| &response.head);
        let media_type = head.and_then(|head| head.header("content-type")).unwrap_or("x-unknown");
        let mut about = Map::new();
        about.insert("size".to_owned(), self.length.into());
        about.insert("mimeType".to_owned(), media_type.into());
        if !self.is_text {
            about.insert("encoding".to_owned(), "base64".into());
        }
        about
    }

    /// What is between the quotes of `text`.
    fn write_text(&self, content: &mut dyn Content, to: &mut impl Write) -> Written {
        if self.is_text {
            let mut decoder = Utf8::default();
            decoded(self.codings.as_ref(), content, &mut |piece| escape(to, &decoder.push(piece)))?;
            escape(to, &decoder.finish())?;
        } else {
            let mut encoder = EncoderWriter::new(to, &STANDARD);
            decoded(self.codings.as_ref(), content, &mut |piece| encoder.write_all(piece))?;
            encoder.finish()?;
        }
        Ok(())
    }

    /// What only Porthole knows.
    fn facts(&self, call: &Call, content: &mut dyn Content) -> Written<Value> {
        let mut facts = json!({ "version": 1, "call": call });
        let mut chunks = Vec::new();
        content.each_chunk(&mut |stream, len, at_us| {
            if stream == Stream::Stdout && len > 0 && chunks.len() <= MOST_CHUNKS {
                chunks.push((len, at_us));
            }
            Ok(())
        })?;
        if self.is_events && self.length <= LOOKED_AT && self.codings.is_none() {
            facts["events"] = self.events(&chunks);
        }
        if chunks.len() <= MOST_CHUNKS {
            facts["chunks"] = chunks.iter().map(|(len, at_us)| json!([len, at_us])).collect();
        }
        Ok(facts)
    }

    /// The events that a browser would dispatch.
    fn events(&self, chunks: &[(u64, u64)]) -> Value {
        let mut events = Events::default();
        events.push(&self.start);
        let (mut chunks, mut end, mut at_us) = (chunks.iter(), 0, 0);
        let mut list = Vec::new();
        for n in 0..events.len() {
            let Some((from, to)) = events.bounds(n) else { break };
            while end < to {
                let Some((len, time)) = chunks.next() else { break };
                (end, at_us) = (end + len, *time);
            }
            let block = Block::read(&self.start[from as usize..to as usize]);
            if block.outcome(events.is_whole(n)) == EventOutcome::Dispatched {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let name = if block.name.is_empty() { "message".to_owned() } else { text(&block.name) };
                let id = block.id.as_deref().map(text);
                list.push(json!({ "atUs": at_us, "event": name, "id": id, "data": text(&block.data) }));
            }
        }
        list.into()
    }
}

/// Tells the bytes of a body with the codings of a call undone. Whether all of them could be.
fn decoded(
    codings: Option<&Call>,
    content: &mut dyn Content,
    tell: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Written<bool> {
    let codings = codings.and_then(expected).map(|(_, codings)| codings).unwrap_or_default();
    if content.about(Stream::Stdout) == 0 {
        return Ok(true);
    }
    let decoder = Decoder::new(&codings)?;
    let mut to = Decoding { decoder, length: 0, tell, broken: false };
    content.write(Stream::Stdout, &mut to)?;
    Ok(!to.broken && to.decoder.end().is_ok())
}

/// Decodes what is written to it.
struct Decoding<'a> {
    decoder: Decoder,
    length: u64,
    tell: &'a mut dyn FnMut(&[u8]) -> io::Result<()>,
    broken: bool,
}

impl Write for Decoding<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.broken {
            return Ok(buffer.len());
        }
        let Self { decoder, length, tell, .. } = self;
        let mut failed = None;
        let pushed = decoder.push(buffer, &mut |piece| {
            *length += piece.len() as u64;
            if *length > MOST_DECODED.max(piece.len() as u64) {
                return Err(Error::new(Code::DecodingLimit, "The body is too large when it is decoded"));
            }
            tell(piece).map_err(|error| {
                let explained = Error::new(Code::SaveFailed, "Writing failed").detail(&error);
                failed = Some(error);
                explained
            })
        });
        match (failed, pushed) {
            (Some(error), _) => return Err(error),
            (None, Err(Halt::Broken { .. } | Halt::Refused(_))) => self.broken = true,
            (None, Ok(())) => {}
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes text as it is between the quotes of a JSON string.
fn escape(to: &mut impl Write, text: &str) -> io::Result<()> {
    let quoted = Value::from(text).to_string();
    to.write_all(&quoted.as_bytes()[1..quoted.len() - 1])
}

/// An entry without its response.
fn entry(call: &Call, exchange: &Exchange) -> Map<String, Value> {
    let phases = &exchange.phases;
    let ms = |us: u64| us as f64 / 1000.0;
    let done = phases.done_us.unwrap_or_default();
    // Send, wait and receive are required: 0 where the phase didn't happen.
    let connected = phases.connected_us.unwrap_or_default().min(done);
    let sent = phases.sent_us.unwrap_or(connected).clamp(connected, done);
    let first = phases.first_byte_us.unwrap_or(done).clamp(sent, done);
    let value = json!({
        "startedDateTime": date::text(call.began_ms),
        "time": ms(done),
        "request": request(exchange),
        "cache": {},
        "timings": {
            "blocked": -1, "dns": -1, "connect": if exchange.reused { -1.0 } else { ms(connected) }, "ssl": -1,
            "send": ms(sent - connected), "wait": ms(first - sent), "receive": ms(done - first),
        },
    });
    let Value::Object(mut entry) = value else { return Map::new() };
    if let Some(failure) = &exchange.failure {
        entry.insert("comment".to_owned(), failure.error.message.clone().into());
    }
    entry
}

fn request(exchange: &Exchange) -> Value {
    let request = &exchange.request;
    let path = target(request).unwrap_or_else(|_| request.path.clone());
    let url = format!("http://{}{path}", exchange.endpoint.authority());
    let headers = exchange.sent.as_ref().map_or(&request.headers, |head| &head.headers);
    let query = path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain =
            |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        json!({ "name": plain(name), "value": plain(value) })
    });
    let mut value = json!({
        "method": request.method,
        "url": url,
        "httpVersion": if request.version == porthole_http::exchange::Version::Http10 { "HTTP/1.0" } else { "HTTP/1.1" },
        "cookies": cookies(headers, "cookie"),
        "headers": headers,
        "queryString": pairs.collect::<Vec<_>>(),
        "headersSize": -1,
        "bodySize": -1,
    });
    if let Some(data) = post_data(&request.body, headers) {
        value["postData"] = data;
    }
    value
}

fn post_data(body: &Body, headers: &[Header]) -> Option<Value> {
    let declared = headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-type"));
    let media_type = declared.map(|header| header.value.as_str()).or(body.content_type()).unwrap_or("x-unknown");
    let data = match body {
        Body::None => return None,
        Body::Json { text } | Body::Text { text } => json!({ "mimeType": media_type, "text": text }),
        Body::File { path } => json!({ "mimeType": media_type, "text": "", "comment": format!("The bytes of {path}") }),
        Body::Form { fields } => json!({ "mimeType": media_type, "params": fields }),
        Body::Multipart { parts } => {
            let params = parts.iter().map(|part| {
                let mut param = json!({ "name": part.name });
                if let porthole_http::exchange::PartContent::Text { text } = &part.content {
                    param["value"] = text.as_str().into();
                }
                for (name, value) in [("fileName", &part.filename), ("contentType", &part.content_type)] {
                    if let Some(value) = value {
                        param[name] = value.as_str().into();
                    }
                }
                param
            });
            json!({ "mimeType": media_type, "params": params.collect::<Vec<_>>() })
        }
    };
    Some(data)
}

/// A response without its content. One that didn't come has the status 0, as in the archives of browsers.
fn response(exchange: &Exchange, body_bytes: u64) -> Map<String, Value> {
    let none = Head { start_line: String::new(), headers: Vec::new() };
    let (status, reason, head) = match &exchange.response {
        Some(response) => (response.status, response.reason.as_str(), &response.head),
        None => (0, "", &none),
    };
    let version = head.start_line.split(' ').next().filter(|version| !version.is_empty()).unwrap_or("HTTP/1.1");
    let value = json!({
        "status": status,
        "statusText": reason,
        "httpVersion": version,
        "cookies": cookies(&head.headers, "set-cookie"),
        "headers": head.headers,
        "redirectURL": head.header("location").unwrap_or_default(),
        "headersSize": -1,
        "bodySize": i64::try_from(body_bytes).unwrap_or(-1),
    });
    let Value::Object(value) = value else { return Map::new() };
    value
}

fn cookies(headers: &[Header], name: &str) -> Vec<Value> {
    let lines = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    let pairs = lines.flat_map(|header| {
        // What follows the first pair of `Set-Cookie` says where and how long.
        let most = if name == "set-cookie" { 1 } else { usize::MAX };
        header.value.split(';').take(most)
    });
    pairs
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| json!({ "name": name.trim(), "value": value.trim() }))
        .collect()
}
