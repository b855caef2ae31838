//! The ignore file of a build's context, read as docker reads `.dockerignore`.

/// Its patterns, in the order of the file: the last one that matches decides.
#[derive(Debug, Default)]
pub(crate) struct IgnoreFile {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    includes: bool,
    tokens: Vec<Token>,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `?`: one character of a name.
    One,
    /// `*`: any characters of a name.
    Name,
    /// `**` at the end: any characters.
    Any,
    /// `**` before something, with or without a slash: nothing, or any characters up to a slash.
    Folders,
    /// `[a-z]`, `[^a]`
    Class {
        not: bool,
        ranges: Vec<(char, char)>,
    },
}

impl IgnoreFile {
    /// The most patterns that are read; a context with more is one that somebody made to cost time.
    const MOST: usize = 10_000;

    pub fn read(text: &str) -> Self {
        let lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.starts_with('#'));
        Self { patterns: lines.filter_map(Pattern::read).take(Self::MOST).collect() }
    }

    /// Whether a path below the context, with `/` between its names, is left out.
    pub fn leaves_out(&self, path: &str) -> bool {
        self.patterns.iter().fold(false, |out, pattern| {
            if pattern.includes == out && pattern.matches(path) { !pattern.includes } else { out }
        })
    }

    /// Whether something below a folder that is left out may come in again.
    pub fn has_exceptions(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.includes)
    }
}

impl Pattern {
    fn read(line: &str) -> Option<Self> {
        let line = line.trim();
        let (includes, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest.trim()));
        let mut names: Vec<&str> = Vec::new();
        for name in line.split('/') {
            match name {
                "" | "." => {}
                ".." => drop(names.pop()),
                name => names.push(name),
            }
        }
        if names.is_empty() {
            return None;
        }
        let mut tokens = Vec::new();
        let text: Vec<char> = names.join("/").chars().collect();
        let mut at = 0;
        while let Some(c) = text.get(at) {
            at += 1;
            tokens.push(match c {
                '*' if text.get(at) == Some(&'*') => {
                    while text.get(at) == Some(&'*') {
                        at += 1;
                    }
                    if text.get(at) == Some(&'/') {
                        at += 1;
                    }
                    if at < text.len() { Token::Folders } else { Token::Any }
                }
                '*' => Token::Name,
                '?' => Token::One,
                '[' => match class(&text[at..]) {
                    Some((class, length)) => {
                        at += length;
                        class
                    }
                    None => Token::Char('['),
                },
                '\\' => {
                    let escaped = text.get(at).copied();
                    at += 1;
                    Token::Char(escaped.unwrap_or('\\'))
                }
                c => Token::Char(*c),
            });
        }
        Some(Self { includes, tokens })
    }

    /// Whether it means this path, or a folder that the path is in.
    fn matches(&self, path: &str) -> bool {
        // Each state is a count of tokens that matched so far; all states are followed at once, so no pattern takes more
        // than its length for each character.
        let mut states = vec![false; self.tokens.len() + 1];
        states[0] = true;
        // For a `Folders`: it has begun, and no slash has come yet.
        let mut within = vec![false; states.len()];
        self.settle(&mut states);
        for c in path.chars() {
            if c == '/' && states[self.tokens.len()] {
                return true;
            }
            let (mut next, mut next_within) = (vec![false; states.len()], vec![false; states.len()]);
            for (at, token) in self.tokens.iter().enumerate().filter(|(at, _)| states[*at] || within[*at]) {
                match token {
                    Token::Char(expected) if *expected == c => next[at + 1] = true,
                    Token::One if c != '/' => next[at + 1] = true,
                    Token::Name if c != '/' => next[at] = true,
                    Token::Any => next[at] = true,
                    Token::Folders => {
                        next_within[at] = true;
                        next[at + 1] |= c == '/';
                    }
                    Token::Class { not, ranges } if c != '/' => {
                        let is_in = ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
                        next[at + 1] |= is_in != *not;
                    }
                    _ => {}
                }
            }
            self.settle(&mut next);
            (states, within) = (next, next_within);
        }
        states[self.tokens.len()]
    }

    /// Tokens that may stand for nothing are passed over.
    fn settle(&self, states: &mut [bool]) {
        for (at, token) in self.tokens.iter().enumerate() {
            if states[at] && matches!(token, Token::Name | Token::Any | Token::Folders) {
                states[at + 1] = true;
            }
        }
    }
}

/// A class and its length with the closing bracket.
fn class(text: &[char]) -> Option<(Token, usize)> {
    let not = text.first() == Some(&'^');
    let mut at = usize::from(not);
    let mut ranges = Vec::new();
    loop {
        let mut next = || {
            let c = *text.get(at)?;
            at += 1;
            if c != '\\' {
                return Some((c, false));
            }
            let c = *text.get(at)?;
            at += 1;
            Some((c, true))
        };
        let (from, escaped) = next()?;
        if from == ']' && !escaped {
            return (!ranges.is_empty()).then_some((Token::Class { not, ranges }, at));
        }
        if text.get(at) == Some(&'-') && text.get(at + 1).is_some_and(|c| *c != ']') {
            at += 1;
            let to = *text.get(at)?;
            at += 1;
            ranges.push((from, to));
        } else {
            ranges.push((from, from));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_as_docker_reads_them() {
        for (patterns, path, expected) in [
            ("node_modules", "node_modules", true),
            ("node_modules", "node_modules/a/b", true),
            ("node_modules", "ui/node_modules", false),
            ("/target/", "target/x", true),
            ("**/node_modules", "ui/node_modules/x", true),
            ("**/node_modules", "node_modules", true),
            ("**/node_modules", "my_node_modules", false),
            ("*.md", "README.md", true),
            ("*.md", "docs/README.md", false),
            ("*/*.md", "docs/README.md", true),
            ("**/*.md", "a/b/c.md", true),
            ("docs/**", "docs/a/b", true),
            ("docs/**", "docs", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/xb", false),
            ("a**b", "a/x/b", true),
            ("a**b", "axb", false),
            ("temp?", "temp1", true),
            ("temp?", "temp", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[^a-c]x", "dx", true),
            ("# no\n\n  x  ", "x", true),
            ("#x", "#x", false),
            ("\\#x", "#x", true),
            ("./x/../y", "y", true),
            ("*\n!keep", "keep", false),
            ("*\n!keep", "keep/a", false),
            ("*\n!keep\nkeep/b", "keep/b", true),
            ("*\n!keep", "other", true),
            ("docs\n!docs/a.md", "docs/a.md", false),
            ("docs\n!docs/a.md", "docs/b.md", true),
            ("[", "[", true),
            ("[a", "[a", true),
            (".", "x", false),
            ("!", "x", false),
            ("", "x", false),
        ] {
            assert_eq!(IgnoreFile::read(patterns).leaves_out(path), expected, "{patterns:?} {path}");
        }
    }

    #[test]
    fn a_pattern_that_is_made_to_cost_time_does_not() {
        let file = IgnoreFile::read(&"**/*a".repeat(100));
        assert!(!file.leaves_out(&"b/".repeat(2000)));
    }
}
