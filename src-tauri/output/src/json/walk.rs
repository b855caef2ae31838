//! The lines of indented JSON from one on, found in the bytes as they are needed.

use super::{
    Shared,
    splitter::{Splitter, Start},
};
use crate::{LINE_LIMIT, unread};
use porthole_base::error::{Code, Error, Result};

/// Goes from line to line.
pub(super) struct Walk<'a> {
    shared: &'a Shared,
    pub line: u64,
    pub start: Start,
    /// Where the lines known so far end.
    end: u64,
    /// The line after this one, when it has been looked for.
    next: Option<Option<Start>>,
    splitter: Splitter,
    /// What has been read and not been gone through, from `at` on.
    buffer: Vec<u8>,
    passed: usize,
    at: u64,
}

impl<'a> Walk<'a> {
    pub fn begin(shared: &'a Shared, line: u64, start: Start, end: u64) -> Self {
        let splitter = Splitter::at(start.depth);
        Self { shared, line, start, end, next: None, splitter, buffer: Vec::new(), passed: 0, at: start.offset }
    }

    /// The line, where the next one begins, and the depth of that.
    pub fn current(&mut self) -> Result<(Start, u64, u32)> {
        if self.next.is_none() {
            let found = self.find()?;
            self.next = Some(found);
        }
        let next = self.next.flatten();
        Ok((self.start, next.map_or(self.end, |next| next.offset), next.map_or(0, |next| next.depth)))
    }

    pub fn next(&mut self) -> Result<()> {
        self.current()?;
        match self.next.take().flatten() {
            Some(next) => {
                self.start = next;
                self.line += 1;
                Ok(())
            }
            None => Err(Error::new(Code::LineNotFound, "The JSON ends before that line")),
        }
    }

    fn find(&mut self) -> Result<Option<Start>> {
        loop {
            while let Some(byte) = self.buffer.get(self.passed).copied() {
                let passes = self.splitter.passes(&self.buffer[self.passed..]);
                if passes > 0 {
                    self.passed += passes;
                    continue;
                }
                let offset = self.at + self.passed as u64;
                self.passed += 1;
                let found = self.splitter.byte(byte, offset);
                if let Some(start) = found
                    && start.offset > self.start.offset
                {
                    return Ok(Some(start));
                }
            }
            self.at += self.buffer.len() as u64;
            self.passed = 0;
            if self.at >= self.end {
                return Ok(None);
            }
            let read = self.shared.bytes.read_into(&mut self.buffer, self.at, self.end.min(self.at + LINE_LIMIT));
            read.map_err(|error| unread(&self.shared.path, &error))?;
            match self.buffer.first() {
                None => return Ok(None),
                // A line that closes a bracket is less deep than what is in it.
                Some(b'}' | b']') if self.at == self.start.offset => self.splitter = Splitter::at(self.start.depth + 1),
                Some(_) => {}
            }
        }
    }
}
