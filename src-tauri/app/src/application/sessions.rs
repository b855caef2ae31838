//! Sessions and HTTP archives: opened into the timeline, and written from it.

use porthole_base::error::Result;
use porthole_output::SavedFile;
use porthole_timeline::compare::ShownComparison;
use porthole_timeline::session::{ExportFormat, ExportPreview, redact::RedactOptions};

use crate::{application::Application, host::Host};

impl<H: Host> Application<H> {
    pub async fn open_session(&self, path: String) -> Result<u32> {
        self.timeline.open_session(self.path(&path)).await
    }

    pub async fn close_session(&self, session: u32) -> Result<()> {
        self.end_mock_of(session).await?;
        self.timeline.close_session(session);
        Ok(())
    }

    pub async fn export_options(&self) -> Result<RedactOptions> {
        Ok(RedactOptions::default())
    }

    pub async fn export_place(&self, format: ExportFormat) -> Result<String> {
        let name = |n: u32| match n {
            1 => format!("session.{}", format.suffix()),
            n => format!("session-{n}.{}", format.suffix()),
        };
        // After ten thousand files of one name, the user may choose another.
        let free = (1..10_000).map(|n| self.downloads.join(name(n))).find(|path| !path.exists());
        Ok(free.unwrap_or_else(|| self.downloads.join(name(1))).display().to_string())
    }

    pub async fn export_preview(&self, ids: Option<Vec<u32>>, redact: Option<RedactOptions>) -> Result<ExportPreview> {
        self.timeline.export_preview(ids.map(|ids| ids.into_iter().collect()), redact).await
    }

    pub async fn export(
        &self,
        ids: Option<Vec<u32>>,
        format: ExportFormat,
        redact: Option<RedactOptions>,
        path: String,
        replace: bool,
    ) -> Result<SavedFile> {
        let ids = ids.map(|ids| ids.into_iter().collect());
        self.timeline.export(ids, format, redact, self.path(&path), replace).await
    }

    pub async fn compare(&self, first: u32, second: u32) -> Result<ShownComparison> {
        self.timeline.compare_shown(first, second).await
    }

    pub async fn compare_stop(&self) -> Result<()> {
        self.timeline.compare_stop();
        Ok(())
    }

    pub async fn markdown(&self, id: u32) -> Result<String> {
        self.timeline.markdown(id).await
    }
}
