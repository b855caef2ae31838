//! What of a Call's output is shown: its bytes, or its text where that is in another charset than UTF-8.

use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use encoding_rs::Encoding;
use tokio_util::sync::CancellationToken;

use super::{CallId, Timeline};
use porthole_base::error::{Code, Error, Result};
use porthole_output::{Output, TaskProgress, Transcript, View, encoding};

/// Transcripts that are kept: of those that the user looked at last.
const MOST: usize = 4;

/// What the files of a transcript are named after. Two of one Call and one charset may be there at once, while a search in
/// the one before ends.
fn stem(id: CallId, encoding: &'static Encoding) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{id}-{}-{number}", encoding.name().to_ascii_lowercase())
}

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
    pub fn catch_up(&self) -> Result<Option<TaskProgress>> {
        self.transcript.as_ref().map_or(Ok(None), |transcript| transcript.catch_up(self.ended))
    }

    /// Decodes all that came until now. What comes meanwhile isn't waited for: it may never end.
    ///
    /// # Errors
    /// As for [`Transcript::catch_up`]; [`Code::Cancelled`].
    pub fn catch_up_with_now(&self, stop: &CancellationToken) -> Result<()> {
        let counts = self.bytes.counts();
        catch_up_to(counts.stdout.bytes + counts.stderr.bytes, stop, || self.catch_up())
    }

    /// Whether something was not decoded yet.
    pub fn is_behind(&self) -> bool {
        self.transcript.as_ref().is_some_and(|transcript| transcript.is_behind())
    }
}

fn catch_up_to(
    end: u64,
    stop: &CancellationToken,
    mut catch_up: impl FnMut() -> Result<Option<TaskProgress>>,
) -> Result<()> {
    loop {
        if stop.is_cancelled() {
            return Err(Error::new(Code::Cancelled, "Decoding was canceled"));
        }
        match catch_up()? {
            Some(making) if making.done < end => {}
            _ => return Ok(()),
        }
    }
}

impl Timeline {
    /// The output of a Call as it is shown now.
    ///
    /// # Errors
    /// [`Code::CallNotFound`].
    pub(super) fn shown(&self, id: CallId) -> Result<ShownOutput> {
        let (bytes, charset, ended) = {
            let store = self.shared.store();
            (store.output(id)?, store.charset(id), !store.is_live(id))
        };
        let mut transcripts = self.shared.transcripts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = transcripts.iter().position(|(call, _)| *call == id).map(|at| transcripts.remove(at).1);
        let transcript = charset.map(|encoding| {
            before.filter(|before| before.encoding() == encoding && before.is_of(&bytes)).unwrap_or_else(|| {
                let stem = self.shared.directory.join(stem(id, encoding));
                Arc::new(Transcript::new(Arc::clone(&bytes), encoding, stem, Arc::clone(&self.shared.quota)))
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
            Error::new(Code::CharsetUnknown, format!("Unknown charset: {label}"))
                .hint("Use a name from the Encoding Standard, such as `windows-1252`, `GBK` or `Shift_JIS`.")
        };
        let chosen = label.map(|label| encoding(label).ok_or_else(|| unknown(label))).transpose()?;
        self.shared.change(|store| store.choose_charset(id, chosen))?;
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

#[cfg(test)]
mod tests {
    use encoding_rs::{GBK, WINDOWS_1252};

    use super::*;
    use porthole_output::{DiskQuota, Stream};

    #[test]
    fn decoding_for_a_file_ends_where_the_output_ended_when_it_began() {
        // Each time, as much more has come as was decoded.
        let mut done = 0;
        let grows = || {
            done += 10;
            Ok(Some(TaskProgress { done, whole: done + 10 }))
        };
        catch_up_to(35, &CancellationToken::new(), grows).unwrap();
        assert_eq!(done, 40);
    }

    #[test]
    fn decoding_for_a_file_ends_when_that_is_stopped() {
        let stop = CancellationToken::new();
        let mut steps = 0;
        let error = catch_up_to(u64::MAX, &stop, || {
            steps += 1;
            if steps == 3 {
                stop.cancel();
            }
            Ok(Some(TaskProgress { done: 0, whole: u64::MAX }))
        });
        assert_eq!((error.unwrap_err().code, steps), (Code::Cancelled, 3));
    }

    #[test]
    fn two_transcripts_of_a_call_in_the_same_charset_have_files_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let quota = Arc::new(DiskQuota::unlimited());
        let bytes = Arc::new(Output::new(folder.path().join("1"), Arc::clone(&quota)));
        let long = b"caf\xe9\n".repeat(10_000);
        bytes.append(Stream::Stdout, &long, 1).unwrap();
        let transcript = |encoding| {
            let stem = folder.path().join(stem(1, encoding));
            let transcript = Transcript::new(Arc::clone(&bytes), encoding, stem, Arc::clone(&quota));
            transcript.catch_up(false).unwrap();
            transcript
        };
        let text = |transcript: &Transcript| transcript.text().read(Stream::Stdout, 0, u64::MAX).unwrap();
        // Chosen, another one chosen, and the first again, while a search holds the first.
        let (before, other, again) = (transcript(WINDOWS_1252), transcript(GBK), transcript(WINDOWS_1252));
        assert_eq!(text(&before), "café\n".repeat(10_000).as_bytes());
        drop(before);
        drop(other);
        assert_eq!(text(&again), "café\n".repeat(10_000).as_bytes());
    }
}
