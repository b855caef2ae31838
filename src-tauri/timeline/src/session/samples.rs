//! Sessions for tests.

use std::{path::Path, sync::Arc};

use porthole_http::{
    endpoint::Endpoint,
    exchange::{Exchange, ExchangeEvent, Head, Header, Request, Response},
};
use porthole_output::{DiskQuota, Output, Stream};
use porthole_process::{Command, Ending, Place, Run, RunEvent};
use porthole_sdk::call::{Act, Call, Origin};
use serde_json::Value;

use super::SessionWriter;

/// A call and the pieces of its output.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub call: Call,
    pub pieces: Vec<(Stream, Vec<u8>, u64)>,
}

pub(crate) fn header(name: &str, value: &str) -> Header {
    Header { name: name.to_owned(), value: value.to_owned() }
}

pub(crate) fn call(act: Act) -> Call {
    Call { id: 7, origin: Origin::Composer, began_ms: 1_700_000_000_000, sdk: None, decision: None, act }
}

/// A request that was answered with this body.
pub(crate) fn exchange(request: Request, headers: Vec<Header>, body: &[u8]) -> Sample {
    let mut exchange = Exchange::new(Endpoint::Unix("/run/backend.sock".into()), request);
    let start_line = format!("{} {} HTTP/1.1", exchange.request.method, exchange.request.path);
    let sent = Head { start_line, headers: exchange.request.headers.clone() };
    let head = Head { start_line: "HTTP/1.1 200 OK".to_owned(), headers };
    exchange.apply(ExchangeEvent::Connected { at_us: 5, reused: false });
    exchange.apply(ExchangeEvent::Sent { at_us: Some(10), head: sent });
    let response = Response { status: 200, reason: "OK".to_owned(), head };
    exchange.apply(ExchangeEvent::Answered { first_byte_us: 20, response });
    exchange.apply(ExchangeEvent::Done { at_us: 90 });
    let pieces = if body.is_empty() { Vec::new() } else { vec![(Stream::Stdout, body.to_vec(), 25)] };
    Sample { call: call(Act::Exchange(exchange)), pieces }
}

/// A command that ended with code 0.
pub(crate) fn run(command: Command, pieces: Vec<(Stream, Vec<u8>, u64)>) -> Sample {
    let mut run = Run::new(command);
    run.apply(RunEvent::Ended { at_us: 80, ending: Ending::Exited { code: 0 } });
    run.apply(RunEvent::Closed { at_us: 90 });
    Sample { call: call(Act::Run(run)), pieces }
}

pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    Command::new(Place::Host, program, args.iter().copied())
}

impl Sample {
    pub fn output(&self, stem: &Path) -> Output {
        let output = Output::new(stem.to_owned(), Arc::new(DiskQuota::unlimited()));
        for (stream, bytes, at_us) in &self.pieces {
            output.append(*stream, bytes, *at_us).unwrap();
        }
        output.end();
        output
    }
}

/// Two calls: a request with a JSON body, and a command that writes to both streams.
pub(crate) fn two() -> Vec<Sample> {
    let json = br#"{"token":"s3cret","n":1.0}"#;
    vec![
        exchange(Request::new("GET", "/items"), vec![header("content-type", "application/json")], json),
        run(
            command("sh", &["-c", "echo out; echo err >&2"]),
            vec![(Stream::Stdout, b"out\n".to_vec(), 30), (Stream::Stderr, b"err\n".to_vec(), 40)],
        ),
    ]
}

/// Writes a session with these calls.
pub(crate) fn write(path: &Path, samples: &[Sample], rules: &Value) {
    let mut writer = SessionWriter::begin(path, true).unwrap();
    for (n, sample) in samples.iter().enumerate() {
        let output = sample.output(&path.with_extension(format!("{n}")));
        writer.add(&sample.call, &output, n % 2 == 1).unwrap();
    }
    writer.finish(rules).unwrap();
}
