//! Where the Runtimes differ in a way that sends code another way. Read off what each hands over.

use super::{
    Evidence, Finding,
    words::{listed, names},
};
use crate::{
    received::{Delivery, End, Field, Received, Value},
    runtime::Runtime,
};

/// The Runtimes for which something holds.
fn which(received: &[Received], holds: impl Fn(&Delivery) -> bool) -> Vec<Runtime> {
    received.iter().filter(|one| holds(&one.outcome)).map(|one| one.runtime).collect()
}

/// How a promise goes, in one word; nothing for what is no promise or has not ended.
fn way(outcome: &Delivery) -> Option<&'static str> {
    match outcome {
        Delivery::Resolved { .. } => Some("resolves"),
        Delivery::Rejected { .. } => Some("rejects"),
        Delivery::Never => Some("stays pending for ever"),
        Delivery::Thrown { .. } => Some("is never made, for the call throws"),
        Delivery::Pending | Delivery::Streamed { .. } => None,
    }
}

pub(super) fn settles_differently(evidence: &Evidence<'_>) -> Option<Finding> {
    let all = evidence.received;
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
        "Podman Desktop counts each exit of a command in a container as 0, and each end by a signal as success."
    } else {
        "Each Runtime draws the line between success and failure itself."
    };
    Some(Finding::warning(
        format!("The promise {}.", listed(&told)),
        format!("What stands in `catch` runs on some Runtimes and what stands after `await` on others. {why}"),
        "Let the output itself say whether it worked: a last line with the exit code (`sh -c '…; echo $?'`), or a field in the answer.",
    ))
}

pub(super) fn no_on_close(evidence: &Evidence<'_>) -> Option<Finding> {
    let all = evidence.received;
    let closes = which(all, |outcome| matches!(outcome, Delivery::Streamed { end: End::Close { .. } }));
    let without = which(all, |outcome| matches!(outcome, Delivery::Streamed { end: End::Error { .. } | End::Silent }));
    if closes.is_empty() || without.is_empty() {
        return None;
    }
    let silent = which(all, |outcome| matches!(outcome, Delivery::Streamed { end: End::Silent }));
    let in_place = if silent == without { "no callback tells the end" } else { "`onError` is called in its place" };
    Some(
        Finding::warning(
            format!("`onClose` never comes on {}: {in_place}.", names(&without)),
            format!("Code that waits for `onClose` (which comes on {}) waits for ever there: a spinner that stays, a promise that never settles.", names(&closes)),
            "Treat `onError` as an end too, and set an end of your own beside `close()`.",
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
    let code = |one: &Received| match &one.outcome {
        Delivery::Streamed { end: End::Close { code } } => Some((one.runtime, shown(code)?)),
        _ => None,
    };
    let codes: Vec<(Runtime, String)> = evidence.received.iter().filter_map(code).collect();
    let first = &codes.first()?.1;
    if codes.iter().all(|(_, code)| code == first) {
        return None;
    }
    let told: Vec<String> = codes.iter().map(|(runtime, code)| format!("`onClose({code})` on {runtime}")).collect();
    Some(Finding::warning(
        format!("The end is told as {}.", listed(&told)),
        "`if (exitCode === 0)` takes the same command for a success on one and for a failure on another.",
        "Let the command print its result (`…; echo \"exit $?\"`) and read that where the exit code decides something.",
    ))
}

/// The property of a rejection, where it is there.
fn has(outcome: &Delivery, name: &str) -> Option<bool> {
    let Delivery::Rejected { value: Value::Object { fields, .. } } = outcome else { return None };
    let there = |field: &Field| field.name == name && !matches!(field.value, None | Some(Value::Undefined));
    Some(fields.iter().any(there))
}

pub(super) fn error_without_code(evidence: &Evidence<'_>) -> Option<Finding> {
    let name = if evidence.run().is_some() { "code" } else { "statusCode" };
    let with = which(evidence.received, |outcome| has(outcome, name) == Some(true));
    let without = which(evidence.received, |outcome| has(outcome, name) == Some(false));
    // A body that is lost with it is told of as that; and a redirect is followed, so nobody gets an error of it.
    let is_told = || super::answer::error_body_lost(evidence).or_else(|| super::answer::redirect(evidence)).is_some();
    if with.is_empty() || without.is_empty() || is_told() {
        return None;
    }
    Some(
        Finding::warning(
            format!("The error has `{name}` on {} and none on {}.", names(&with), names(&without)),
            format!("`if (error.{name} === …)` is never true there, and every such error takes the last way."),
            format!("Treat an absent `{name}` as an unknown error and show `message` or `stderr`."),
        )
        .on(without),
    )
}

pub(super) fn value_differs(evidence: &Evidence<'_>) -> Option<Finding> {
    let of = |wanted: fn(&Value) -> bool| {
        which(evidence.received, |outcome| matches!(outcome, Delivery::Resolved { value } if wanted(value)))
    };
    let texts = of(|value| matches!(value, Value::Text(text) if text.bytes > 0));
    let parsed = of(|value| matches!(value, Value::Json(_)));
    let bytes = of(|value| matches!(value, Value::Bytes(_)));
    let told: Vec<String> = [(texts, "a string"), (parsed, "what `JSON.parse` makes of it"), (bytes, "a `Uint8Array`")]
        .into_iter()
        .filter(|(on, _)| !on.is_empty())
        .map(|(on, what)| format!("{what} on {}", names(&on)))
        .collect();
    if told.len() < 2 {
        return None;
    }
    Some(Finding::warning(
        format!("The promise resolves with {}.", listed(&told)),
        "`result.field` is `undefined` of a string, and string methods throw on an object.",
        "Send JSON with `Content-Type: application/json`, and in the code parse only what is a string: `typeof result === \"string\"`.",
    ))
}
