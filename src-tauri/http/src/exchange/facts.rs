//! What is known of an Exchange: its request and the response as it stood on the wire.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Body, Header, Protocol, Request};
use crate::endpoint::Endpoint;
use porthole_base::error::Error;
use porthole_output::{BodyKind, Coding};

/// Informational responses that are kept, and bytes of their heads. Of more than these only the number is.
pub(super) const INFORMATIONAL_KEPT: usize = 10;
pub(super) const INFORMATIONAL_BYTES: usize = 16 * 1024;

/// A message head as it stood on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Request line or status line.
    pub start_line: String,
    /// Header lines.
    pub headers: Vec<Header>,
}

impl Head {
    /// What the body is, by the status and the headers `Content-Type` and `Content-Encoding`.
    pub fn body_kind(&self) -> BodyKind {
        if self.start_line.split(' ').nth(1) == Some("101") {
            return BodyKind::Protocol;
        }
        let encoding = self.header("content-encoding").unwrap_or("identity");
        if !encoding.eq_ignore_ascii_case("identity") {
            return BodyKind::Bytes;
        }
        self.decoded_body_kind()
    }

    /// What the body is when its codings are undone, and these codings in the order in which they were applied.
    ///
    /// # Errors
    /// With the codings, [`porthole_base::error::Code::CodingUnsupported`]: then the body is only bytes.
    pub fn encoded_body(&self) -> (BodyKind, porthole_base::error::Result<Vec<Coding>>) {
        let codings = Coding::of_names(&super::codings(self));
        match self.body_kind() {
            BodyKind::Protocol => (BodyKind::Protocol, Ok(Vec::new())),
            _ if codings.is_err() => (BodyKind::Bytes, codings),
            _ => (self.decoded_body_kind(), codings),
        }
    }

    /// What the body is when its `Content-Encoding` was undone.
    pub fn decoded_body_kind(&self) -> BodyKind {
        BodyKind::of_media_type(self.header("content-type").unwrap_or_default())
    }

    /// About as many as it had on the wire.
    fn bytes(&self) -> usize {
        self.start_line.len()
            + self.headers.iter().map(|header| header.name.len() + header.value.len() + 4).sum::<usize>()
    }

    /// The first value of a header, its name compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
    }
}

/// The response's status line and headers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// 100 to 999, as sent.
    pub status: u16,
    /// The words after the status, as sent; often empty.
    pub reason: String,
    /// The head as it stood on the wire.
    pub head: Head,
}

/// A redirect that was followed. What came as its body isn't read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Redirect {
    /// The method of the request.
    pub method: String,
    /// The path that was requested.
    pub path: String,
    /// The response.
    pub response: Response,
}

/// An informational response (status 100 to 199, but not 101): others came before the final one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Informational {
    /// When all of its head was read, in microseconds since the exchange began.
    pub at_us: u64,
    /// Its status line and headers.
    pub response: Response,
}

/// Bytes that the backend sent after the end of its response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Excess {
    /// How many were read. Reading stops soon after the end, and at 1 MiB.
    pub bytes: u64,
    /// They were there at the end of the response: a client reads them together with it.
    pub at_once: bool,
    /// How many characters of UTF-8 begin in them.
    pub characters: u64,
    /// The same in UTF-16 units, in which JavaScript and Java measure strings.
    pub utf16: u64,
    /// The first of them as text; control characters and bytes that aren't UTF-8 are made visible.
    pub start: String,
}

impl Excess {
    /// Whether they are line ends and nothing else, which clients skip.
    pub fn is_blank(&self) -> bool {
        self.start.chars().all(|c| matches!(c, '␍' | '␊')) && self.start.chars().count() as u64 == self.bytes
    }
}

/// Bytes that passed through a tap and aren't recorded, or that an HTTP archive lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Unrecorded {
    /// Of the request's body: it isn't text, it is larger than 1 MiB, or the recording couldn't keep up.
    pub request_bytes: u64,
    /// Of the response: the recording couldn't keep up.
    pub response_bytes: u64,
}

/// When each phase ended, in microseconds since the exchange began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Phases {
    /// The connection stood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected_us: Option<u64>,
    /// The last byte of the request was handed to the operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_us: Option<u64>,
    /// The first byte of the response was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_us: Option<u64>,
    /// The body ended, or the exchange failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_us: Option<u64>,
}

/// How far an exchange had come when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before anything was opened: the request itself cannot be sent.
    Prepare,
    /// Opening the connection.
    Connect,
    /// Writing the request.
    Send,
    /// Waiting for the status line.
    Wait,
    /// Reading the status line and headers.
    Head,
    /// Reading the body.
    Body,
}

/// Why and where an exchange ended without a whole response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Failure {
    /// How far it had come.
    pub stage: Stage,
    /// What happened.
    pub error: Error,
    /// What had been read of a head that never became one, as text; empty when nothing had.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub received: String,
    /// The protocol that the backend speaks in place of HTTP/1, where it is recognized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub protocol: Option<Protocol>,
    /// The backend reset the connection instead of closing it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub reset: bool,
}

impl Failure {
    /// One before anything was received.
    pub fn new(stage: Stage, error: Error) -> Self {
        Self { stage, error, received: String::new(), protocol: None, reset: false }
    }
}

