//! One outcome beside the others: what is not the same everywhere is marked.

use super::{Field, SdkOutcome, SdkResult, Value};

/// Marks the properties of the values that differ, and adds those that only another one has, as
/// absent, in the order of the first Runtime that has them.
pub(crate) fn mark(all: &mut [SdkResult]) {
    let objects: Vec<&Vec<Field>> = all.iter().filter_map(|one| fields(&one.outcome)).collect();
    if objects.len() < 2 {
        return;
    }
    let mut names: Vec<String> = Vec::new();
    for field in objects.iter().flat_map(|fields| fields.iter()) {
        if !names.contains(&field.name) {
            names.push(field.name.clone());
        }
    }
    let of = |fields: &[Field], name: &str| {
        fields.iter().find(|field| field.name == name).and_then(|field| field.value.clone())
    };
    let differs: Vec<bool> = names
        .iter()
        .map(|name| {
            let mut values = objects.iter().map(|fields| of(fields, name));
            let first = values.next();
            values.any(|value| Some(value) != first)
        })
        .collect();
    for one in all {
        if let Some(fields) = fields_mut(&mut one.outcome) {
            let own = std::mem::take(fields);
            *fields = names
                .iter()
                .zip(&differs)
                .map(|(name, differs)| Field { name: name.clone(), value: of(&own, name), differs: *differs })
                .collect();
        }
    }
}

fn fields(outcome: &SdkOutcome) -> Option<&Vec<Field>> {
    match outcome {
        SdkOutcome::Resolved { value: Value::Object { fields, .. } }
        | SdkOutcome::Rejected { value: Value::Object { fields, .. } }
        | SdkOutcome::Thrown { value: Value::Object { fields, .. } } => Some(fields),
        _ => None,
    }
}

fn fields_mut(outcome: &mut SdkOutcome) -> Option<&mut Vec<Field>> {
    match outcome {
        SdkOutcome::Resolved { value: Value::Object { fields, .. } }
        | SdkOutcome::Rejected { value: Value::Object { fields, .. } }
        | SdkOutcome::Thrown { value: Value::Object { fields, .. } } => Some(fields),
        _ => None,
    }
}
