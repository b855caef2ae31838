//! `--findings`: prints findings to stderr when a request or command finishes.

use porthole_base::{
    error::{Error, Result},
    terminal::line,
};
use porthole_output::{
    Stream,
    record::{Record, Wait},
};
use porthole_sdk::{
    call::{Act, Call, Origin},
    diagnostic::Diagnostic,
    diagnostics::{self, Evidence, Sample},
    sdk_result,
};
use serde::Serialize;

use crate::{say, sink::Sink};

/// Passes on what happens, and keeps of it what findings are made of: a bounded part.
pub struct Witness<E> {
    sink: Sink<E>,
    seen: Option<Witnessed<E>>,
}

/// What happened, and the beginning and end of what was written.
pub struct Witnessed<E> {
    pub events: Vec<E>,
    sample: Sample,
}

impl<E> Witness<E> {
    /// Keeps events and a sample only if findings are requested.
    pub fn new(sink: Sink<E>, asked: bool) -> Self {
        Self { sink, seen: asked.then(|| Witnessed { events: Vec::new(), sample: Sample::default() }) }
    }

    /// Nothing more comes.
    pub fn finish(mut self) -> Option<Witnessed<E>> {
        self.sink.finish();
        self.seen
    }

    /// Why not all of the body could be decoded.
    pub fn undecoded(&self) -> Option<Error> {
        self.sink.undecoded()
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

impl<E> Witnessed<E> {
    /// Prints the findings, one paragraph each.
    pub fn print(&self, act: Act) {
        let call = Call { id: 1, origin: Origin::Composer, began_ms: 0, sdk: None, decision: None, act };
        let results = sdk_result::compared(&call, self.sample.written());
        for diagnostic in diagnostics::diagnose(&Evidence::new(&call, &self.sample, &results)) {
            say::err(&paragraph(&diagnostic));
        }
    }
}

/// A finding as it is printed.
pub fn paragraph(diagnostic: &Diagnostic) -> String {
    let Diagnostic { code, severity, summary, impact, fix, .. } = diagnostic;
    let severity = severity.name();
    format!("\n{severity}: {} [{code}]\n  {}\n  {}", line(summary), line(impact), line(fix))
}
