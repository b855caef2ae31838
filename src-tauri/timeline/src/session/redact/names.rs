//! Which names are names of secrets. They are compared word by word, so that `dbPassword` is a password and `keyboard` isn't
//! a key.

use std::collections::HashSet;

use aho_corasick::AhoCorasick;

use super::FIELDS;

/// A header with one of these in its name has credentials.
const HEADERS: [&str; 19] = [
    "authorization",
    "auth",
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "credential",
    "credentials",
    "jwt",
    "api_key",
    "access_key",
    "private_key",
    "subscription_key",
    "functions_key",
    "session_key",
    "session_token",
    "registry_config",
];
/// A variable with one of these in its name has a secret value, however short or ordinary it looks.
const VARIABLES: [&str; 14] = [
    "key",
    "apikey",
    "token",
    "secret",
    "pass",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "credential",
    "credentials",
    "auth",
    "cookie",
    "jwt",
];
/// The working directories, which contain the word for a password.
const DIRECTORIES: [&str; 2] = ["PWD", "OLDPWD"];

/// Behind the word they make it a fact about the secret: `token_count`, `password_file`.
const FACTS: [&str; 58] = [
    "age",
    "alg",
    "algorithm",
    "at",
    "budget",
    "changed",
    "count",
    "counts",
    "created",
    "date",
    "email",
    "enabled",
    "endpoint",
    "expiration",
    "expire",
    "expired",
    "expires",
    "expiry",
    "file",
    "format",
    "groups",
    "hint",
    "in",
    "index",
    "interval",
    "kind",
    "len",
    "length",
    "level",
    "lifetime",
    "limit",
    "max",
    "method",
    "methods",
    "min",
    "mode",
    "name",
    "path",
    "policy",
    "position",
    "provider",
    "required",
    "rules",
    "scheme",
    "scope",
    "scopes",
    "size",
    "status",
    "stdin",
    "strength",
    "time",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "usage",
    "version",
];
/// Before `token` they make it a place in a list, or what a program or a language model calls so.
const CURSORS: [&str; 20] = [
    "page",
    "next",
    "previous",
    "continuation",
    "continue",
    "cursor",
    "pagination",
    "sync",
    "resume",
    "skip",
    "cancel",
    "cancellation",
    "change",
    "max",
    "num",
    "bos",
    "eos",
    "pad",
    "unk",
    "stop",
];

/// A shorter word isn't looked for at the end of another: `key` is in `monkey`.
const SHORTEST_ENDING: usize = 5;

/// Names of fields. The usual ones are found as words of longer names too. One that the user adds is exact, but for case,
/// `_` and `-`: `access_token` is `accessToken`.
#[derive(Debug, Clone, Default)]
pub struct FieldNames {
    exact: HashSet<String>,
    usual: Vec<SecretName>,
    /// Finds names that may have a usual one in them: few of a body's many strings do.
    filter: Option<AhoCorasick>,
}

impl FieldNames {
    /// These names.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut exact, mut usual) = (HashSet::new(), Vec::new());
        for name in names {
            if FIELDS.contains(&name) {
                usual.push(SecretName::new(name));
            }
            exact.insert(plain(name));
        }
        exact.remove("");
        let endings = usual.iter().filter_map(|name| name.words.last());
        let filter = AhoCorasick::builder().ascii_case_insensitive(true).build(endings).ok();
        Self { exact, filter: filter.filter(|_| !usual.is_empty()), usual }
    }

    /// Whether it is one of them, or has a usual one in it.
    pub fn has(&self, name: &str) -> bool {
        self.lists(name) || self.filter.as_ref().is_some_and(|filter| filter.is_match(name)) && self.has_usual(name)
    }

    /// Whether it is one of them.
    pub fn lists(&self, name: &str) -> bool {
        self.exact.contains(&plain(name))
    }

    fn has_usual(&self, name: &str) -> bool {
        // Text in brackets isn't a name, as `user[password]` is.
        let words = if name.starts_with(['[', '{']) { Vec::new() } else { words(name) };
        self.usual.iter().any(|usual| usual.is_in(&words))
    }
}

/// Whether a header has credentials by its name. `WWW-Authenticate` asks for them, and those of CORS are about them.
pub(super) fn is_credential_header(name: &str) -> bool {
    let words = words(name);
    !matches!(words.as_slice(), [first, second, ..] if first == "access" && second == "control")
        && has_any(&words, &HEADERS)
}

/// Whether a variable's value is secret by its name.
pub(super) fn is_secret_variable(name: &str) -> bool {
    !DIRECTORIES.contains(&name) && has_any(&words(name), &VARIABLES)
}

fn has_any(words: &[String], names: &[&str]) -> bool {
    names.iter().any(|name| SecretName::new(name).is_in(words))
}

#[derive(Debug, Clone)]
struct SecretName {
    words: Vec<String>,
    /// The words as one: `apikey`.
    joined: String,
}

