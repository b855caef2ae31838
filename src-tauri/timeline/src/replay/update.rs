//! A session with the results of a replay as what is expected.

use super::Replayed;
use crate::{
    Timeline,
    session::{PATIENCE, Session, SessionWriter, lock},
};
use porthole_base::error::{Code, Error, Result};
use porthole_output::SavedFile;
use porthole_sdk::call::Call;

impl Timeline {
    /// Writes the session's file again with the results of a replay as what is expected. Calls that weren't made or failed,
    /// or that were added to the file meanwhile, stay as they are, and so do its rules.
    ///
    /// # Errors
    /// [`Code::SessionInUse`]; [`Code::SessionChanged`] when the file has other calls now; those of [`Session::open`] and
    /// [`SessionWriter`].
    pub fn update_session(&self, session: &Session, replayed: &[Replayed]) -> Result<SavedFile> {
        let path = session.path();
        let _lock = lock(path, PATIENCE)?;
        let now = Session::open(path)?;
        if !now.calls().starts_with(session.calls()) {
            return Err(Error::new(Code::SessionChanged, format!("{} was changed during the replay", path.display()))
                .hint("Replay it again."));
        }
        let mut writer = SessionWriter::begin(path, true)?;
        for (n, recorded) in now.calls().iter().enumerate() {
            let new = replayed.iter().find(|one| one.number == n + 1).and_then(Replayed::result_of);
            let Some(id) = new else {
                writer.add_unchanged(&now, n)?;
                continue;
            };
            let (call, output) = (self.call(id)?, self.output(id)?);
            // Who asked for it first stays what it was.
            let call = Call { id: recorded.call.id, origin: recorded.call.origin, ..call };
            writer.add(&call, &output, recorded.pinned)?;
        }
        let rules = now.rules().clone();
        // Windows doesn't replace a file that is open.
        drop(now);
        writer.finish(&rules)
    }
}
