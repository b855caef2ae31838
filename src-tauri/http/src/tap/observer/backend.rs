//! What the backend sends: responses, and their bodies.

use super::{Event, FromBackend, FromClient, HELD, Observer, Tell, Why, start_of};
use crate::{
    exchange::read_head,
    tap::{
        framing::{Framing, Step},
        head::{Arrived, ResponseHead, may_be_response, read_response},
    },
};

impl Observer {
    pub(super) fn backend_bytes(&mut self, at: u64, bytes: &[u8], tell: Tell<'_>) {
        let mut rest = bytes;
        loop {
            if let Some((number, _)) = self.raw {
                if !rest.is_empty() {
                    tell(number, at, Event::Body(rest));
                }
                return;
            }
            let Some(number) = self.answering().map(|open| open.number) else {
                return self.unasked(at, rest, tell);
            };
            let taken = match &mut self.backend {
                FromBackend::Head if rest.is_empty() => return,
                FromBackend::Head => self.response_head(at, rest, number, tell),
                FromBackend::Body { framing, length } => {
                    let (taken, step) = framing.step(rest);
                    match step {
                        Step::Data(_) | Step::Encoding if rest.is_empty() => return,
                        Step::Data(data) => {
                            *length = length.saturating_add(data.len() as u64);
                            tell(number, at, Event::Body(data));
                        }
                        Step::Encoding => {}
                        Step::Complete(lines) => {
                            if lines.iter().any(|byte| !b"\r\n".contains(byte)) {
                                let lines = [b"\n", lines.as_slice()].concat();
                                tell(number, at, Event::Trailed(read_head(&lines)));
                            }
                            self.response_done(at, tell);
                        }
                        Step::Invalid => {
                            let why = Why::ChunksInvalid { length: *length };
                            self.lose_backend(at, why, tell);
                        }
                    }
                    taken
                }
            };
            rest = &rest[taken..];
        }
    }

    /// Bytes that no request waits for.
    fn unasked(&mut self, at: u64, bytes: &[u8], tell: Tell<'_>) {
        if bytes.is_empty() {
            return;
        }
        if let FromClient::Lost(why) = &self.client {
            let why = why.clone();
            self.client = FromClient::Head;
            let number = self.begin_raw(at, tell);
            self.raw = Some((number, Some(why)));
            return tell(number, at, Event::Body(bytes));
        }
        self.early.extend_from_slice(bytes);
        if self.early.len() > HELD {
            let number = self.begin_raw(at, tell);
            self.raw = Some((number, Some(Why::Unasked)));
            tell(number, at, Event::Body(&std::mem::take(&mut self.early)));
        }
    }

    /// Takes what belongs to a response's head.
    fn response_head(&mut self, at: u64, bytes: &[u8], number: u32, tell: Tell<'_>) -> usize {
        let was_empty = self.backend_head.bytes().is_empty();
        let (taken, arrived) = self.backend_head.push(bytes);
        if was_empty {
            self.backend_first = at;
        }
        match arrived {
            Arrived::Partly if may_be_response(self.backend_head.bytes()) => taken,
            Arrived::Complete(head) => match read_response(&head) {
                Some(response) => {
                    self.answered(at, number, response, tell);
                    taken
                }
                None => self.unreadable_response(at, &[head.as_slice(), &bytes[taken..]].concat(), bytes.len(), tell),
            },
            Arrived::Partly | Arrived::TooLarge => {
                let head = self.backend_head.take();
                self.unreadable_response(at, &head, taken, tell)
            }
        }
    }

    fn unreadable_response(&mut self, at: u64, bytes: &[u8], taken: usize, tell: Tell<'_>) -> usize {
        self.lose_backend(at, Why::ResponseUnreadable { start: start_of(bytes) }, tell);
        if let Some((number, _)) = self.raw {
            tell(number, at, Event::Body(bytes));
        }
        taken
    }

