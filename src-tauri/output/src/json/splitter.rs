//! Where the lines of JSON text begin once it is indented, and what is on one: found without
//! reading what the tokens mean, so that every token is as sent.

/// Finds where indented lines begin in JSON text that comes in pieces. It may begin at the
/// beginning of any such line.
#[derive(Debug, Clone)]
pub(super) struct Splitter {
    depth: u32,
    state: State,
    /// A bracket was opened and nothing is in it yet.
    opened: bool,
    /// The next token begins a line.
    breaks: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Between,
    Token,
    Text,
    Escape,
}

/// The beginning of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub offset: u64,
    pub depth: u32,
}

impl Splitter {
    /// At the beginning of a line of this depth.
    pub fn at(depth: u32) -> Self {
        Self { depth, state: State::Between, opened: false, breaks: true }
    }

    /// At the beginning of a line with this first byte: one that closes a bracket is less deep than what is in that.
    pub fn at_line(start: Start, first: u8) -> Self {
        Self::at(start.depth + u32::from(matches!(first, b'}' | b']')))
    }

    pub fn in_text(&self) -> bool {
        matches!(self.state, State::Text | State::Escape)
    }

    /// How many bytes can be passed over without a look: those of a string.
    pub fn passes(&self, bytes: &[u8]) -> usize {
        match self.state {
            State::Text => memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len()),
            _ => 0,
        }
    }

    /// Takes the byte at an offset, and tells whether a line begins there.
    pub fn byte(&mut self, byte: u8, offset: u64) -> Option<Start> {
        match self.state {
            State::Escape => self.state = State::Text,
            State::Text if byte == b'\\' => self.state = State::Escape,
            State::Text if byte == b'"' => self.ended(),
            State::Text => {}
            State::Between | State::Token => return self.outside(byte, offset),
        }
        None
    }

    fn ended(&mut self) {
        self.state = State::Between;
        // A value of the outermost level has no comma after it.
        self.breaks |= self.depth == 0;
    }

    fn outside(&mut self, byte: u8, offset: u64) -> Option<Start> {
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b':' | b',') {
            if self.state == State::Token {
                self.ended();
            }
            self.breaks |= byte == b',';
            return None;
        }
        if matches!(byte, b'}' | b']') {
            if self.state == State::Token {
                self.ended();
            }
            self.depth = self.depth.saturating_sub(1);
            let start = (!std::mem::take(&mut self.opened)).then_some(Start { offset, depth: self.depth });
            self.breaks = false;
            self.ended();
            return start;
        }
        let new_token = self.state == State::Between;
        let begins = new_token && (std::mem::take(&mut self.opened) | std::mem::take(&mut self.breaks));
        let start = begins.then_some(Start { offset, depth: self.depth });
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                self.opened = true;
                self.state = State::Between;
            }
            b'"' => self.state = State::Text,
            _ => self.state = State::Token,
        }
        start
    }
}

/// The text of one line, without what is between tokens: from its beginning up to that of the
/// next one, or up to a limit. `in_text`: it begins in a string.
pub(super) fn tidy(line: &[u8], in_text: bool) -> Vec<u8> {
    let mut text = Vec::with_capacity(line.len());
    Tidier { in_text, escaped: false }.push(line, &mut text);
    text
}

/// The same of a line that comes in pieces.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tidier {
    pub in_text: bool,
    escaped: bool,
}

impl Tidier {
    /// Whether it isn't in the middle of an escape.
    pub fn is_apart(self) -> bool {
        !self.escaped
    }

    pub fn push(&mut self, piece: &[u8], text: &mut Vec<u8>) {
        let mut at = 0;
        while at < piece.len() {
            if self.in_text && !self.escaped {
                let passed = memchr::memchr2(b'"', b'\\', &piece[at..]).unwrap_or(piece.len() - at);
                text.extend_from_slice(&piece[at..at + passed]);
                at += passed;
            }
            let Some(byte) = piece.get(at).copied() else { break };
            at += 1;
            if self.in_text {
                text.push(byte);
                self.in_text = self.escaped || byte != b'"';
                self.escaped = !self.escaped && byte == b'\\';
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => {}
                b':' => text.extend_from_slice(b": "),
                byte => {
                    self.in_text = byte == b'"';
                    text.push(byte);
                }
            }
        }
    }
}
