//! Redaction: what must not leave this machine is taken out of a session before it is written. First everything is looked
//! through and listed; the user sees that, and then the same is done while the session is written.
//!
//! Values of headers, cookies, variables and JSON fields are replaced where they are. Those that are secrets by themselves (all
//! but ordinary values of variables) and passwords of URLs are then replaced wherever they occur: in paths, arguments, bodies
//! and outputs.

mod body;
mod embedded;
mod facts;
mod fields;
mod names;
mod secrets;
mod urls;
mod values;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Recorded, SessionWriter};
use body::{BodyChange, RedactedContent};
use facts::Redactor;
pub use names::FieldNames;
use porthole_base::error::Result;
use porthole_output::Stream;
use porthole_sdk::call::Call;
use secrets::{Collected, Secrets};

/// What is there in place of what was taken out.
pub const PLACEHOLDER: &str = "[redacted]";

/// JSON fields that are taken out unless the user says otherwise, also with other words around these.
pub const FIELDS: [&str; 22] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "auth_token",
    "api_key",
    "client_secret",
    "private_key",
    "session_id",
    "credentials",
    "credential",
    "pwd",
    "passcode",
    "jwt",
    "authorization",
    "access_key",
    "encryption_key",
    "signing_key",
];

/// What is taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RedactOptions {
    /// `Authorization` and other headers with credentials, and passwords in URLs.
    pub authorization: bool,
    /// `Cookie` and `Set-Cookie`: the values.
    pub cookies: bool,
    /// Values of environment variables.
    pub environment: bool,
    /// More headers, by name.
    pub headers: Vec<String>,
    /// Fields of JSON, of forms and of queries, by name.
    pub fields: Vec<String>,
}

impl Default for RedactOptions {
    fn default() -> Self {
        Self {
            authorization: true,
            cookies: true,
            environment: true,
            headers: Vec::new(),
            fields: FIELDS.map(str::to_owned).to_vec(),
        }
    }
}

/// Why something is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RedactionKind {
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// An environment variable.
    Variable,
    /// A field of JSON, of a form or of a query.
    Field,
    /// A secret that was found elsewhere.
    Known,
    /// Nothing was taken out: the body can't be decoded, so it isn't known what is in it.
    Unchecked,
}

/// Where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RedactionPlace {
    /// The request.
    Request,
    /// Status line and headers of the response.
    Response,
    /// The response's body.
    Body,
    /// The command.
    Command,
    /// What the command wrote.
    Output,
    /// What the code called.
    Code,
    /// An error.
    Error,
}

/// Redactions of the same kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Redaction {
    /// Why.
    pub kind: RedactionKind,
    /// The name of the header, variable or field; empty for a secret that was found elsewhere.
    pub name: String,
    /// Where.
    pub place: RedactionPlace,
    /// How often.
    #[ts(type = "number")]
    pub count: u64,
    /// In how many calls.
    pub calls: u32,
}

/// Counts redactions.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<(RedactionPlace, RedactionKind, String), (u64, u32, usize)>,
    /// The call that is looked at, from 1.
    call: usize,
}

impl Tally {
    /// The longest name that is listed.
    const LONGEST: usize = 100;

    pub fn add(&mut self, kind: RedactionKind, name: &str, place: RedactionPlace, count: u64) {
        let name: String = name.chars().filter(|c| !c.is_control()).take(Self::LONGEST).collect();
        let (total, calls, last) = self.counts.entry((place, kind, name)).or_default();
        *total += count;
        if *last != self.call {
            (*calls, *last) = (*calls + 1, self.call);
        }
    }

    fn list(&self) -> Vec<Redaction> {
        let one = |((place, kind, name), (count, calls, _)): (
            &(RedactionPlace, RedactionKind, String),
            &(u64, u32, usize),
        )| {
            Redaction { kind: *kind, name: name.clone(), place: *place, count: *count, calls: *calls }
        };
        self.counts.iter().map(one).collect()
    }
}

/// What is taken out of some calls.
#[derive(Debug)]
pub struct Redacted {
    /// The facts, with everything taken out.
    calls: Vec<Call>,
    changes: Vec<BodyChange>,
    fields: FieldNames,
    secrets: Secrets,
    redactions: Vec<Redaction>,
}

impl Redacted {
    /// Looks through calls with their outputs. This reads all bytes, twice.
    ///
    /// # Errors
    /// [`porthole_base::error::Code::OutputUnreadable`].
    pub fn of(recorded: &[Recorded], options: &RedactOptions) -> Result<Self> {
        let fields = FieldNames::new(options.fields.iter().map(String::as_str));
        let (mut tally, mut collected) = (Tally::default(), Collected::default());
        let mut redactor = Redactor { options, fields: &fields, tally: &mut tally, collected: &mut collected };
        let mut calls = Vec::with_capacity(recorded.len());
        for (n, one) in recorded.iter().enumerate() {
            redactor.tally.call = n + 1;
            calls.push(redactor.by_name(one.ended())?);
            body::collect(one, &mut redactor)?;
        }
        let secrets = collected.known();
        let mut changes = Vec::with_capacity(calls.len());
        for (n, (call, one)) in calls.iter_mut().zip(recorded).enumerate() {
            tally.call = n + 1;
            facts::replace_known(call, &secrets, &mut tally)?;
            let change = body::look(one, &fields, &secrets, &mut tally)?;
            change.tell(call);
            changes.push(change);
        }
        let redactions = tally.list();
        Ok(Self { calls, changes, fields, secrets, redactions })
    }

    /// What is taken out, by place.
    pub fn redactions(&self) -> &[Redaction] {
        &self.redactions
    }

    /// The facts of the calls without it.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// The bytes of the nth call without it.
    pub fn content<'a>(&'a self, n: usize, recorded: &'a Recorded) -> RedactedContent<'a> {
        RedactedContent::new(recorded, &self.fields, &self.secrets, self.changes.get(n).cloned().unwrap_or_default())
    }

    /// Adds the calls to a session without it.
    ///
    /// # Errors
    /// Those of [`SessionWriter::add_content`].
    pub fn write(&self, recorded: &[Recorded], to: &mut SessionWriter<'_>) -> Result<()> {
        for (n, (call, one)) in self.calls.iter().zip(recorded).enumerate() {
            to.add_content(call.clone(), one.pinned, &mut self.content(n, one))?;
        }
        Ok(())
    }
}

fn place_of(one: &Recorded, stream: Stream) -> RedactionPlace {
    match (one.is_exchange(), stream) {
        (true, Stream::Stdout) => RedactionPlace::Body,
        _ => RedactionPlace::Output,
    }
}

#[cfg(test)]
#[path = "redact_tests.rs"]
mod tests;
