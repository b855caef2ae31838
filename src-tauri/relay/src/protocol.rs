//! What the program and Porthole say to each other: frames, in both directions.
//!
//! A frame is one byte for its kind, four for its length, most significant first, and this many bytes. An
//! engine hands on stdout and stderr of an exec in no order to each other, and tells an end only when the
//! program has ended; so all that must be in order is in the frames.

/// Bytes of the connection.
pub const DATA: u8 = b'd';
/// This side has written all it will: what `shutdown(SHUT_WR)` says on a socket.
pub const EOF: u8 = b'e';
/// To Porthole: the socket took the connection.
pub const OPEN: u8 = b'o';
/// To Porthole: it did not. The text is a [`Refusal`]'s name, `: ` and the words of the operating system.
pub const REFUSED: u8 = b'r';
/// To Porthole: the socket takes no more bytes, and may still give some.
pub const WRITE_CLOSED: u8 = b'w';
/// To Porthole: the connection broke; the text is the operating system's.
pub const ERROR: u8 = b'b';

/// The length of a frame's head.
pub const HEAD: usize = 5;
/// The most bytes in one frame of data: with its head, what engines hand on at once.
pub const BLOCK: usize = 32 * 1024 - HEAD;

/// The head of a frame.
pub fn head(kind: u8, length: usize) -> [u8; HEAD] {
    let [a, b, c, d] = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    [kind, a, b, c, d]
}

/// The length that a head tells.
pub fn length(head: [u8; HEAD]) -> usize {
    let [_, a, b, c, d] = head;
    u32::from_be_bytes([a, b, c, d]) as usize
}

/// Why a socket took no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing exists at the path.
    Missing,
    /// A part of the path is a file.
    NoDirectory,
    /// Something else than a socket is there.
    NotSocket,
    /// It may not be opened.
    Denied,
    /// Nothing listens.
    Refused,
    /// Something else.
    Other,
}

impl Refusal {
    /// All of them, with the names that go over the wire.
    pub const NAMES: [(Self, &'static str); 6] = [
        (Self::Missing, "missing"),
        (Self::NoDirectory, "no directory"),
        (Self::NotSocket, "not a socket"),
        (Self::Denied, "denied"),
        (Self::Refused, "refused"),
        (Self::Other, "other"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(refusal, _)| *refusal == self).map_or("other", |(_, name)| name)
    }

    /// Reads `name: words`.
    pub fn read(text: &str) -> (Self, &str) {
        let (name, words) = text.split_once(": ").unwrap_or(("other", text));
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        (found.map_or(Self::Other, |(refusal, _)| *refusal), words)
    }
}
