//! `--findings`: prints findings to stderr when a request or command finishes.

use porthole_core::{
    call::{Act, Call, Origin},
    error::Result,
    finding::{self, Evidence, Finding, Sample, Severity},
    received,
    record::{Record, Wait},
    run::Stream,
    terminal::line,
};
use serde::Serialize;

use crate::{say, sink::Sink};

/// Passes on what happens, and keeps of it what findings are made of: a bounded part.
pub struct Witness<E> {
    sink: Sink<E>,
    seen: Option<Seen<E>>,
}

/// What happened, and the beginning and end of what was written.
pub struct Seen<E> {
    pub events: Vec<E>,
    sample: Sample,
}

impl<E> Witness<E> {
    /// Keeps events and a sample only if findings are requested.
    pub fn new(sink: Sink<E>, asked: bool) -> Self {
        Self { sink, seen: asked.then(|| Seen { events: Vec::new(), sample: Sample::default() }) }
    }

    /// Nothing more comes.
    pub fn finish(mut self) -> Option<Seen<E>> {
        self.sink.finish();
        self.seen
    }
}

impl<E: Clone + Serialize + Send> Record<E> for Witness<E> {
    fn event(&mut self, event: E) {
        if let Some(seen) = &mut self.seen {
            seen.events.push(event.clone());
        }
        self.sink.event(event);
    }

    fn chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()> {
        if let Some(seen) = &mut self.seen {
            seen.sample.push(stream, bytes);
        }
        self.sink.chunk(stream, at_us, bytes)
    }

    fn full(&self) -> Option<Wait> {
        self.sink.full()
    }
}

impl<E> Seen<E> {
    /// Prints the findings, one paragraph each.
    pub fn print(&self, act: Act) {
        let call = Call { id: 1, origin: Origin::Composer, began_ms: 0, sdk: None, decision: None, act };
        let received = received::compared(&call, self.sample.written());
        for finding in finding::findings(&Evidence { call: &call, sample: &self.sample, received: &received }) {
            say::err(&paragraph(&finding));
        }
    }
}

/// A finding as it is printed.
pub fn paragraph(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let Finding { rule, happened, matters, advice, .. } = finding;
    format!("\n{severity}: {} [{rule}]\n  {}\n  {}", line(happened), line(matters), line(advice))
}
