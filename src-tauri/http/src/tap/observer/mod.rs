//! What two sides say to each other on one connection, as exchanges. It only watches: whatever it can't read passes all the same.
//!
//! It reads no clock and does no I/O. However the bytes are cut, it tells the same.

mod backend;
mod client;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub(super) use porthole_relay::tap_protocol::Side;

use super::{framing::Framing, head::HeadBuffer};
use crate::exchange::{Head, Version};

/// Requests of one connection that wait for their responses.
const MOST_OPEN: usize = 256;
/// Bytes of one side that are held while the other one decides what they are.
const HELD: usize = 256 * 1024;
/// Why bytes can't be read.
const START: usize = 4096;

/// Why there is no whole exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// The client went away before the response was complete.
    ClientClosed,
    /// The client closed the connection in the middle of its request.
    RequestCut,
    /// The backend closed the connection with nothing of a response sent.
    NoResponse,
    /// It did so in the middle of the response's head.
    HeadCut { start: Vec<u8> },
    /// It did so in the middle of the body, after this many bytes.
    BodyCut { length: u64 },
    /// The client's bytes aren't HTTP/1.
    RequestUnreadable { start: Vec<u8> },
    /// The backend's bytes aren't HTTP/1.
    ResponseUnreadable { start: Vec<u8> },
    /// The backend's chunks aren't valid, after this many bytes of body.
    ChunksInvalid { length: u64 },
    /// The backend sent something that wasn't asked for.
    Unasked,
    /// Bytes passed that weren't seen, and without them the rest means nothing.
    Unseen,
    /// Nothing more is recorded.
    Stopped,
}

