//! The recorded exchanges of a mock, and which of them a request gets.

use std::cmp::Reverse;

use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::{
    request_key::{BodyKey, RequestKey},
    sequence::Sequences,
};
use crate::session::Recorded;
use porthole_base::error::Code;
use porthole_http::exchange::{Exchange, Stage};
use porthole_sdk::call::Act;

/// Characters of a body that a miss shows.
const SHOWN: usize = 1000;
/// Characters of a path that are compared to find the closest one.
const COMPARED: usize = 200;

/// The exchanges of a session.
#[derive(Debug, Default)]
pub(super) struct Requests {
    recordings: Vec<Recording>,
    sequences: Sequences<RequestKey>,
}

/// One response of a session.
#[derive(Debug)]
pub(super) struct Recording {
    /// The place of its call in the session, from 0.
    pub call: usize,
    pub key: RequestKey,
    pub answer: Answer,
}

/// What a backend did for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It sent a response, or a part of one, or closed the connection.
    Response,
    /// It sent the nth redirect, which was followed; its body wasn't read.
    Redirect(usize),
    /// It isn't known: the request didn't reach it, or was canceled before there was a response.
    Unknown,
}

impl Requests {
    /// Those of these calls.
    pub fn of(calls: &[Recorded]) -> Self {
        let mut requests = Self::default();
        for (call, recorded) in calls.iter().enumerate() {
            if let Act::Exchange(exchange) = &recorded.call.act
                && recorded.call.skipped().is_none()
            {
                requests.add(call, exchange);
            }
        }
        requests
    }

    fn add(&mut self, call: usize, exchange: &Exchange) {
        let composed = RequestKey::of(&exchange.request, None);
        for (n, redirect) in exchange.redirects.iter().enumerate() {
            let mut key = RequestKey::new(&redirect.method, &redirect.path, None, Some(b""));
            if redirect.method == exchange.request.method {
                key.body = composed.body.clone();
            }
            self.push(Recording { call, key, answer: Answer::Redirect(n) });
        }
        let mut key = RequestKey::of(&exchange.request, exchange.sent.as_ref());
        if exchange.unrecorded.is_some_and(|unrecorded| unrecorded.request_bytes > 0) {
            key.body = BodyKey::Unknown;
        }
        self.push(Recording { call, key, answer: answer_of(exchange) });
    }

    fn push(&mut self, recording: Recording) {
        if recording.answer != Answer::Unknown {
            self.sequences.add(recording.key.clone(), self.recordings.len());
        }
        self.recordings.push(recording);
    }

    pub fn len(&self) -> usize {
        self.recordings.iter().filter(|recording| recording.answer != Answer::Unknown).count()
    }

    /// The recording that a request gets.
    ///
    /// # Errors
    /// Why it gets none.
    pub fn next(&self, key: &RequestKey) -> Result<&Recording, Box<Miss>> {
        let found = self.sequences.next(key).or_else(|| self.sequences.next(&any_body(key)));
        found.and_then(|n| self.recordings.get(n)).ok_or_else(|| Box::new(self.miss(key)))
    }

    /// The same, and it stays the next.
    pub fn peek(&self, key: &RequestKey) -> Option<&Recording> {
        let found = self.sequences.peek(key).or_else(|| self.sequences.peek(&any_body(key)));
        self.recordings.get(found?)
    }

    fn miss(&self, key: &RequestKey) -> Miss {
        // Of several that are as close, the first one.
        let closest = self.recordings.iter().rev().max_by_key(|recording| closeness(key, &recording.key));
        let differs = closest.map_or_else(Vec::new, |closest| differences(key, &closest.key));
        let message = match closest {
            None => "The session has no requests",
            Some(_) if differs.is_empty() => "The session has this request, but no response to it",
            Some(_) => "The session doesn't have this request",
        };
        Miss {
            error: Code::NotRecorded,
            message,
            request: MissedRequest::of(key),
            closest: closest
                .map(|closest| ClosestRequest { call: closest.call + 1, request: MissedRequest::of(&closest.key) }),
            differs,
        }
    }
}

