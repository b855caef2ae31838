//! What of a Call's output is shown: its bytes, or its text where that is in another charset than UTF-8.

use std::sync::{Arc, PoisonError};

use super::{CallId, Timeline};
use crate::{
    error::{Code, Error, Result},
    output::{Making, Output, Transcript, View, encoding},
};

/// Transcripts that are kept: of those that somebody looked at last.
const MOST: usize = 4;

/// The output of a Call as it is shown.
#[derive(Debug, Clone)]
pub(super) struct ShownOutput {
    bytes: Arc<Output>,
    transcript: Option<Arc<Transcript>>,
    /// Nothing more will come.
    ended: bool,
}

impl ShownOutput {
    /// Whether a view shows text: bytes and chunks are shown as they came.
    pub fn concerns(&self, view: View) -> bool {
        !matches!(view, View::Chunks | View::Hex | View::HexStderr)
    }

    /// What a view is of.
    pub fn output(&self, view: View) -> &Arc<Output> {
        match &self.transcript {
            Some(transcript) if self.concerns(view) => transcript.text(),
            _ => &self.bytes,
        }
    }

    /// Decodes some of what came since; tells how far that is, unless all is done.
    ///
    /// # Errors
    /// As for [`Transcript::catch_up`].
    pub fn catch_up(&self) -> Result<Option<Making>> {
        self.transcript.as_ref().map_or(Ok(None), |transcript| transcript.catch_up(self.ended))
    }

    /// Whether something was not decoded yet.
    pub fn is_behind(&self) -> bool {
        self.transcript.as_ref().is_some_and(|transcript| transcript.is_behind())
    }
}

impl Timeline {
    /// The output of a Call as it is shown now.
    ///
    /// # Errors
    /// [`Code::CallNotFound`].
    pub(super) fn shown(&self, id: CallId) -> Result<ShownOutput> {
        let (bytes, charset, ended) = {
            let book = self.shared.book();
            (book.output(id)?, book.charset(id), !book.is_live(id))
        };
        let mut transcripts = self.shared.transcripts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = transcripts.iter().position(|(call, _)| *call == id).map(|at| transcripts.remove(at).1);
        let transcript = charset.map(|encoding| {
            before.filter(|before| before.encoding() == encoding && before.is_of(&bytes)).unwrap_or_else(|| {
                // Two of one Call may be there at once, while a search in the one before ends.
                let stem = self.shared.directory.join(format!("{id}-{}", encoding.name().to_ascii_lowercase()));
                Arc::new(Transcript::new(Arc::clone(&bytes), encoding, stem, Arc::clone(&self.shared.room)))
            })
        });
        if let Some(transcript) = &transcript {
            transcripts.push((id, Arc::clone(transcript)));
            if transcripts.len() > MOST {
                transcripts.remove(0);
            }
        }
        Ok(ShownOutput { bytes, transcript, ended })
    }

    /// Shows the text of a Call in this charset, or in the one that is found when none is given. A search in it ends.
    ///
    /// # Errors
    /// [`Code::CallNotFound`]; [`Code::CharsetUnknown`].
    pub fn set_charset(&self, id: CallId, label: Option<&str>) -> Result<()> {
        let unknown = |label: &str| {
            Error::new(Code::CharsetUnknown, format!("unknown charset: {label}"))
                .hint("Use a name from the Encoding Standard, such as `windows-1252`, `GBK` or `Shift_JIS`.")
        };
        let chosen = label.map(|label| encoding(label).ok_or_else(|| unknown(label))).transpose()?;
        self.shared.change(|book| book.choose_charset(id, chosen))?;
        if self.search_in(id).is_some() {
            self.search_end();
        }
        Ok(())
    }

    /// Transcripts of Calls that are gone go with them.
    pub(super) fn forget_transcripts_of_cleared(&self) {
        let mut transcripts = self.shared.transcripts.lock().unwrap_or_else(PoisonError::into_inner);
        transcripts.retain(|(id, _)| self.output(*id).is_ok());
    }
}
