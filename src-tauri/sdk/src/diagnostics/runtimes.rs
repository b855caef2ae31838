//! Differences between the runtimes' results that make code take another branch.

use super::{
    Evidence, Finding,
    text::{capital, listed, names},
};
use crate::{
    functions::SdkFunction,
    runtime::Runtime,
    sdk_result::{End, Field, SdkOutcome, SdkResult, Value},
};

/// The Runtimes for which something holds.
fn which(results: &[SdkResult], holds: impl Fn(&SdkOutcome) -> bool) -> Vec<Runtime> {
    results.iter().filter(|one| holds(&one.outcome)).map(|one| one.runtime).collect()
}

/// How a promise goes, in one word; nothing for what is no promise or has not ended.
fn way(outcome: &SdkOutcome) -> Option<&'static str> {
    match outcome {
        SdkOutcome::Resolved { .. } => Some("resolves"),
        SdkOutcome::Rejected { .. } => Some("rejects"),
        SdkOutcome::Never => Some("never settles"),
        // `function_missing` says it.
        SdkOutcome::Thrown { .. } | SdkOutcome::Pending | SdkOutcome::Streamed { .. } => None,
    }
}

pub(super) fn function_missing(evidence: &Evidence<'_>) -> Option<Finding> {
    let sdk = evidence.call.sdk.as_ref()?;
    let function = SdkFunction::of_call(sdk)?;
    let without = which(evidence.results, |outcome| matches!(outcome, SdkOutcome::Thrown { .. }));
    if without.is_empty() {
        return None;
    }
    Some(
        Finding::warning(
            format!("`ddClient.{}` is missing on {}.", function.path, names(&without)),
            "Calling it throws a TypeError there. The function is deprecated.",
            format!("Call `ddClient.{}`, which every runtime has.", function.current()),
        )
        .on(without),
    )
}

pub(super) fn settles_differently(evidence: &Evidence<'_>) -> Option<Finding> {
    let all = evidence.results;
    let mut ways: Vec<&str> = Vec::new();
    for way in all.iter().filter_map(|one| way(&one.outcome)) {
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    if ways.len() < 2 {
        return None;
    }
    let told: Vec<String> = ways
        .iter()
        .map(|one| format!("{one} on {}", names(&which(all, |outcome| way(outcome) == Some(one)))))
        .collect();
    let why = if evidence.run().is_some() {
        "Podman Desktop treats every exit code in a container as 0 and every end by a signal as success."
    } else {
        "Each runtime has its own rules for success and failure."
    };
    Some(Finding::warning(
        format!("{}.", capital(&listed(&told))),
        format!("Your `catch` block runs on some runtimes and the code after `await` on others. {why}"),
        "Report success in the output itself: print the exit code in the last line (`sh -c '…; echo $?'`), or add a field to the response.",
    ))
}

pub(super) fn no_on_close(evidence: &Evidence<'_>) -> Option<Finding> {
    let all = evidence.results;
    let closes = which(all, |outcome| matches!(outcome, SdkOutcome::Streamed { end: End::Close { .. } }));
    let without =
        which(all, |outcome| matches!(outcome, SdkOutcome::Streamed { end: End::Error { .. } | End::Silent }));
    if closes.is_empty() || without.is_empty() {
        return None;
    }
    let silent = which(all, |outcome| matches!(outcome, SdkOutcome::Streamed { end: End::Silent }));
    let in_place = if silent == without { "no callback reports the end" } else { "`onError` is called instead" };
    Some(
        Finding::warning(
            format!("`onClose` is never called on {}: {in_place}.", names(&without)),
            format!("Code that waits for `onClose` (called on {}) waits forever: a spinner never stops, or a promise never settles.", names(&closes)),
            "Treat `onError` as an end too, and mark the command as ended yourself when you call `close()`.",
        )
        .on(without),
    )
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Undefined => Some("undefined".to_owned()),
        Value::Null => Some("null".to_owned()),
        Value::Number { text } => Some(text.clone()),
        _ => None,
    }
}

pub(super) fn close_code_differs(evidence: &Evidence<'_>) -> Option<Finding> {
    let code = |one: &SdkResult| match &one.outcome {
        SdkOutcome::Streamed { end: End::Close { code } } => Some((one.runtime, shown(code)?)),
        _ => None,
    };
    let codes: Vec<(Runtime, String)> = evidence.results.iter().filter_map(code).collect();
    let first = &codes.first()?.1;
    if codes.iter().all(|(_, code)| code == first) {
        return None;
    }
    let mut told: Vec<String> = Vec::new();
    for (at, (_, code)) in codes.iter().enumerate() {
        if !codes[..at].iter().any(|(_, earlier)| earlier == code) {
            let on: Vec<Runtime> =
                codes.iter().filter(|(_, other)| other == code).map(|(runtime, _)| *runtime).collect();
            told.push(format!("{code} on {}", names(&on)));
        }
    }
    Some(Finding::warning(
        format!("`onClose` gets {}.", listed(&told)),
        "`if (exitCode === 0)` treats the same command as a success on one runtime and as a failure on another.",
        "If your code depends on the exit code, print it (`…; echo \"exit $?\"`) and read it from the output.",
    ))
}

/// The property of a rejection, where it is there.
fn has(outcome: &SdkOutcome, name: &str) -> Option<bool> {
    let SdkOutcome::Rejected { value: Value::Object { fields, .. } } = outcome else { return None };
    let there = |field: &Field| field.name == name && !matches!(field.value, None | Some(Value::Undefined));
    Some(fields.iter().any(there))
}

pub(super) fn error_without_code(evidence: &Evidence<'_>) -> Option<Finding> {
    let name = if evidence.run().is_some() { "code" } else { "statusCode" };
    let with = which(evidence.results, |outcome| has(outcome, name) == Some(true));
    let without = which(evidence.results, |outcome| has(outcome, name) == Some(false));
    // `error_body_lost` reports a lost body, and a followed redirect causes no error.
    let is_told = || super::answer::error_body_lost(evidence).or_else(|| super::answer::redirect(evidence)).is_some();
    if with.is_empty() || without.is_empty() || is_told() {
        return None;
    }
    Some(
        Finding::warning(
            format!("The error has no `{name}` on {}.", names(&without)),
            format!(
                "It has one on {}. `if (error.{name} === …)` is never true without it, so every error falls through to the default branch.",
                names(&with)
            ),
            format!("Treat a missing `{name}` as an unknown error and show `message` or `stderr`."),
        )
        .on(without),
    )
}

pub(super) fn value_differs(evidence: &Evidence<'_>) -> Option<Finding> {
    let of = |wanted: fn(&Value) -> bool| {
        which(evidence.results, |outcome| matches!(outcome, SdkOutcome::Resolved { value } if wanted(value)))
    };
    let texts = of(|value| matches!(value, Value::Text(text) if text.bytes > 0));
    let parsed = of(|value| matches!(value, Value::Json(_)));
    let bytes = of(|value| matches!(value, Value::Bytes(_)));
    let mut kinds = vec![(texts, "text"), (parsed, "parsed JSON"), (bytes, "a `Uint8Array`")];
    kinds.retain(|(on, _)| !on.is_empty());
    if kinds.len() < 2 {
        return None;
    }
    let told: Vec<String> = kinds.iter().map(|(on, what)| format!("{what} on {}", names(on))).collect();
    Some(Finding::warning(
        format!("Returns {}.", listed(&told)),
        "On text `result.field` is `undefined`; on an object string methods throw.",
        "Send JSON with `Content-Type: application/json`, and parse the result in your code only if `typeof result === \"string\"`.",
    ))
}
