//! Finds literals in configuration files that are programs. They are never executed: what isn't a literal isn't known.

/// The text without its comments. Texts in quotes stay.
pub(super) fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut quotes = Quotes::of(text);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else {
            let length = quotes.quoted(rest).unwrap_or(letter.len_utf8());
            kept.push_str(rest.get(..length).unwrap_or_default());
            length
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    kept
}

/// The quotes of a text, as it is read from its beginning to its end.
struct Quotes {
    /// The text's length.
    length: usize,
    /// Up to where none of this kind closes. A caller that looked for one has passed the others, which would end there
    /// too.
    open: [(char, usize); 3],
}

impl Quotes {
    fn of(text: &str) -> Self {
        Self { length: text.len(), open: [('"', 0), ('\'', 0), ('`', 0)] }
    }

    /// How long the quoted text is that begins here, with its quotes.
    fn quoted(&mut self, rest: &str) -> Option<usize> {
        let quote = rest.chars().next()?;
        let (_, open) = self.open.iter_mut().find(|(kind, _)| *kind == quote)?;
        let at = self.length - rest.len();
        if at < *open {
            return None;
        }
        match closing(rest, quote) {
            Ok(length) => Some(length),
            Err(length) => {
                *open = at + length;
                None
            }
        }
    }
}

/// How long the quoted text is that begins here, or how long the text is in which it doesn't end.
fn closing(text: &str, quote: char) -> Result<usize, usize> {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            // A quote that ends with its line is an apostrophe in a regular expression or a text.
            '\n' if quote != '`' => return Err(at),
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            letter if letter == quote => return Ok(at + 1),
            _ => {}
        }
    }
    Err(text.len())
}

/// What is between the braces of the first `key: { … }`.
pub(super) fn object<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let at = keys(text, key, None).find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with('{')))?;
    let inner = text.get(at + 1..)?;
    let length = end(inner, |depth, letter| depth == 0 && letter == '}');
    inner.get(..length)
}

/// The expression of a key of an object, whose inner objects don't count.
pub(super) fn value<'t>(inner: &'t str, key: &str) -> Option<&'t str> {
    let at = keys(inner, key, Some(0)).next()?;
    expression(inner.get(at..)?)
}

/// The expression of the first key of this name, wherever it is.
pub(super) fn value_anywhere<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let at = keys(text, key, None).next()?;
    expression(text.get(at..)?)
}

fn expression(rest: &str) -> Option<&str> {
    let length = end(rest, |depth, letter| depth == 0 && matches!(letter, ',' | '}' | ';' | '\n'));
    rest.get(..length).map(str::trim).filter(|value| !value.is_empty())
}

/// The text of a literal in quotes.
pub fn text_of(expression: &str) -> Option<&str> {
    let length = Quotes::of(expression).quoted(expression)?;
    (length == expression.len() && !expression.contains("${")).then(|| expression.get(1..length - 1))?
}

/// The first number in an expression that could be a port, and the names of the environment variables in it.
pub(super) fn port_in(expression: &str) -> (Option<u16>, Vec<&str>) {
    let words = expression.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let mut after_env = false;
    let (mut port, mut names) = (None, Vec::new());
    for word in words.filter(|word| !word.is_empty()) {
        if after_env {
            names.push(word);
        } else if port.is_none() {
            port = word.parse().ok().filter(|port| *port > 0);
        }
        after_env = word == "env";
    }
    (port, names)
}

/// Where the values of keys and variables of this name begin; with a depth, of those that are so deep in braces.
fn keys<'t>(text: &'t str, key: &'t str, depth: Option<usize>) -> impl Iterator<Item = usize> + 't {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$' | '.');
    let mut at = 0;
    let mut deep = 0_usize;
    let mut quotes = Quotes::of(text);
    std::iter::from_fn(move || {
        while let Some(rest) = text.get(at..)
            && let Some(letter) = rest.chars().next()
        {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let bare = rest.strip_prefix(key).filter(|_| !before.is_some_and(is_part));
            let in_quotes = quotes.quoted(rest);
            let after = bare.or_else(|| {
                let length = in_quotes.filter(|length| rest.get(1..length - 1) == Some(key))?;
                rest.get(length..)
            });
            let found = after.and_then(|after| assigned(after.trim_start())).map(str::trim_start);
            match letter {
                '{' | '[' | '(' => deep += 1,
                '}' | ']' | ')' => deep = deep.saturating_sub(1),
                _ => {}
            }
            at += in_quotes.unwrap_or(letter.len_utf8());
            if let Some(found) = found
                && depth.is_none_or(|depth| depth == deep)
            {
                return Some(text.len() - found.len());
            }
        }
        None
    })
}

/// What follows `:` or `=`, where that gives a value.
fn assigned(text: &str) -> Option<&str> {
    let is_value = |rest: &&str| !rest.starts_with(['=', '>']);
    text.strip_prefix(':').or_else(|| text.strip_prefix('=').filter(is_value))
}

/// Where a text ends: at the first character outside of quotes of which this is so, with the depth of brackets before it.
fn end(text: &str, ends: impl Fn(usize, char) -> bool) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    let mut quotes = Quotes::of(text);
    while let Some(rest) = text.get(at..)
        && let Some(letter) = rest.chars().next()
    {
        if ends(depth, letter) {
            return at;
        }
        match letter {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += quotes.quoted(rest).unwrap_or(letter.len_utf8());
    }
    text.len()
}
