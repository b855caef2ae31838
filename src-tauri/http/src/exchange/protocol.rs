//! Protocols that a backend speaks in place of HTTP/1, recognized by the bytes that it sends first.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::endpoint::Endpoint;

/// A protocol that is not HTTP/1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// HTTP/2 without TLS, which every gRPC server speaks.
    Http2,
    /// TLS: HTTPS, or anything else inside.
    Tls,
    /// Redis, Valkey and KeyDB.
    Redis,
    /// Memcached's text protocol.
    Memcached,
    /// PostgreSQL, and its poolers.
    Postgresql,
    /// MySQL and MariaDB.
    Mysql,
    /// MongoDB.
    Mongodb,
    /// SSH.
    Ssh,
    /// SMTP and LMTP.
    Smtp,
    /// FTP.
    Ftp,
    /// POP3.
    Pop3,
    /// IMAP.
    Imap,
    /// AMQP, as RabbitMQ speaks it.
    Amqp,
    /// NATS.
    Nats,
    /// VNC.
    Vnc,
    /// Telnet.
    Telnet,
    /// A JSON value with no HTTP head before it.
    Json,
    /// An HTML page with no HTTP head before it.
    Html,
}

impl Protocol {
    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http2 => "HTTP/2",
            Self::Tls => "TLS",
            Self::Redis => "Redis",
            Self::Memcached => "Memcached",
            Self::Postgresql => "PostgreSQL",
            Self::Mysql => "MySQL",
            Self::Mongodb => "MongoDB",
            Self::Ssh => "SSH",
            Self::Smtp => "SMTP",
            Self::Ftp => "FTP",
            Self::Pop3 => "POP3",
            Self::Imap => "IMAP",
            Self::Amqp => "AMQP",
            Self::Nats => "NATS",
            Self::Vnc => "VNC",
            Self::Telnet => "Telnet",
            Self::Json => "JSON",
            Self::Html => "HTML",
        }
    }

    /// What the backend does, as a sentence without its period.
    pub fn sentence(self) -> String {
        match self {
            Self::Json | Self::Html => format!("The backend sent {} without a status line and headers", self.name()),
            _ => format!("The backend speaks {}, not HTTP/1", self.name()),
        }
    }

    /// What to do about a backend that speaks it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Http2 => {
                "Serve HTTP/1.1 on this socket. A gRPC server needs a gateway in front of it; other servers have a setting for it."
            }
            Self::Tls => "Turn off TLS for this socket: the connection never leaves the machine.",
            Self::Json | Self::Html => {
                "Send a status line and headers before the body; an HTTP library does this for you."
            }
            _ => "Check the endpoint: it may be the socket of a service that the backend uses, not the backend's own.",
        }
    }

    /// What usually listens at an endpoint with this name: some servers close without a message when they get an HTTP
    /// request.
    pub fn usual_at(endpoint: &Endpoint) -> Option<Self> {
        let path = match endpoint {
            Endpoint::Unix(path) => path.to_str()?,
            Endpoint::Container { path, .. } => path,
            Endpoint::Tcp { port: 5432, .. } => return Some(Self::Postgresql),
            Endpoint::Tcp { port: 6379, .. } => return Some(Self::Redis),
            Endpoint::Tcp { port: 3306, .. } => return Some(Self::Mysql),
            _ => return None,
        };
        match path.rsplit('/').next()? {
            name if name.starts_with(".s.PGSQL.") => Some(Self::Postgresql),
            "mysqld.sock" | "mysql.sock" | "mysqlx.sock" | "mariadb.sock" => Some(Self::Mysql),
            "redis.sock" | "redis-server.sock" | "valkey.sock" => Some(Self::Redis),
            _ => None,
        }
    }

    /// Recognizes the protocol of a server by what it sent first, or answered to a request of HTTP/1.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if bytes.starts_with(b"PRI * HTTP/2") || is_http2_frame(bytes) {
            return Some(Self::Http2);
        }
        if is_tls_record(bytes) {
            return Some(Self::Tls);
        }
        if is_postgresql_error(bytes) {
            return Some(Self::Postgresql);
        }
        if is_mysql_packet(bytes) {
            return Some(Self::Mysql);
        }
        let beginnings: [(&[u8], Self); 13] = [
            (b"SSH-", Self::Ssh),
            (b"-ERR ", Self::Redis),
            (b"-NOAUTH ", Self::Redis),
            (b"-NOPERM ", Self::Redis),
            (b"-DENIED Redis", Self::Redis),
            (b"-LOADING Redis", Self::Redis),
            (b"* OK ", Self::Imap),
            (b"* BYE ", Self::Imap),
            (b"+OK ", Self::Pop3),
            (b"AMQP", Self::Amqp),
            (b"INFO {", Self::Nats),
            (b"RFB 00", Self::Vnc),
            (b"ERROR\r\n", Self::Memcached),
        ];
        if let Some((_, protocol)) = beginnings.iter().find(|(beginning, _)| bytes.starts_with(beginning)) {
            return Some(*protocol);
        }
        if line == b"+OK" || line == b"+PONG" {
            return Some(Self::Redis);
        }
        if let Some(greeting) = greeting_220(bytes) {
            return Some(greeting);
        }
        // IAC, then WILL, WONT, DO or DONT.
        if matches!(bytes, [0xff, 0xfb..=0xfe, ..]) {
            return Some(Self::Telnet);
        }
        is_body(bytes)
    }
}

