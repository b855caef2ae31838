//! The calls of the timeline, and what of their output is shown.

use std::{path::Path, sync::Arc};

use porthole_base::{
    error::{Code, Error, Result},
    private,
};
use porthole_output::{BodyKind, Filtered, Fold, Hit, JsonNode, Query, SaveContent, SavedFile, View, Window};
use porthole_process::Signal;
use porthole_sdk::{
    diagnostic::Diagnostic,
    runtime::Runtime,
    sdk_result::{Callbacks, SdkResult},
};
use porthole_timeline::{Call, Changes, Preview};
use tokio::io::AsyncReadExt;

use crate::{application::Application, host::Host};

impl<H: Host> Application<H> {
    pub async fn changes(&self, since: u64) -> Result<Changes> {
        Ok(self.timeline.changes(since).await)
    }

    pub async fn call(&self, id: u32) -> Result<Call> {
        self.timeline.call(id)
    }

    /// Waits until a call has ended.
    ///
    /// # Errors
    /// `call_not_found`.
    pub async fn ended(&self, id: u32) -> Result<Call> {
        self.timeline.ended(id).await.map(Arc::unwrap_or_clone)
    }

    pub async fn lines(&self, id: u32, view: View, from: u64, count: u32, ansi: bool) -> Result<Window> {
        self.timeline.lines(id, view, from, count.into(), ansi).await
    }

    pub async fn row_at_time(&self, id: u32, view: View, time: u64) -> Result<u64> {
        self.timeline.row_at_time(id, view, time)
    }

    pub async fn set_charset(&self, id: u32, charset: Option<String>) -> Result<()> {
        self.timeline.set_charset(id, charset.as_deref())
    }

    pub async fn set_as_sent(&self, id: u32, as_sent: bool) -> Result<()> {
        self.timeline.set_as_sent(id, as_sent)
    }

    pub async fn set_body_kind(&self, id: u32, kind: Option<BodyKind>) -> Result<()> {
        self.timeline.set_body_kind(id, kind)
    }

    pub async fn preview(&self, id: u32) -> Result<Preview> {
        self.timeline.preview(id).await
    }

    /// Opens a document with the program that the system has for it. It is saved among the files of this session, which
    /// end with it. Nothing but a PDF is opened, whatever it is called: the system may run other files.
    pub async fn open_body(&self, id: u32) -> Result<()> {
        let folder = self.timeline.directory().join("opened");
        private::create_directory(&folder).map_err(|error| cannot_open(&error))?;
        let path = folder.join(format!("{id}.pdf"));
        self.timeline.save(id, SaveContent::Decoded, path.clone(), true).await?;
        if !begins_as_pdf(&path).await {
            return Err(Error::new(Code::OpenFailed, "The body isn't a PDF").hint("Save it to a file, and open that."));
        }
        self.host.open_file(&path)
    }

    pub async fn exact(&self, id: u32, view: View, from: u64, to: u64) -> Result<String> {
        self.timeline.exact(id, view, from, to).await
    }

    pub async fn fold(&self, id: u32, view: View, line: u64, fold: Fold) -> Result<()> {
        self.timeline.fold(id, view, line, fold).await
    }

    pub async fn filter(&self, id: u32, path: String) -> Result<Filtered> {
        self.timeline.filter(id, path).await
    }

    pub async fn filter_end(&self) -> Result<()> {
        self.timeline.filter_end();
        Ok(())
    }

    pub async fn json_node(&self, id: u32, view: View, line: u64) -> Result<JsonNode> {
        self.timeline.json_node(id, view, line).await
    }

    pub async fn json_value(&self, id: u32, view: View, line: u64) -> Result<String> {
        self.timeline.json_value(id, view, line).await
    }

    pub async fn search(&self, id: u32, query: Query) -> Result<()> {
        self.timeline.search(id, query)
    }

    pub async fn search_stop(&self) -> Result<()> {
        self.timeline.search_stop();
        Ok(())
    }

    pub async fn search_end(&self) -> Result<()> {
        self.timeline.search_end();
        Ok(())
    }

    pub async fn hit(&self, line: u64, column: Option<u64>, after: bool) -> Result<Option<Hit>> {
        self.timeline.hit(line, column, after).await
    }

    pub async fn save_place(&self, id: u32, what: SaveContent) -> Result<String> {
        Ok(self.timeline.save_place(id, what, &self.downloads)?.display().to_string())
    }

    pub async fn save(&self, id: u32, what: SaveContent, path: String, replace: bool) -> Result<SavedFile> {
        self.timeline.save(id, what, self.path(&path), replace).await
    }

    pub async fn save_stop(&self) -> Result<()> {
        self.timeline.save_stop();
        Ok(())
    }

    pub async fn keep(&self, id: u32, kept: bool) -> Result<()> {
        if let Some(why) = self.not_kept.clone().filter(|_| kept) {
            return Err(why);
        }
        self.timeline.keep(id, kept).await
    }

    pub async fn sdk_result(&self, id: u32) -> Result<SdkResult> {
        self.timeline.sdk_result(id).await
    }

    pub async fn next_callbacks(&self, id: u32, from: u64) -> Result<Callbacks> {
        self.timeline.next_callbacks(id, from).await
    }

    pub async fn sdk_results(&self, id: u32) -> Result<Vec<SdkResult>> {
        self.timeline.sdk_results(id).await
    }

    pub async fn callbacks(&self, id: u32, runtime: Runtime, split: bool, from: u64, count: u32) -> Result<Callbacks> {
        self.timeline.callbacks(id, runtime, split, from, count.into()).await
    }

    pub async fn diagnostics(&self, id: u32) -> Result<Vec<Diagnostic>> {
        self.timeline.diagnostics(id).await
    }

    pub async fn cancel(&self, id: u32) -> Result<()> {
        self.timeline.cancel(id).await
    }

    pub async fn stop(&self, id: u32, signal: Signal) -> Result<()> {
        self.timeline.stop(id, signal).await
    }

    pub async fn clear(&self) -> Result<()> {
        self.timeline.clear();
        Ok(())
    }

    pub async fn delete(&self, ids: Vec<u32>) -> Result<()> {
        self.timeline.delete(&ids.into_iter().collect());
        Ok(())
    }

    pub async fn undo_removal(&self, removal: u32) -> Result<()> {
        self.timeline.undo_removal(removal)
    }

    pub async fn hold_removal(&self, removal: u32, held: bool) -> Result<()> {
        self.timeline.hold_removal(removal, held);
        Ok(())
    }

    pub async fn end_removal(&self, removal: u32) -> Result<()> {
        self.timeline.end_removal(removal).await;
        Ok(())
    }
}

async fn begins_as_pdf(path: &Path) -> bool {
    let mut start = [0; 5];
    let Ok(mut file) = tokio::fs::File::open(path).await else { return false };
    file.read_exact(&mut start).await.is_ok() && &start == b"%PDF-"
}

fn cannot_open(error: &std::io::Error) -> Error {
    Error::new(Code::OpenFailed, "Can't open the body with another program")
        .detail(error)
        .hint("Save it to a file, and open that.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_no_program_opens_can_still_be_saved() {
        let error = cannot_open(&std::io::ErrorKind::NotFound.into());
        assert_eq!(error.code, Code::OpenFailed);
        assert!(error.hint.is_some_and(|hint| hint.contains("Save it")));
    }
}
