//! What differs between two JSON documents, by structure. Strings and numbers with the same value are the same, however they
//! are written. No digit of a number is rounded away.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use similar::{Algorithm, DiffOp};

use super::{
    facts::{ChangeKind, Difference, JsonChange},
    path::{Step, written},
    rules::ReadRules,
};

/// Changes that are listed; the rest is only counted.
const MOST: usize = 1000;
/// Bytes of a value that are shown.
const SHOWN: usize = 300;
/// Levels that are read: serde_json has the same limit.
const DEPTH: usize = 127;

/// A value and its text.
#[derive(Debug)]
pub(crate) struct Json<'a> {
    raw: &'a str,
    /// The same for values that are the same, whatever the blanks between their parts.
    hash: u64,
    content: Content<'a>,
}

#[derive(Debug)]
enum Content<'a> {
    /// Names with their values, in order; of a name that is there twice the last counts.
    Object(Vec<(String, Json<'a>)>),
    Array(Vec<Json<'a>>),
    Plain,
}

impl<'a> Json<'a> {
    /// Reads a document. There is none in text that isn't JSON, or is nested too deeply.
    pub fn read(text: &'a str) -> Option<Self> {
        let raw: &RawValue = serde_json::from_str(text).ok()?;
        Self::of(raw.get(), 0)
    }

    fn of(raw: &'a str, depth: usize) -> Option<Self> {
        if depth > DEPTH {
            return None;
        }
        let content = match raw.as_bytes().first()? {
            b'{' => {
                let members = serde_json::Deserializer::from_str(raw).deserialize_map(Members).ok()?;
                let mut places: HashMap<String, usize> = HashMap::with_capacity(members.len());
                let mut read: Vec<(String, Self)> = Vec::with_capacity(members.len());
                for (name, value) in members {
                    let value = Self::of(value.get(), depth + 1)?;
                    match places.get(&name) {
                        Some(place) => read[*place].1 = value,
                        None => {
                            places.insert(name.clone(), read.len());
                            read.push((name, value));
                        }
                    }
                }
                Content::Object(read)
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
                Content::Array(items.into_iter().map(|item| Self::of(item.get(), depth + 1)).collect::<Option<_>>()?)
            }
            _ => Content::Plain,
        };
        Some(Self { raw, hash: hash_of(raw, &content), content })
    }

    /// Whether both have the same values, in any order of names.
    pub fn is_same(&self, other: &Json<'_>) -> bool {
        self.hash == other.hash
    }

    /// Its text in the document.
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// The values in it.
    pub fn children(&self) -> Box<dyn Iterator<Item = (Step, &Self)> + '_> {
        match &self.content {
            Content::Object(members) => Box::new(members.iter().map(|(name, value)| (Step::Name(name.clone()), value))),
            Content::Array(items) => {
                Box::new(items.iter().enumerate().map(|(index, value)| (Step::Index(index), value)))
            }
            Content::Plain => Box::new(std::iter::empty()),
        }
    }

    /// Whether it is worth saying that it moved: `true` and `3` are in many places.
    fn is_telling(&self) -> bool {
        match &self.content {
            Content::Object(members) => !members.is_empty(),
            Content::Array(items) => !items.is_empty(),
            Content::Plain => false,
        }
    }
}

/// Objects are the same in any order of their names.
fn hash_of(raw: &str, content: &Content<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match content {
        Content::Object(members) => {
            let sum = members.iter().fold(0u64, |sum, (name, value)| {
                let mut member = DefaultHasher::new();
                (name, value.hash).hash(&mut member);
                sum.wrapping_add(member.finish())
            });
            ('{', members.len(), sum).hash(&mut hasher);
        }
        Content::Array(items) => {
            ('[', items.len()).hash(&mut hasher);
            items.iter().for_each(|item| item.hash.hash(&mut hasher));
        }
        Content::Plain => plain(raw).hash(&mut hasher),
    }
    hasher.finish()
}

/// The same text for plain values that are equal: `"\u0041"` and `"A"`, `1` and `1.0`.
fn plain(raw: &str) -> Cow<'_, str> {
    match raw.as_bytes().first() {
        Some(b'"') if raw.contains('\\') => match serde_json::from_str::<String>(raw) {
            Ok(text) => Cow::Owned(format!("\"{text}\"")),
            Err(_) => Cow::Borrowed(raw),
        },
        Some(b'-' | b'0'..=b'9') => number(raw).map_or(Cow::Borrowed(raw), Cow::Owned),
        _ => Cow::Borrowed(raw),
    }
}

