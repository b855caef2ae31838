//! The row of a call in the timeline.

use super::Entry;
use crate::{
    Act, Call, Summary,
    summary::{label_of, outcome, text_of, took_us},
};
use porthole_base::error::{Code, Error};
use porthole_http::exchange;
use porthole_output::{Charset, Encoded};

impl Entry {
    pub(super) fn summary(&self) -> Summary {
        let Call { id, origin, began_ms, act, sdk, .. } = &*self.call;
        let waited_us = match act {
            Act::Exchange(exchange) => exchange.phases.first_byte_us,
            Act::Run(run) => run.started_us,
        };
        let promised = self.head().and_then(|head| head.header("content-length")?.parse().ok());
        let counts = self.output.counts();
        Summary {
            id: *id,
            origin: *origin,
            at: sdk.as_ref().and_then(|sdk| sdk.at.as_ref()).map(|at| at.as_str().to_owned()),
            group: self.group,
            session: self.session,
            began_ms: *began_ms,
            label: label_of(act).to_owned(),
            text: text_of(act),
            http: matches!(act, Act::Exchange(_)),
            terminal: matches!(act, Act::Run(run) if run.command.terminal.is_some()),
            body: self.kind(),
            body_chosen: self.chosen_kind.is_some(),
            encoded: self.encoded(),
            charset: self.charset().map(|(encoding, by)| Charset { name: encoding.name().to_owned(), by }),
            promised,
            kept: self.is_kept(),
            from_history: self.reopened && !self.is_kept(),
            keep_failed: self.keep_failed.clone(),
            outcome: outcome(act),
            waited_us,
            took_us: took_us(act),
            counts,
            found: self.found,
        }
    }

    /// The content encoding of its body, where it has one and there is a body.
    fn encoded(&self) -> Option<Encoded> {
        let names = exchange::codings(self.head()?);
        if names.is_empty() || self.output.counts().stdout.bytes == 0 {
            return None;
        }
        let by = names.join(", ");
        let refused = match self.head()?.encoded_body().1 {
            Err(unsupported) => Some(unsupported),
            Ok(_) if self.output.is_mislabeled() => Some(Error::new(
                Code::DecodingFailed,
                format!("Shown as sent: the body isn't {by} data, although Content-Encoding says so"),
            )),
            Ok(_) => None,
        };
        Some(Encoded { by, as_sent: self.as_sent, refused })
    }
}
