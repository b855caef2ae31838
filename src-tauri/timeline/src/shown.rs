//! What of a Call's output is shown: its bytes as they were sent or with their content codings undone, and its text where
//! that is in another charset than UTF-8.

use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tokio_util::sync::CancellationToken;

use super::{CallId, Timeline};
use porthole_base::error::{Code, Error, Result};
use porthole_output::{
    BodyKind, Decoded, DecodedFacts, Markup, Output, PathFilter, TaskProgress, Transcript, View, encoding,
};

/// Transcripts that are kept: of those that the user looked at last.
const MOST: usize = 4;

/// What the files of a transcript, or of a decoded body, are named after. Two of one Call and one charset may be there at
/// once, while a search in the one before ends.
pub(super) fn stem(id: CallId, what: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{id}-{}-{number}", what.to_ascii_lowercase())
}

/// Outputs that were made of others, to show them: those that the user looked at last.
#[derive(Debug, Default)]
pub(super) struct Derived {
    transcripts: Vec<(CallId, Arc<Transcript>)>,
    decoded: Vec<(CallId, Arc<Decoded>)>,
    markups: Vec<(CallId, Arc<Markup>)>,
}

/// Takes the one of a Call out.
fn take<T>(kept: &mut Vec<(CallId, Arc<T>)>, id: CallId) -> Option<Arc<T>> {
    let at = kept.iter().position(|(call, _)| *call == id)?;
    Some(kept.remove(at).1)
}

/// Puts the one of a Call last, and lets the first go where there are too many.
fn put<T>(kept: &mut Vec<(CallId, Arc<T>)>, id: CallId, one: &Arc<T>) {
    kept.push((id, Arc::clone(one)));
    if kept.len() > MOST {
        kept.remove(0);
    }
}

/// The output of a Call as it is shown.
#[derive(Debug, Clone)]
pub(super) struct ShownOutput {
    sent: Arc<Output>,
    decoded: Option<Arc<Decoded>>,
    transcript: Option<Arc<Transcript>>,
    markup: Option<Arc<Markup>>,
    filter: Option<Arc<PathFilter>>,
    /// Nothing more will come.
    ended: bool,
}

impl ShownOutput {
    /// Whether a view shows text: bytes and chunks are shown as they came.
    fn is_text(view: View) -> bool {
        !matches!(view, View::Chunks | View::Hex | View::HexStderr)
    }

    /// What a view is of.
    pub fn output(&self, view: View) -> &Arc<Output> {
        if let Some(filter) = self.filter.as_ref().filter(|_| view == View::Filtered) {
            return filter.output();
        }
        match (&self.markup, &self.transcript) {
            (Some(markup), _) if view == View::Markup => markup.output(),
            (_, Some(transcript)) if Self::is_text(view) => transcript.text(),
            _ => self.bytes(),
        }
    }

    /// The bytes that are shown.
    pub fn bytes(&self) -> &Arc<Output> {
        self.decoded.as_ref().map_or(&self.sent, |decoded| decoded.output())
    }

    /// What a path selects in it, if it is filtered.
    pub fn filter(&self) -> Option<&Arc<PathFilter>> {
        self.filter.as_ref()
    }

    /// The indented form of a document, if it is one.
    pub fn markup(&self) -> Option<&Arc<Markup>> {
        self.markup.as_ref()
    }

    /// The bytes as they were sent.
    pub fn sent(&self) -> &Arc<Output> {
        &self.sent
    }

    /// How much of the body was decoded, if it is.
    pub fn decoded(&self) -> Option<DecodedFacts> {
        self.decoded.as_ref().map(|decoded| decoded.facts())
    }

    /// Decodes some of what came since, as far as a view needs it; tells how far that is, unless all is done.
    ///
    /// # Errors
    /// As for [`Decoded::catch_up`] and [`Transcript::catch_up`].
    pub fn catch_up(&self, view: View) -> Result<Option<TaskProgress>> {
        if let Some(making) = self.decode()? {
            return Ok(Some(making));
        }
        if let Some(transcript) = self.transcript.as_ref().filter(|_| Self::is_text(view))
            && let Some(making) = transcript.catch_up(self.ended)?
        {
            return Ok(Some(making));
        }
        match &self.markup {
            Some(markup) if view == View::Markup => markup.catch_up(self.ended),
            _ => Ok(None),
        }
    }

    fn decode(&self) -> Result<Option<TaskProgress>> {
        self.decoded.as_ref().map_or(Ok(None), |decoded| decoded.catch_up(self.ended))
    }

