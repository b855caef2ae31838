//! JSON lines as rows: each line of the body, with what is wrong with it as JSON.

use serde::de::IgnoredAny;

use super::{Output, RenderOptions, Row, View, Window, spill::Bytes};
use porthole_base::error::Result;

/// A longer line is not read to find out whether it is JSON.
const READ: u64 = 1024 * 1024;

impl Output {
    pub(super) fn records_window(&self, from: u64, count: u64) -> Result<Window> {
        let ((places, mut window), whole) = {
            let streams = self.lock();
            (streams.places_and_window(View::Stdout, from, count), streams.stdout.whole_lines())
        };
        window.lines = self.drawn(&places, RenderOptions::default())?;
        for (line, place) in window.lines.iter_mut().zip(&places) {
            // What has not ended may become JSON yet.
            let known = place.end - place.start <= READ && place.n < whole;
            let problem = if known { problem(&place.bytes, place.start, place.end) } else { None };
            line.row = Some(Row::Record { problem });
        }
        Ok(window)
    }
}

fn problem(bytes: &Bytes, start: u64, end: u64) -> Option<String> {
    let line = bytes.read(start, end).ok()?;
    if line.trim_ascii().is_empty() {
        return None;
    }
    serde_json::from_slice::<IgnoredAny>(&line).err().map(|error| error.to_string())
}
