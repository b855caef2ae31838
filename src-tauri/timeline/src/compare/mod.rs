//! Two recorded calls compared, part by part. Pure but for reading the outputs: facts in, differences out.

mod code_values;
mod facts;
pub(crate) mod json;
mod line_pattern;
pub(crate) mod path;
mod propose;
mod rules;
mod text;

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

pub use facts::*;
pub use rules::{Allow, Capture, Rules};

use self::{
    json::Json,
    rules::ReadRules,
    text::{Source, compare_texts},
};
use crate::{Timeline, aside, shown::ShownOutput, summary::text_of};
use porthole_base::error::{Code, Error, Result};
use porthole_http::exchange::{Exchange, Head, Header, Request};
use porthole_output::{BodyKind, Stream, View};
use porthole_process::{Command, Ending, Run};
use porthole_sdk::{
    call::{Act, Call, CallId},
    runtime::Runtime,
    sdk_result::{self, Callback, Called, SdkOutcome, SdkResult, Value},
};

/// A JSON body up to this size is compared by structure; a larger one by lines.
const STRUCTURED: u64 = 16 * 1024 * 1024;
/// Callbacks of each call that are compared.
const CALLBACKS: u64 = 10_000;
/// The name of what kept a call from its end.
const FAILURE: &str = "failure";

/// A call with what is read of it.
struct Side {
    call: Call,
    shown: ShownOutput,
    results: Vec<SdkResult>,
    /// The callbacks on the runtime of the call, a line each, and their number.
    callbacks: Option<(String, u64)>,
}

impl Timeline {
    /// Compares two Calls as far as they have come. `stop` ends it.
    ///
    /// # Errors
    /// [`porthole_base::error::Code::CallNotFound`], [`porthole_base::error::Code::OutputUnreadable`],
    /// [`porthole_base::error::Code::RuleInvalid`], [`porthole_base::error::Code::Cancelled`].
    pub async fn compare(
        &self,
        first: CallId,
        second: CallId,
        rules: &Rules,
        stop: CancellationToken,
    ) -> Result<Comparison> {
        let rules = rules.read()?;
        let (first, second) = (self.side(first, &rules).await?, self.side(second, &rules).await?);
        aside(move || compare(&first, &second, &rules, &stop)).await
    }

    /// Compares two Calls for a caller that shows one comparison at a time: the one before ends. The rules are those of the
    /// session that the first one is from, else the second.
    ///
    /// # Errors
    /// As [`Timeline::compare`].
    pub async fn compare_shown(&self, first: CallId, second: CallId) -> Result<ShownComparison> {
        let stop = CancellationToken::new();
        let before = std::mem::replace(&mut *self.comparing(), stop.clone());
        before.cancel();
        let session = {
            let store = self.shared.store();
            store.session_of(first).or_else(|| store.session_of(second))
        };
        let rules = session.map(|session| self.rules_of_session(session)).transpose()?.unwrap_or_default();
        let compared = self.compare(first, second, &rules, stop).await?;
        let comparison = if self.is_replay_of(first, second) { compared.without_request() } else { compared };
        let mut proposed = if session.is_some() { comparison.proposed() } else { Vec::new() };
        proposed.retain(|rule| !rules.allow.contains(rule));
        Ok(ShownComparison { comparison, session, proposed })
    }

    /// Ends that comparison.
    pub fn compare_stop(&self) {
        self.comparing().cancel();
    }

    fn comparing(&self) -> std::sync::MutexGuard<'_, CancellationToken> {
        self.comparing.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn side(&self, id: CallId, rules: &ReadRules) -> Result<Side> {
        let (call, results) = (self.call(id)?, self.sdk_results(id).await?);
        let runtime = call.sdk.as_ref().map(|sdk| sdk.runtime).unwrap_or_default();
        let streamed = results.iter().any(|result| matches!(result.outcome, SdkOutcome::Streamed { .. }));
        let callbacks = if streamed { Some(self.callback_lines(id, runtime, rules).await?) } else { None };
        Ok(Side { call, shown: self.shown(id)?, results, callbacks })
    }