/// A recorded body that isn't known may be any.
fn any_body(key: &RequestKey) -> RequestKey {
    RequestKey { body: BodyKey::Unknown, ..key.clone() }
}

fn answer_of(exchange: &Exchange) -> Answer {
    let Some(failure) = &exchange.failure else {
        return if exchange.response.is_some() { Answer::Response } else { Answer::Unknown };
    };
    let is_known = match failure.stage {
        Stage::Prepare | Stage::Connect => false,
        // The backend closed the connection, or hadn't responded when the time was up.
        Stage::Send | Stage::Wait | Stage::Head => failure.error.code != Code::Cancelled,
        Stage::Body => exchange.response.is_some(),
    };
    if is_known { Answer::Response } else { Answer::Unknown }
}

/// A part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RequestPart {
    Method,
    Path,
    Query,
    Body,
}

/// Why a request gets no response: what is sent to its client.
#[derive(Debug, Serialize)]
pub(super) struct Miss {
    error: Code,
    message: &'static str,
    request: MissedRequest,
    #[serde(skip_serializing_if = "Option::is_none")]
    closest: Option<ClosestRequest>,
    differs: Vec<RequestPart>,
}

#[derive(Debug, Serialize)]
struct ClosestRequest {
    /// From 1, as the session counts.
    call: usize,
    #[serde(flatten)]
    request: MissedRequest,
}

#[derive(Debug, Serialize)]
struct MissedRequest {
    method: String,
    path: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    query: String,
    /// Its beginning; absent where there is none, or it isn't known.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl MissedRequest {
    fn of(key: &RequestKey) -> Self {
        let body = key.body.text().filter(|text| !text.is_empty()).map(|text| match text.char_indices().nth(SHOWN) {
            None => text,
            Some((at, _)) => format!("{}…", &text[..at]),
        });
        Self { method: key.method.clone(), path: key.path.clone(), query: key.query_text(), body }
    }
}

impl Miss {
    /// The closest recorded call, from 1.
    pub fn closest_call(&self) -> Option<usize> {
        self.closest.as_ref().map(|closest| closest.call)
    }

    /// In one line.
    pub fn text(&self) -> String {
        let Some(ClosestRequest { call, request: MissedRequest { method, path, query, .. } }) = &self.closest else {
            return self.message.to_owned();
        };
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        let parts: Vec<String> = self.differs.iter().map(|part| format!("{part:?}").to_lowercase()).collect();
        let differs = if parts.is_empty() { String::new() } else { format!(", differs in {}", parts.join(", ")) };
        format!("{}; closest: call {call}, {method} {path}{query}{differs}", self.message)
    }
}

/// The parts in which two requests differ.
fn differences(first: &RequestKey, second: &RequestKey) -> Vec<RequestPart> {
    let is_any = first.body == BodyKey::Unknown || second.body == BodyKey::Unknown;
    [
        (RequestPart::Method, first.method != second.method),
        (RequestPart::Path, first.path != second.path),
        (RequestPart::Query, first.query != second.query),
        (RequestPart::Body, first.body != second.body && !is_any),
    ]
    .into_iter()
    .filter_map(|(part, differs)| differs.then_some(part))
    .collect()
}

/// How close a recorded request is: the path says most, then the method, the query and the body.
fn closeness(asked: &RequestKey, recorded: &RequestKey) -> impl Ord + use<> {
    let differs = differences(asked, recorded);
    let same = |part: RequestPart| !differs.contains(&part);
    let (old, new) = (path_of(recorded), path_of(asked));
    let segments = |path: &str| path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    let (old_segments, new_segments): (Vec<String>, Vec<String>) = (segments(&old), segments(&new));
    let alike = old_segments.iter().zip(&new_segments).filter(|(first, second)| first == second).count();
    let characters = |path: &str| path.chars().take(COMPARED).collect::<Vec<char>>();
    let (old, new) = (characters(&old), characters(&new));
    let edits = edits(&old, &new);
    // `/echo2` is rather a mistake for `/echo`, even with another method, than for `/items`.
    let is_near = edits * 2 <= old.len().max(new.len());
    let parameters = asked.query.iter().filter(|parameter| recorded.query.contains(parameter)).count();
    (
        same(RequestPart::Path),
        alike,
        is_near,
        same(RequestPart::Method),
        Reverse(edits),
        same(RequestPart::Query),
        parameters,
        same(RequestPart::Body),
    )
}

