//! Values separated by commas, semicolons or tabs, by RFC 4180: a quoted value may hold line ends, so that records aren't
//! lines.

use super::{LINE_LIMIT, Line, Output, Row, Window, lines::whole_characters, offsets::Offsets};
use crate::{Stream, catch_up::Scan, streams::Streams};
use porthole_base::error::Result;

/// Bytes in which records are found while the user waits for rows.
const STEP: u64 = 16 * 1024 * 1024;
/// Values of a record that are shown.
const MOST_CELLS: usize = 200;
/// Bytes of a value that are shown.
const CELL: usize = 1000;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Where the records of a table begin.
#[derive(Debug, Default)]
pub(super) struct Table {
    starts: Offsets,
    /// Bytes seen.
    length: u64,
    in_quotes: bool,
    in_record: bool,
}

impl Table {
    /// Adds what came next. A quote within a value that isn't quoted counts as well: programs write both, and one that is
    /// doubled changes nothing.
    fn push(&mut self, bytes: &[u8]) {
        for (byte, at) in bytes.iter().zip(self.length..) {
            let is_end = *byte == b'\n' && !self.in_quotes;
            if !self.in_record && !matches!(byte, b'\n' | b'\r') {
                self.in_record = true;
                self.starts.push(at);
            }
            match byte {
                b'"' => self.in_quotes = !self.in_quotes,
                _ if is_end => self.in_record = false,
                _ => {}
            }
        }
        self.length += bytes.len() as u64;
    }

    fn bounds(&self, n: u64) -> Option<(u64, u64)> {
        let mut bounds = self.starts.iter_from(n);
        let start = bounds.next()?;
        Some((start, bounds.next().unwrap_or(self.length)))
    }

    pub fn memory(&self) -> usize {
        self.starts.memory()
    }
}

/// What separates the values: what the first line has most of, outside of quotes.
fn separator(start: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut in_quotes = false;
    for byte in start {
        match byte {
            b'"' => in_quotes = !in_quotes,
            b'\n' if !in_quotes => break,
            _ if !in_quotes => counts.iter_mut().filter(|(of, _)| of == byte).for_each(|(_, count)| *count += 1),
            _ => {}
        }
    }
    // Of as many, the first.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(of, _)| *of)
}

/// The values of a record, and how many more there are.
fn cells(record: &[u8], separator: u8) -> (Vec<String>, u32) {
    let (mut cells, mut more) = (Vec::new(), 0);
    let (mut value, mut in_quotes, mut was_quote) = (Vec::new(), false, false);
    let mut end = |value: &mut Vec<u8>| {
        if cells.len() < MOST_CELLS {
            let whole = value.len() <= CELL;
            value.truncate(CELL);
            let text = String::from_utf8_lossy(whole_characters(value)).into_owned();
            cells.push(if whole { text } else { text + "…" });
        } else {
            more += 1;
        }
        value.clear();
    };
    for byte in record {
        let doubled = std::mem::take(&mut was_quote) && *byte == b'"';
        match byte {
            b'"' if in_quotes => (in_quotes, was_quote) = (false, true),
            b'"' if doubled => {
                value.push(b'"');
                in_quotes = true;
            }
            b'"' if value.is_empty() => in_quotes = true,
            _ if *byte == separator && !in_quotes => end(&mut value),
            _ if value.len() <= CELL => value.push(*byte),
            _ => {}
        }
    }
    end(&mut value);
    (cells, more)
}

impl Scan for Table {
    fn scanned(streams: &Streams) -> u64 {
        streams.table.length
    }

    fn scan(streams: &mut Streams, bytes: &[u8]) {
        streams.table.push(bytes);
    }
}

