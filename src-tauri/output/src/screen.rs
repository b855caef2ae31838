//! What a terminal shows of one line when all of it was written: a progress bar's last state, without the codes that
//! moved the cursor. `vte` takes the codes apart.
//!
//! A line is all there is: movements to other lines are left out, and each character is one column wide.

use vte::{Params, Parser, Perform};

use super::ansi::SgrState;

/// The farthest column that a code can reach. A cursor is moved beyond it by nothing but hostile output.
const COLUMNS: usize = 4 * 1024;
/// How many columns the codes of a line may change. Hostile output erases the whole line again and again; the codes
/// after that have no effect.
const CHANGES: usize = 1024 * 1024;

/// What is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glyph {
    Character(char),
    /// A byte that is not UTF-8.
    Byte(u8),
}

/// One column of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub glyph: Glyph,
    /// The offset of its first byte in the line.
    pub at: usize,
    pub sgr: SgrState,
}

/// Whether a terminal does anything with these bytes but show them.
pub(super) fn concerns(bytes: &[u8]) -> bool {
    memchr::memchr3(0x1b, b'\r', 0x08, bytes).is_some()
}

/// The cells of a line after all of its bytes. `looks` is how letters look before it, then after it.
pub(super) fn written(bytes: &[u8], sgr: &mut SgrState) -> Vec<Cell> {
    let mut line = Written { cells: Vec::new(), column: 0, changes: 0, sgr: std::mem::take(sgr) };
    let mut at = 0;
    while at < bytes.len() {
        let text = memchr::memchr3(0x1b, b'\r', 0x08, &bytes[at..]).map_or(bytes.len(), |found| at + found);
        line.text(&bytes[at..text], at);
        at = text;
        match bytes.get(at) {
            None => break,
            Some(b'\r') => line.column = 0,
            Some(0x08) => line.column = line.column.saturating_sub(1),
            // A code that does not end on this line is shown.
            Some(_) => match code(&bytes[at..]) {
                Some((code, length)) => {
                    line.follow(&code, &bytes[at..at + length]);
                    at += length;
                    continue;
                }
                None => line.put(Glyph::Character('\x1b'), at),
            },
        }
        at += 1;
    }
    *sgr = line.sgr;
    line.cells
}

/// Follows only how letters look.
pub(super) fn sgr_after(bytes: &[u8], sgr: &mut SgrState) {
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(0x1b, rest) {
        let from = &rest[at..];
        let length = code(from).map_or(1, |(code, length)| {
            if code.action == 'm' {
                sgr.follow(&from[2..length - 1]);
            }
            length
        });
        rest = &from[length..];
    }
}

struct Written {
    cells: Vec<Cell>,
    column: usize,
    /// How many columns codes changed so far.
    changes: usize,
    sgr: SgrState,
}

impl Written {
    fn text(&mut self, bytes: &[u8], mut at: usize) {
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                self.put(Glyph::Character(c), at);
                at += c.len_utf8();
            }
            for byte in chunk.invalid() {
                self.put(Glyph::Byte(*byte), at);
                at += 1;
            }
        }
    }

    fn put(&mut self, glyph: Glyph, at: usize) {
        let cell = Cell { glyph, at, sgr: self.sgr.clone() };
        // A cursor that was moved past the end leaves blanks behind.
        let blank = Cell { glyph: Glyph::Character(' '), at: usize::MAX, sgr: SgrState::default() };
        if self.column > self.cells.len() {
            self.changes += self.column - self.cells.len();
            self.cells.resize(self.column, blank);
        }
        match self.cells.get_mut(self.column) {
            Some(before) => *before = cell,
            None => self.cells.push(cell),
        }
        self.column += 1;
    }

    fn follow(&mut self, code: &Code, bytes: &[u8]) {
        let count = code.parameter.max(1);
        if self.changes > CHANGES {
            return;
        }
        match code.action {
            'm' => self.sgr.follow(&bytes[2..bytes.len() - 1]),
            'C' | 'a' => self.column = self.column.saturating_add(count).min(COLUMNS),
            'D' => self.column = self.column.saturating_sub(count),
            'G' | '`' => self.column = (count - 1).min(COLUMNS),
            'H' | 'f' => self.column = code.second.max(1).saturating_sub(1).min(COLUMNS),
            // To another line: what follows begins there.
            'E' | 'F' => self.column = 0,
            'K' | 'J' => self.erase(code.parameter),
            'P' => {
                let end = self.column.saturating_add(count).min(self.cells.len());
                self.changes += self.cells.len();
                self.cells.drain(self.column.min(end)..end);
            }
            'X' => self.blank(self.column, self.column.saturating_add(count)),
            _ => {}
        }
    }

    /// From the cursor on, up to it, or all of the line.
    fn erase(&mut self, what: usize) {
        match what {
            0 => self.cells.truncate(self.column),
            1 => self.blank(0, self.column.saturating_add(1)),
            _ => self.cells.clear(),
        }
    }

    fn blank(&mut self, from: usize, to: usize) {
        let to = to.min(self.cells.len());
        let from = from.min(to);
        self.changes += to - from;
        for cell in &mut self.cells[from..to] {
            (cell.glyph, cell.at) = (Glyph::Character(' '), usize::MAX);
        }
    }
}

