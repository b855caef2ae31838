//! Calls as tests make them.

use super::{Evidence, Sample, diagnose};
use crate::{
    call::{Act, Call, Origin},
    diagnostic::Diagnostic,
    runtime::Runtime,
    sdk_call::{Brief, Sdk, SdkCall},
    sdk_result::{SdkOutcome, SdkResult},
};
use porthole_base::error::{Code, Error};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Excess, Exchange, ExchangeEvent, Failure, Head, Header, Informational, Request, Response, Stage},
};
use porthole_output::Stream;
use porthole_process::{Command, Ending, Place, Run, RunEvent, Signal, Streaming};

/// A Call that ended, with what it wrote and what code receives for it.
pub(super) struct Case {
    pub call: Call,
    sample: Sample,
    results: Vec<SdkResult>,
}

pub(super) fn headers(lines: &[(&str, &str)]) -> Vec<Header> {
    lines.iter().map(|(name, value)| Header { name: (*name).to_owned(), value: (*value).to_owned() }).collect()
}

/// The sentences of real failures, so that the snapshot of the findings shows them as users see them.
fn failure(code: Code, exchange: &Exchange) -> Error {
    let endpoint = &exchange.endpoint;
    let message = match code {
        Code::EndpointPathTooLong => {
            format!("The socket path has {} bytes; the limit on this system is 107", endpoint.to_string().len() - 7)
        }
        Code::EndpointMissing => format!("Nothing exists at {endpoint}"),
        Code::EndpointRefused => format!("Nothing is listening on {endpoint}"),
        Code::EndpointNotSocket => format!("{endpoint} isn't a socket"),
        Code::ClosedBeforeResponse => "The backend closed the connection without a response".to_owned(),
        Code::BadResponse => "The backend's response isn't HTTP/1".to_owned(),
        Code::BodyCut => "The connection closed in the middle of the body, after 3 bytes".to_owned(),
        _ => "The request failed".to_owned(),
    };
    Error::new(code, message)
}

fn refusal(code: Code, command: &Command) -> Error {
    let program = &command.program;
    let message = match (code, command.place == Place::Host) {
        (Code::ProgramNotFound, true) => format!("Program not found: `{program}`"),
        (Code::ProgramNotFound, false) => format!("Program not found in the container: `{program}`"),
        (Code::ProgramNotExecutable, true) => format!("{program} can't be executed"),
        (Code::ProgramNotExecutable, false) => format!("`{program}` can't be executed in the container"),
        (Code::ScriptCarriageReturn, _) => format!("{program}: the first line ends in a carriage return"),
        _ => "The command failed".to_owned(),
    };
    Error::new(code, message)
}

impl Case {
    fn of(act: Act) -> Self {
        let call = Call { id: 1, origin: Origin::Composer, began_ms: 0, sdk: None, decision: None, act };
        Self { call, sample: Sample::default(), results: Vec::new() }
    }

    pub fn sent(request: Request) -> Self {
        Self::of(Act::Exchange(Exchange::new(Endpoint::Unix("/run/b.sock".into()), request)))
    }

    pub fn get(path: &str) -> Self {
        Self::sent(Request::new("GET", path))
    }

    pub fn to(mut self, to: Endpoint) -> Self {
        if let Act::Exchange(exchange) = &mut self.call.act {
            exchange.endpoint = to;
        }
        self
    }

    fn exchange(mut self, event: ExchangeEvent) -> Self {
        match &mut self.call.act {
            Act::Exchange(exchange) => exchange.apply(event),
            Act::Run(_) => panic!("a run"),
        }
        self
    }

    /// An answer that took no time.
    pub fn answered(self, status: u16, lines: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        self.answers(status, lines).wrote(body, "").exchange(ExchangeEvent::Done { at_us: 20 })
    }

    /// An answer with JSON.
    pub fn json(self, body: &str) -> Self {
        self.answered(200, &[("Content-Type", "application/json")], body)
    }

    /// The beginning of an answer.
    pub fn answers(self, status: u16, lines: &[(&str, &str)]) -> Self {
        let head = Head { start_line: format!("HTTP/1.1 {status} X"), headers: headers(lines) };
        let response = Response { status, reason: "X".into(), head };
        self.exchange(ExchangeEvent::Answered { first_byte_us: 10, response })
    }

    /// A response followed by extra bytes.
    pub fn exceeds(self, status: u16, lines: &[(&str, &str)], body: &[u8], more: &[u8]) -> Self {
        let excess = Excess {
            bytes: more.len() as u64,
            at_once: true,
            characters: more.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64,
            utf16: String::from_utf8_lossy(more).encode_utf16().count() as u64,
            start: String::from_utf8_lossy(more).into_owned(),
        };
        self.answers(status, lines).wrote(body, "").exchange(ExchangeEvent::Exceeded { excess }).done_at(20)
    }

    /// Header lines after the body.
    pub fn trailed(self, lines: &[(&str, &str)]) -> Self {
        self.exchange(ExchangeEvent::Trailed { trailers: headers(lines) })
    }