/// A number by its digits without the zeros around them and its power of ten. None if that is too large to be counted.
fn number(raw: &str) -> Option<String> {
    let (sign, unsigned) = raw.strip_prefix('-').map_or(("", raw), |unsigned| ("-", unsigned));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    let places = i64::try_from(fraction.len()).ok()?;
    let exponent = exponent.parse::<i64>().ok()?.checked_add(zeros)?.checked_sub(places)?;
    Some(format!("{sign}{significant}e{exponent}"))
}

/// The members of an object in order.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// What differs between two documents, and how many more differences the rules allow.
pub(super) fn compare<'c>(first: &'c Json<'c>, second: &'c Json<'c>, rules: &'c ReadRules) -> (Difference, u32) {
    let mut comparing = Comparing { rules, found: Vec::new(), allowed: 0 };
    comparing.values(first, second, (&mut Vec::new(), &mut Vec::new()));
    let Comparing { mut found, allowed, .. } = comparing;
    if found.is_empty() {
        return (Difference::Same, allowed);
    }
    join_moved(&mut found);
    if found.is_empty() {
        // The rules allow the rest.
        return (Difference::Same, allowed);
    }
    let more = found.len().saturating_sub(MOST) as u32;
    found.truncate(MOST);
    (Difference::Json { changes: found.into_iter().map(Found::told).collect(), more }, allowed)
}

struct Comparing<'c> {
    rules: &'c ReadRules,
    found: Vec<Found<'c>>,
    allowed: u32,
}

struct Found<'a> {
    kind: ChangeKind,
    from: Vec<Step>,
    to: Vec<Step>,
    first: Option<&'a Json<'a>>,
    second: Option<&'a Json<'a>>,
}

impl Found<'_> {
    fn told(self) -> JsonChange {
        let (from, to) = (written(&self.from), written(&self.to));
        let text = |value: &Json<'_>| cut(value.raw);
        let shown = self.kind != ChangeKind::Moved;
        JsonChange {
            kind: self.kind,
            from: (self.kind != ChangeKind::Removed && self.kind != ChangeKind::Added && from != to)
                .then(|| from.clone()),
            path: if self.kind == ChangeKind::Removed { from } else { to },
            first: self.first.filter(|_| shown).map(text),
            second: self.second.map(text),
        }
    }
}

/// The beginning of a long text.
fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

/// The places of two values, in the first document and in the second.
type Places<'p> = (&'p mut Vec<Step>, &'p mut Vec<Step>);

impl<'c> Comparing<'c> {
    fn values(&mut self, first: &'c Json<'c>, second: &'c Json<'c>, (from, to): Places<'_>) {
        if first.hash == second.hash {
            return;
        }
        match (&first.content, &second.content) {
            (Content::Object(before), Content::Object(after)) => self.objects(before, after, (from, to)),
            (Content::Array(before), Content::Array(after)) => self.arrays(before, after, (from, to)),
            _ => self.note(ChangeKind::Changed, (Some(first), Some(second)), (from, to)),
        }
    }

    fn note(
        &mut self,
        kind: ChangeKind,
        (first, second): (Option<&'c Json<'c>>, Option<&'c Json<'c>>),
        (from, to): Places<'_>,
    ) {
        let place = if kind == ChangeKind::Removed { &*from } else { &*to };
        if self.rules.allows(place, first.map(|value| value.raw), second.map(|value| value.raw)) {
            self.allowed += 1;
        } else {
            self.found.push(Found { kind, from: from.clone(), to: to.clone(), first, second });
        }
    }