/// A whole code. Those that are no `ESC [ …` change nothing that is shown and have a blank action.
struct Code {
    action: char,
    parameter: usize,
    second: usize,
}

/// Reads the code that these bytes begin with, and its length; none when it does not end within them.
fn code(bytes: &[u8]) -> Option<(Code, usize)> {
    let (mut parser, mut reader) = (Parser::new(), Reader::default());
    for (at, byte) in bytes.iter().enumerate() {
        // `ESC \` ends a string. Any other code ends an unfinished one, which has no effect.
        if at > 0 && *byte == 0x1b {
            let length = if bytes.get(at + 1) == Some(&b'\\') { at + 2 } else { at };
            return Some((Code { action: ' ', parameter: 0, second: 0 }, length));
        }
        parser.advance(&mut reader, std::slice::from_ref(byte));
        match reader.seen {
            Seen::Nothing => {}
            Seen::Code(parameter, second, action) => return Some((Code { action, parameter, second }, at + 1)),
            // What is shown does not belong to the code before it, which was malformed and is over.
            Seen::Text => return Some((Code { action: ' ', parameter: 0, second: 0 }, at)),
        }
    }
    None
}

#[derive(Default)]
enum Seen {
    #[default]
    Nothing,
    Code(usize, usize, char),
    Text,
}

#[derive(Default)]
struct Reader {
    seen: Seen,
}

impl Perform for Reader {
    fn print(&mut self, _: char) {
        self.seen = Seen::Text;
    }