    fn answered(&mut self, at: u64, number: u32, response: ResponseHead, tell: Tell<'_>) {
        let ResponseHead { status, message } = response;
        if (100..=199).contains(&status) && status != 101 {
            return tell(number, at, Event::Informed(message.head));
        }
        let Some(open) = self.answering() else { return };
        let (is_head, is_connect) = (open.is_head, open.is_connect);
        let framing = if is_head { Some(Framing::Length(0)) } else { Framing::of_response(&message, status) };
        tell(number, at, Event::Answered { status, first_byte_us: self.backend_first, head: message.head });
        if status == 101 || (is_connect && (200..=299).contains(&status)) {
            return self.switch(at, number, tell);
        }
        match framing {
            Some(framing) if framing.ends_with_connection() => {
                self.backend = FromBackend::Body { framing, length: 0 };
                // The client may still send: Docker's streams answer so, and what it types is no request.
                if let FromClient::Undecided(held) = &mut self.client {
                    let held = std::mem::take(held);
                    self.client = FromClient::Head;
                    if !held.is_empty() {
                        tell(number, at, Event::FromClient(&held));
                    }
                }
            }
            Some(framing) => {
                self.backend = FromBackend::Body { framing, length: 0 };
                self.decide_http(at, tell);
                self.backend_bytes(at, &[], tell);
            }
            None => self.lose_backend(at, Why::ResponseUnreadable { start: Vec::new() }, tell),
        }
    }

    /// Both sides speak another protocol from here on.
    fn switch(&mut self, at: u64, number: u32, tell: Tell<'_>) {
        let position = self.open.iter().position(|open| open.number == number);
        let open = position.and_then(|position| self.open.remove(position));
        if open.is_some_and(|open| !open.request_done) {
            tell(number, at, Event::RequestDone);
        }
        self.raw = Some((number, None));
        self.fail_all(at, &Why::NoResponse, tell);
        let held = match std::mem::replace(&mut self.client, FromClient::Head) {
            FromClient::Undecided(held) => held,
            _ => self.client_head.take(),
        };
        if !held.is_empty() {
            tell(number, at, Event::FromClient(&held));
        }
    }

    fn response_done(&mut self, at: u64, tell: Tell<'_>) {
        self.backend = FromBackend::Head;
        let Some(position) = self.open.iter().position(|open| open.response_done.is_none()) else { return };
        if self.open[position].request_done {
            if let Some(open) = self.open.remove(position) {
                tell(open.number, at, Event::Done);
            }
        } else {
            self.open[position].response_done = Some(at);
        }
    }

    /// What the backend sends can't be read from here on: it is the output of the exchange that it belongs to.
    pub(super) fn lose_backend(&mut self, at: u64, why: Why, tell: Tell<'_>) {
        self.backend_head.take();
        let number = match self.answering().map(|open| open.number) {
            Some(number) => number,
            None => self.begin_raw(at, tell),
        };
        self.open.retain(|open| open.number != number);
        self.raw = Some((number, Some(why.clone())));
        self.fail_all(at, &why, tell);
    }

    fn fail_all(&mut self, at: u64, why: &Why, tell: Tell<'_>) {
        for open in std::mem::take(&mut self.open) {
            match open.response_done {
                Some(done) => tell(open.number, done, Event::Done),
                None => tell(open.number, at, Event::Failed(why.clone())),
            }
        }
    }

    pub(super) fn backend_has_ended(&mut self, at: u64, tell: Tell<'_>) {
        if self.raw.is_some() || std::mem::replace(&mut self.backend_ended, true) {
            return;
        }
        let Some(number) = self.answering().map(|open| open.number) else { return };
        let begun = self.backend_head.take();
        let why = match &self.backend {
            FromBackend::Body { framing, .. } if framing.ends_with_connection() => {
                self.response_done(at, tell);
                return self.fail_all(at, &Why::NoResponse, tell);
            }
            FromBackend::Body { .. } if self.client_ended => Why::ClientClosed,
            FromBackend::Body { length, .. } => Why::BodyCut { length: *length },
            FromBackend::Head if !begun.is_empty() => Why::HeadCut { start: start_of(&begun) },
            FromBackend::Head if self.client_ended => match self.open.back() {
                Some(open) if open.number == number && !open.request_done => Why::RequestCut,
                _ => Why::NoResponse,
            },
            FromBackend::Head => Why::NoResponse,
        };
        let position = self.open.iter().position(|open| open.number == number);
        if let Some(open) = position.and_then(|position| self.open.remove(position)) {
            tell(open.number, at, Event::Failed(why));
        }
        self.fail_all(at, &Why::NoResponse, tell);
    }
}