    async fn callback_lines(&self, id: CallId, runtime: Runtime, rules: &ReadRules) -> Result<(String, u64)> {
        let (mut lines, mut from) = (String::new(), 0);
        loop {
            let mut found = self.callbacks(id, runtime, false, from, CALLBACKS - from).await?;
            let is_end = found.rows.is_empty() && found.whole;
            from += found.rows.len() as u64;
            if rules.has_lines() {
                found.rows.retain_mut(|row| leave_out(row, rules));
            }
            lines.push_str(&sdk_result::render_callbacks(&found.rows));
            if is_end || from >= CALLBACKS {
                return Ok((lines, found.total));
            }
        }
    }
}

/// Takes the lines that the rules leave out from what a callback gets, and keeps it unless it got nothing else.
fn leave_out(row: &mut Callback, rules: &ReadRules) -> bool {
    let Called::Output { value: Value::Text(value), .. } = &mut row.what else { return true };
    let kept = |line: &&str| !rules.leaves_out(line.trim_end_matches(['\r', '\n']));
    let mut text: String = value.text.split_inclusive('\n').filter(kept).collect();
    let is_kept = !text.is_empty() || value.text.is_empty();
    // The other call may have no newline there, as no line that is left out follows.
    text.truncate(text.strip_suffix('\n').map_or(text.len(), |line| line.trim_end_matches('\r').len()));
    value.text = text;
    is_kept
}

fn compare(first: &Side, second: &Side, rules: &ReadRules, stop: &CancellationToken) -> Result<Comparison> {
    let mut parts = vec![
        fields(CallPart::Request, &asked(&first.call), &asked(&second.call), |_| false),
        outcomes(&first.call, &second.call),
    ];
    match (&first.call.act, &second.call.act) {
        (Act::Exchange(before), Act::Exchange(after)) => {
            let (old, new) = (response_headers(before), response_headers(after));
            parts.push(fields(CallPart::Headers, &old, &new, |name| rules.allows_header(name)));
            if !before.trailers.is_empty() || !after.trailers.is_empty() {
                let (old, new) = (values(&before.trailers), values(&after.trailers));
                parts.push(fields(CallPart::Trailers, &old, &new, |name| rules.allows_header(name)));
            }
            parts.push(output(CallPart::Body, first, second, rules, stop)?);
        }
        (Act::Run(_), Act::Run(_)) => {
            parts.push(output(CallPart::Stdout, first, second, rules, stop)?);
            parts.push(output(CallPart::Stderr, first, second, rules, stop)?);
            parts.extend(callbacks(first, second));
        }
        // One is a request and the other a command: what they wrote has nothing in common.
        _ => {}
    }
    parts.extend(in_your_code(first, second, &parts));
    let times = Difference::Times { first: times(&first.call), second: times(&second.call) };
    parts.push(ComparedPart { part: CallPart::Timing, runtime: None, difference: times, allowed: 0, partial: None });
    Ok(Comparison { parts })
}

/// Named values, in the order of the first call. A name may be there several times.
type Values = Vec<(String, Vec<String>)>;

fn fields(part: CallPart, first: &Values, second: &Values, allowed: impl Fn(&str) -> bool) -> ComparedPart {
    fn find<'v>(values: &'v Values, name: &str) -> Option<&'v Vec<String>> {
        values.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, values)| values)
    }
    let only_second = second.iter().filter(|(name, _)| find(first, name).is_none());
    let (mut found, mut count) = (Vec::new(), 0);
    for (name, _) in first.iter().chain(only_second) {
        let (before, after) = (find(first, name), find(second, name));
        if before == after {
            continue;
        }
        if allowed(name) {
            count += 1;
        } else {
            let (first, second) = (before.map(|values| values.join("\n")), after.map(|values| values.join("\n")));
            // `a⏎b` is one argument, or two.
            let is_alike = first == second;
            let listed = |values: &Vec<String>| serde_json::to_string(values).unwrap_or_default();
            let (first, second) = if is_alike { (before.map(listed), after.map(listed)) } else { (first, second) };
            found.push(FieldDifference { name: name.clone(), first, second });
        }
    }
    let difference = if found.is_empty() { Difference::Same } else { Difference::Fields { fields: found } };
    ComparedPart { part, runtime: None, difference, allowed: count, partial: None }
}

