//! Bytes as rows of sixteen, in hexadecimal and as characters.

use std::fmt::Write;

use super::{Line, Output, Window, text::RenderedText};
use crate::Stream;
use porthole_base::error::Result;

/// Bytes in a row.
pub(super) const ROW: u64 = 16;

impl Output {
    pub(super) fn hex_window(&self, stream: Stream, from: u64, count: u64) -> Result<Window> {
        let (bytes, length) = self.bytes(stream);
        let first = from.saturating_mul(ROW).min(length);
        let last = first.saturating_add(count * ROW).min(length);
        let read = bytes.read(first, last).map_err(|error| self.unreadable(&error))?;
        let streams = self.lock();
        let time = |offset| streams.of(stream).time_at(offset).unwrap_or_default();
        let lines = read.chunks(ROW as usize).zip(0..).map(|(row, n)| {
            let offset = first + n * ROW;
            Line::of(offset, stream, time(offset), RenderedText::plain(text(row)), row.len() as u64)
        });
        let before_us = first.checked_sub(1).map(time);
        Ok(Window {
            from,
            total: length.div_ceil(ROW),
            lines: lines.collect(),
            before_us,
            making: None,
            problem: None,
            decoded: None,
        })
    }
}

/// `48 65 6c 6c 6f 00 …  Hello.`, the characters always in the same column.
fn text(row: &[u8]) -> String {
    let mut text = String::with_capacity(72);
    for n in 0..ROW as usize {
        if n == ROW as usize / 2 {
            text.push(' ');
        }
        match row.get(n) {
            Some(byte) => {
                let _ = write!(text, "{byte:02x} ");
            }
            None => text.push_str("   "),
        }
    }
    text.push(' ');
    text.extend(row.iter().map(|byte| if matches!(byte, 0x20..=0x7e) { char::from(*byte) } else { '·' }));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_row_keeps_its_columns() {
        let full = text(b"0123456789abcde\n");
        assert_eq!(full, "30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 0a  0123456789abcde·");
        let short = text(b"\xffA");
        assert_eq!(short.chars().position(|c| c == '·'), full.find('0').map(|_| 50));
    }
}
