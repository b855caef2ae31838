//! Passwords in URLs, `scheme://user:password@host`, found while a text streams through.

use super::{PLACEHOLDER, secrets::Collected};

/// The longest part between `//` and the host that is looked at.
const LONGEST: usize = 4096;

/// Where in a URL the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a colon.
    Before,
    /// After a colon and this many slashes.
    Slashes(u8),
    /// After `://`.
    Authority,
    /// In one that is too long.
    TooLong,
}

/// Finds passwords in one text.
#[derive(Debug)]
pub(super) struct UrlPasswords {
    state: State,
    authority: Vec<u8>,
}

impl UrlPasswords {
    pub fn new() -> Self {
        Self { state: State::Before, authority: Vec::new() }
    }

    /// Collects those in a whole text.
    pub fn collect(text: &str, collected: &mut Collected) {
        let mut passwords = Self::new();
        passwords.push(text.as_bytes(), collected);
        passwords.finish(collected);
    }

    /// Takes what comes next.
    pub fn push(&mut self, bytes: &[u8], collected: &mut Collected) {
        let mut at = 0;
        while at < bytes.len() {
            if self.state == State::Before {
                let Some(colon) = memchr::memchr(b':', &bytes[at..]) else { return };
                at += colon + 1;
                self.state = State::Slashes(0);
                continue;
            }
            self.byte(bytes[at], collected);
            at += 1;
        }
    }

    /// Nothing more comes.
    pub fn finish(&mut self, collected: &mut Collected) {
        if self.state == State::Authority {
            found(&self.authority, collected);
        }
        self.state = State::Before;
    }

    fn byte(&mut self, byte: u8, collected: &mut Collected) {
        self.state = match (self.state, byte) {
            (State::Slashes(0), b'/') => State::Slashes(1),
            (State::Slashes(_), b'/') => {
                self.authority.clear();
                State::Authority
            }
            // JSON may escape slashes.
            (State::Slashes(slashes), b'\\') => State::Slashes(slashes),
            (State::Before | State::Slashes(_), b':') => State::Slashes(0),
            (State::Before | State::Slashes(_), _) => State::Before,
            (State::Authority, _) if !ends(byte) && self.authority.len() < LONGEST => {
                self.authority.push(byte);
                State::Authority
            }
            (_, _) if !ends(byte) => State::TooLong,
            (state, _) => {
                if state == State::Authority {
                    found(&self.authority, collected);
                }
                // This may be the first slash of a URL that another begins with.
                let is_next = byte == b'/' && self.authority.last() == Some(&b':');
                if is_next { State::Slashes(1) } else { State::Before }
            }
        };
    }
}

/// Whether the part with the user and the host ends here.
fn ends(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\')
}

fn found(authority: &[u8], collected: &mut Collected) {
    let Some(end) = memchr::memrchr(b'@', authority) else { return };
    let Some(colon) = memchr::memchr(b':', &authority[..end]) else { return };
    let (user, password) = (&authority[..colon], &authority[colon + 1..end]);
    if password.is_empty() || password == PLACEHOLDER.as_bytes() || is_template(password) {
        return;
    }
    collected.add_within([b"/", user, b":"].concat().as_slice(), password, b"@");
    // A password such as `postgres` for `postgres` occurs by chance.
    if !user.eq_ignore_ascii_case(password) {
        collected.add(&String::from_utf8_lossy(password));
        collected.add(&percent_encoding::percent_decode(password).decode_utf8_lossy());
    }
}

/// `$PASSWORD`, `{password}` and `***` are in documents and logs in place of one.
fn is_template(password: &[u8]) -> bool {
    let is_name = |bytes: &[u8]| bytes.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    match password {
        [b'$', b'{' | b'(', ..] | [b'{', .., b'}'] => true,
        [b'$', name @ ..] => is_name(name),
        _ => password.iter().all(|byte| *byte == b'*'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        let mut collected = Collected::default();
        UrlPasswords::collect(text, &mut collected);
        collected.known().replaced(text).map_or(text.to_owned(), |(text, _)| text)
    }

    #[test]
    fn passwords_in_urls_stayed() {
        for (before, after) in [
            ("postgres://u:pw@h/db", "postgres://u:[redacted]@h/db"),
            ("x redis://:p%40ss@h:1 p%40ss", "x redis://:[redacted]@h:1 [redacted]"),
            ("http://u:a@b:c@h", "http://u:[redacted]@h"),
            ("https://p/http://u:pw@h", "https://p/http://u:[redacted]@h"),
            ("http://http://u:pw@h", "http://http://u:[redacted]@h"),
            (r#"{"a":"http:\/\/u:pw@h"}"#, r#"{"a":"http:\/\/u:[redacted]@h"}"#),
            ("a://u:hunter22@h and hunter22", "a://u:[redacted]@h and [redacted]"),
            ("a://u:hunter%2F2@h and hunter/2", "a://u:[redacted]@h and [redacted]"),
            ("postgres://postgres:postgres@h", "postgres://postgres:[redacted]@h"),
        ] {
            assert_eq!(redacted(before), after);
        }
    }

    #[test]
    fn text_without_a_password_stays() {
        for text in [
            "http://h:80/u@v",
            "http://u@h",
            "http://u:@h",
            "a: //u:pw@h",
            "http://u:[redacted]@h",
            "http://u:${PASSWORD}@h",
            "http://u:$PASSWORD@h",
            "http://u:***@h",
        ] {
            assert_eq!(redacted(text), text);
        }
    }

    #[test]
    fn a_password_that_is_cut_in_two_pieces_is_found() {
        let text = b"a http://u:hunter22@h b";
        for at in 0..text.len() {
            let (mut passwords, mut collected) = (UrlPasswords::new(), Collected::default());
            passwords.push(&text[..at], &mut collected);
            passwords.push(&text[at..], &mut collected);
            passwords.finish(&mut collected);
            assert!(collected.known().replaced("hunter22").is_some(), "{at}");
        }
    }
}
