//! The braces around a variable, in image names, Dockerfiles and compose files.

/// Where the brace that was opened before this text ends. Every brace counts, not only those of variables.
pub(super) fn closing(text: &str) -> Option<usize> {
    let mut depth = 1_usize;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}
