//! What the program and Porthole say to each other while the program listens in the place of a backend's socket: frames
//! as in `protocol.rs`, with these kinds.
//!
//! Bytes pass in the container itself. What is sent here are copies of them, and what happens to connections. A
//! connection has a number.

use super::protocol::{BLOCK, HEAD, head};

/// What is added to the path of the backend's own socket while it is moved aside.
pub const ASIDE: &str = ".porthole";
/// Of this protocol. Both ends come from one build; another one says so instead of being misread.
pub const VERSION: u8 = 1;
/// Connections at once. Each has two threads, and engines may limit a container to 2048 of them. More wait.
pub const MOST: usize = 1000;
/// Bytes that are read at once.
pub const PIECE: usize = 16 * 1024;
/// Bytes of a text; a longer one is cut.
const TEXT: usize = 4096;

/// Who sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The desktop, or another client.
    Client,
    /// The backend.
    Backend,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Both sides closed it.
    ByBoth,
    /// The client takes nothing more.
    ClientGone,
    /// Porthole ended it.
    Stopped,
}

/// What the program says.
#[allow(missing_docs, reason = "each variant says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// It listens, and the backend's socket is here. Also when a backend has a new one.
    Listening { version: u8, aside: &'a str },
    /// It doesn't: the text of a `PlaceError`. It ends.
    NotListening { why: &'a str },
    /// A connection was accepted, and one to the backend is open.
    Opened { id: u32 },
    /// A connection was accepted and there is none to the backend: a `Refusal`'s name, and words.
    Failed { id: u32, why: &'a str },
    /// Bytes passed.
    Bytes { id: u32, side: Side, bytes: &'a [u8] },
    /// A count of bytes that passed without a copy: the queue was full.
    Missed { id: u32, side: Side, count: u64 },
    /// A side sends no more.
    Ended { id: u32, side: Side },
    /// A connection is over.
    Closed { id: u32, how: End },
    /// A count of connections without any other event: the queue was full.
    Unseen { count: u64 },
    /// Its socket isn't at its path any more. It listens again when a backend has one there.
    Lost,
    /// A failure that doesn't end the program, in words.
    Trouble { words: &'a str },
    /// The backend's socket is where it was. It ends.
    Restored,
    /// It couldn't be put back: the text of a `PlaceError`. It ends.
    NotRestored { why: &'a str },
}

/// What Porthole says.
#[allow(missing_docs, reason = "each variant says what its fields are")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Put the socket back and end.
    Stop,
    /// Close a connection.
    Close { id: u32 },
}

const LISTENING: u8 = b'L';
const NOT_LISTENING: u8 = b'N';
const OPENED: u8 = b'O';
const FAILED: u8 = b'F';
const FROM_CLIENT: u8 = b'C';
const FROM_BACKEND: u8 = b'B';
const MISSED: u8 = b'M';
const ENDED: u8 = b'E';
const CLOSED: u8 = b'X';
const UNSEEN: u8 = b'U';
const LOST: u8 = b'P';
const TROUBLE: u8 = b'T';
const RESTORED: u8 = b'R';
const NOT_RESTORED: u8 = b'D';
const STOP: u8 = b's';
const CLOSE: u8 = b'c';

impl<'a> Event<'a> {
    /// As a frame.
    pub fn encode(&self) -> Vec<u8> {
        let id = |id: &u32| id.to_be_bytes();
        match self {
            Self::Listening { version, aside } => frame(LISTENING, &[&[*version], cut(aside)]),
            Self::NotListening { why } => frame(NOT_LISTENING, &[cut(why)]),
            Self::Opened { id: of } => frame(OPENED, &[&id(of)]),
            Self::Failed { id: of, why } => frame(FAILED, &[&id(of), cut(why)]),
            Self::Bytes { id: of, side: Side::Client, bytes } => frame(FROM_CLIENT, &[&id(of), bytes]),
            Self::Bytes { id: of, side: Side::Backend, bytes } => frame(FROM_BACKEND, &[&id(of), bytes]),
            Self::Missed { id: of, side, count } => {
                frame(MISSED, &[&id(of), &[side_number(*side)], &count.to_be_bytes()])
            }
            Self::Ended { id: of, side } => frame(ENDED, &[&id(of), &[side_number(*side)]]),
            Self::Closed { id: of, how } => {
                let how = match how {
                    End::ByBoth => 0,
                    End::ClientGone => 1,
                    End::Stopped => 2,
                };
                frame(CLOSED, &[&id(of), &[how]])
            }
            Self::Unseen { count } => frame(UNSEEN, &[&count.to_be_bytes()]),
            Self::Lost => frame(LOST, &[]),
            Self::Trouble { words } => frame(TROUBLE, &[cut(words)]),
            Self::Restored => frame(RESTORED, &[]),
            Self::NotRestored { why } => frame(NOT_RESTORED, &[cut(why)]),
        }
    }

    /// Reads a frame; none where the program would not send it.
    pub fn decode(kind: u8, payload: &'a [u8]) -> Option<Self> {
        if payload.len() > BLOCK {
            return None;
        }
        Some(match kind {
            LISTENING => {
                let (version, aside) = payload.split_first()?;
                Self::Listening { version: *version, aside: text(aside)? }
            }
            NOT_LISTENING => Self::NotListening { why: text(payload)? },
            OPENED => Self::Opened { id: u32::from_be_bytes(payload.try_into().ok()?) },
            FAILED => {
                let (id, why) = numbered(payload)?;
                Self::Failed { id, why: text(why)? }
            }
            FROM_CLIENT | FROM_BACKEND => {
                let (id, bytes) = numbered(payload)?;
                let side = if kind == FROM_CLIENT { Side::Client } else { Side::Backend };
                if bytes.is_empty() {
                    return None;
                }
                Self::Bytes { id, side, bytes }
            }
            MISSED => {
                let (id, rest) = numbered(payload)?;
                let (side, count) = rest.split_first()?;
                Self::Missed { id, side: side_of(*side)?, count: u64::from_be_bytes(count.try_into().ok()?) }
            }
            ENDED => match numbered(payload)? {
                (id, [side]) => Self::Ended { id, side: side_of(*side)? },
                _ => return None,
            },
            CLOSED => match numbered(payload)? {
                (id, [0]) => Self::Closed { id, how: End::ByBoth },
                (id, [1]) => Self::Closed { id, how: End::ClientGone },
                (id, [2]) => Self::Closed { id, how: End::Stopped },
                _ => return None,
            },
            UNSEEN => Self::Unseen { count: u64::from_be_bytes(payload.try_into().ok()?) },
            LOST if payload.is_empty() => Self::Lost,
            TROUBLE => Self::Trouble { words: text(payload)? },
            RESTORED if payload.is_empty() => Self::Restored,
            NOT_RESTORED => Self::NotRestored { why: text(payload)? },
            _ => return None,
        })
    }
}

impl Order {
    /// As a frame.
    pub fn encode(self) -> Vec<u8> {
        match self {
            Self::Stop => frame(STOP, &[]),
            Self::Close { id } => frame(CLOSE, &[&id.to_be_bytes()]),
        }
    }

    /// Reads a frame; none where Porthole would not send it.
    pub fn decode(kind: u8, payload: &[u8]) -> Option<Self> {
        match (kind, payload) {
            (STOP, []) => Some(Self::Stop),
            (CLOSE, id) => Some(Self::Close { id: u32::from_be_bytes(id.try_into().ok()?) }),
            _ => None,
        }
    }
}

fn frame(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut frame = Vec::with_capacity(HEAD + length);
    frame.extend_from_slice(&head(kind, length));
    parts.iter().for_each(|part| frame.extend_from_slice(part));
    frame
}

/// The beginning of a text.
fn cut(text: &str) -> &[u8] {
    &text.as_bytes()[..text.floor_char_boundary(TEXT)]
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.len() <= TEXT)
}

fn numbered(payload: &[u8]) -> Option<(u32, &[u8])> {
    let (id, rest) = payload.split_first_chunk()?;
    Some((u32::from_be_bytes(*id), rest))
}

fn side_number(side: Side) -> u8 {
    match side {
        Side::Client => 0,
        Side::Backend => 1,
    }
}

fn side_of(number: u8) -> Option<Side> {
    match number {
        0 => Some(Side::Client),
        1 => Some(Side::Backend),
        _ => None,
    }
}

// The program that includes this file has no tests.
#[cfg(test)]
#[path = "tap_protocol_tests.rs"]
mod tests;
