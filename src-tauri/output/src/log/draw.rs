//! The rows of a log, drawn or as their bytes.

use super::{
    Class, Level, Log, Place, find_level, level, readable, record,
    tree::{self, Node},
};
use crate::{
    EXACT_LIMIT, Line, RenderOptions, Row, Stream, View, WINDOW_LINES, Window, lines::LineSpan, streams::Streams,
    text::RenderedText, too_much,
};
use porthole_base::error::Result;

/// A longer line has no tree of its fields, in bytes.
const FIELDS: u64 = 1024 * 1024;

/// What a row is made of.
#[derive(Debug)]
enum Item {
    /// A line of the log, with what is behind it.
    Line { span: LineSpan, level: Option<Level>, row: Row },
    /// A line that belongs to the one above.
    Behind(LineSpan),
    /// A field of this line.
    Field { line: u64, stream: Stream, at_us: u64, node: Node },
}

impl Log {
    /// Rows from the nth on, ready to be drawn.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`](porthole_base::error::Code::OutputUnreadable) when a file cannot be read.
    pub fn window(&self, from: u64, count: u64, options: RenderOptions<'_>) -> Result<Window> {
        let making = self.advance()?;
        let (items, total, before) = {
            let rows = self.rows();
            let to = rows.total().min(from.saturating_add(count.min(WINDOW_LINES)));
            let places: Vec<Place> = (from..to).filter_map(|row| rows.place(row)).collect();
            let before = from.checked_sub(1).and_then(|row| rows.place(row));
            (self.items(&rows, &places)?, rows.total(), before)
        };
        let before_us = before
            .and_then(|(Place::Line(line) | Place::Below(line, _))| self.output.lock().row_time(self.query.view, line));
        let lines = self.drawn_items(items, options)?;
        Ok(Window { from, total, lines, before_us, making, ..Window::empty() })
    }

    fn items(&self, rows: &super::Rows, places: &[Place]) -> Result<Vec<Item>> {
        let mut nodes: Option<(u64, Vec<Node>)> = None;
        let mut items = Vec::with_capacity(places.len());
        for place in places {
            let item = match *place {
                Place::Line(line) => self.line_item(line, rows.opened_at(line).is_some())?,
                Place::Below(line, n) => {
                    let Some(opened) = rows.opened_at(line) else { continue };
                    if n >= opened.fields {
                        let behind = opened.own + 1 + (n - opened.fields);
                        let streams = self.output.lock();
                        streams.span(self.query.view, opened.stream, behind).map(Item::Behind)
                    } else {
                        if nodes.as_ref().is_none_or(|(of, _)| *of != line) {
                            nodes = Some((line, self.nodes(opened.stream, opened.own)?));
                        }
                        let node = nodes.as_ref().and_then(|(_, nodes)| nodes.get(n as usize)).cloned();
                        // What has grown since may have other fields.
                        let node = node.unwrap_or(Node::unnamed(0, ""));
                        let at_us = self.output.lock().row_time(self.query.view, line).unwrap_or_default();
                        Some(Item::Field { line, stream: opened.stream, at_us, node })
                    }
                }
            };
            items.extend(item);
        }
        Ok(items)
    }

    fn line_item(&self, line: u64, open: bool) -> Result<Option<Item>> {
        let (span, class, (behind, frames)) = {
            let streams = self.output.lock();
            let Some(span) = streams.places(self.query.view, line, 1).pop() else { return Ok(None) };
            let Some((stream, own)) = streams.owners_from(self.query.view, line, 1).first().copied() else {
                return Ok(None);
            };
            let classes = streams.classes(stream);
            (span, classes.get(own), classes.behind(own))
        };
        let level = match class {
            Some(Class::Own(level)) => Some(level),
            _ if !self.query.fold => return Ok(Some(Item::Behind(span))),
            _ => None,
        };
        let folds = self.query.fold && behind > 0;
        let opens = folds || self.has_fields(&span)?;
        let folded = if folds && !open { behind } else { 0 };
        Ok(Some(Item::Line { span, level, row: Row::Log { opens, open: open && opens, folded, frames } }))
    }

    fn has_fields(&self, span: &LineSpan) -> Result<bool> {
        let end = span.end.min(span.start + level::HEAD as u64);
        let head = span.bytes.read(span.start, end).map_err(|error| self.output.unreadable(&error))?;
        let text = readable(&head);
        if span.end > end {
            // Only looked into when it is opened.
            return Ok(span.end - span.start <= FIELDS && record::object_start(&text).is_some());
        }
        Ok(record::fields(&text).is_some_and(|fields| !fields.is_empty()))
    }

    /// The rows below a line that its fields make.
    pub(super) fn nodes(&self, stream: Stream, own: u64) -> Result<Vec<Node>> {
        let (start, end, bytes) = {
            let streams = self.output.lock();
            let spill = streams.of(stream);
            let Some((start, end)) = spill.line(own) else { return Ok(Vec::new()) };
            (start, end, spill.bytes())
        };
        if end - start > FIELDS {
            return Ok(Vec::new());
        }
        let line = bytes.read(start, end).map_err(|error| self.output.unreadable(&error))?;
        Ok(tree::nodes(&level::all_readable(&line)))
    }

