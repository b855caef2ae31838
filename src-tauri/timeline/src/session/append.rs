//! Changing a session file that may be there. The whole file is written again beside itself, and put in its place when it is whole:
//! one that can't be written leaves what was there. Others that change it meanwhile wait, so that nothing of either is lost.

use std::{
    io::{self, Write},
    path::Path,
    time::Duration,
};

use serde_json::Value;

use super::{
    Recorded, Session, SessionWriter,
    content::{Content, Written},
    layout::unreadable,
    read::named,
};
use crate::chunk_times::ChunkReader;
use porthole_base::{
    error::{Code, Error, Result},
    links,
    lock::LockBeside,
};
use porthole_output::{SavedFile, Stream, save_failed};

/// How long another process may write the file: a large one takes its time.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Adds calls to the session at this absolute path, which is made if it isn't there. It waits at most this long for others that
/// write it.
///
/// # Errors
/// [`Code::SessionInUse`]; those of [`Session::open`] and [`SessionWriter`].
pub fn append(path: &Path, recorded: &[Recorded], patience: Duration) -> Result<SavedFile> {
    let _lock = lock(path, patience)?;
    let before = if path.exists() { Some(Session::open(path)?) } else { None };
    let mut writer = SessionWriter::begin(path, true)?;
    if let Some(before) = &before {
        writer.add_all(before)?;
    }
    for one in recorded {
        writer.add_content(one.ended(), one.pinned, &mut one.content())?;
    }
    let rules = before.as_ref().map_or(Value::Null, |before| before.rules().clone());
    // Windows doesn't replace a file that is open.
    drop(before);
    writer.finish(&rules)
}

/// Changes the rules in the session file at this absolute path; `change` gets what is in it now, and answers nothing where that
/// is right already.
///
/// # Errors
/// As [`append`], and what `change` says.
pub fn change_rules(path: &Path, change: impl FnOnce(&Session) -> Result<Option<Value>>) -> Result<()> {
    let _lock = lock(path, PATIENCE)?;
    let session = Session::open(path)?;
    let Some(rules) = change(&session)? else { return Ok(()) };
    let mut writer = SessionWriter::begin(path, true)?;
    writer.add_all(&session)?;
    drop(session);
    writer.finish(&rules).map(drop)
}

/// Keeps others from changing a session file until it is dropped.
pub(crate) fn lock(path: &Path, patience: Duration) -> Result<LockBeside> {
    // One that names the file by a link waits for one that doesn't.
    let locked = links::followed(path).and_then(|file| LockBeside::wait(&file, patience));
    let locked = locked.map_err(|error| save_failed(path, &error))?;
    locked.ok_or_else(|| {
        Error::new(Code::SessionInUse, format!("Another program is writing {}", path.display()))
            .hint("Try again when it has finished, or choose another file.")
    })
}

impl SessionWriter<'_> {
    fn add_all(&mut self, session: &Session) -> Result<()> {
        (0..session.calls().len()).try_for_each(|n| self.add_unchanged(session, n))
    }

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
        append(&path, &[added(0)], PATIENCE).unwrap();
        append(&path, &[added(1)], PATIENCE).unwrap();
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

    #[cfg(unix)]
    #[test]
    fn adding_calls_replaced_a_link_and_made_a_private_session_readable_by_everyone() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let [link, path] = ["link.porthole", "deep/a.porthole"].map(|name| folder.path().join(name));
        std::fs::create_dir(folder.path().join("deep")).unwrap();
        symlink(&path, &link).unwrap();
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        append(&link, &[], PATIENCE).unwrap();
        assert_eq!(mode(), 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        append(&link, &[], PATIENCE).unwrap();
        change_rules(&link, |_| Ok(Some(serde_json::json!({ "allow": [] })))).unwrap();
        assert!(link.is_symlink());
        assert_eq!(mode(), 0o640);
        assert_eq!(Session::open(&path).unwrap().rules(), &serde_json::json!({ "allow": [] }));
        let held = lock(&path, PATIENCE).unwrap();
        assert_eq!(append(&link, &[], Duration::from_millis(10)).unwrap_err().code, Code::SessionInUse);
        drop(held);
    }

    #[test]
    fn a_file_that_is_no_session_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "mine").unwrap();
        assert_eq!(append(&path, &[], PATIENCE).unwrap_err().code, Code::SessionInvalid);
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
        let new = folder.path().join("new.porthole");
        append(&new, &[], PATIENCE).unwrap();
        assert_eq!(Session::open(&new).unwrap().calls(), []);
    }

    #[test]
    fn calls_that_are_added_at_once_are_all_there_and_so_are_rules_that_change_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.porthole");
        write(&path, &two(), &Value::Null);
        let sample = &two()[0];
        std::thread::scope(|scope| {
            for n in 0..20 {
                let (path, folder) = (&path, folder.path());
                scope.spawn(move || {
                    let output = Arc::new(sample.output(&folder.join(format!("new{n}"))));
                    let call = porthole_sdk::call::Call { began_ms: n, ..sample.call.clone() };
                    append(path, &[Recorded::new(call, output, false)], PATIENCE).unwrap();
                });
            }
            scope.spawn(|| change_rules(&path, |_| Ok(Some(serde_json::json!({ "allow": [] })))).unwrap());
        });
        let session = Session::open(&path).unwrap();
        let mut began: Vec<u64> = session.calls()[2..].iter().map(|one| one.call.began_ms).collect();
        began.sort_unstable();
        assert_eq!(began, (0..20).collect::<Vec<u64>>());
        assert_eq!(session.rules(), &serde_json::json!({ "allow": [] }));
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name());
        assert!(files.into_iter().all(|name| !name.to_string_lossy().starts_with('.')), "a lock or a part was left");
    }

    #[test]
    fn waiting_for_one_that_never_ends_is_an_error_that_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.porthole");
        write(&path, &two(), &Value::Null);
        let before = std::fs::read(&path).unwrap();
        let held = lock(&path, PATIENCE).unwrap();
        let refused = append(&path, &[], Duration::from_millis(10)).unwrap_err();
        assert_eq!(refused.code, Code::SessionInUse);
        assert_eq!(std::fs::read(&path).unwrap(), before);
        drop(held);
        let missing = append(&folder.path().join("none/a.porthole"), &[], PATIENCE).unwrap_err();
        assert_eq!(missing.code, Code::SaveFailed);
    }
}
