//! The options of a program, told apart by a table of those that are known.

use super::unknown;
use porthole_base::error::Result;

/// What is known of an option: its names and whether a value follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// The letter after one dash.
    pub short: Option<char>,
    /// The name after two dashes, used in messages.
    pub long: &'static str,
    pub takes_value: bool,
}

/// Reads a table: `o=output` takes a value, `s:silent` takes none; there may be no letter.
pub(super) fn table(lines: &'static [&'static str]) -> Vec<Known> {
    let read = |entry: &'static str| {
        let at = entry.find([':', '=']).unwrap_or_default();
        let takes_value = entry[at..].starts_with('=');
        Known { short: entry[..at].chars().next(), long: &entry[at + 1..], takes_value }
    };
    lines.iter().flat_map(|line| line.split_whitespace()).map(read).collect()
}

/// One thing of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// An option by its long name, with its value.
    Option(&'static str, Option<String>),
    /// Anything else.
    Word(String),
}

/// Tells the options of a program from its words, one after the other.
pub(super) struct Options<'t, 'w> {
    program: &'t str,
    known: &'t [Known],
    words: &'w [String],
    /// What is left of a cluster of letters.
    cluster: String,
    /// After `--` there are no more options.
    only_words: bool,
}

impl<'t, 'w> Options<'t, 'w> {
    pub fn new(program: &'t str, known: &'t [Known], words: &'w [String]) -> Self {
        Self { program, known, words, cluster: String::new(), only_words: false }
    }

    /// What has not been read yet.
    pub fn rest(self) -> &'w [String] {
        self.words
    }

    /// The next one.
    ///
    /// # Errors
    /// [`Code::PasteUnknown`](porthole_base::error::Code::PasteUnknown) for an option that is not in the table.
    pub fn next(&mut self) -> Result<Option<Item>> {
        if !self.cluster.is_empty() {
            return self.letter().map(Some);
        }
        let Some((word, rest)) = self.words.split_first() else { return Ok(None) };
        self.words = rest;
        if self.only_words || !word.starts_with('-') || word == "-" {
            return Ok(Some(Item::Word(word.clone())));
        }
        if word == "--" {
            self.only_words = true;
            return self.next();
        }
        match word.strip_prefix("--") {
            Some(name) => self.long(word, name).map(Some),
            None => {
                self.cluster = word[1..].to_owned();
                self.letter().map(Some)
            }
        }
    }

    fn long(&mut self, word: &str, name: &str) -> Result<Item> {
        let (name, given) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, None),
        };
        let known = self.known.iter().find(|known| known.long == name).ok_or_else(|| self.not_known(word))?;
        match (known.takes_value, given) {
            (true, Some(value)) => Ok(Item::Option(known.long, Some(value))),
            (true, None) => self.value(word).map(|value| Item::Option(known.long, Some(value))),
            (false, Some(value)) if !matches!(value.as_str(), "true" | "false") => Err(self.not_known(word)),
            (false, Some(value)) if value == "false" => Ok(Item::Option("", None)),
            (false, _) => Ok(Item::Option(known.long, None)),
        }
    }

    /// The first letter of a cluster; the rest of it is the value where one is taken.
    fn letter(&mut self) -> Result<Item> {
        let mut letters = self.cluster.chars();
        let letter = letters.next().unwrap_or_default();
        let rest = letters.as_str().to_owned();
        let word = format!("-{letter}");
        let known = self.known.iter().find(|known| known.short == Some(letter));
        let known = known.ok_or_else(|| self.not_known(&word))?;
        if !known.takes_value {
            self.cluster = rest;
            return Ok(Item::Option(known.long, None));
        }
        self.cluster.clear();
        let value = if rest.is_empty() { self.value(&word)? } else { rest };
        Ok(Item::Option(known.long, Some(value)))
    }

    fn value(&mut self, word: &str) -> Result<String> {
        let (value, rest) =
            self.words.split_first().ok_or_else(|| unknown(format!("The value of `{word}` is missing")))?;
        self.words = rest;
        Ok(value.clone())
    }

    fn not_known(&self, word: &str) -> porthole_base::error::Error {
        unknown(format!("`{word}` of {} isn't supported", self.program))
            .hint("Paste the line without it, and set its effect in the form.")
    }
}