    fn drawn_items(&self, items: Vec<Item>, options: RenderOptions<'_>) -> Result<Vec<Line>> {
        let mut lines = Vec::with_capacity(items.len());
        let mut spans: Vec<LineSpan> = Vec::new();
        let mut kinds = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::Line { span, level, row } => {
                    spans.push(span);
                    kinds.push(Kind::Line(level, row));
                }
                Item::Behind(span) => {
                    spans.push(span);
                    kinds.push(Kind::Line(None, Row::Frame));
                }
                Item::Field { line, stream, at_us, node } => kinds.push(Kind::Field { line, stream, at_us, node }),
            }
        }
        // Fewer than asked for where they are long.
        let mut drawn = self.output.drawn(&spans, options)?.into_iter();
        for kind in kinds {
            lines.push(match kind {
                Kind::Line(level, row) => {
                    let Some(line) = drawn.next() else { break };
                    let level_at = line.level_at.filter(|_| line.level == level);
                    Line { level, level_at, row: Some(row), ..line }
                }
                Kind::Field { line, stream, at_us, node } => node.drawn(line, stream, at_us, options),
            });
        }
        Ok(lines)
    }

    /// The text of rows as it came: that of a folded stack trace too.
    ///
    /// # Errors
    /// [`Code::CopyTooLarge`](porthole_base::error::Code::CopyTooLarge) above 32 MiB;
    /// [`Code::OutputUnreadable`](porthole_base::error::Code::OutputUnreadable) when a file cannot be read.
    pub fn exact(&self, from: u64, to: u64) -> Result<String> {
        let mut bytes = Vec::new();
        let mut at = from;
        loop {
            let items = {
                let rows = self.rows();
                let to = rows.total().min(to).min(at + WINDOW_LINES);
                let places: Vec<Place> = (at..to).filter_map(|row| rows.place(row)).collect();
                self.items(&rows, &places)?
            };
            if items.is_empty() {
                break;
            }
            at += items.len() as u64;
            for item in items {
                match item {
                    Item::Line { span, row, .. } => {
                        let folded = if let Row::Log { folded, .. } = row { folded } else { 0 };
                        self.take_group(&span, folded, &mut |piece| extend(&mut bytes, piece))?;
                    }
                    Item::Behind(span) => self.take_group(&span, 0, &mut |piece| extend(&mut bytes, piece))?,
                    Item::Field { node, .. } => extend(&mut bytes, format!("{}\n", node.indented()).as_bytes())?,
                }
            }
        }
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Passes on all lines that pass the filter, as they came, with what belongs to them.
    pub(crate) fn each(&self, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut base = 0;
        loop {
            let numbers: Vec<u64> = self.rows().lines.iter_from(base).take(WINDOW_LINES as usize).collect();
            if numbers.is_empty() {
                return Ok(());
            }
            base += numbers.len() as u64;
            for line in numbers {
                let (span, behind) = {
                    let streams = self.output.lock();
                    let owner = streams.owners_from(self.query.view, line, 1).first().copied();
                    let folds = owner.filter(|_| self.query.fold);
                    let behind = folds.map_or(0, |(stream, own)| streams.classes(stream).behind(own).0);
                    (streams.places(self.query.view, line, 1).pop(), behind)
                };
                if let Some(span) = span {
                    self.take_group(&span, behind, take)?;
                }
            }
        }
    }

    /// A line with this many that follow it in its stream.
    fn take_group(&self, span: &LineSpan, behind: u64, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let end = if behind == 0 {
            span.end
        } else {
            let streams = self.output.lock();
            let spill = streams.of(span.stream);
            spill.line_of(span.start).map_or(span.end, |own| spill.line_start(own + 1 + behind))
        };
        let (mut at, mut buffer) = (span.start, Vec::new());
        while at < end {
            let read = span.bytes.read_into(&mut buffer, at, end.min(at + FIELDS));
            read.map_err(|error| self.output.unreadable(&error))?;
            if buffer.is_empty() {
                break;
            }
            take(&buffer)?;
            at += buffer.len() as u64;
        }
        Ok(())
    }
}

enum Kind {
    Line(Option<Level>, Row),
    Field { line: u64, stream: Stream, at_us: u64, node: Node },
}

fn extend(bytes: &mut Vec<u8>, piece: &[u8]) -> Result<()> {
    bytes.extend_from_slice(piece);
    if bytes.len() as u64 > EXACT_LIMIT { Err(too_much()) } else { Ok(()) }
}

impl Node {
    fn indented(&self) -> String {
        format!("{}{}", "  ".repeat(self.depth as usize + 1), self.text)
    }

    fn drawn(self, line: u64, stream: Stream, at_us: u64, options: RenderOptions<'_>) -> Line {
        let text = self.indented();
        let whole = text.len();
        let shown = &text[..text.floor_char_boundary(crate::LINE_LIMIT as usize)];
        let found = options.finder.map(|finder| finder.ranges(shown.as_bytes())).unwrap_or_default();
        let name = if self.name == 0 { 0 } else { (text.len() - self.text.len() + self.name).min(shown.len()) };
        let (rendered, found) = RenderedText::with(shown.as_bytes(), &found);
        let key = RenderedText::of(&shown.as_bytes()[..name]).text.encode_utf16().count() as u32;
        let cut = shown.len() < whole;
        let row = Some(Row::Field { key });
        Line { found, cut, row, ..Line::of(line, stream, at_us, rendered, whole as u64) }
    }
}

impl Streams {
    /// Where a stream's own line is.
    fn span(&self, view: View, stream: Stream, own: u64) -> Option<LineSpan> {
        self.places(view, self.number_in(view, stream, own), 1).pop()
    }
}

/// Says how severe a line is that is drawn as this text, and where that says so.
pub(crate) fn mark(line: Line, head: &[u8]) -> Line {
    let Some(level) = find_level(&readable(head)).map(|found| found.level) else { return line };
    let within = find_level(&line.text).filter(|found| found.level == level);
    let units = |to: usize| line.text.get(..to).map_or(0, |text| text.encode_utf16().count() as u32);
    let level_at = within.map(|found| (units(found.range.0), units(found.range.1)));
    Line { level: Some(level), level_at, ..line }
}
