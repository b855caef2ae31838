//! Outputs of bytes that are there already: in files of an earlier start, or in parts of a file.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use super::{BodyKind, Coding, DiskQuota, FilePart, Output, REOPENED, Stream};

impl Output {
    /// An output with existing files. They stay when it is dropped, unless they are set to be removed.
    /// What they hold beyond the chunks given counts as read with the last of them.
    ///
    /// # Errors
    /// What the operating system says when a file cannot be read.
    pub fn reopen(
        stem: PathBuf,
        quota: Arc<DiskQuota>,
        body: Option<(BodyKind, Vec<Coding>)>,
        chunks: impl Iterator<Item = (Stream, u64, u64)>,
    ) -> io::Result<Self> {
        let mut output = Self::new(stem, Arc::clone(&quota));
        let streams = output.streams.get_mut().unwrap_or_else(PoisonError::into_inner);
        streams.kept = true;
        for spill in [&mut streams.stdout, &mut streams.stderr] {
            spill.open(quota.files())?;
            spill.end();
        }
        output.index(body, chunks)?;
        Ok(output)
    }

    /// An output with parts of a file that isn't Porthole's as streams: nothing of the file changes, and its bytes take
    /// none of the quota. What the parts hold beyond the chunks given counts as read with the last of them.
    ///
    /// # Errors
    /// What the operating system says when the file cannot be read.
    pub fn of_parts(
        [stdout, stderr]: [Option<FilePart>; 2],
        stem: PathBuf,
        quota: Arc<DiskQuota>,
        body: Option<(BodyKind, Vec<Coding>)>,
        chunks: impl Iterator<Item = (Stream, u64, u64)>,
    ) -> io::Result<Self> {
        let mut output = Self::new(stem, Arc::clone(&quota));
        let streams = output.streams.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (spill, part) in [(&mut streams.stdout, stdout), (&mut streams.stderr, stderr)] {
            match part {
                Some(part) => spill.open_part(part, quota.files()),
                None => spill.end(),
            }
        }
        output.index(body, chunks)?;
        Ok(output)
    }

    /// Reads what is in its files.
    fn index(
        &mut self,
        body: Option<(BodyKind, Vec<Coding>)>,
        chunks: impl Iterator<Item = (Stream, u64, u64)>,
    ) -> io::Result<()> {
        if let Some((body, codings)) = body {
            self.expect_encoded(body, &codings);
        }
        let streams = self.streams.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut last = 0;
        for (stream, len, at_us) in chunks {
            last = at_us;
            streams.read_again(stream, len, at_us, &self.quota)?;
        }
        for stream in [Stream::Stdout, Stream::Stderr] {
            while streams.read_again(stream, REOPENED, last, &self.quota)? {}
        }
        streams.beginning = None;
        Ok(())
    }

    /// Whether its bytes are in a file that isn't Porthole's: [`Output::of_parts`].
    pub fn is_of_parts(&self) -> bool {
        let streams = self.lock();
        streams.stdout.is_part() || streams.stderr.is_part()
    }
}
