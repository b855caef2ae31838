//! JSON in what the code of two calls receives: compared by structure, as a JSON body is.

use super::json::Json;
use porthole_sdk::sdk_result::{SdkOutcome, Text, Value};

/// The second outcome with the JSON of the first one where both mean the same, so that only the rest differs. With the same
/// body, so is JSON of which only the beginning is known.
pub(super) fn aligned(first: &SdkOutcome, second: &SdkOutcome, is_same_body: bool) -> SdkOutcome {
    let mut aligned = second.clone();
    match (first, &mut aligned) {
        (SdkOutcome::Resolved { value: old }, SdkOutcome::Resolved { value: new })
        | (SdkOutcome::Rejected { value: old }, SdkOutcome::Rejected { value: new })
        | (SdkOutcome::Thrown { value: old }, SdkOutcome::Thrown { value: new }) => align(old, new, is_same_body),
        _ => {}
    }
    aligned
}

fn align(first: &Value, second: &mut Value, is_same_body: bool) {
    match (first, second) {
        (Value::Json(old), Value::Json(new))
        | (Value::Text(old), Value::Text(new))
        | (Value::Bytes(old), Value::Bytes(new))
            if is_same_json(old, new, is_same_body) =>
        {
            new.clone_from(old);
        }
        (Value::Object { fields: before, .. }, Value::Object { fields: after, .. }) => {
            for field in after {
                let old = before.iter().find(|other| other.name == field.name).and_then(|other| other.value.as_ref());
                if let (Some(old), Some(new)) = (old, &mut field.value) {
                    align(old, new, is_same_body);
                }
            }
        }
        _ => {}
    }
}

fn is_same_json(first: &Text, second: &Text, is_same_body: bool) -> bool {
    let has_parts = |text: &Text| text.text.trim_start().starts_with(['{', '[']);
    if !has_parts(first) || !has_parts(second) {
        // A string that a page shows, and no document: `1.0` and `1` aren't the same text.
        return false;
    }
    if first.cut && second.cut {
        return is_same_body;
    }
    match (Json::read(&first.text), Json::read(&second.text)) {
        (Some(before), Some(after)) => before.is_same(&after),
        _ => false,
    }
}
