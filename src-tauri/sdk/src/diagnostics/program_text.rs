//! What programs write about themselves. A body or an output holds nothing but text, so it is the only source of these
//! facts. Each is read by one function here, which names the programs and versions that write the text, and gives a
//! value that the rules decide on. An unknown text is no finding, never an error.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use porthole_http::exchange::Protocol;

/// The line that tells of a refused connection to port 80 of this machine: `connect ECONNREFUSED 127.0.0.1:80` of Node 20,
/// `dial tcp [::1]:80: connect: connection refused` of Go, `Failed to connect to localhost port 80` of curl 7.88.
pub(super) fn refused_on_80(text: &[u8]) -> Option<String> {
    static ADDRESSES: LazyLock<[Finder<'static>; 6]> = LazyLock::new(|| {
        ["127.0.0.1:80", "::1:80", "[::1]:80", "localhost:80", "127.0.0.1 port 80", "localhost port 80"]
            .map(Finder::new)
    });
    // All of the addresses contain it, and few texts do.
    memmem::find(text, b"80")?;
    ADDRESSES.iter().find_map(|address| {
        address.find_iter(text).find_map(|at| {
            if text.get(at + address.needle().len()).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            let begin = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1).max(at.saturating_sub(200));
            let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end).min(at + 200);
            let line = String::from_utf8_lossy(&text[begin..end]).into_owned();
            let says = ["ECONNREFUSED", "onnection refused", "ailed to connect", "ould not connect"];
            says.iter().any(|words| line.contains(words)).then_some(line)
        })
    })
}

/// Whether a connection was closed before a response came: `socket hang up` of the `http` module of Node 20.
pub(super) fn hangs_up(text: &[u8]) -> bool {
    memmem::find(text, b"socket hang up").is_some()
}

/// The protocol that a server asks for in its refusal of a plain request, with the text that says so. The first is of Go's
/// `net/http`, as in Docker 28; the others are of nginx, Apache httpd, Tomcat and MongoDB.
pub(super) fn asked_for(text: &[u8]) -> Option<(&'static str, Protocol)> {
    const TEXTS: [(&str, Protocol); 5] = [
        ("Client sent an HTTP request to an HTTPS server", Protocol::Tls),
        ("The plain HTTP request was sent to HTTPS port", Protocol::Tls),
        ("speaking plain HTTP to an SSL-enabled server port", Protocol::Tls),
        ("This combination of host and port requires TLS", Protocol::Tls),
        ("trying to access MongoDB over HTTP", Protocol::Mongodb),
    ];
    // To prepare a search takes longer than to search a small body.
    static FINDERS: LazyLock<[Finder<'static>; 5]> = LazyLock::new(|| TEXTS.map(|(known, _)| Finder::new(known)));
    let found = FINDERS.iter().position(|known| known.find(text).is_some())?;
    TEXTS.get(found).copied()
}

/// Whether a line names a program that wasn't found and ends in a carriage return: `/bin/sh^M: bad interpreter` and
/// `$'\r': command not found` of bash 5.2, `env: 'bash\r': No such file or directory` of coreutils 9.1, which has other quotes
/// in a UTF-8 locale, and what runc and crun quote of it.
pub(super) fn names_carriage_return(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let has = |part: &[u8]| memmem::find(line, part).is_some();
    let missing = || has(b"No such file or directory") || has(b"no such file or directory") || has(b"not found");
    let names = || ["^M", "\r'", "\\r'", "\\r\u{2019}", "\\r\"", "\r:", "\\r:"].iter().any(|end| has(end.as_bytes()));
    (has(b"bad interpreter") || missing()) && names()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_port_80_and_only_a_refusal_tell_of_a_lost_path() {
        for told in [
            "Error: connect ECONNREFUSED 127.0.0.1:80",
            "dial tcp [::1]:80: connect: connection refused",
            "curl: (7) Failed to connect to localhost port 80 after 0 ms: Couldn't connect to server",
            "connect ECONNREFUSED ::1:80\nmore",
        ] {
            assert!(refused_on_80(told.as_bytes()).is_some(), "{told}");
        }
        for silent in [
            "connect ECONNREFUSED 127.0.0.1:8080",
            "listening on 127.0.0.1:80",
            "ECONNREFUSED\nlistening on 127.0.0.1:80",
            "connect ECONNREFUSED /run/guest-services/b.sock",
        ] {
            assert_eq!(refused_on_80(silent.as_bytes()), None, "{silent}");
        }
        let twice = b"127.0.0.1:8080 ECONNREFUSED\nconnect ECONNREFUSED 127.0.0.1:80";
        assert_eq!(refused_on_80(twice).as_deref(), Some("connect ECONNREFUSED 127.0.0.1:80"));
    }

    #[test]
    fn what_a_server_asks_for_is_known_by_its_own_words_alone() {
        let found = |text: &str| asked_for(text.as_bytes()).map(|(_, protocol)| protocol);
        assert_eq!(found("Client sent an HTTP request to an HTTPS server.\n"), Some(Protocol::Tls));
        assert_eq!(found("It looks like you are trying to access MongoDB over HTTP"), Some(Protocol::Mongodb));
        assert_eq!(found("This server requires HTTPS"), None);
    }

    #[test]
    fn a_carriage_return_counts_only_where_something_was_not_found() {
        for line in [
            "/x.sh: /bin/sh^M: bad interpreter",
            "env: 'bash\\r': No such file or directory",
            "/usr/bin/env: \u{2018}bash\\r\u{2019}: No such file or directory",
        ] {
            assert!(names_carriage_return(line.as_bytes()), "{line}");
        }
        for line in ["a line\r\n", "sh: jq: not found", "printf '\\r': done"] {
            assert!(!names_carriage_return(line.as_bytes()), "{line}");
        }
    }
}