/// A frame that an HTTP/2 server may send first: SETTINGS, or GOAWAY, both for the whole connection.
fn is_http2_frame(bytes: &[u8]) -> bool {
    let Some(([l0, l1, l2, kind, flags, s0, s1, s2, s3], _)) = bytes.split_first_chunk() else { return false };
    let length = u32::from_be_bytes([0, *l0, *l1, *l2]);
    let for_all = [s0, s1, s2, s3].iter().all(|byte| **byte == 0);
    for_all
        && match kind {
            // Six bytes a setting; an acknowledgement has none.
            4 => length.is_multiple_of(6) && length <= 16_384 && (*flags == 0 || (*flags == 1 && length == 0)),
            7 => (8..=16_384).contains(&length) && *flags == 0,
            _ => false,
        }
}

/// An alert, which answers a request without TLS, or a handshake.
fn is_tls_record(bytes: &[u8]) -> bool {
    let Some(([kind, major, minor, l0, l1], _)) = bytes.split_first_chunk() else { return false };
    let length = u16::from_be_bytes([*l0, *l1]);
    *major == 3 && *minor <= 4 && matches!((kind, length), (0x15, 2) | (0x16, 4..=16_640))
}

/// An error response, or the form that servers have for clients of an old version.
fn is_postgresql_error(bytes: &[u8]) -> bool {
    let severities: [&[u8]; 3] = [b"FATAL", b"ERROR", b"PANIC"];
    let severe = |rest: &[u8]| severities.iter().any(|severity| rest.starts_with(severity));
    match bytes {
        [b'E', l0, l1, l2, l3, b'S', rest @ ..] => u32::from_be_bytes([*l0, *l1, *l2, *l3]) < 65_536 && severe(rest),
        [b'E', rest @ ..] => severe(rest) && rest.get(5) == Some(&b':'),
        _ => false,
    }
}

/// The server's greeting (protocol 10), or the error that it sends in place of one.
fn is_mysql_packet(bytes: &[u8]) -> bool {
    let Some(([l0, l1, l2, sequence], packet)) = bytes.split_first_chunk() else { return false };
    let length = u32::from_le_bytes([*l0, *l1, *l2, 0]);
    *sequence == 0
        && match packet {
            [10, version @ ..] => (20..4096).contains(&length) && version.first().is_some_and(u8::is_ascii_digit),
            // Errors of a server are 1000 to 1999, of a MariaDB up to 4999.
            [0xff, e0, e1, ..] => length < 4096 && (1000..5000).contains(&u16::from_le_bytes([*e0, *e1])),
            _ => false,
        }
}

/// The greeting with code 220: mail and files begin alike, and say which in the text.
fn greeting_220(bytes: &[u8]) -> Option<Protocol> {
    if !bytes.starts_with(b"220 ") && !bytes.starts_with(b"220-") {
        return None;
    }
    let greeting = bytes[..bytes.len().min(1024)].to_ascii_uppercase();
    let says = |word: &[u8]| memchr::memmem::find(&greeting, word).is_some();
    if says(b"SMTP") || says(b"LMTP") {
        Some(Protocol::Smtp)
    } else if says(b"FTP") || says(b"FILEZILLA") {
        Some(Protocol::Ftp)
    } else {
        None
    }
}

