//! What the client sends: requests, and their bodies.

use super::{Event, FromBackend, FromClient, HELD, MOST_OPEN, Observer, Open, RequestBegan, Tell, Why, start_of};
use crate::tap::{
    framing::{Framing, Step},
    head::{Arrived, RequestHead, may_be_request, read_request},
};

impl Observer {
    pub(super) fn client_bytes(&mut self, at: u64, bytes: &[u8], tell: Tell<'_>) {
        let mut rest = bytes;
        loop {
            if let Some((number, _)) = self.raw {
                if !rest.is_empty() {
                    tell(number, at, Event::FromClient(rest));
                }
                return;
            }
            // A connection that the response ends can't have another request.
            if let FromBackend::Body { framing: Framing::UntilClose, .. } = self.backend
                && let Some(number) = self.answering().map(|open| open.number)
                && !matches!(self.client, FromClient::Body(_))
            {
                if !rest.is_empty() {
                    tell(number, at, Event::FromClient(rest));
                }
                return;
            }
            let taken = match &mut self.client {
                FromClient::Head if rest.is_empty() => return,
                FromClient::Head => self.request_head(at, rest, tell),
                FromClient::Body(framing) => {
                    let (taken, step) = framing.step(rest);
                    match self.open.back_mut() {
                        Some(open) => match step {
                            Step::Data(_) | Step::Encoding if rest.is_empty() => return,
                            Step::Data(data) => tell(open.number, at, Event::RequestBody(data)),
                            Step::Encoding => {}
                            Step::Complete(_) => self.request_done(at, tell),
                            Step::Invalid => {
                                let start = start_of(&rest[taken..]);
                                return self.lose_client(at, Why::RequestUnreadable { start }, tell);
                            }
                        },
                        // Its response has failed.
                        None if self.backend_ended => return,
                        None => return self.lose_client(at, Why::Unseen, tell),
                    }
                    taken
                }
                FromClient::Undecided(held) => {
                    if held.len() + rest.len() > HELD {
                        return self.lose_client(at, Why::Unseen, tell);
                    }
                    held.extend_from_slice(rest);
                    return;
                }
                FromClient::Lost(_) => return,
            };
            rest = &rest[taken..];
        }
    }

    /// Takes what belongs to a request's head.
    fn request_head(&mut self, at: u64, bytes: &[u8], tell: Tell<'_>) -> usize {
        let is_first = self.client_head.bytes().is_empty();
        let (taken, arrived) = self.client_head.push(bytes);
        if is_first {
            self.client_first = at;
        }
        match arrived {
            Arrived::Partly if may_be_request(self.client_head.bytes()) => {}
            Arrived::Complete(head) => match read_request(&head) {
                Some(request) if self.open.len() < MOST_OPEN => self.request_began(at, request, tell),
                Some(_) => self.lose_client(at, Why::Unseen, tell),
                None => {
                    let all = [head.as_slice(), &bytes[taken..]].concat();
                    self.unreadable_request(at, &all, tell);
                    return bytes.len();
                }
            },
            Arrived::Partly | Arrived::TooLarge => {
                let head = self.client_head.take();
                self.unreadable_request(at, &head, tell);
            }
        }
        taken
    }

    fn request_began(&mut self, at: u64, request: RequestHead, tell: Tell<'_>) {
        let number = self.next;
        self.next += 1;
        let RequestHead { method, target, version, message } = request;
        let framing = Framing::of_request(&message);
        self.open.push_back(Open {
            number,
            is_head: method == "HEAD",
            is_connect: method == "CONNECT",
            asks_for_upgrade: message.asks_for_upgrade(),
            request_done: false,
            response_done: None,
        });
        let first_byte_us = self.client_first;
        let began = RequestBegan { method, target, version, head: message.head, is_raw: false, first_byte_us };
        tell(number, at, Event::Began { head: Box::new(began) });
        match framing {
            Some(Framing::Length(0)) => self.request_done(at, tell),
            Some(framing) => self.client = FromClient::Body(framing),
            None => self.lose_client(at, Why::RequestUnreadable { start: Vec::new() }, tell),
        }
        let early = std::mem::take(&mut self.early);
        if !early.is_empty() {
            self.backend_bytes(at, &early, tell);
        }
    }

    fn request_done(&mut self, at: u64, tell: Tell<'_>) {
        let Some(open) = self.open.back_mut() else { return };
        open.request_done = true;
        let (number, response_done) = (open.number, open.response_done);
        let is_undecided = (open.asks_for_upgrade || open.is_connect) && response_done.is_none();
        self.client = if is_undecided { FromClient::Undecided(Vec::new()) } else { FromClient::Head };
        tell(number, at, Event::RequestDone);
        if let Some(done_at) = response_done {
            self.open.pop_back();
            tell(number, done_at, Event::Done);
        }
    }

    /// What the client held back is HTTP again.
    pub(super) fn decide_http(&mut self, at: u64, tell: Tell<'_>) {
        if let FromClient::Undecided(held) = &mut self.client {
            let held = std::mem::take(held);
            self.client = FromClient::Head;
            self.client_bytes(at, &held, tell);
        }
    }

    fn unreadable_request(&mut self, at: u64, bytes: &[u8], tell: Tell<'_>) {
        let why = Why::RequestUnreadable { start: start_of(bytes) };
        if !self.open.is_empty() {
            return self.lose_client(at, why, tell);
        }
        let number = self.begin_raw(self.client_first, tell);
        self.raw = Some((number, Some(why)));
        tell(number, at, Event::FromClient(bytes));
        let early = std::mem::take(&mut self.early);
        if !early.is_empty() {
            tell(number, at, Event::Body(&early));
        }
    }

    /// Nothing more of the client can be read. The responses to what it asked before still can.
    pub(super) fn lose_client(&mut self, at: u64, why: Why, tell: Tell<'_>) {
        self.client_head.take();
        if self.open.is_empty() {
            let number = self.begin_raw(at, tell);
            self.raw = Some((number, Some(why)));
            return;
        }
        self.client = FromClient::Lost(why);
        if let Some(open) = self.open.back_mut().filter(|open| !open.request_done) {
            open.request_done = true;
            tell(open.number, at, Event::RequestDone);
        }
    }
}