impl Output {
    pub(super) fn table_window(&self, from: u64, count: u64) -> Result<Window> {
        let making = self.catch_up_with::<Table>(STEP)?;
        let (total, places, separator, bytes) = {
            let streams = self.lock();
            let to = streams.table.starts.len().min(from.saturating_add(count));
            let places = (from..to).filter_map(|n| {
                let (start, end) = streams.table.bounds(n)?;
                Some((n, start, end, streams.stdout.time_at(start)?))
            });
            let places: Vec<_> = places.collect();
            (streams.table.starts.len(), places, separator(&streams.start), streams.stdout.bytes())
        };
        let mut lines = Vec::with_capacity(places.len());
        for (n, start, end, at_us) in places {
            let read = bytes.read(start, end.min(start + LINE_LIMIT)).map_err(|error| self.unreadable(&error))?;
            let cut = end - start > LINE_LIMIT;
            let end_of_text = read.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |at| at + 1);
            let record = &read[..end_of_text];
            let record = if n == 0 { record.strip_prefix(BOM).unwrap_or(record) } else { record };
            let (cells, more) = cells(record, separator);
            lines.push(Line {
                n,
                stream: Stream::Stdout,
                at_us,
                text: String::from_utf8_lossy(whole_characters(record)).into_owned(),
                shown: Vec::new(),
                found: Vec::new(),
                styles: Vec::new(),
                bytes: end - start,
                skipped: 0,
                cut,
                level: None,
                level_at: None,
                row: Some(Row::Cells { cells, more }),
            });
        }
        Ok(Window { from, total, lines, before_us: None, making, problem: None, decoded: None })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::{DiskQuota, RenderOptions, View};

    fn rows(pieces: &[&[u8]]) -> Vec<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let output = Output::of_body(folder.path().join("1"), Arc::new(DiskQuota::unlimited()));
        for piece in pieces {
            output.append(Stream::Stdout, piece, 1).unwrap();
            output.window(View::Table, 0, 10, RenderOptions::default()).unwrap();
        }
        let window = output.window(View::Table, 0, 1000, RenderOptions::default()).unwrap();
        let cells = |line: Line| match line.row {
            Some(Row::Cells { cells, .. }) => cells,
            row => panic!("{row:?}"),
        };
        window.lines.into_iter().map(cells).collect()
    }

    #[test]
    fn quoted_values_may_hold_separators_quotes_and_line_ends() {
        let table = b"\xef\xbb\xbfname,size\r\n\"a, b\",1\r\n\"say \"\"hi\"\"\",\"two\nlines\"\n\nlast,";
        let expected = [vec!["name", "size"], vec!["a, b", "1"], vec!["say \"hi\"", "two\nlines"], vec!["last", ""]];
        assert_eq!(rows(&[table]), expected);
        assert_eq!(rows(&[b"a;\"x,y,z\";c\n1;2;3\n"]), [["a", "x,y,z", "c"], ["1", "2", "3"]]);
        assert_eq!(rows(&[b"a\tb\n1\t\"2\"\n"]), [["a", "b"], ["1", "2"]]);
        assert!(rows(&[b""]).is_empty());
    }

    #[test]
    fn what_is_shown_of_a_record_is_bounded() {
        let record = format!("{}{}\n", "x,".repeat(1000), "y".repeat(5000));
        let (cells, more) = cells(record.trim_end().as_bytes(), b',');
        assert_eq!((cells.len(), more), (MOST_CELLS, 1001 - MOST_CELLS as u32));
        let (long, _) = super::cells("é".repeat(5000).as_bytes(), b',');
        assert_eq!(long, ["é".repeat(CELL / 2) + "…"]);
    }

    proptest! {
        #[test]
        fn cut_anywhere_is_the_same(
            bytes in prop::collection::vec(prop::sample::select(b"a,\"\n\r;".to_vec()), 0..60),
            cut in 0usize..60,
        ) {
            let (first, rest) = bytes.split_at(cut.min(bytes.len()));
            prop_assert_eq!(rows(&[first, rest]), rows(&[&bytes]));
        }
    }
}
