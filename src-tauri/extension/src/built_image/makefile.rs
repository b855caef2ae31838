//! The names that a Makefile gives the images it builds. A line with anything but plain variables in it gives none.

use std::collections::HashMap;

/// The most names that are taken, and the most variables.
const MOST_NAMES: usize = 16;
const MOST_VARIABLES: usize = 1_000;
/// How deep variables name variables, and how long a value may become.
const DEPTH: u8 = 8;
const LONGEST: usize = 512;

/// What it passes to `docker build --tag` and `docker extension install`, in its order.
pub fn image_names(text: &str) -> Vec<String> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut variables = HashMap::new();
    for line in joined.lines().filter(|line| !line.starts_with('\t')) {
        if let Some((name, value)) = assignment(line)
            && variables.len() < MOST_VARIABLES
        {
            variables.insert(name, value);
        }
    }
    let mut names = Vec::new();
    for line in joined.lines().filter(|line| line.starts_with('\t')) {
        for name in named_in(line).filter_map(|word| filled(word, &variables, 0)) {
            if names.len() < MOST_NAMES && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// `IMAGE?=acme/x`, with `=`, `:=` or `::=`.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end_matches(['?', ':']).trim();
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let value = value.split(" #").next().unwrap_or_default().trim();
    is_name.then_some((name, value))
}

/// The words of a recipe's line that name an image. Not the words of a shell: the command may be in quotes, and `$(NAME)`
/// is make's.
fn named_in(line: &str) -> impl Iterator<Item = &str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let has = |word: &str| words.contains(&word);
    let (builds, installs) = (has("build"), has("extension") && (has("install") || has("update")));
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).copied();
        let name = match *word {
            "-t" | "--tag" if builds => next,
            "install" | "update" if installs => words[at + 1..].iter().copied().find(|word| !word.starts_with('-')),
            word if builds => word.strip_prefix("--tag=").or_else(|| word.strip_prefix("-t=")),
            _ => None,
        };
        found.extend(name.map(|name| name.trim_matches(['"', '\''])));
    }
    found.into_iter()
}

/// A text with its variables; none when one isn't known, or is more than a variable.
fn filled(text: &str, variables: &HashMap<&str, &str>, depth: u8) -> Option<String> {
    if depth > DEPTH {
        return None;
    }
    let mut filled_text = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled_text.push_str(before);
        let close = match after.chars().next()? {
            '(' => ')',
            '{' => '}',
            _ => return None,
        };
        let (name, after) = after[1..].split_once(close)?;
        filled_text.push_str(&filled(variables.get(name)?, variables, depth + 1)?);
        rest = after;
        if filled_text.len() > LONGEST {
            return None;
        }
    }
    filled_text.push_str(rest);
    (filled_text.len() <= LONGEST).then_some(filled_text)
}
