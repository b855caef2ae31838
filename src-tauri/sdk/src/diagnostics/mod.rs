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
use facts::Finding;
pub use sample::{HEAD, Part, Sample, TAIL};

use crate::{
    call::{Act, Call},
    diagnostic::{Diagnostic, DiagnosticCode},
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
type Check = fn(&Evidence<'_>) -> Option<Finding>;

/// Every rule with its code. Findings of one severity are listed in this order.
const RULES: &[(DiagnosticCode, Check)] = &[
    // No answer.
    (DiagnosticCode::SocketPathTooLong, exchange::path_too_long),
    (DiagnosticCode::SocketPathLost, exchange::path_lost),
    (DiagnosticCode::NobodyListens, exchange::nobody_listens),
    (DiagnosticCode::SocketHangUp, exchange::hang_up),
    (DiagnosticCode::NotHttp, exchange::not_http),
    (DiagnosticCode::HttpRefused, exchange::http_refused),
    (DiagnosticCode::BodyCut, exchange::body_cut),
    (DiagnosticCode::BytesAfterResponse, excess::bytes),
    (DiagnosticCode::ConnectionUpgraded, exchange::upgraded),
    (DiagnosticCode::SocketPathTooLongOnMacos, exchange::path_too_long_on_macos),
    // A command that did not do its work.
    (DiagnosticCode::ProgramWithSpaces, arguments::program_with_spaces),
    (DiagnosticCode::ProgramMissing, exit::missing),
    (DiagnosticCode::ProgramNotExecutable, exit::not_executable),
    (DiagnosticCode::ScriptCarriageReturn, exit::carriage_return),
    (DiagnosticCode::Exit126, exit::exit_126),
    (DiagnosticCode::Exit127, exit::exit_127),
    (DiagnosticCode::ExitOfSignal, exit::exit_of_signal),
    (DiagnosticCode::EndedBySignal, exit::ended_by_signal),
    // The body.
    (DiagnosticCode::EventStream, body::event_stream),
    (DiagnosticCode::HtmlForJson, body::html_for_json),
    (DiagnosticCode::NotJson, body::not_json),
    (DiagnosticCode::BadJsonLine, body::bad_json_line),
    (DiagnosticCode::BodyCharset, charset::body),
    (DiagnosticCode::BodyNotText, body::not_text),
    (DiagnosticCode::BodyTooLarge, body::too_large),
    (DiagnosticCode::BodyCompressed, body::compressed),
    (DiagnosticCode::NumberNotExact, body::number_not_exact),
    (DiagnosticCode::BodyDeliveredWhole, body::delivered_whole),
    (DiagnosticCode::FalsyBody, body::falsy),
    (DiagnosticCode::EmptyBody, body::empty),
    // What the answer says besides.
    (DiagnosticCode::ErrorBodyLost, answer::error_body_lost),
    (DiagnosticCode::Redirect, answer::redirect),
    (DiagnosticCode::AnswerHidden, answer::hidden),
    (DiagnosticCode::TrailersHidden, answer::trailers),
    (DiagnosticCode::InformationalHidden, answer::informational),
    (DiagnosticCode::HeadEmpty, answer::head),
    (DiagnosticCode::MethodNotOffered, answer::method),
    (DiagnosticCode::HeadersNeedRequest, answer::headers),
    (DiagnosticCode::DataNeedsRequest, answer::data),
    (DiagnosticCode::ObjectNotEncoded, answer::object_not_encoded),
    (DiagnosticCode::FalsyDataDropped, answer::falsy_data),
    // The arguments.
    (DiagnosticCode::ShellOperator, arguments::operator),
    (DiagnosticCode::ShellExpansion, arguments::expansion),
    (DiagnosticCode::ArgumentSplit, arguments::split),
    (DiagnosticCode::QuotesKept, arguments::quotes),
    // What code cannot ask for, or not everywhere.
    (DiagnosticCode::CwdIgnored, options::cwd),
    (DiagnosticCode::EnvIgnored, options::env),
    (DiagnosticCode::EnvNotReplaceable, options::env_replaced),
    (DiagnosticCode::UserNotOffered, options::user),
    (DiagnosticCode::ContainerNotOffered, options::container),
    (DiagnosticCode::PlainNotStoppable, options::plain_stopped),
    (DiagnosticCode::SignalNotOffered, options::signal),
    (DiagnosticCode::CloseDiffers, options::close),
    // What a command wrote.
    (DiagnosticCode::OnlyStderr, output::only_stderr),
    (DiagnosticCode::StderrWithSuccess, output::stderr_with_success),
    (DiagnosticCode::OutputOverLimit, output::over_limit),
    (DiagnosticCode::CharacterCut, output::character_cut),
    (DiagnosticCode::LastLineLost, output::last_line_lost),
    (DiagnosticCode::OutputCharset, charset::output),
    (DiagnosticCode::OutputNotText, output::not_text),
    (DiagnosticCode::BadJsonLineInOutput, output::bad_json_line),
    (DiagnosticCode::NumberNotExactInOutput, output::number_not_exact),
    // What the Runtimes make of it.
    (DiagnosticCode::FunctionMissing, runtimes::function_missing),
    (DiagnosticCode::SettlesDifferently, runtimes::settles_differently),
    (DiagnosticCode::NoOnClose, runtimes::no_on_close),
    (DiagnosticCode::CloseCodeDiffers, runtimes::close_code_differs),
    (DiagnosticCode::ErrorWithoutCode, runtimes::error_without_code),
    (DiagnosticCode::ValueDiffers, runtimes::value_differs),
];

/// Everything there is to say about a Call, the gravest first. Of one that was not done there is nothing.
pub fn diagnose(evidence: &Evidence<'_>) -> Vec<Diagnostic> {
    // What a person does in a terminal isn't what an extension's code would get.
    let is_terminal = matches!(&evidence.call.act, Act::Run(run) if run.command.terminal.is_some());
    if evidence.call.skipped().is_some() || is_terminal {
        return Vec::new();
    }
    let found = |(code, check): &(DiagnosticCode, Check)| Some(check(evidence)?.of_rule(*code));
    let mut diagnostics: Vec<Diagnostic> = RULES.iter().filter_map(found).collect();
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
