//! What an extension's code receives for a Call, on each Runtime. Pure: facts in, values out.

pub mod callbacks;
mod compared;
mod derived;
pub(crate) mod exchange;
pub(crate) mod exec;
mod facts;
pub(crate) mod plan;
mod text;
mod value;

pub use exec::{callback_rules, ends};
pub use facts::*;
pub use plan::plan;
pub use text::{render, render_callbacks};

use crate::{
    call::{Act, Call},
    runtime::{Runtime, rules},
    sdk_call::{SdkCall, SdkExec},
};
use porthole_base::error::Error;

/// What a Call wrote, as far as it is to be handed over.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// Standard output, or the response body: all of it or its beginning.
    pub stdout: &'a [u8],
    /// How long it is in all.
    pub stdout_len: u64,
    /// Standard error: all of it or its beginning.
    pub stderr: &'a [u8],
    /// How long it is in all.
    pub stderr_len: u64,
    /// How many bytes of each become text; what is beyond is only looked at.
    pub limit: usize,
}

impl<'a> Written<'a> {
    /// All of both streams.
    pub fn whole(stdout: &'a [u8], stderr: &'a [u8]) -> Self {
        let (stdout_len, stderr_len) = (stdout.len() as u64, stderr.len() as u64);
        Self { stdout, stdout_len, stderr, stderr_len, limit: usize::MAX }
    }
}

impl Default for Written<'_> {
    fn default() -> Self {
        Self::whole(&[], &[])
    }
}

/// What the code gets from one Runtime.
pub fn received(call: &Call, written: Written<'_>, runtime: Runtime) -> SdkResult {
    received_for(call, &derived::asked_of(call), written, runtime)
}

fn received_for(call: &Call, asked: &SdkCall, written: Written<'_>, runtime: Runtime) -> SdkResult {
    if let Some(error) = call.skipped() {
        return not_done(asked, error, runtime);
    }
    let plan = derived::planned(call, asked, runtime);
    let as_run = derived::as_run(call, &plan.does, runtime);
    let (outcome, known) = match (&plan.does, asked, &call.act) {
        (PlannedAction::Refuses { outcome }, ..) if !as_run => (outcome.clone(), vec![]),
        (_, SdkCall::Exec(asked), Act::Run(run)) => exec::outcome(run, asked, written, runtime),
        (_, SdkCall::List(_), Act::Exchange(exchange)) => exchange::listed(exchange, written),
        (_, _, Act::Exchange(exchange)) => exchange::outcome(exchange, written, runtime),
        // A Call of which the facts do not fit together, from a file that was changed.
        (_, _, Act::Run(_)) => (SdkOutcome::Never, vec![]),
    };
    // What it would have done otherwise comes first, else what it makes of this.
    let mut rules = plan.rules;
    if as_run {
        rules.splice(0..0, known);
    } else {
        if rules.is_empty() {
            rules.extend(derived::difference(call, &plan.does, runtime));
        }
        rules.extend(known);
    }
    rules.truncate(rules::AT_MOST);
    SdkResult { runtime, outcome, rules, as_run }
}

/// Whether a runtime doesn't have the function that was called: there are no callbacks either.
pub fn is_missing(call: &Call, runtime: Runtime) -> bool {
    derived::missing(call, runtime).is_some()
}

/// Nothing was done, and no Runtime had a part in it: the code has Porthole's own words on each.
fn not_done(asked: &SdkCall, error: &Error, runtime: Runtime) -> SdkResult {
    let value = Value::error(error.message.clone());
    let outcome = match asked {
        SdkCall::Exec(SdkExec { stream: Some(_), .. }) => SdkOutcome::Streamed { end: End::Error { error: value } },
        _ => SdkOutcome::Rejected { value },
    };
    let rule = rules::read("Not run: Porthole returned this error in place of the runtime.", "Porthole");
    SdkResult { runtime, outcome, rules: vec![rule], as_run: true }
}

/// The same from all of them, with what differs marked.
pub fn compared(call: &Call, written: Written<'_>) -> Vec<SdkResult> {
    let asked = derived::asked_of(call);
    let of = |runtime| received_for(call, &asked, written, runtime);
    let mut all: Vec<SdkResult> = Runtime::ALL.into_iter().map(of).collect();
    compared::mark(&mut all);
    all
}

#[cfg(test)]
#[path = "sdk_result_tests.rs"]
mod tests;
