//! A session with the results of a replay as what is expected.

use std::path::Path;

use super::Replayed;
use crate::{
    Timeline,
    session::{Session, SessionWriter},
};
use porthole_base::error::Result;
use porthole_output::SavedFile;
use porthole_sdk::call::Call;

impl Timeline {
    /// Writes the session again with the results of a replay as what is expected. Calls that weren't made stay as they are.
    ///
    /// # Errors
    /// Those of [`SessionWriter`].
    pub fn update_session(&self, session: &Session, replayed: &[Replayed], path: &Path) -> Result<SavedFile> {
        let mut writer = SessionWriter::begin(path, true)?;
        for (n, recorded) in session.calls().iter().enumerate() {
            let new = replayed.iter().find(|one| one.number == n + 1).and_then(|one| one.call);
            let Some(id) = new else {
                writer.add_unchanged(session, n)?;
                continue;
            };
            let (call, output) = (self.call(id)?, self.output(id)?);
            // Who asked for it first stays what it was.
            let call = Call { id: recorded.call.id, origin: recorded.call.origin, ..call };
            writer.add(&call, &output, recorded.pinned)?;
        }
        writer.finish(session.rules())
    }
}