    fn objects(&mut self, before: &'c [(String, Json<'c>)], after: &'c [(String, Json<'c>)], (from, to): Places<'_>) {
        let names: HashMap<&str, &'c Json<'c>> = after.iter().map(|(name, value)| (name.as_str(), value)).collect();
        let known: HashMap<&str, ()> = before.iter().map(|(name, _)| (name.as_str(), ())).collect();
        for (name, first) in before {
            from.push(Step::Name(name.clone()));
            match names.get(name.as_str()) {
                Some(second) => {
                    to.push(Step::Name(name.clone()));
                    self.values(first, second, (from, to));
                    to.pop();
                }
                None => self.note(ChangeKind::Removed, (Some(first), None), (from, to)),
            }
            from.pop();
        }
        for (name, second) in after.iter().filter(|(name, _)| !known.contains_key(name.as_str())) {
            to.push(Step::Name(name.clone()));
            self.note(ChangeKind::Added, (None, Some(second)), (from, to));
            to.pop();
        }
    }

    fn arrays(&mut self, before: &'c [Json<'c>], after: &'c [Json<'c>], (from, to): Places<'_>) {
        let hashes = |items: &[Json<'_>]| items.iter().map(|item| item.hash).collect::<Vec<_>>();
        for op in similar::capture_diff_slices(Algorithm::Myers, &hashes(before), &hashes(after)) {
            let (old, new) = (op.old_range(), op.new_range());
            if matches!(op, DiffOp::Equal { .. }) {
                continue;
            }
            // Elements at the same place are compared; the rest of the longer side was added or removed.
            for at in 0..old.len().max(new.len()) {
                let (first, second) = (old.clone().nth(at), new.clone().nth(at));
                from.extend(first.map(Step::Index));
                to.extend(second.map(Step::Index));
                match (first, second) {
                    (Some(first), Some(second)) => self.values(&before[first], &after[second], (from, to)),
                    (Some(first), None) => self.note(ChangeKind::Removed, (Some(&before[first]), None), (from, to)),
                    (None, Some(second)) => self.note(ChangeKind::Added, (None, Some(&after[second])), (from, to)),
                    (None, None) => {}
                }
                if first.is_some() {
                    from.pop();
                }
                if second.is_some() {
                    to.pop();
                }
            }
        }
    }
}

/// A value that is gone in one place and there in another has moved. In the same array anything can move; elsewhere only
/// what has parts. An element that is where it was, between others that moved, isn't a change.
fn join_moved(found: &mut Vec<Found<'_>>) {
    let mut removed: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, change) in found.iter().enumerate().filter(|(_, change)| change.kind == ChangeKind::Removed) {
        if let Some(first) = change.first {
            removed.entry(first.hash).or_default().push(at);
        }
    }
    let mut gone = vec![false; found.len()];
    // Those that stayed first: an equal value that moved must not take their place.
    for only_stayed in [true, false] {
        for at in 0..found.len() {
            let Some(second) = found[at].second.filter(|_| found[at].kind == ChangeKind::Added) else { continue };
            let Some(candidates) = removed.get_mut(&second.hash) else { continue };
            let fits = |candidate: &usize| match only_stayed {
                true => found[*candidate].from == found[at].to,
                false => second.is_telling() || in_one_array(&found[*candidate].from, &found[at].to),
            };
            let Some(place) = candidates.iter().position(fits) else { continue };
            let from = candidates.remove(place);
            gone[from] = true;
            found[at].kind = ChangeKind::Moved;
            found[at].from = found[from].from.clone();
            found[at].first = found[from].first;
        }
    }
    let mut gone = gone.into_iter();
    found.retain(|change| {
        !gone.next().unwrap_or_default() && (change.kind != ChangeKind::Moved || change.from != change.to)
    });
}

/// Whether both places are elements of the same array.
fn in_one_array(first: &[Step], second: &[Step]) -> bool {
    match (first.split_last(), second.split_last()) {
        (Some((Step::Index(_), first)), Some((Step::Index(_), second))) => first == second,
        _ => false,
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