/// The path with its escapes decoded: clients escape different characters.
fn path_of(key: &RequestKey) -> String {
    percent_decode_str(&key.path).decode_utf8_lossy().into_owned()
}

/// How many characters must be added, removed or replaced to get one from the other (Levenshtein).
fn edits(first: &[char], second: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=second.len()).collect();
    for (n, old) in first.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], n + 1);
        for (at, new) in second.iter().enumerate() {
            let replaced = diagonal + usize::from(old != new);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[second.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::samples::{exchange, header};
    use porthole_base::error::Error;
    use porthole_http::exchange::{Body, ExchangeEvent, Failure, Redirect, Request, Response};

    fn key(method: &str, target: &str, body: &str) -> RequestKey {
        RequestKey::new(method, target, None, Some(body.as_bytes()))
    }

    fn requests(keys: &[RequestKey]) -> Requests {
        let mut requests = Requests::default();
        for (call, key) in keys.iter().enumerate() {
            requests.push(Recording { call, key: key.clone(), answer: Answer::Response });
        }
        requests
    }

    fn missed(requests: &Requests, key: &RequestKey) -> (Option<usize>, Vec<RequestPart>) {
        let miss = requests.next(key).map(|found| found.call).expect_err("a miss");
        (miss.closest_call(), miss.differs.clone())
    }

    #[test]
    fn a_miss_names_the_closest_call_and_what_differs() {
        let recorded =
            [key("GET", "/items", ""), key("GET", "/items/7?full=1", ""), key("POST", "/items", r#"{"n":1}"#)];
        let requests = requests(&recorded);
        let cases = [
            (key("GET", "/items/7?full=2", ""), 2, vec![RequestPart::Query]),
            (key("GET", "/items/8?full=1", ""), 2, vec![RequestPart::Path]),
            (key("POST", "/items", r#"{"n":2}"#), 3, vec![RequestPart::Body]),
            (key("PUT", "/items", ""), 1, vec![RequestPart::Method]),
            (key("get", "/", ""), 1, vec![RequestPart::Method, RequestPart::Path]),
        ];
        for (asked, call, differs) in cases {
            assert_eq!(missed(&requests, &asked), (Some(call), differs), "{asked:?}");
        }
        assert_eq!(missed(&Requests::default(), &key("GET", "/", "")), (None, Vec::new()));
    }

    #[test]
    fn a_mistake_in_a_path_was_closest_to_another_request() {
        let recorded = [
            key("GET", "/numbers", ""),
            key("GET", "/items/1", ""),
            key("GET", "/hello", ""),
            key("POST", "/echo", "x"),
            key("DELETE", "/items/12", ""),
            key("GET", "/", ""),
        ];
        let requests = requests(&recorded);
        for (method, path, call) in [
            ("GET", "/echo2", 4),
            ("GET", "/hell%6f", 3),
            ("GET", "//hello", 3),
            ("GET", "/hello/", 3),
            ("GET", "/items/9", 2),
            ("DELETE", "/items/9", 5),
            ("GET", "/number", 1),
        ] {
            assert_eq!(missed(&requests, &key(method, path, "")).0, Some(call), "{method} {path}");
        }
        assert!(missed(&requests, &key("GET", &"/é%ff".repeat(10_000), "")).0.is_some());
    }

    #[test]
    fn a_recorded_file_is_any_body_unless_the_same_body_was_recorded() {
        let file = RequestKey { body: BodyKey::Unknown, ..key("POST", "/x", "") };
        let requests = requests(&[file, key("POST", "/x", "known")]);
        let of = |body: &str| requests.next(&key("POST", "/x", body)).unwrap().call;
        assert_eq!((of("known"), of("other"), of("")), (1, 0, 0));
    }

    #[test]
    fn a_call_without_a_response_is_no_recording_and_a_miss_says_so() {
        let mut canceled = exchange(Request::new("GET", "/slow"), Vec::new(), b"").call;
        let Act::Exchange(exchange) = &mut canceled.act else { panic!("an exchange") };
        exchange.response = None;
        exchange.apply(ExchangeEvent::Failed {
            at_us: 9,
            failure: Failure::new(Stage::Wait, Error::new(Code::Cancelled, "canceled")),
        });
        let mut requests = Requests::default();
        requests.add(0, exchange);
        assert_eq!(requests.len(), 0);
        assert_eq!(missed(&requests, &key("GET", "/slow", "")), (Some(1), Vec::new()));
        exchange.failure = Some(Failure::new(Stage::Wait, Error::new(Code::ClosedBeforeResponse, "closed")));
        requests.add(1, exchange);
        assert_eq!(requests.next(&key("GET", "/slow", "")).unwrap().call, 1);
    }

    #[test]
    fn each_redirect_is_a_response_to_its_own_request() {
        let request = Request { body: Body::Text { text: "x".into() }, ..Request::new("POST", "/old") };
        let mut call = exchange(request, vec![header("a", "b")], b"new").call;
        let Act::Exchange(exchange) = &mut call.act else { panic!("an exchange") };
        let response = Response { status: 303, ..exchange.response.clone().unwrap() };
        exchange.redirects = vec![Redirect { method: "POST".into(), path: "/old".into(), response }];
        exchange.sent.as_mut().unwrap().start_line = "GET /new HTTP/1.1".to_owned();
        let mut requests = Requests::default();
        requests.add(0, exchange);
        assert_eq!(requests.next(&key("POST", "/old", "x")).unwrap().answer, Answer::Redirect(0));
        assert_eq!(requests.next(&key("GET", "/new", "")).unwrap().answer, Answer::Response);
    }

    fn any_key() -> impl Strategy<Value = RequestKey> {
        ("(GET|POST)", "(/[ab]{1,2}){1,3}", prop::option::of("[xy]=[12]"), "[mn]{0,2}").prop_map(
            |(method, path, query, body)| {
                let query = query.map_or_else(String::new, |query| format!("?{query}"));
                key(&method, &format!("{path}{query}"), &body)
            },
        )
    }

    proptest! {
        #[test]
        fn a_request_gets_a_recording_exactly_when_it_was_recorded(
            recorded in prop::collection::vec(any_key(), 0..8), asked in any_key(),
        ) {
            let requests = requests(&recorded);
            match requests.next(&asked) {
                Ok(found) => prop_assert_eq!(&found.key, &asked),
                Err(miss) => {
                    prop_assert!(!recorded.contains(&asked));
                    prop_assert_eq!(miss.closest_call().is_none(), recorded.is_empty());
                    prop_assert_eq!(miss.differs.is_empty(), recorded.is_empty());
                }
            }
        }

        #[test]
        fn one_changed_part_is_the_one_that_differs(recorded in any_key(), part in 0..4) {
            let mut asked = recorded.clone();
            let expected = match part {
                0 => { asked.method.push('X'); RequestPart::Method }
                1 => { asked.path.push_str("/z"); RequestPart::Path }
                2 => { asked.query.push(("zz".to_owned(), String::new())); RequestPart::Query }
                _ => { asked.body = BodyKey::Bytes(b"changed".to_vec()); RequestPart::Body }
            };
            prop_assert_eq!(missed(&requests(&[recorded]), &asked), (Some(1), vec![expected]));
        }
    }
}
