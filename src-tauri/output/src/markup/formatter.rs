//! Indents XML and HTML that comes in pieces. What it writes is for reading: white space between tags is its own, and
//! everything else stays as sent.

use super::MarkupState;
use crate::incomplete_tail;

/// Bytes of a tag or text that are gathered. What is longer is written as it comes.
const GATHERED: usize = 16 * 1024;
/// Text of this many bytes stays in the line of its element.
const SHORT: usize = 200;
/// Depth of elements up to which their ends are matched.
const DEEPEST: usize = 512;
/// Levels of indentation that are drawn.
const DRAWN_DEPTH: usize = 48;
/// Bytes of a name that are kept.
const NAME: usize = 64;

const VOID: [&[u8]; 14] = [
    b"area", b"base", b"br", b"col", b"embed", b"frame", b"hr", b"img", b"input", b"link", b"meta", b"source",
    b"track", b"wbr",
];
const RAW: [&[u8]; 3] = [b"script", b"style", b"textarea"];

#[derive(Debug)]
pub(super) struct Formatter {
    is_html: bool,
    lexer: Lexer,
    /// The tag, comment or text so far, and the states in which lines of it begin.
    token: Vec<u8>,
    states: Vec<MarkupState>,
    /// The beginning of the token was written already.
    spilled: bool,
    /// Names of the elements that are open.
    open: Vec<Box<[u8]>>,
    /// An opening tag that isn't written yet: its text and its end may come in the same line.
    pending: Option<Vec<u8>>,
    pending_text: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lexer {
    Text,
    /// After `<`, until it's clear what it begins.
    Begun,
    Tag,
    /// In the value of an attribute.
    Value(u8),
    Comment,
    Cdata,
    /// `<!DOCTYPE …>`; how many brackets of it are open.
    Declaration(u32),
    Instruction,
    /// In a script or style sheet.
    Raw,
}

/// What was formatted: text, and in which state each of its lines begins.
#[derive(Debug, Default)]
pub(super) struct Formatted {
    pub text: Vec<u8>,
    pub states: Vec<MarkupState>,
}

impl Formatter {
    pub fn new(is_html: bool) -> Self {
        Self {
            is_html,
            lexer: Lexer::Text,
            token: Vec::new(),
            states: Vec::new(),
            spilled: false,
            open: Vec::new(),
            pending: None,
            pending_text: Vec::new(),
        }
    }

    /// Formats what came next.
    pub fn push(&mut self, bytes: &[u8], out: &mut Formatted) {
        for &byte in bytes {
            self.byte(byte, out);
            if self.token.len() >= GATHERED {
                self.spill(out);
            }
        }
    }

    /// Nothing more comes.
    pub fn finish(&mut self, out: &mut Formatted) {
        match self.lexer {
            Lexer::Text => self.text_ended(out),
            _ => self.write_token(out),
        }
        self.flush(out);
    }

    fn byte(&mut self, byte: u8, out: &mut Formatted) {
        match self.lexer {
            Lexer::Text if byte == b'<' => {
                self.text_ended(out);
                self.lexer = Lexer::Begun;
                self.token.push(byte);
            }
            Lexer::Text => self.token.push(byte),
            Lexer::Begun => self.begun(byte, out),
            Lexer::Tag => self.in_tag(byte, out),
            Lexer::Value(quote) => {
                self.keep(byte, if quote == b'"' { MarkupState::DoubleQuoted } else { MarkupState::SingleQuoted });
                if byte == quote {
                    self.lexer = Lexer::Tag;
                }
            }
            Lexer::Comment => {
                self.keep(byte, MarkupState::Comment);
                self.ends(out, b"-->", 7);
            }
            Lexer::Cdata => {
                self.keep(byte, MarkupState::Cdata);
                self.ends(out, b"]]>", 12);
            }
            Lexer::Instruction => {
                self.keep(byte, MarkupState::Declaration);
                self.ends(out, if self.is_html { b">" } else { b"?>" }, 3);
            }
            Lexer::Declaration(open) => self.in_declaration(byte, open, out),
            Lexer::Raw => self.in_raw(byte, out),
        }
    }

    fn begun(&mut self, byte: u8, out: &mut Formatted) {
        let is_name = byte.is_ascii_alphabetic() || b"_:/".contains(&byte) || byte >= 0x80;
        match &self.token[..] {
            b"<" if byte == b'!' => self.token.push(byte),
            b"<" if byte == b'?' => {
                self.token.push(byte);
                self.lexer = Lexer::Instruction;
            }
            b"<" if is_name => {
                self.token.push(byte);
                self.lexer = Lexer::Tag;
            }
            // A lonely `<` is text.
            b"<" => {
                self.token.push(byte);
                self.lexer = Lexer::Text;
            }
            b"<!" if byte == b'-' || byte == b'[' => self.token.push(byte),
            b"<!-" if byte == b'-' => {
                self.token.push(byte);
                self.lexer = Lexer::Comment;
            }
            b"<![" | b"<![C" | b"<![CD" | b"<![CDA" | b"<![CDAT" | b"<![CDATA"
                if b"CDATA["[self.token.len() - 3] == byte =>
            {
                self.token.push(byte);
                if self.token.ends_with(b"<![CDATA[") {
                    self.lexer = Lexer::Cdata;
                }
            }
            _ => {
                self.lexer = Lexer::Declaration(0);
                self.in_declaration(byte, 0, out);
            }
        }
    }

