//! Every error code is produced by a test, and the page knows no other.

use std::{collections::BTreeSet, fs, path::Path};

/// `tests`: all that is below is tests.
fn texts(directory: &Path, tests: bool, found: &mut String) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            texts(&path, tests || path.ends_with("tests"), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy();
            // Beside the code, the tests are what follows `#[cfg(test)]`.
            let tests = if tests || name.ends_with("_tests.rs") {
                Some(text.as_str())
            } else {
                text.split_once("#[cfg(test)]").map(|(_, tests)| tests)
            };
            found.push_str(tests.unwrap_or_default());
        }
    }
}

fn snake(code: &str) -> String {
    let mut snake = String::new();
    for c in code.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

#[test]
fn every_error_code_is_expected_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let source = fs::read_to_string(root.join("src-tauri/core/src/error.rs")).unwrap();
    let list = source.split_once("pub enum Code {").unwrap().1.split_once('}').unwrap().0;
    let codes: BTreeSet<&str> = list.lines().map(str::trim).filter_map(|line| line.strip_suffix(',')).collect();
    assert!(codes.len() > 25, "the list was not read: {codes:?}");
    let mut tests = String::new();
    texts(&root.join("tests/tests"), true, &mut tests);
    texts(&root.join("src-tauri"), false, &mut tests);
    // As Rust writes it, or as the page and scripts see it.
    let expected = |code: &str| {
        let word = format!("Code::{code}");
        let named =
            tests.match_indices(&word).any(|(at, _)| !tests[at + word.len()..].starts_with(char::is_alphanumeric));
        named || tests.contains(&format!("\"{}\"", snake(code)))
    };
    let missing: Vec<&str> = codes.into_iter().filter(|code| !expected(code)).collect();
    assert!(missing.is_empty(), "no test expects {missing:?}");
}