/// A body without a head.
fn is_body(bytes: &[u8]) -> Option<Protocol> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    // A line of a log may begin with a bracket too.
    let inside = |following: &[u8]| text[1..].trim_ascii_start().first().is_some_and(|byte| following.contains(byte));
    let tag = |tag: &[u8]| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    match text.first() {
        Some(b'{') if inside(b"\"}") => Some(Protocol::Json),
        Some(b'[') if inside(b"\"{[]") => Some(Protocol::Json),
        Some(b'<') if tag(b"<!doctype html") || tag(b"<html") => Some(Protocol::Html),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_protocol_is_recognized_by_what_its_servers_send_first() {
        use Protocol::*;
        for (bytes, protocol) in [
            // grpc-go 1.x, on connect.
            (&b"\0\0\x06\x04\0\0\0\0\0\0\x05\0\0\x40\0"[..], Http2),
            (b"\0\0\0\x04\0\0\0\0\0", Http2),
            (b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01", Http2),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Http2),
            // OpenSSL: alert 70, protocol version; and 10, unexpected message.
            (b"\x15\x03\x01\0\x02\x02\x46", Tls),
            (b"\x15\x03\x03\0\x02\x02\x0a", Tls),
            (b"-ERR wrong number of arguments for 'get' command\r\n", Redis),
            (b"-NOAUTH Authentication required.\r\n", Redis),
            (b"-DENIED Redis is running in protected mode\r\n", Redis),
            (b"ERROR\r\n", Memcached),
            (b"E\0\0\0\x60SFATAL\0C0A000\0", Postgresql),
            (b"EFATAL:  unsupported frontend protocol 17736.21536\n\0", Postgresql),
            (b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0", Mysql),
            (b"\x5c\0\0\0\x0a5.5.5-10.11.6-MariaDB\0", Mysql),
            (b"\x45\0\0\0\xff\x6a\x04Host '172.17.0.1' is not allowed", Mysql),
            (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", Ssh),
            (b"220 mail.example ESMTP Postfix\r\n", Smtp),
            (b"220-Welcome\r\n220 (vsFTPd 3.0.3)\r\n", Ftp),
            (b"+OK POP3 ready\r\n", Pop3),
            (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", Imap),
            (b"AMQP\0\0\x09\x01", Amqp),
            (b"INFO {\"server_id\":\"N\"}\r\n", Nats),
            (b"RFB 003.008\n", Vnc),
            (b"\xff\xfd\x18\xff\xfd\x20", Telnet),
            (b"{\"ready\":true}\n", Json),
            (b" <!DOCTYPE html>\n", Html),
        ] {
            assert_eq!(Protocol::of(bytes), Some(protocol), "{:?}", String::from_utf8_lossy(bytes));
            assert!(!protocol.name().is_empty() && protocol.hint().ends_with('.'));
        }
    }

    #[test]
    fn a_server_that_says_nothing_is_known_by_the_name_of_its_socket() {
        let unix = |path: &str| Protocol::usual_at(&Endpoint::Unix(path.into()));
        assert_eq!(unix("/run/postgresql/.s.PGSQL.5432"), Some(Protocol::Postgresql));
        assert_eq!(unix("/run/mysqld/mysqld.sock"), Some(Protocol::Mysql));
        assert_eq!(unix("/run/guest-services/backend.sock"), None);
        assert_eq!(Protocol::usual_at(&Endpoint::Tcp { host: "h".into(), port: 6379 }), Some(Protocol::Redis));
    }

    #[test]
    fn what_could_be_anything_is_not_named() {
        for bytes in [
            &b""[..],
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"hello\r\n",
            b"220 ready\r\n",
            b"\0\0\x06\x04\0\0\0\0\x01\0\x05",
            b"\0\0\x05\x04\0\0\0\0\0",
            b"\x16\x03",
            b"\x15\x03\x01\x40\0",
            b"ERROR in module\r\n",
            b"Error: no\r\n",
            b"{\xff",
            b"[2026-11-29] started\n",
        ] {
            assert_eq!(Protocol::of(bytes), None, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail_and_more_of_them_name_no_other(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(b'2'), Just(b'E')], 0..40),
            cut in 0usize..40,
        ) {
            let (beginning, all) = (Protocol::of(&bytes[..cut.min(bytes.len())]), Protocol::of(&bytes));
            // Two lines of a greeting may name two things; the first one counts where it is enough.
            let greeting = bytes.starts_with(b"220");
            prop_assert!(beginning.is_none() || all.is_none() || beginning == all || greeting);
        }
    }
}
