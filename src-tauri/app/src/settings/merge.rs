//! Puts what changed into settings that another process, or another version of Porthole, may have written meanwhile.

use serde_json::{Map, Value, json};

use super::{SavedDraft, Settings};
use porthole_base::json_file::merge_objects;

/// The field that is a list of the user's own, in the user's order.
const SAVED: &str = "saved";

/// Changes in `file` what differs between `before` and `after`; all else in it stays as it is.
///
/// # Errors
/// When settings can't be written as JSON.
pub(super) fn merge(file: &mut Map<String, Value>, before: &Settings, after: &Settings) -> serde_json::Result<()> {
    let (Value::Object(mut old), Value::Object(mut new)) = (json!(before), json!(after)) else { return Ok(()) };
    old.remove(SAVED);
    new.remove(SAVED);
    merge_objects(file, &old, &new);
    if before.saved != after.saved {
        let items = match file.remove(SAVED) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        file.insert(SAVED.to_owned(), Value::Array(saved(items, &before.saved, &after.saved)?));
    }
    Ok(())
}

/// The list with what was added and taken away. An item is written again only where it's new: one that this version
/// can't read, or reads in part, stays where it is.
fn saved(file: Vec<Value>, before: &[SavedDraft], after: &[SavedDraft]) -> serde_json::Result<Vec<Value>> {
    let mut removed: Vec<&SavedDraft> = before.iter().collect();
    for item in after {
        take(&mut removed, item);
    }
    // Those that stay keep their places; the user's come in the user's order.
    let mut ours: Vec<Option<Value>> = Vec::new();
    let mut theirs: Vec<(usize, Value)> = Vec::new();
    let mut wanted: Vec<&SavedDraft> = after.iter().collect();
    let mut found: Vec<(SavedDraft, Value)> = Vec::new();
    for (place, raw) in file.into_iter().enumerate() {
        match serde_json::from_value::<SavedDraft>(raw.clone()) {
            Ok(item) if take(&mut wanted, &item) => found.push((item, raw)),
            Ok(item) if take(&mut removed, &item) => {}
            _ => theirs.push((place, raw)),
        }
    }
    for item in after {
        let at = found.iter().position(|(read, _)| read == item);
        ours.push(Some(match at {
            Some(at) => found.swap_remove(at).1,
            None => serde_json::to_value(item)?,
        }));
    }
    let mut list: Vec<Value> = ours.into_iter().flatten().collect();
    for (place, raw) in theirs {
        list.insert(place.min(list.len()), raw);
    }
    Ok(list)
}

/// Takes one that is equal from the list.
fn take(list: &mut Vec<&SavedDraft>, item: &SavedDraft) -> bool {
    let at = list.iter().position(|one| *one == item);
    at.map(|at| list.swap_remove(at)).is_some()
}
