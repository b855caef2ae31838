//! The ignore file of a build's context, read as docker reads `.dockerignore`.

use porthole_base::numbers::count;

/// The most bytes of a line: paths aren't longer.
const LONGEST_LINE: usize = 4 * 1024;
/// The most characters and wildcards of all patterns. Each file of the context is compared with them.
const MOST_TOKENS: usize = 100_000;

/// Why an ignore file isn't used. Without a part of it, files would be sent that it leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooLarge {
    /// This line.
    #[error("line {number} has more than {} bytes", count(LONGEST_LINE as u64))]
    Line { number: usize },
    /// All patterns up to this line.
    #[error("the patterns up to line {number} have more than {} characters", count(MOST_TOKENS as u64))]
    All { number: usize },
}

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

impl Token {
    /// What it costs to compare it.
    fn weight(&self) -> usize {
        match self {
            Self::Class { ranges, .. } => 1 + ranges.len(),
            _ => 1,
        }
    }
}

impl IgnoreFile {
    /// # Errors
    /// What of it is too large.
    pub fn read(text: &str) -> Result<Self, TooLarge> {
        let (mut patterns, mut tokens) = (Vec::new(), 0);
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            if line.starts_with('#') {
                continue;
            }
            if line.len() > LONGEST_LINE {
                return Err(TooLarge::Line { number });
            }
            let Some(pattern) = Pattern::read(line) else { continue };
            tokens += pattern.tokens.iter().map(Token::weight).sum::<usize>();
            if tokens > MOST_TOKENS {
                return Err(TooLarge::All { number });
            }
            patterns.push(pattern);
        }
        Ok(Self { patterns })
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
        // No bracket closes from here on: looking for it again and again would take the square of the line's length.
        let mut no_end = false;
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
                '[' if no_end => Token::Char('['),
                '[' => match class(&text[at..]) {
                    Bracket::Class(class, length) => {
                        at += length;
                        class
                    }
                    Bracket::Empty => Token::Char('['),
                    Bracket::NoEnd => {
                        no_end = true;
                        Token::Char('[')
                    }
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
            if !states.contains(&true) && !within.contains(&true) {
                return false;
            }
        }
        states[self.tokens.len()]
    }

    /// Tokens that may represent nothing are passed over.
    fn settle(&self, states: &mut [bool]) {
        for (at, token) in self.tokens.iter().enumerate() {
            if states[at] && matches!(token, Token::Name | Token::Any | Token::Folders) {
                states[at + 1] = true;
            }
        }
    }
}

/// What follows an opening bracket.
enum Bracket {
    /// A class, and its length with the closing bracket.
    Class(Token, usize),
    /// The closing bracket.
    Empty,
    /// Anything, without a closing bracket.
    NoEnd,
}

fn class(text: &[char]) -> Bracket {
    read_class(text).unwrap_or(Bracket::NoEnd)
}

/// None where the text ends before it does.
fn read_class(text: &[char]) -> Option<Bracket> {
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
            let is_empty = ranges.is_empty();
            return Some(if is_empty { Bracket::Empty } else { Bracket::Class(Token::Class { not, ranges }, at) });
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
            ("[][a]", "[]a", true),
            ("[a\\][b", "[a][b", true),
            (".", "x", false),
            ("!", "x", false),
            ("", "x", false),
        ] {
            assert_eq!(IgnoreFile::read(patterns).unwrap().leaves_out(path), expected, "{patterns:?} {path}");
        }
    }

    #[test]
    fn a_pattern_that_is_made_to_cost_time_does_not() {
        let file = IgnoreFile::read(&"**/*a".repeat(100)).unwrap();
        assert!(!file.leaves_out(&"b/".repeat(2000)));
    }

    #[test]
    fn brackets_that_do_not_close_are_looked_for_once() {
        let pattern = Pattern::read(&"[".repeat(1_000_000)).unwrap();
        assert_eq!(pattern.tokens.len(), 1_000_000);
        assert!(pattern.tokens.iter().all(|token| *token == Token::Char('[')));
    }

    #[test]
    fn a_file_that_is_too_large_names_the_line() {
        let long = format!("#{0}\na\n{0}", "x".repeat(LONGEST_LINE + 1));
        let error = IgnoreFile::read(&long).unwrap_err();
        assert_eq!(
            (error, error.to_string().as_str()),
            (TooLarge::Line { number: 3 }, "line 3 has more than 4,096 bytes")
        );
        let many = format!("{}\n", "x".repeat(1_000)).repeat(200);
        assert_eq!(IgnoreFile::read(&many).unwrap_err(), TooLarge::All { number: 101 });
        let classes = format!("[{}]\n", "x".repeat(1_000)).repeat(200);
        assert_eq!(IgnoreFile::read(&classes).unwrap_err(), TooLarge::All { number: 100 });
    }
}