impl SecretName {
    fn new(name: &str) -> Self {
        let words = words(name);
        Self { joined: words.concat(), words }
    }

    fn is_in(&self, words: &[String]) -> bool {
        (0..words.len()).any(|at| {
            let Some(len) = self.length_at(&words[at..]) else { return false };
            let is_cursor = self.joined == "token" && at > 0 && CURSORS.contains(&words[at - 1].as_str());
            !is_cursor && !words[at + len..].iter().any(|word| FACTS.contains(&word.as_str()))
        })
    }

    /// How many words it takes where these begin with it.
    fn length_at(&self, words: &[String]) -> Option<usize> {
        if words.starts_with(&self.words) {
            return Some(self.words.len());
        }
        let first = words.first()?;
        let ends = self.joined.len() >= SHORTEST_ENDING && first.ends_with(&self.joined);
        (ends || *first == self.joined).then_some(1)
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// The words of a name, lowercase and without a number behind them: `DBPassword2` is `db` and `password`.
fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let (mut words, mut word) = (Vec::new(), String::new());
    for (at, &c) in characters.iter().enumerate() {
        let before = at.checked_sub(1).map_or(' ', |at| characters[at]);
        let is_followed_by_small = characters.get(at + 1).is_some_and(|c| c.is_lowercase());
        let begins = c.is_uppercase() && (!before.is_uppercase() || is_followed_by_small);
        if begins || !c.is_alphanumeric() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    words.push(word);
    for word in &mut words {
        word.truncate(word.trim_end_matches(|c: char| c.is_ascii_digit()).len());
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> FieldNames {
        FieldNames::new(FIELDS)
    }

    #[test]
    fn names_that_are_longer_than_the_usual_ones_were_not_redacted() {
        for name in [
            "pwd",
            "password",
            "dbPassword",
            "DBPassword2",
            "PGPASSWORD",
            "new_password_confirmation",
            "user[password]",
            "secretKey",
            "SECRET_KEY_BASE",
            "API_TOKEN",
            "authtoken",
            "identitytoken",
            "xsrf-token",
            "aws_secret_access_key",
            "AWSAccessKeyId",
            "x.apiKey",
            "myapikey",
            "browserSessionId",
            "token_value",
        ] {
            assert!(usual().has(name), "{name}");
        }
    }

    #[test]
    fn names_that_only_look_like_those_of_secrets_are_left_alone() {
        for name in [
            "tokenizer",
            "tokens",
            "max_tokens",
            "keyboard",
            "monkey",
            "key",
            "author",
            "authority",
            "compass",
            "secretary",
            "nextPageToken",
            "NextToken",
            "continuationToken",
            "token_count",
            "tokenType",
            "password_file",
            "passwordPolicy",
            "secret_name",
            "password-stdin",
            "credentials_url",
        ] {
            assert!(!usual().has(name), "{name}");
        }
    }

    #[test]
    fn a_name_that_the_user_adds_is_exact() {
        let names = FieldNames::new(["pin", "next_page_token"]);
        assert!(names.has("PIN") && names.has("nextPageToken"));
        assert!(!names.has("pin_count") && !names.has("user_pin") && !names.has("password"));
    }

    #[test]
    fn headers_with_credentials_that_no_list_has_were_not_redacted() {
        for name in [
            "Authorization",
            "Proxy-Authorization",
            "X-Registry-Auth",
            "X-Registry-Config",
            "Private-Token",
            "X-Vault-Token",
            "X-Csrf-Token",
            "X-Amz-Security-Token",
            "X-Forwarded-Access-Token",
            "X-XSRFToken",
            "X-API-Key",
            "Apikey",
            "Ocp-Apim-Subscription-Key",
            "X-Client-Secret",
            "X-Amz-Credential",
        ] {
            assert!(is_credential_header(name), "{name}");
        }
        for name in [
            "WWW-Authenticate",
            "Proxy-Authenticate",
            "Access-Control-Allow-Credentials",
            "Access-Control-Allow-Headers",
            "Sec-WebSocket-Key",
            "Idempotency-Key",
            "X-OAuth-Scopes",
            "X-Token-Expires",
            "X-Ms-Continuation-Token",
            "Author",
            "ETag",
            ":authority",
        ] {
            assert!(!is_credential_header(name), "{name}");
        }
    }

    #[test]
    fn the_working_directory_was_a_password_by_its_name() {
        for name in ["MYSQL_PWD", "SIGNING_KEY", "DB_PASS", "APIKEY", "npm_config__authToken"] {
            assert!(is_secret_variable(name), "{name}");
        }
        for name in ["PWD", "OLDPWD", "KEYBOARD_LAYOUT", "GIT_AUTHOR_NAME", "COMPASS", "TOKEN_FILE", "MODE"] {
            assert!(!is_secret_variable(name), "{name}");
        }
    }
}
