//! Adding calls to a session file that may be there. The whole file is written again beside itself, and put in its place when it is whole:
//! one that can't be written leaves what was there.

use std::{
    io::{self, Write},
    path::Path,
};

use serde_json::Value;

use super::{
    Recorded, Session, SessionWriter,
    content::{Content, Written},
    layout::unreadable,
    read::named,
};
use crate::chunk_times::ChunkReader;
use porthole_base::error::Result;
use porthole_output::{SavedFile, Stream};

/// Adds calls to the session at this absolute path, which is made if it isn't there.
///
/// # Errors
/// Those of [`Session::open`] and [`SessionWriter`].
pub fn append(path: &Path, recorded: &[Recorded]) -> Result<SavedFile> {
    let before = if path.exists() { Some(Session::open(path)?) } else { None };
    let mut writer = SessionWriter::begin(path, true)?;
    if let Some(before) = &before {
        add_all(&mut writer, before)?;
    }
    for one in recorded {
        writer.add_content(one.ended(), one.pinned, &mut one.content())?;
    }
    let rules = before.as_ref().map_or(&Value::Null, Session::rules);
    writer.finish(rules)
}

/// Writes the calls of a session to this absolute path, with other rules.
///
/// # Errors
/// Those of [`SessionWriter`].
pub fn write_with_rules(session: &Session, rules: &Value, path: &Path) -> Result<SavedFile> {
    let mut writer = SessionWriter::begin(path, true)?;
    add_all(&mut writer, session)?;
    writer.finish(rules)
}

fn add_all(writer: &mut SessionWriter<'_>, session: &Session) -> Result<()> {
    (0..session.calls().len()).try_for_each(|n| writer.add_unchanged(session, n))
}

impl SessionWriter<'_> {
    /// Adds the nth call of a session, from 0, as it is there; nothing if there is none.
    ///
    /// # Errors
    /// Those of [`add_content`](Self::add_content).
    pub fn add_unchanged(&mut self, session: &Session, n: usize) -> Result<()> {
        let Some(recorded) = session.calls().get(n) else { return Ok(()) };
        self.add_content(recorded.call.clone(), recorded.pinned, &mut SessionContent::new(session, n))
    }
}

/// The bytes of a call in a session, without an index of them.
#[derive(Debug)]
pub struct SessionContent<'a> {
    session: &'a Session,
    n: usize,
}

impl<'a> SessionContent<'a> {
    /// Those of the nth call, from 0.
    pub fn new(session: &'a Session, n: usize) -> Self {
        Self { session, n }
    }
}

impl Content for SessionContent<'_> {
    fn about(&self, stream: Stream) -> u64 {
        let call = self.session.calls().get(self.n);
        let entry = call.and_then(|call| match stream {
            Stream::Stdout => call.stdout.as_ref(),
            Stream::Stderr => call.stderr.as_ref(),
        });
        entry.map_or(0, |entry| entry.bytes)
    }

    fn write(&mut self, stream: Stream, mut to: &mut dyn Write) -> Written {
        let mut reader = self.session.stream_reader(self.n, stream)?;
        io::copy(&mut reader, &mut to)?;
        Ok(())
    }

    fn each_chunk(&mut self, tell: &mut dyn FnMut(Stream, u64, u64) -> io::Result<()>) -> Written {
        let mut reader = ChunkReader::new(self.session.chunk_reader(self.n)?);
        let failed = |error: io::Error| named(self.session.path(), unreadable(&error));
        while let Some((stream, len, at_us)) = reader.next().map_err(failed)? {
            tell(stream, len, at_us)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::samples::{two, write};
    use porthole_base::error::Code;
    use porthole_output::DiskQuota;

    #[test]
    fn calls_are_added_behind_those_that_are_there_and_all_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (path, rules) = (folder.path().join("a.porthole"), serde_json::json!({ "ignore": ["/a"] }));
        let samples = two();
        write(&path, &samples, &rules);
        let added = |n: usize| {
            let output = samples[n].output(&folder.path().join(format!("new{n}")));
            Recorded::new(samples[n].call.clone(), Arc::new(output), false)
        };
        append(&path, &[added(0)]).unwrap();
        append(&path, &[added(1)]).unwrap();
        let session = Session::open(&path).unwrap();
        assert_eq!(session.rules(), &rules);
        assert_eq!(session.calls().iter().map(|call| call.pinned).collect::<Vec<_>>(), [false, true, false, false]);
        for (n, sample) in samples.iter().chain(&samples).enumerate() {
            assert_eq!(session.calls()[n].call, sample.call);
            let output = session.output(n, "unused".into(), Arc::new(DiskQuota::unlimited())).unwrap();
            let expected = sample.output(&folder.path().join(format!("o{n}")));
            assert_eq!(output.chunks(0, 99), expected.chunks(0, 99));
            for stream in [Stream::Stdout, Stream::Stderr] {
                assert_eq!(output.read(stream, 0, 999).unwrap(), expected.read(stream, 0, 999).unwrap());
            }
        }
    }

    #[test]
    fn a_file_that_is_no_session_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "mine").unwrap();
        assert_eq!(append(&path, &[]).unwrap_err().code, Code::SessionInvalid);
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
        let new = folder.path().join("new.porthole");
        append(&new, &[]).unwrap();
        assert_eq!(Session::open(&new).unwrap().calls(), []);
    }
}