fn one(name: &str, value: impl ToString) -> (String, Vec<String>) {
    (name.to_owned(), vec![value.to_string()])
}

/// What was sent or started. Where it went isn't part of it: a later run is of another address.
fn asked(call: &Call) -> Values {
    match &call.act {
        Act::Exchange(Exchange { request, .. }) => {
            let Request { method, headers, body, .. } = request;
            let mut asked = vec![one("method", method), one("path", text_of(&call.act))];
            asked.extend(values(headers));
            asked.push(one("body", serde_json::to_string(body).unwrap_or_default()));
            asked
        }
        Act::Run(Run { command, .. }) => {
            let Command { program, args, cwd, env, user, .. } = command;
            let mut asked = vec![one("program", program), ("arguments".to_owned(), args.clone())];
            asked.extend(cwd.as_ref().map(|cwd| one("working directory", cwd)));
            asked.extend(user.as_ref().map(|user| one("user", user)));
            asked.extend(env.iter().map(|variable| one(&variable.name, &variable.value)));
            asked
        }
    }
}

/// How both ended. Failures are compared by their codes, as a message may name the address, and shown by their messages.
fn outcomes(first: &Call, second: &Call) -> ComparedPart {
    let mut part = fields(CallPart::Outcome, &outcome(first), &outcome(second), |_| false);
    if let Difference::Fields { fields } = &mut part.difference {
        for field in fields.iter_mut().filter(|field| field.name == FAILURE) {
            let message = |call: &Call| failure(call).map(|error| error.message.clone());
            (field.first, field.second) = (message(first), message(second));
        }
    }
    part
}

fn failure(call: &Call) -> Option<&Error> {
    match &call.act {
        Act::Exchange(exchange) => exchange.failure.as_ref().map(|failure| &failure.error),
        Act::Run(run) => run.failure.as_ref(),
    }
}

/// How it ended.
fn outcome(call: &Call) -> Values {
    let failure = failure(call).map(|error| one(FAILURE, code(error.code)));
    match &call.act {
        Act::Exchange(exchange) => {
            let status = exchange.response.as_ref().map(|response| one("status", response.status));
            status.into_iter().chain(failure).collect()
        }
        Act::Run(run) => {
            let ending = run.ending.as_ref().map(|ending| match ending {
                Ending::Exited { code } => one("exit code", code),
                Ending::Signaled { name, .. } => one("signal", name),
            });
            ending.into_iter().chain(failure).collect()
        }
    }
}