    /// Spaces between attributes become one: an attribute a line is for the window to wrap.
    fn in_tag(&mut self, byte: u8, out: &mut Formatted) {
        match byte {
            b'>' => {
                if self.token.last() == Some(&b' ') {
                    self.token.pop();
                }
                self.token.push(byte);
                self.tag_ended(out);
            }
            b'"' | b'\'' if self.token.last() == Some(&b'=') => {
                self.token.push(byte);
                self.lexer = Lexer::Value(byte);
            }
            b' ' | b'\t' | b'\r' | b'\n' | 0x0c => {
                if !matches!(self.token.last(), Some(b' ' | b'=')) {
                    self.token.push(b' ');
                }
            }
            b'=' => {
                if self.token.last() == Some(&b' ') {
                    self.token.pop();
                }
                self.token.push(byte);
            }
            _ => self.token.push(byte),
        }
    }

    fn in_declaration(&mut self, byte: u8, open: u32, out: &mut Formatted) {
        self.keep(byte, MarkupState::Declaration);
        match byte {
            b'[' => self.lexer = Lexer::Declaration(open.saturating_add(1)),
            b']' => self.lexer = Lexer::Declaration(open.saturating_sub(1)),
            b'>' if open == 0 => {
                self.write_token(out);
                self.lexer = Lexer::Text;
            }
            _ => {}
        }
    }

    /// Until the element's own closing tag.
    fn in_raw(&mut self, byte: u8, out: &mut Formatted) {
        self.keep(byte, MarkupState::Raw);
        if byte != b'>' {
            return;
        }
        let name = self.open.last().map(|name| name.to_vec()).unwrap_or_default();
        let end = [b"</", &name[..]].concat();
        let at = self.token.iter().rposition(|byte| *byte == b'<').unwrap_or(0);
        let tag = &self.token[at..];
        let is_end = tag.get(..end.len()).is_some_and(|start| start.eq_ignore_ascii_case(&end))
            && tag.get(end.len()).is_some_and(|byte| !byte.is_ascii_alphanumeric());
        if !is_end {
            return;
        }
        let tag = self.token.split_off(at);
        self.raw_ended(out);
        self.token = tag;
        self.states.clear();
        self.tag_ended(out);
    }

    /// Its lines stay as they are, one level below the element.
    fn raw_ended(&mut self, out: &mut Formatted) {
        let text = std::mem::take(&mut self.token);
        if text.trim_ascii().is_empty() && !self.spilled {
            return;
        }
        self.flush(out);
        let depth = self.open.len();
        self.states.clear();
        for line in text.trim_ascii_end().split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.trim_ascii().is_empty() {
                write_row(out, depth, line.trim_ascii(), MarkupState::Raw, &[]);
            }
        }
        self.spilled = false;
    }

    /// Adds a byte that stays as it is; a line that begins after it begins in this state.
    fn keep(&mut self, byte: u8, state: MarkupState) {
        self.token.push(byte);
        if byte == b'\n' {
            self.states.push(state);
        }
    }

    /// Writes the token where it ends like this, and is not shorter than the shortest of its kind.
    fn ends(&mut self, out: &mut Formatted, end: &[u8], shortest: usize) {
        if self.token.ends_with(end) && (self.token.len() >= shortest || self.spilled) {
            self.write_token(out);
            self.lexer = Lexer::Text;
        }
    }

    fn tag_ended(&mut self, out: &mut Formatted) {
        self.lexer = Lexer::Text;
        if self.spilled {
            // Its beginning is gone, and with it its name: it counts as empty.
            return self.write_token(out);
        }
        let tag = std::mem::take(&mut self.token);
        let states = std::mem::take(&mut self.states);
        let is_end = tag.starts_with(b"</");
        let name = name_of(&tag[if is_end { 2 } else { 1 }..], self.is_html);
        if is_end {
            return self.element_ended(&name, &tag, out);
        }
        self.flush(out);
        if self.is_html {
            self.close_implied(&name);
        }
        let is_empty = tag.ends_with(b"/>") || self.is_html && VOID.contains(&&*name);
        if is_empty || self.open.len() >= DEEPEST || !states.is_empty() {
            write_row(out, self.open.len(), &tag, MarkupState::Text, &states);
        } else {
            self.pending = Some(tag);
        }
        if !is_empty && self.open.len() < DEEPEST {
            if self.is_html && RAW.contains(&&*name) {
                self.lexer = Lexer::Raw;
            }
            self.open.push(name);
        }
    }