    /// This many informational responses.
    pub fn informed(mut self, status: u16, count: u64) -> Self {
        for at_us in 0..count {
            let head = Head { start_line: format!("HTTP/1.1 {status} X"), headers: Vec::new() };
            let response = Response { status, reason: "X".into(), head };
            self = self.exchange(ExchangeEvent::Informed { informational: Informational { at_us, response } });
        }
        self
    }

    pub fn done_at(self, at_us: u64) -> Self {
        self.exchange(ExchangeEvent::Done { at_us })
    }

    pub fn failed(self, stage: Stage, code: Code) -> Self {
        let error = match &self.call.act {
            Act::Exchange(exchange) => failure(code, exchange),
            Act::Run(_) => panic!("a run"),
        };
        self.exchange(ExchangeEvent::Failed {
            at_us: 9,
            failure: Failure { received: "SSH-2.0".into(), ..Failure::new(stage, error) },
        })
    }

    pub fn ran(place: Place, program: &str, args: &[&str]) -> Self {
        Self::of(Act::Run(Run::new(Command::new(place, program, args.iter().copied()))))
    }

    pub fn host(program: &str, args: &[&str]) -> Self {
        Self::ran(Place::Host, program, args)
    }

    pub fn vm(program: &str, args: &[&str]) -> Self {
        Self::ran(Place::Container { name: "c".into() }, program, args)
    }

    pub fn command(mut self, change: impl FnOnce(&mut Command)) -> Self {
        match &mut self.call.act {
            Act::Run(run) => change(&mut run.command),
            Act::Exchange(_) => panic!("an exchange"),
        }
        self
    }

    pub fn streaming(self) -> Self {
        self.command(|command| command.stream = Some(Streaming { split_lines: false }))
    }

    pub fn split(self) -> Self {
        self.command(|command| command.stream = Some(Streaming { split_lines: true }))
    }

    pub fn told(mut self, event: RunEvent) -> Self {
        match &mut self.call.act {
            Act::Run(run) => run.apply(event),
            Act::Exchange(_) => panic!("an exchange"),
        }
        self
    }

    pub fn stopped(self, signal: Signal) -> Self {
        self.told(RunEvent::StopSent { at_us: 5, signal })
    }

    pub fn exits(self, code: i64) -> Self {
        self.told(RunEvent::Ended { at_us: 10, ending: Ending::Exited { code } }).told(RunEvent::Closed { at_us: 11 })
    }

    /// An exit code that the engine reports, also for a command that it couldn't start.
    pub fn ended(self, code: i64) -> Self {
        self.told(RunEvent::Ended { at_us: 8, ending: Ending::Exited { code } })
    }

    pub fn dies(self, signal: i32, name: &str) -> Self {
        let ending = Ending::Signaled { signal, name: name.into() };
        self.told(RunEvent::Ended { at_us: 10, ending }).told(RunEvent::Closed { at_us: 11 })
    }

    pub fn refused(self, code: Code, detail: &str) -> Self {
        let error = match &self.call.act {
            Act::Run(run) => refusal(code, &run.command).detail(detail),
            Act::Exchange(_) => panic!("an exchange"),
        };
        self.told(RunEvent::Failed { at_us: 9, error })
    }

    pub fn wrote(self, stdout: impl AsRef<[u8]>, stderr: impl AsRef<[u8]>) -> Self {
        self.piece(Stream::Stdout, stdout).piece(Stream::Stderr, stderr)
    }

    pub fn piece(mut self, stream: Stream, bytes: impl AsRef<[u8]>) -> Self {
        self.sample.push(stream, bytes.as_ref());
        self
    }

    /// So much more was written than is kept.
    pub fn longer(mut self, bytes: u64) -> Self {
        self.sample.stdout.counts.bytes += bytes;
        self
    }

    pub fn asked(mut self, asked: SdkCall) -> Self {
        self.call.sdk = Some(Sdk::new(asked, Runtime::DockerDesktop));
        self
    }

    /// Code called this function.
    pub fn called(self, name: &str, asked: SdkCall) -> Self {
        let mut case = self.asked(asked);
        case.call.sdk = case.call.sdk.map(|sdk| Sdk { called: Some(Brief::new(name)), ..sdk });
        case
    }

    /// The results of the three runtimes, in their order.
    pub fn receives(mut self, outcomes: [SdkOutcome; 3]) -> Self {
        let each = Runtime::ALL.into_iter().zip(outcomes);
        self.results =
            each.map(|(runtime, outcome)| SdkResult { runtime, outcome, rules: Vec::new(), as_run: true }).collect();
        self
    }

    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        diagnose(&Evidence::new(&self.call, &self.sample, &self.results))
    }

    /// The names of the rules that have something to say.
    pub fn raised(&self) -> Vec<&'static str> {
        self.diagnostics().into_iter().map(|diagnostic| diagnostic.code.name()).collect()
    }

    /// What one rule says.
    pub fn diagnostic(&self, rule: &str) -> Diagnostic {
        let raised = self.raised();
        self.diagnostics()
            .into_iter()
            .find(|diagnostic| diagnostic.code.name() == rule)
            .unwrap_or_else(|| panic!("{rule}: {raised:?}"))
    }
}