/// The name of a code, as JSON has it.
fn code(code: Code) -> String {
    serde_json::to_value(code).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn response_headers(exchange: &Exchange) -> Values {
    let headers = |head: &Head| values(&head.headers);
    exchange.response.as_ref().map(|response| headers(&response.head)).unwrap_or_default()
}

/// Header lines by name, each with its values in order.
fn values(headers: &[Header]) -> Values {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut values: Values = Vec::new();
    for Header { name, value } in headers {
        let place = *places.entry(name.to_ascii_lowercase()).or_insert(values.len());
        match values.get_mut(place) {
            Some((_, values)) => values.push(value.clone()),
            None => values.push((name.clone(), vec![value.clone()])),
        }
    }
    values
}

fn output(
    part: CallPart,
    first: &Side,
    second: &Side,
    rules: &ReadRules,
    stop: &CancellationToken,
) -> Result<ComparedPart> {
    let (view, stream) = match part {
        CallPart::Stderr => (View::Stderr, Stream::Stderr),
        _ => (View::Stdout, Stream::Stdout),
    };
    let source = |side: &Side| {
        side.shown.catch_up_with_now(view, stop)?;
        Ok(Source::new(std::sync::Arc::clone(side.shown.output(view)), stream))
    };
    let (old, new) = (source(first)?, source(second)?);
    let is_json = |side: &Side| part == CallPart::Body && side.shown.bytes().kind() == Some(BodyKind::Json);
    if is_json(first)
        && is_json(second)
        && old.length.max(new.length) <= STRUCTURED
        && let Some((difference, allowed)) = documents(&old, &new, rules)?
    {
        return Ok(ComparedPart { part, runtime: None, difference, allowed, partial: None });
    }
    let text::Compared { difference, allowed, partial } = text::compare(&old, &new, rules, stop)?;
    Ok(ComparedPart { part, runtime: None, difference, allowed, partial })
}

/// Two JSON documents by structure, where both are one.
fn documents(first: &Source, second: &Source, rules: &ReadRules) -> Result<Option<(Difference, u32)>> {
    let read = |source: &Source| Ok(String::from_utf8(source.read(0, source.length)?).ok());
    let (Some(first), Some(second)) = (read(first)?, read(second)?) else { return Ok(None) };
    let (Some(before), Some(after)) = (Json::read(&first), Json::read(&second)) else { return Ok(None) };
    Ok(Some(json::compare(&before, &after, rules)))
}

fn callbacks(first: &Side, second: &Side) -> Option<ComparedPart> {
    let ((old, old_total), (new, new_total)) = (first.callbacks.as_ref()?, second.callbacks.as_ref()?);
    let cut = (*old_total).max(*new_total) > CALLBACKS;
    let partial = cut.then(|| ComparedExtent {
        first: (*old_total).min(CALLBACKS),
        second: (*new_total).min(CALLBACKS),
        callbacks: true,
    });
    let difference = compare_texts(old, new);
    Some(ComparedPart { part: CallPart::Callbacks, runtime: None, difference, allowed: 0, partial })
}

/// What each runtime's code receives. Where a difference was allowed it is in these values too, and only the way in which
/// the code gets them is compared.
fn in_your_code(first: &Side, second: &Side, others: &[ComparedPart]) -> Vec<ComparedPart> {
    let is_allowed = others.iter().any(|part| part.allowed > 0);
    let is_same_body = others.iter().any(|part| part.part == CallPart::Body && part.difference == Difference::Same);
    let part = |runtime, difference| ComparedPart {
        part: CallPart::InYourCode,
        runtime,
        difference,
        allowed: 0,
        partial: None,
    };
    let mut parts = Vec::new();
    for before in &first.results {
        let Some(after) = second.results.iter().find(|other| other.runtime == before.runtime) else { continue };
        let text = |outcome: &SdkOutcome| match is_allowed {
            true => way(outcome).to_owned(),
            false => sdk_result::render(outcome),
        };
        let outcome = code_values::aligned(&before.outcome, &after.outcome, is_same_body);
        let difference = compare_texts(&text(&before.outcome), &text(&outcome));
        if difference != Difference::Same {
            parts.push(part(Some(before.runtime), difference));
        }
    }
    if parts.is_empty() && !first.results.is_empty() {
        parts.push(part(None, Difference::Same));
    }
    parts
}

fn way(outcome: &SdkOutcome) -> &'static str {
    match outcome {
        SdkOutcome::Pending => "pending",
        SdkOutcome::Never => "never settles",
        SdkOutcome::Resolved { .. } => "resolves",
        SdkOutcome::Rejected { .. } => "rejects",
        SdkOutcome::Streamed { .. } => "callbacks",
        SdkOutcome::Thrown { .. } => "throws",
    }
}

fn times(call: &Call) -> CallTimes {
    match &call.act {
        Act::Exchange(exchange) => {
            CallTimes { waited_us: exchange.phases.first_byte_us, took_us: exchange.phases.done_us }
        }
        Act::Run(run) => CallTimes { waited_us: run.started_us, took_us: run.closed_us },
    }
}

#[cfg(all(test, unix))]
#[path = "compare_tests.rs"]
mod tests;