/// One step of an exchange, in the order in which they happen. Times are microseconds since the
/// exchange began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ExchangeEvent {
    /// The connection is established.
    Connected {
        /// When.
        at_us: u64,
        /// It was open since an exchange before. When it turns out that the backend had closed it,
        /// a new one is opened and this comes again.
        #[serde(default)]
        reused: bool,
    },
    /// The request's head as it went, told when the whole request is out, or when it is certain
    /// that it will not be: the backend answered early, or the exchange failed.
    Sent {
        /// When the last byte of the request was handed over, if it was.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        at_us: Option<u64>,
        /// The head on the wire.
        head: Head,
    },
    /// An informational response is in: the final one is still to come.
    Informed {
        /// What it says.
        informational: Informational,
    },
    /// More informational responses came than are kept.
    InformedMore {
        /// How many.
        more: u32,
    },
    /// A redirect that is followed: another request goes to the same backend.
    Redirected {
        /// The request and its response.
        redirect: Redirect,
    },
    /// The final status line and headers are in.
    Answered {
        /// When the first byte was read.
        first_byte_us: u64,
        /// What they say.
        response: Response,
    },
    /// Header lines came after the body.
    Trailed {
        /// The lines. Their names are in lower case, whatever it was on the wire.
        trailers: Vec<Header>,
    },
    /// More bytes came after the end of the response.
    Exceeded {
        /// How many, and how they begin.
        excess: Excess,
    },
    /// The request's body, where it was seen on its way.
    Composed {
        /// The body.
        body: Body,
    },
    /// Not all that passed was recorded.
    Unrecorded {
        /// How much is missing.
        unrecorded: Unrecorded,
    },
    /// The body ended as it should.
    Done {
        /// When.
        at_us: u64,
    },
    /// The exchange ended without a whole response.
    Failed {
        /// When.
        at_us: u64,
        /// Why and where.
        failure: Failure,
    },
}

/// All that is known of one HTTP request and its response. The body is in the Call's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Exchange {
    /// Where it went.
    pub endpoint: Endpoint,
    /// As composed.
    pub request: Request,
    /// Its connection was open since an exchange before.
    #[serde(default)]
    pub reused: bool,
    /// Redirects that were followed, the first one first. What else is here is of the last request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Redirect>>")]
    pub redirects: Vec<Redirect>,
    /// Informational responses (1xx) before the final one; the first ten, and up to 16 KiB of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Informational>>")]
    pub informational: Vec<Informational>,
    /// How many more informational responses came.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(optional, as = "Option<u32>")]
    pub more_informational: u32,
    /// Its head as it went over the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Head>,
    /// What came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// Header lines after the body, their names in lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Header>>")]
    pub trailers: Vec<Header>,
    /// What came after the end of the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excess: Option<Excess>,
    /// What a recording of others' traffic lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrecorded: Option<Unrecorded>,
    /// When each phase ended.
    pub phases: Phases,
    /// Why it did not end as it should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Exchange {
    /// An exchange of which nothing has happened yet.
    pub fn new(endpoint: Endpoint, request: Request) -> Self {
        Self {
            endpoint,
            request,
            reused: false,
            redirects: Vec::new(),
            informational: Vec::new(),
            more_informational: 0,
            sent: None,
            response: None,
            trailers: Vec::new(),
            excess: None,
            unrecorded: None,
            phases: Phases::default(),
            failure: None,
        }
    }

    /// Adds what an event tells.
    pub fn apply(&mut self, event: ExchangeEvent) {
        match event {
            ExchangeEvent::Connected { at_us, reused } => {
                self.phases.connected_us = Some(at_us);
                self.reused = reused;
            }
            ExchangeEvent::Sent { at_us, head } => {
                self.phases.sent_us = at_us;
                self.sent = Some(head);
            }
            ExchangeEvent::Informed { informational } => self.informed(informational),
            ExchangeEvent::InformedMore { more } => {
                self.more_informational = self.more_informational.saturating_add(more);
            }
            ExchangeEvent::Redirected { redirect } => self.redirects.push(redirect),
            ExchangeEvent::Answered { first_byte_us, response } => {
                self.phases.first_byte_us = Some(first_byte_us);
                self.response = Some(response);
            }
            ExchangeEvent::Trailed { trailers } => self.trailers = trailers,
            ExchangeEvent::Exceeded { excess } => self.excess = Some(excess),
            ExchangeEvent::Composed { body } => self.request.body = body,
            ExchangeEvent::Unrecorded { unrecorded } => self.unrecorded = Some(unrecorded),
            ExchangeEvent::Done { at_us } => self.phases.done_us = Some(at_us),
            ExchangeEvent::Failed { at_us, failure } => {
                self.phases.done_us = Some(at_us);
                self.failure = Some(failure);
            }
        }
    }

    /// Redirects and connections that are opened again bring more of them than one connection has.
    fn informed(&mut self, informational: Informational) {
        let bytes: usize = self.informational.iter().chain([&informational]).map(|one| one.response.head.bytes()).sum();
        let is_first = self.more_informational == 0 && self.informational.len() < INFORMATIONAL_KEPT;
        if is_first && bytes <= INFORMATIONAL_BYTES {
            self.informational.push(informational);
        } else {
            self.more_informational = self.more_informational.saturating_add(1);
        }
    }

    /// Whether nothing more will happen.
    pub fn ended(&self) -> bool {
        self.phases.done_us.is_some()
    }
}
