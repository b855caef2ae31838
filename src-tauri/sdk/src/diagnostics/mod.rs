//! Findings: diagnoses of a Call, each with what to do about it. Pure: one small function a rule.

mod answer;
mod arguments;
mod asking;
mod body;
mod charset;
mod excess;
mod exchange;
mod exit;
mod facts;
mod json;
mod numbers;
mod options;
mod output;
mod program_text;
mod runtimes;
mod sample;
mod text;

use asking::Asking;
pub use facts::*;
pub use sample::{HEAD, Part, Sample, TAIL};

use crate::{
    call::{Act, Call},
    sdk_call::{Sdk, SdkCall},
    sdk_result::SdkResult,
};
use porthole_http::exchange::{Exchange, Response};
use porthole_output::BodyKind;
use porthole_process::{Ending, Run};

/// All that a rule may look at.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The Call, which has ended.
    pub call: &'a Call,
    /// What it wrote: beginning and end of each stream.
    pub sample: &'a Sample,
    /// What code receives on each Runtime.
    pub results: &'a [SdkResult],
    /// What the body is, as many rules need to know.
    body_kind: Option<BodyKind>,
}

/// A rule: what it has to say about a Call, if anything.
type Check = fn(&Evidence<'_>) -> Option<Diagnostic>;

/// Every rule with its permanent name. Findings of one severity are listed in this order.
const RULES: &[(&str, Check)] = &[
    // No answer.
    ("socket-path-too-long", exchange::path_too_long),
    ("socket-path-lost", exchange::path_lost),
    ("nobody-listens", exchange::nobody_listens),
    ("socket-hang-up", exchange::hang_up),
    ("not-http", exchange::not_http),
    ("http-refused", exchange::http_refused),
    ("body-cut", exchange::body_cut),
    ("bytes-after-response", excess::bytes),
    ("connection-upgraded", exchange::upgraded),
    ("socket-path-too-long-on-macos", exchange::path_too_long_on_macos),
    // A command that did not do its work.
    ("program-with-spaces", arguments::program_with_spaces),
    ("program-missing", exit::missing),
    ("program-not-executable", exit::not_executable),
    ("script-carriage-return", exit::carriage_return),
    ("exit-126", exit::exit_126),
    ("exit-127", exit::exit_127),
    ("exit-of-signal", exit::exit_of_signal),
    ("ended-by-signal", exit::ended_by_signal),
    // The body.
    ("event-stream", body::event_stream),
    ("html-for-json", body::html_for_json),
    ("not-json", body::not_json),
    ("bad-json-line", body::bad_json_line),
    ("body-charset", charset::body),
    ("body-not-text", body::not_text),
    ("body-too-large", body::too_large),
    ("body-compressed", body::compressed),
    ("number-not-exact", body::number_not_exact),
    ("body-delivered-whole", body::delivered_whole),
    ("falsy-body", body::falsy),
    ("empty-body", body::empty),
    // What the answer says besides.
    ("error-body-lost", answer::error_body_lost),
    ("redirect", answer::redirect),
    ("answer-hidden", answer::hidden),
    ("trailers-hidden", answer::trailers),
    ("informational-hidden", answer::informational),
    ("head-empty", answer::head),
    ("method-not-offered", answer::method),
    ("headers-need-request", answer::headers),
    ("data-needs-request", answer::data),
    ("object-not-encoded", answer::object_not_encoded),
    ("falsy-data-dropped", answer::falsy_data),
    // The arguments.
    ("shell-operator", arguments::operator),
    ("shell-expansion", arguments::expansion),
    ("argument-split", arguments::split),
    ("quotes-kept", arguments::quotes),
    // What code cannot ask for, or not everywhere.
    ("cwd-ignored", options::cwd),
    ("env-ignored", options::env),
    ("env-not-replaceable", options::env_replaced),
    ("user-not-offered", options::user),
    ("container-not-offered", options::container),
    ("plain-not-stoppable", options::plain_stopped),
    ("signal-not-offered", options::signal),
    ("close-differs", options::close),
    // What a command wrote.
    ("only-stderr", output::only_stderr),
    ("stderr-with-success", output::stderr_with_success),
    ("output-over-limit", output::over_limit),
    ("character-cut", output::character_cut),
    ("last-line-lost", output::last_line_lost),
    ("output-charset", charset::output),
    ("output-not-text", output::not_text),
    ("bad-json-line-in-output", output::bad_json_line),
    ("number-not-exact-in-output", output::number_not_exact),
    // What the Runtimes make of it.
    ("settles-differently", runtimes::settles_differently),
    ("no-on-close", runtimes::no_on_close),
    ("close-code-differs", runtimes::close_code_differs),
    ("error-without-code", runtimes::error_without_code),
    ("value-differs", runtimes::value_differs),
];

/// Everything there is to say about a Call, the gravest first. Of one that was not done there is nothing.
pub fn diagnose(evidence: &Evidence<'_>) -> Vec<Diagnostic> {
    if evidence.call.skipped().is_some() {
        return Vec::new();
    }
    let told = |(name, check): &(&str, Check)| {
        let diagnostic = check(evidence)?;
        Some(Diagnostic { rule: (*name).to_owned(), ..diagnostic })
    };
    let mut diagnostics: Vec<Diagnostic> = RULES.iter().filter_map(told).collect();
    diagnostics.sort_by_key(|diagnostic| diagnostic.severity);
    diagnostics
}

impl<'a> Evidence<'a> {
    /// The facts of a call that has ended, and what was made of them.
    pub fn new(call: &'a Call, sample: &'a Sample, results: &'a [SdkResult]) -> Self {
        let evidence = Self { call, sample, results, body_kind: None };
        Self { body_kind: evidence.response().map(|response| response.head.body_kind()), ..evidence }
    }

    /// A request to the backend. One to the engine, for a list, has other reasons to fail.
    fn exchange(&self) -> Option<&'a Exchange> {
        match (&self.call.act, &self.call.sdk) {
            (_, Some(Sdk { asked: SdkCall::List(_), .. })) | (Act::Run(_), _) => None,
            (Act::Exchange(exchange), _) => Some(exchange),
        }
    }

    fn run(&self) -> Option<&'a Run> {
        match &self.call.act {
            Act::Run(run) => Some(run),
            Act::Exchange(_) => None,
        }
    }

    /// The exit code of a command that ran and ended by itself.
    fn exited(&self) -> Option<i64> {
        let run = self.run()?;
        match (&run.failure, run.ending.as_ref()?) {
            (None, Ending::Exited { code }) => Some(*code),
            _ => None,
        }
    }

    fn asking(&self) -> Option<Asking<'a>> {
        Asking::of(self.call)
    }

    fn response(&self) -> Option<&'a Response> {
        self.exchange()?.response.as_ref()
    }

    /// The answer, when all of it came.
    fn whole_response(&self) -> Option<&'a Response> {
        let exchange = self.exchange()?;
        exchange.response.as_ref().filter(|_| exchange.failure.is_none())
    }

    /// The answer for which a promise resolves, when all of it came.
    fn success(&self) -> Option<&'a Response> {
        self.whole_response().filter(|response| (200..300).contains(&response.status))
    }

    fn body_kind(&self) -> Option<BodyKind> {
        self.body_kind
    }

    /// An answer to `HEAD` has no body.
    fn is_head(&self) -> bool {
        self.exchange().is_some_and(|exchange| exchange.request.method.eq_ignore_ascii_case("HEAD"))
    }
}

impl Part {
    /// The head is all there is.
    fn is_whole(&self) -> bool {
        self.head.len() as u64 == self.counts.bytes
    }

    /// Its beginning, and its end where that isn't part of the beginning.
    fn head_and_tail(&self) -> impl Iterator<Item = &[u8]> {
        let tail = (!self.is_whole()).then_some(&*self.tail);
        [&*self.head].into_iter().chain(tail)
    }
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod run_fixtures;
#[cfg(test)]
#[path = "diagnostics_tests.rs"]
mod tests;
