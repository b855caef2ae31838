//! Which values of variables are looked for elsewhere. A variable's name rarely tells that its value is secret, so each is
//! looked for that doesn't occur by chance.

/// A shorter value occurs by chance.
const SHORTEST: usize = 8;
/// A longer part of a URL's path may be a secret, as in the address of a webhook.
const LONGEST_PART: usize = 15;

/// Variables that programs set for everyone, or that name places and modes.
const ORDINARY: [&str; 31] = [
    "PATH",
    "HOME",
    "PWD",
    "OLDPWD",
    "SHELL",
    "USER",
    "USERNAME",
    "LOGNAME",
    "HOST",
    "HOSTNAME",
    "LANG",
    "LANGUAGE",
    "TERM",
    "COLORTERM",
    "TERM_PROGRAM",
    "TZ",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "TMPDIR",
    "TEMP",
    "TMP",
    "NODE_ENV",
    "RUST_LOG",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "COMPOSE_FILE",
    "COMPOSE_PROJECT_NAME",
    "SHLVL",
];
/// Families of them.
const FAMILIES: [&str; 2] = ["LC_", "XDG_"];

/// Whether a variable's value is so specific that it is looked for elsewhere.
pub(super) fn is_specific(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let is_ordinary = ORDINARY.contains(&upper.as_str()) || FAMILIES.iter().any(|family| upper.starts_with(family));
    let value = value.trim();
    !is_ordinary
        && value.chars().count() >= SHORTEST
        && !(is_number(value)
            || is_word(value)
            || is_path(value)
            || is_host(value)
            || is_locale(value)
            || is_page(value))
}

/// A number, a version, a date or an address.
fn is_number(value: &str) -> bool {
    /// More digits may be an account or a code.
    const LONGEST: usize = 24;
    let is_part =
        |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | ':' | '/' | 'T' | 'Z' | ' ' | 'v');
    value.len() <= LONGEST && value.chars().all(is_part)
}

/// `production`, `Enabled`.
fn is_word(value: &str) -> bool {
    const LONGEST: usize = 16;
    let mut letters = value.chars();
    let rest_is_small = letters.next().is_some_and(char::is_alphabetic) && letters.all(char::is_lowercase);
    value.chars().count() <= LONGEST && (rest_is_small || value.chars().all(char::is_uppercase))
}

/// A path, or several.
fn is_path(value: &str) -> bool {
    let is_one = |path: &str| {
        let on_drive = path.get(1..3).is_some_and(|after| matches!(after, ":\\" | ":/"));
        ["/", "./", "../", "~/", "\\\\"].iter().any(|root| path.starts_with(root)) || on_drive
    };
    // A secret in Base64 may begin with a slash, but has few of them.
    let is_plain = |path: &str| {
        let parts = path.split(['/', '\\']).filter(|part| !part.is_empty());
        parts.into_iter().all(|part| part.len() <= 2 * LONGEST_PART)
    };
    is_one(value) && value.split(if cfg!(windows) { ';' } else { ':' }).all(is_plain)
}

/// `localhost:8080`, `db.example.com`.
fn is_host(value: &str) -> bool {
    let (host, port) = value.split_once(':').map_or((value, None), |(host, port)| (host, Some(port)));
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_lowercase() || c == '-')
            && label.len() <= 2 * LONGEST_PART
    };
    let is_port = |port: &str| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
    host.split('.').all(is_label) && port.is_none_or(is_port) && (host.contains('.') || port.is_some())
}

/// `en_US.UTF-8`.
fn is_locale(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    lower.ends_with(".utf-8") || lower.ends_with(".utf8")
}

/// A URL without a user, a query, or a part that may be a secret.
fn is_page(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && !rest.contains(['@', '?', '#', ' ', '='])
        && rest.split('/').skip(1).all(|part| part.len() <= LONGEST_PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_variable_with_a_harmless_name_stayed_everywhere_else() {
        for value in [
            "hunter2hunter2",
            "correct-horse-battery",
            "eyJhbGciOiJIUzI1NiJ9.e30.x1",
            "postgres://u:pw@db/app",
            "https://hooks.slack.com/services/T00000000/B0000/AbCdEfGhIjKlMnOpQrSt",
            "https://example.com/?sig=1",
            "/W8dK2lmQpZr7aB1vXtYcNfHjUeGsOi94kTz/+a=",
            "1234567890123456789012345",
        ] {
            assert!(is_specific("DSN", value), "{value}");
        }
    }

    #[test]
    fn values_that_occur_by_chance_are_not_looked_for() {
        for value in [
            "true",
            "hunter2",
            "production",
            "Production",
            "PRODUCTION",
            "12345678",
            "2026-12-01T04:47:21Z",
            "127.0.0.1:8080",
            "/usr/local/share/app",
            "/usr/bin:/usr/local/sbin",
            "C:\\Users\\someone",
            "en_US.UTF-8",
            "localhost:8080",
            "registry.example.com:5000",
            "http://localhost:3000/api/v1",
        ] {
            assert!(!is_specific("DSN", value), "{value}");
        }
        assert!(!is_specific("HOSTNAME", "a1b2c3d4e5f6") && !is_specific("LC_PAPER", "de_AT@special"));
    }
}
