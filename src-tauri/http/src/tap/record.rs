//! What was seen on a connection becomes calls: one exchange after the other.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::BoxFuture;
use porthole_relay::tap_protocol::End;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

use super::{
    failure::failure,
    feed::{Seen, What},
    observer::{Event, Observer, RequestBegan, Side, Why},
};
use crate::{
    endpoint::Endpoint,
    exchange::{
        Body, Exchange, ExchangeEvent, Failure, Head, Header, Informational, Request, Stage, Unrecorded, response_of,
    },
};
use porthole_base::error::Error;
use porthole_output::{
    Stream,
    record::{Record, until},
};

/// A longer body of a request isn't kept: it is a fact of its call, and not in the call's output.
const REQUEST_BODY: usize = 1024 * 1024;

/// Where exchanges are recorded.
pub trait CallLog: Send + Sync {
    /// Begins a call. `close` closes the connection of its exchange.
    fn begin(&self, exchange: Exchange, close: CancellationToken) -> Box<dyn LoggedCall>;
}

/// A running call.
pub trait LoggedCall: Record<ExchangeEvent> {
    /// Nothing more comes.
    fn ended(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// How a connection to the backend was opened.
pub(super) enum Opening {
    Connected { at: Instant },
    Failed(Box<Error>),
}

/// Records one connection.
pub(super) struct Recording {
    log: Arc<dyn CallLog>,
    endpoint: Endpoint,
    close: CancellationToken,
    /// When the connection was accepted.
    began: Instant,
    connected_us: Option<u64>,
    /// Why there is no connection to the backend.
    unconnected: Option<Error>,
    live: BTreeMap<u32, Live>,
    /// What those that have ended still do.
    ending: JoinSet<()>,
}

/// An exchange that hasn't ended.
struct Live {
    call: Box<dyn LoggedCall>,
    began_us: u64,
    head: Head,
    body: Vec<u8>,
    body_bytes: u64,
    unrecorded: Unrecorded,
    /// It can't be kept any more.
    failed: Option<Error>,
}

impl Live {
    fn at(&self, us: u64) -> u64 {
        us.saturating_sub(self.began_us)
    }
}

impl Recording {
    pub fn new(log: Arc<dyn CallLog>, endpoint: Endpoint, close: CancellationToken, began: Instant) -> Self {
        Self {
            log,
            endpoint,
            close,
            began,
            connected_us: None,
            unconnected: None,
            live: BTreeMap::new(),
            ending: JoinSet::new(),
        }
    }

    fn us(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.began).as_micros() as u64
    }

    /// Records what comes until nothing more does. `ended` tells how the connection ended.
    pub async fn run(
        mut self,
        opening: Opening,
        mut seen: mpsc::Receiver<Seen>,
        ended: tokio::sync::oneshot::Receiver<End>,
    ) {
        match opening {
            Opening::Connected { at } => self.connected_us = Some(self.us(at)),
            Opening::Failed(error) => self.unconnected = Some(*error),
        }
        let mut observer = Observer::new();
        while let Some(Seen { at, side, what }) = seen.recv().await {
            let at = self.us(at);
            let mut tell = |number: u32, at: u64, event: Event<'_>| self.tell(number, at, event);
            match what {
                What::Bytes(piece) => observer.bytes(side, at, &piece.bytes, &mut tell),
                What::Missed(count) => observer.missed(side, at, count, &mut tell),
                What::Ended => observer.ended(side, at, &mut tell),
            }
            self.wait_for_room().await;
            while self.ending.try_join_next().is_some() {}
        }
        let why = match ended.await {
            Ok(End::ClientGone) => Some(Why::ClientClosed),
            Ok(End::ByBoth) => None,
            Ok(End::Stopped) | Err(_) => Some(Why::Stopped),
        };
        let now = self.us(Instant::now());
        observer.finish(now, why, &mut |number, at, event| self.tell(number, at, event));
        while self.ending.join_next().await.is_some() {}
    }

    /// Waits while outputs have no room. Meanwhile bytes pass, and those that the queue doesn't hold are counted.
    async fn wait_for_room(&mut self) {
        /// A call that is canceled may leave before there is room.
        const AGAIN: Duration = Duration::from_millis(200);
        loop {
            let wait = self.live.values().find_map(|live| live.call.full());
            if wait.is_none() || self.close.is_cancelled() {
                return;
            }
            let _ = tokio::time::timeout(AGAIN, until(wait)).await;
        }
    }

    fn tell(&mut self, number: u32, at: u64, event: Event<'_>) {
        match event {
            Event::Began { head } => return self.begin(number, at, *head),
            Event::Done => return self.end(number, at, None),
            Event::Failed(why) => return self.end(number, at, Some(failure(&why))),
            _ => {}
        }
        let Some(live) = self.live.get_mut(&number) else { return };
        let at_us = live.at(at);
        match event {
            Event::RequestBody(bytes) => {
                live.body_bytes += bytes.len() as u64;
                let room = REQUEST_BODY.saturating_sub(live.body.len());
                live.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
            Event::RequestDone => live.request_done(at_us),
            Event::Informed(head) => {
                let informational = Informational { at_us, response: response_of(head) };
                live.call.event(ExchangeEvent::Informed { informational });
            }
            Event::Answered { status: _, first_byte_us, head } => {
                let first_byte_us = live.at(first_byte_us);
                live.call.event(ExchangeEvent::Answered { first_byte_us, response: response_of(head) });
            }
            Event::Body(bytes) => live.chunk(Stream::Stdout, at_us, bytes),
            Event::FromClient(bytes) => live.chunk(Stream::Stderr, at_us, bytes),
            Event::Trailed(head) => {
                let lower = |header: Header| Header { name: header.name.to_ascii_lowercase(), ..header };
                let trailers = head.headers.into_iter().map(lower).collect();
                live.call.event(ExchangeEvent::Trailed { trailers });
            }
            Event::Missed { side: Side::Client, bytes } => add(&mut live.unrecorded.request_bytes, bytes),
            Event::Missed { side: Side::Backend, bytes } => add(&mut live.unrecorded.response_bytes, bytes),
            Event::Began { .. } | Event::Done | Event::Failed(_) => {}
        }
    }

    fn begin(&mut self, number: u32, at: u64, began: RequestBegan) {
        let RequestBegan { method, target, version, head, is_raw: _, first_byte_us } = began;
        let headers = head.headers.iter().filter(|header| is_composed(header)).cloned().collect();
        let request = Request { headers, version, ..Request::new(method, target) };
        let call = self.log.begin(Exchange::new(self.endpoint.clone(), request), self.close.clone());
        let mut live = Live {
            call,
            began_us: first_byte_us.min(at),
            head,
            body: Vec::new(),
            body_bytes: 0,
            unrecorded: Unrecorded::default(),
            failed: None,
        };
        if let Some(connected) = self.connected_us {
            live.call.event(ExchangeEvent::Connected { at_us: live.at(connected), reused: number > 0 });
        }
        self.live.insert(number, live);
    }

    fn end(&mut self, number: u32, at: u64, mut failed: Option<Failure>) {
        let Some(mut live) = self.live.remove(&number) else { return };
        let at_us = live.at(at);
        if let Some(error) = &self.unconnected {
            failed = Some(Failure::new(Stage::Connect, error.clone()));
        }
        if let Some(error) = live.failed.take() {
            failed = Some(Failure::new(Stage::Body, error));
        }
        if live.unrecorded != Unrecorded::default() {
            live.call.event(ExchangeEvent::Unrecorded { unrecorded: live.unrecorded });
        }
        live.call.event(match failed {
            Some(failure) => ExchangeEvent::Failed { at_us, failure },
            None => ExchangeEvent::Done { at_us },
        });
        self.ending.spawn(live.call.ended());
    }
}

impl Live {
    /// The whole request is there: its head as it came, and its body where that is a text of a reasonable size.
    fn request_done(&mut self, at_us: u64) {
        self.call.event(ExchangeEvent::Sent { at_us: Some(at_us), head: self.head.clone() });
        let body = std::mem::take(&mut self.body);
        let is_whole = body.len() as u64 == self.body_bytes && self.unrecorded.request_bytes == 0;
        let text = if is_whole { String::from_utf8(body).ok() } else { None };
        match text {
            Some(text) if text.is_empty() => {}
            Some(text) => {
                let kind = self.head.header("content-type").unwrap_or_default().to_ascii_lowercase();
                let body = if kind.starts_with("application/json") { Body::Json { text } } else { Body::Text { text } };
                self.call.event(ExchangeEvent::Composed { body });
            }
            None => add(&mut self.unrecorded.request_bytes, self.body_bytes),
        }
    }

    fn chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) {
        if self.failed.is_some() {
            add(&mut self.unrecorded.response_bytes, bytes.len() as u64);
        } else if let Err(error) = self.call.chunk(stream, at_us, bytes) {
            self.failed = Some(error);
        }
    }
}

/// A container may tell any count.
fn add(count: &mut u64, more: u64) {
    *count = count.saturating_add(more);
}

/// Whether a header is one that a client sets on purpose: the others are made again when the request is sent again.
fn is_composed(header: &Header) -> bool {
    let is = |name: &str| header.name.eq_ignore_ascii_case(name);
    let upgrades = || header.value.split(',').any(|option| option.trim().eq_ignore_ascii_case("upgrade"));
    !(is("host") || is("content-length") || is("transfer-encoding") || (is("connection") && !upgrades()))
}