    /// Decodes all that came until now. What comes meanwhile isn't waited for: it may never end.
    ///
    /// # Errors
    /// As for [`ShownOutput::catch_up`]; [`Code::Cancelled`].
    pub fn catch_up_with_now(&self, view: View, stop: &CancellationToken) -> Result<()> {
        let length = |output: &Output| {
            let counts = output.counts();
            counts.stdout.bytes + counts.stderr.bytes
        };
        catch_up_to(length(&self.sent), stop, || self.decode())?;
        catch_up_to(length(self.bytes()), stop, || self.catch_up(view))
    }

    /// Whether something was not decoded yet.
    pub fn is_behind(&self) -> bool {
        self.decoded.as_ref().is_some_and(|decoded| decoded.is_behind())
            || self.transcript.as_ref().is_some_and(|transcript| transcript.is_behind())
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
        let (sent, (codings, kind), charset, ended) = {
            let store = self.shared.store();
            (store.output(id)?, store.shown_as(id), store.charset(id), !store.is_live(id))
        };
        let stem = |what: &str| self.shared.directory.join(stem(id, what));
        let quota = || Arc::clone(&self.shared.quota);
        let mut derived = self.shared.derived.lock().unwrap_or_else(PoisonError::into_inner);
        let (decoded_before, before) = (take(&mut derived.decoded, id), take(&mut derived.transcripts, id));
        let decoded = match decoded_before.filter(|before| before.is_of(&sent)) {
            _ if codings.is_empty() => None,
            Some(before) => Some(before),
            None => Some(Arc::new(Decoded::new(Arc::clone(&sent), &codings, kind, stem("decoded"), quota())?)),
        };
        let bytes = decoded.as_ref().map_or(&sent, |decoded| decoded.output());
        let transcript = charset.map(|encoding| {
            before.filter(|before| before.encoding() == encoding && before.is_of(bytes)).unwrap_or_else(|| {
                Arc::new(Transcript::new(Arc::clone(bytes), encoding, stem(encoding.name()), quota()))
            })
        });
        let text = transcript.as_ref().map_or(bytes, |transcript| transcript.text());
        let is_html = kind == Some(BodyKind::Html);
        let markup = matches!(kind, Some(BodyKind::Xml | BodyKind::Html)).then(|| {
            take(&mut derived.markups, id)
                .filter(|before| before.is_of(text, is_html))
                .unwrap_or_else(|| Arc::new(Markup::new(Arc::clone(text), is_html, stem("markup"), quota())))
        });
        if let Some(kind) = kind {
            bytes.show_as(kind);
            if let Some(transcript) = &transcript {
                transcript.text().show_as(kind);
            }
        }
        if let Some(decoded) = &decoded {
            put(&mut derived.decoded, id, decoded);
        }
        if let Some(transcript) = &transcript {
            put(&mut derived.transcripts, id, transcript);
        }
        if let Some(markup) = &markup {
            put(&mut derived.markups, id, markup);
        }
        let filter = self.filter_of(id, transcript.as_ref().map_or(bytes, |transcript| transcript.text()));
        Ok(ShownOutput { filter, sent, decoded, transcript, markup, ended })
    }

    /// Shows a body as sent, or with its content codings undone. A search in it ends.
    ///
    /// # Errors
    /// [`Code::CallNotFound`].
    pub fn set_as_sent(&self, id: CallId, as_sent: bool) -> Result<()> {
        self.shared.change(|store| store.show_as_sent(id, as_sent))?;
        self.end_search_in(id);
        Ok(())
    }

    /// Shows a body as this kind, or as the one that is found when none is given. A search in it ends.
    ///
    /// # Errors
    /// [`Code::CallNotFound`].
    pub fn set_body_kind(&self, id: CallId, kind: Option<BodyKind>) -> Result<()> {
        self.shared.change(|store| store.choose_kind(id, kind))?;
        self.end_search_in(id);
        Ok(())
    }

    fn end_search_in(&self, id: CallId) {
        if self.search_in(id).is_some() {
            self.search_end();
        }
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
        self.end_search_in(id);
        Ok(())
    }

    /// What was made of outputs of Calls that are gone goes with them.
    pub(super) fn forget_derived_of_cleared(&self) {
        let mut derived = self.shared.derived.lock().unwrap_or_else(PoisonError::into_inner);
        derived.transcripts.retain(|(id, _)| self.output(*id).is_ok());
        derived.decoded.retain(|(id, _)| self.output(*id).is_ok());
        derived.markups.retain(|(id, _)| self.output(*id).is_ok());
        drop(derived);
        self.forget_filter_of_cleared();
        self.forget_log_of_cleared();
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
        let transcript = |encoding: &'static encoding_rs::Encoding| {
            let stem = folder.path().join(stem(1, encoding.name()));
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