    fn element_ended(&mut self, name: &[u8], tag: &[u8], out: &mut Formatted) {
        let at = self.open.iter().rposition(|open| **open == *name);
        if let Some(mut line) = self.pending.take_if(|_| at.is_some_and(|at| at + 1 == self.open.len())) {
            line.append(&mut self.pending_text);
            line.extend_from_slice(tag);
            self.open.pop();
            return write_row(out, self.open.len(), &line, MarkupState::Text, &[]);
        }
        self.flush(out);
        if let Some(at) = at {
            self.open.truncate(at);
        }
        write_row(out, self.open.len(), tag, MarkupState::Text, &[]);
    }

    /// Elements that HTML ends without an end tag.
    fn close_implied(&mut self, name: &[u8]) {
        let closed: &[&[u8]] = match name {
            b"li" => &[b"li", b"p"],
            b"dt" | b"dd" => &[b"dt", b"dd", b"p"],
            b"option" | b"optgroup" => &[b"option"],
            b"td" | b"th" => &[b"td", b"th", b"p"],
            b"tr" => &[b"tr", b"td", b"th", b"p"],
            b"thead" | b"tbody" | b"tfoot" => &[b"thead", b"tbody", b"tfoot", b"tr", b"td", b"th", b"p"],
            b"body" => &[b"head"],
            b"p" | b"div" | b"ul" | b"ol" | b"dl" | b"table" | b"pre" | b"form" | b"section" | b"article"
            | b"header" | b"footer" | b"main" | b"nav" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"hr" => {
                &[b"p"]
            }
            _ => return,
        };
        while self.open.last().is_some_and(|open| closed.contains(&&**open)) {
            self.open.pop();
        }
    }

    fn text_ended(&mut self, out: &mut Formatted) {
        let token = std::mem::take(&mut self.token);
        let text = token.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&token).trim_ascii();
        if text.is_empty() {
            return;
        }
        if self.pending.is_some() && self.pending_text.is_empty() && text.len() <= SHORT && !text.contains(&b'\n') {
            self.pending_text = text.to_vec();
            return;
        }
        self.flush(out);
        for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
            write_row(out, self.open.len(), line, MarkupState::Text, &[]);
        }
    }

    /// Writes an opening tag that waited, and its text.
    fn flush(&mut self, out: &mut Formatted) {
        let Some(tag) = self.pending.take() else { return };
        let depth = self.open.len();
        write_row(out, depth.saturating_sub(1), &tag, MarkupState::Text, &[]);
        let text = std::mem::take(&mut self.pending_text);
        if !text.is_empty() {
            write_row(out, depth, &text, MarkupState::Text, &[]);
        }
    }

    fn write_token(&mut self, out: &mut Formatted) {
        self.flush(out);
        let token = std::mem::take(&mut self.token);
        let states = std::mem::take(&mut self.states);
        let state = if std::mem::take(&mut self.spilled) { self.state() } else { MarkupState::Text };
        if !token.is_empty() {
            write_row(out, self.open.len(), &token, state, &states);
        }
    }

    /// Writes the collected part of a long token. The next line continues the token.
    fn spill(&mut self, out: &mut Formatted) {
        let rest = self.token.split_off(self.token.len() - incomplete_tail(&self.token));
        match self.lexer {
            Lexer::Text => self.text_ended(out),
            Lexer::Raw => {
                self.raw_ended(out);
                self.spilled = true;
            }
            _ => {
                self.write_token(out);
                self.spilled = true;
            }
        }
        self.token = rest;
    }

    /// The initial state of a line that continues the token.
    fn state(&self) -> MarkupState {
        match self.lexer {
            Lexer::Text => MarkupState::Text,
            Lexer::Begun | Lexer::Tag => MarkupState::Tag,
            Lexer::Value(b'"') => MarkupState::DoubleQuoted,
            Lexer::Value(_) => MarkupState::SingleQuoted,
            Lexer::Comment => MarkupState::Comment,
            Lexer::Cdata => MarkupState::Cdata,
            Lexer::Declaration(_) | Lexer::Instruction => MarkupState::Declaration,
            Lexer::Raw => MarkupState::Raw,
        }
    }
}

fn name_of(tag: &[u8], is_html: bool) -> Box<[u8]> {
    let end = tag.iter().position(|byte| byte.is_ascii_whitespace() || b"/>".contains(byte)).unwrap_or(tag.len());
    let name = &tag[..end.min(NAME)];
    if is_html { name.to_ascii_lowercase().into() } else { name.into() }
}

/// Writes a row; `states` are those of its lines after the first.
fn write_row(out: &mut Formatted, depth: usize, bytes: &[u8], first: MarkupState, states: &[MarkupState]) {
    let indent = |out: &mut Formatted| out.text.resize(out.text.len() + 2 * depth.min(DRAWN_DEPTH), b' ');
    let mut states = [first].into_iter().chain(states.iter().copied());
    let mut lines = bytes.split(|byte| *byte == b'\n');
    for line in &mut lines {
        indent(out);
        out.text.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.text.push(b'\n');
        out.states.push(states.next().unwrap_or(first));
    }
}
