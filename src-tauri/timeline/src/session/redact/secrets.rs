//! Values that are known to be secret, replaced wherever they occur.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::PLACEHOLDER;

/// A shorter value occurs by chance.
const SHORTEST: usize = 6;
/// A longer one is only replaced where it was found.
const LONGEST: usize = 4096;
/// More are not looked for.
const MOST: usize = 10_000;

/// Secrets as they are collected, each with what replaces it.
#[derive(Debug, Default)]
pub struct Collected(BTreeMap<Vec<u8>, Vec<u8>>);

impl Collected {
    /// Remembers a value, with the forms that it has in URLs and in JSON.
    pub fn add(&mut self, value: &str) {
        let value = value.trim();
        if !(SHORTEST..=LONGEST).contains(&value.len()) || value == PLACEHOLDER || self.0.len() >= MOST {
            return;
        }
        self.insert(value.as_bytes().to_vec());
        self.insert(utf8_percent_encode(value, NON_ALPHANUMERIC).to_string().into_bytes());
        let json = serde_json::Value::from(value).to_string();
        self.insert(json.as_bytes()[1..json.len() - 1].to_vec());
    }

    /// Remembers a value that is only replaced between these bytes, which stay. It may be short.
    pub fn add_within(&mut self, before: &[u8], value: &[u8], after: &[u8]) {
        let found = [before, value, after].concat();
        if found.len() <= LONGEST && self.0.len() < MOST {
            self.0.insert(found, [before, PLACEHOLDER.as_bytes(), after].concat());
        }
    }

    /// Remembers what was collected elsewhere.
    pub fn add_all(&mut self, other: Self) {
        self.0.extend(other.0.into_iter().take(MOST.saturating_sub(self.0.len())));
    }

    fn insert(&mut self, found: Vec<u8>) {
        self.0.insert(found, PLACEHOLDER.into());
    }

    /// Ready to be looked for.
    pub fn known(&self) -> Secrets {
        let longest = self.0.keys().map(Vec::len).max().unwrap_or_default();
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(self.0.keys());
        // With none, or if there is no memory for them, nothing is found.
        let finder = finder.ok().filter(|_| !self.0.is_empty());
        Secrets { finder, replacements: self.0.values().cloned().collect(), longest }
    }
}

/// Secrets to look for.
#[derive(Debug)]
pub struct Secrets {
    finder: Option<AhoCorasick>,
    /// What replaces each, in the finder's order.
    replacements: Vec<Vec<u8>>,
    longest: usize,
}

impl Secrets {
    /// The text without them, and how many there were; none if it has none.
    pub fn replaced(&self, text: &str) -> Option<(String, u64)> {
        let finder = self.finder.as_ref()?;
        finder.find(text)?;
        let mut replacer = Replacer::new(self);
        let mut out = Vec::with_capacity(text.len());
        replacer.push(text.as_bytes(), &mut out);
        replacer.finish(&mut out);
        Some((String::from_utf8_lossy(&out).into_owned(), replacer.count))
    }
}

/// Replaces secrets in one text.
#[derive(Debug)]
pub struct Replacer<'s> {
    secrets: &'s Secrets,
    /// What may be the beginning of a secret.
    pending: Vec<u8>,
    /// How many were replaced.
    pub count: u64,
}

impl<'s> Replacer<'s> {
    pub fn new(secrets: &'s Secrets) -> Self {
        Self { secrets, pending: Vec::new(), count: 0 }
    }

    /// Takes what comes next, and appends to `out` what is certain.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.secrets.finder.is_none() {
            out.extend_from_slice(bytes);
            return;
        }
        self.pending.extend_from_slice(bytes);
        // What begins before this place is all there.
        let certain = (self.pending.len() + 1).saturating_sub(self.secrets.longest);
        self.replace(certain, out);
    }

    /// Nothing more comes.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.replace(self.pending.len(), out);
    }

    fn replace(&mut self, certain: usize, out: &mut Vec<u8>) {
        let Some(finder) = &self.secrets.finder else { return };
        let mut done = 0;
        for found in finder.find_iter(&self.pending) {
            if found.start() >= certain {
                break;
            }
            out.extend_from_slice(&self.pending[done..found.start()]);
            out.extend_from_slice(&self.secrets.replacements[found.pattern()]);
            self.count += 1;
            done = found.end();
        }
        if done < certain {
            out.extend_from_slice(&self.pending[done..certain]);
            done = certain;
        }
        self.pending.drain(..done);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        let mut collected = Collected::default();
        values.iter().for_each(|value| collected.add(value));
        collected.known()
    }

    #[test]
    fn secrets_are_found_in_each_of_their_forms() {
        let secrets = secrets(&["pass/word\"1", "short"]);
        let (text, count) = secrets.replaced(r#"a pass/word"1 b pass%2Fword%221 c pass/word\"1 short"#).unwrap();
        assert_eq!(text, "a [redacted] b [redacted] c [redacted] short");
        assert_eq!(count, 3);
        assert_eq!(secrets.replaced("nothing"), None);
    }

    proptest! {
        #[test]
        fn wherever_the_text_is_cut_the_result_is_the_same(text in "[ab]{0,60}", cuts in prop::collection::vec(0..9_usize, 0..20)) {
            let secrets = secrets(&["aaaaaa", "aaaaaabab", "bababa"]);
            let mut replacer = Replacer::new(&secrets);
            let (mut out, mut rest) = (Vec::new(), text.as_bytes());
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                replacer.push(piece, &mut out);
                rest = after;
            }
            replacer.push(rest, &mut out);
            replacer.finish(&mut out);
            let whole = secrets.replaced(&text).map_or(text.clone(), |(text, _)| text);
            prop_assert_eq!(String::from_utf8(out).unwrap(), whole);
        }
    }
}