    fn execute(&mut self, byte: u8) {
        // CAN and SUB end a code; other controls within one do not.
        if matches!(byte, 0x18 | 0x1a) {
            self.seen = Seen::Code(0, 0, ' ');
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        let mut numbers = params.iter().map(|number| number.first().copied().unwrap_or_default());
        let (first, second) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
        // `ESC [ ? 25 l` and the like share their last letter with other codes.
        let action = if ignore || !intermediates.is_empty() { ' ' } else { action };
        self.seen = Seen::Code(first.into(), second.into(), action);
    }

    fn esc_dispatch(&mut self, _: &[u8], _: bool, _: u8) {
        self.seen = Seen::Code(0, 0, ' ');
    }

    fn osc_dispatch(&mut self, _: &[&[u8]], _: bool) {
        self.seen = Seen::Code(0, 0, ' ');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(bytes: &[u8]) -> String {
        let cells = written(bytes, &mut SgrState::default());
        cells
            .iter()
            .map(|cell| match cell.glyph {
                Glyph::Character('\x1b') => '\u{241b}',
                Glyph::Character(c) => c,
                Glyph::Byte(_) => '\u{fffd}',
            })
            .collect()
    }

    #[test]
    fn codes_that_change_nothing_on_the_line_are_left_out() {
        for codes in [
            &b"\x1b(B"[..],
            b"\x1b)0",
            b"\x1b=",
            b"\x1b>",
            b"\x1b7",
            b"\x1b8",
            b"\x1bM",
            b"\x1b[?25l",
            b"\x1b[?2004h",
            b"\x1b[>c",
            b"\x1b[1;24r",
            b"\x1b[2A",
            b"\x1b]0;title\x07",
            b"\x1b]8;;https://example.com\x1b\\",
            b"\x1bP1$r0m\x1b\\",
            b"\x1b_Gf=100;AAAA\x1b\\",
            b"\x1b^private\x1b\\",
            b"\x1bXstring\x1b\\",
            b"\x1b[12\x18",
            b"\x1b[1;2;3$$$$z",
        ] {
            let line = [b"a", codes, b"b"].concat();
            assert_eq!(shown(&line), "ab", "{}", codes.escape_ascii());
        }
    }

    #[test]
    fn a_line_that_is_written_over_shows_its_last_state() {
        for (line, last) in [
            (&b"10%\r100%"[..], "100%"),
            (b"\r\r", ""),
            (b"abcdef\rxy", "xycdef"),
            (b"abcdef\r\x1b[Kxy", "xy"),
            (b"abcdef\x1b[2K\rxy", "xy"),
            (b"abc\x08\x08X", "aXc"),
            (b"abc\x1b[2DX", "aXc"),
            (b"a\x1b[3Cb", "a   b"),
            (b"abc\x1b[1GX", "Xbc"),
            (b"abc\x1b[1;2HX", "aXc"),
            (b"abcdef\x1b[3D\x1b[1K", "    ef"),
            (b"abcdef\x1b[1G\x1b[2P", "cdef"),
            (b"abcdef\x1b[2G\x1b[2X", "a  def"),
            // As docker compose and docker pull write their progress.
            (b"\x1b[1A\x1b[2K\r[+] Running 1/1", "[+] Running 1/1"),
            (b"Downloading [=>  ]\x1b[K\rDownload complete\x1b[K", "Download complete"),
        ] {
            assert_eq!(shown(line), last, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn a_code_that_does_not_end_on_the_line_is_shown() {
        assert_eq!(shown(b"a\x1b[12"), "a\u{241b}[12");
        assert_eq!(shown(b"a\x1b]0;title"), "a\u{241b}]0;title");
        assert_eq!(shown(b"a\x1b"), "a\u{241b}");
    }

    #[test]
    fn a_code_that_another_one_interrupts_has_no_effect_and_is_not_read_again() {
        assert_eq!(shown(b"a\x1b[12\x1b[31mb"), "ab");
        assert_eq!(shown(b"a\x1b]0;title\x1b[31mb"), "ab");
        let started = std::time::Instant::now();
        written(&b"\x1b[".repeat(1 << 20), &mut SgrState::default());
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "each was read to the end of the line");
    }

    #[test]
    fn a_line_that_is_erased_over_and_over_costs_a_bounded_time() {
        let mut sgr = SgrState::default();
        let mut line = Written { cells: Vec::new(), column: 0, changes: 0, sgr: std::mem::take(&mut sgr) };
        for _ in 0..100_000 {
            line.column = COLUMNS;
            line.put(Glyph::Character('x'), 0);
            let erase = b"\x1b[2K";
            let (code, _) = code(erase).unwrap();
            line.follow(&code, erase);
        }
        assert!(line.changes <= CHANGES + 2 * COLUMNS, "{}", line.changes);
    }

    #[test]
    fn a_cursor_far_away_makes_no_line_of_that_length() {
        let cells = written(b"\x1b[65535Cx\x1b[65535Cy", &mut SgrState::default());
        assert!(cells.len() <= COLUMNS + 2, "{}", cells.len());
    }

    proptest! {
        #[test]
        fn no_bytes_make_more_columns_than_there_can_be(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b'9'), Just(b'C'), Just(b'K'), Just(b'P'), Just(b'\r')], 0..200),
        ) {
            let cells = written(&bytes, &mut SgrState::default());
            prop_assert!(cells.len() <= COLUMNS + bytes.len());
            prop_assert!(cells.iter().all(|cell| cell.at == usize::MAX || cell.at < bytes.len()));
        }
    }
}