/// What happens to an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// The head of its request is complete.
    Began {
        head: Box<RequestBegan>,
    },
    RequestBody(&'a [u8]),
    /// The last byte of its request is there.
    RequestDone,
    /// An informational response.
    Informed(Head),
    /// The head of its response.
    Answered {
        status: u16,
        first_byte_us: u64,
        head: Head,
    },
    Body(&'a [u8]),
    /// Lines after the body.
    Trailed(Head),
    /// What the client sent after the protocol changed.
    FromClient(&'a [u8]),
    /// Bytes of its request or response that weren't seen.
    Missed {
        side: Side,
        bytes: u64,
    },
    Done,
    Failed(Why),
}

/// A request's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestBegan {
    pub method: String,
    pub target: String,
    pub version: Version,
    pub head: Head,
    /// It is no request: bytes that aren't HTTP/1 are recorded in its place.
    pub is_raw: bool,
    /// When its first byte came.
    pub first_byte_us: u64,
}

/// Gets each event with the number of its exchange on this connection and the time.
pub(super) type Tell<'t> = &'t mut dyn FnMut(u32, u64, Event<'_>);

/// A request that has no whole response yet.
#[derive(Debug)]
struct Open {
    number: u32,
    is_head: bool,
    is_connect: bool,
    asks_for_upgrade: bool,
    request_done: bool,
    /// When its response was complete, where its request wasn't.
    response_done: Option<u64>,
}

#[derive(Debug)]
enum FromClient {
    Head,
    Body(Framing),
    /// The response decides whether what follows is HTTP.
    Undecided(Vec<u8>),
    /// Nothing more of it can be read.
    Lost(Why),
}

#[derive(Debug)]
enum FromBackend {
    Head,
    Body { framing: Framing, length: u64 },
}

/// Watches one connection. Times are microseconds since it was opened.
#[derive(Debug)]
pub(super) struct Observer {
    open: VecDeque<Open>,
    next: u32,
    client: FromClient,
    client_head: HeadBuffer,
    client_first: u64,
    client_ended: bool,
    backend: FromBackend,
    backend_head: HeadBuffer,
    backend_first: u64,
    /// What the backend sent before it was asked.
    early: Vec<u8>,
    backend_ended: bool,
    /// From here on bytes have no form: of this exchange, which ends in this way.
    raw: Option<(u32, Option<Why>)>,
    over: bool,
}

impl Observer {
    pub fn new() -> Self {
        Self {
            open: VecDeque::new(),
            next: 0,
            client: FromClient::Head,
            client_head: HeadBuffer::default(),
            client_first: 0,
            client_ended: false,
            backend: FromBackend::Head,
            backend_head: HeadBuffer::default(),
            backend_first: 0,
            early: Vec::new(),
            backend_ended: false,
            raw: None,
            over: false,
        }
    }

    /// Bytes passed.
    pub fn bytes(&mut self, side: Side, at: u64, bytes: &[u8], tell: Tell<'_>) {
        match side {
            Side::Client => self.client_bytes(at, bytes, tell),
            Side::Backend => self.backend_bytes(at, bytes, tell),
        }
    }

    /// Bytes passed that nothing more is known of.
    pub fn missed(&mut self, side: Side, at: u64, count: u64, tell: Tell<'_>) {
        if let Some((number, _)) = self.raw {
            return tell(number, at, Event::Missed { side, bytes: count });
        }
        match side {
            Side::Client => {
                let skipped = match &mut self.client {
                    FromClient::Body(framing) => Some(framing.skip(count)),
                    FromClient::Lost(_) => return,
                    FromClient::Head | FromClient::Undecided(_) => None,
                };
                let number = self.open.back().map(|open| open.number);
                if let Some(number) = number.filter(|_| skipped.is_some()) {
                    tell(number, at, Event::Missed { side, bytes: count });
                }
                if skipped == Some(true) {
                    self.client_bytes(at, &[], tell);
                } else {
                    self.lose_client(at, Why::Unseen, tell);
                }
            }
            Side::Backend => {
                let number = self.answering().map(|open| open.number);
                let skipped = match &mut self.backend {
                    FromBackend::Body { framing, length } if number.is_some() => {
                        let skipped = framing.skip(count);
                        *length = length.saturating_add(if skipped { count } else { 0 });
                        skipped
                    }
                    FromBackend::Head | FromBackend::Body { .. } => false,
                };
                if !skipped {
                    self.lose_backend(at, Why::Unseen, tell);
                }
                if let Some(number) = self.raw.as_ref().map(|(number, _)| *number).or(number) {
                    tell(number, at, Event::Missed { side, bytes: count });
                }
                if skipped {
                    self.backend_bytes(at, &[], tell);
                }
            }
        }
    }

    /// A side sends no more.
    pub fn ended(&mut self, side: Side, at: u64, tell: Tell<'_>) {
        match side {
            Side::Client => self.client_ended = true,
            Side::Backend => self.backend_has_ended(at, tell),
        }
    }

    /// The connection is over, for this reason where it is not the two sides' own end.
    pub fn finish(&mut self, at: u64, why: Option<Why>, tell: Tell<'_>) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        if let Some((number, failure)) = self.raw.take() {
            let is_cut = why.clone().filter(|why| *why == Why::Stopped);
            tell(number, at, failure.or(is_cut).map_or(Event::Done, Event::Failed));
        }
        let cause = why.clone().unwrap_or(if self.client_ended && !self.backend_ended {
            Why::ClientClosed
        } else {
            Why::NoResponse
        });
        for open in std::mem::take(&mut self.open) {
            tell(
                open.number,
                open.response_done.unwrap_or(at),
                match open.response_done {
                    Some(_) => Event::Done,
                    None => Event::Failed(cause.clone()),
                },
            );
        }
        let begun = self.client_head.take();
        if let FromClient::Lost(why) = std::mem::replace(&mut self.client, FromClient::Head) {
            self.raw_alone(at, &[], tell, why);
        } else if !begun.is_empty() {
            self.raw_alone(at, &begun, tell, why.unwrap_or(Why::RequestCut));
        } else if !self.early.is_empty() {
            let early = std::mem::take(&mut self.early);
            let number = self.begin_raw(at, tell);
            tell(number, at, Event::Body(&early));
            tell(number, at, Event::Failed(Why::Unasked));
        }
    }

    /// An exchange of bytes of the client that never became a request, and that is over.
    fn raw_alone(&mut self, at: u64, bytes: &[u8], tell: Tell<'_>, why: Why) {
        let number = self.begin_raw(at, tell);
        if !bytes.is_empty() {
            tell(number, at, Event::FromClient(bytes));
        }
        tell(number, at, Event::Failed(why));
    }

    fn begin_raw(&mut self, at: u64, tell: Tell<'_>) -> u32 {
        let number = self.next;
        self.next += 1;
        let head = Head { start_line: String::new(), headers: Vec::new() };
        let (method, target) = ("RAW".to_owned(), "*".to_owned());
        let version = Version::Http11;
        let began = RequestBegan { method, target, version, head, is_raw: true, first_byte_us: at };
        tell(number, at, Event::Began { head: Box::new(began) });
        number
    }

    /// The exchange whose response comes now.
    fn answering(&self) -> Option<&Open> {
        self.open.iter().find(|open| open.response_done.is_none())
    }
}

/// The beginning of bytes that can't be read.
fn start_of(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(START)].to_vec()
}
