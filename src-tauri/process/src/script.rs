//! Scripts with an unusable first line.

use std::{fs, io::Read, path::Path};

/// What to do about a script with the line endings of Windows.
pub const CARRIAGE_RETURN: &str = "Save the script with LF line endings: `dos2unix FILE`, and `*.sh text eol=lf` in .gitattributes so that Git keeps them.";

/// Whether a script names its interpreter with a carriage return at the end, so that no such program is found.
pub(super) fn first_line_ends_in_carriage_return(path: &Path) -> bool {
    /// Linux reads no more of a script's first line.
    const LONGEST: u64 = 256;
    // Opening a named pipe would wait for a writer.
    if !fs::metadata(path).is_ok_and(|found| found.is_file()) {
        return false;
    }
    let mut first = Vec::new();
    fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut first)).is_ok()
        && first.starts_with(b"#!")
        && first.split_inclusive(|byte| *byte == b'\n').next().is_some_and(|line| line.ends_with(b"\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_of_a_script_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.sh");
        for (bytes, expected) in [
            (&b"#!/bin/sh\r\necho\r\n"[..], true),
            (b"#!/bin/sh\necho\r\n", false),
            (b"#!/bin/sh\r", false),
            (b"echo\r\n", false),
            (b"", false),
        ] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(first_line_ends_in_carriage_return(&path), expected, "{}", bytes.escape_ascii());
        }
        assert!(!first_line_ends_in_carriage_return(directory.path()));
    }
}
