//! The rules of sessions in the timeline: read with the file, and written into it when they change.

use std::{path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Session, change_rules, is_archive};
use crate::{Timeline, aside, compare::Rules};
use porthole_base::error::{Code, Error, Result};

/// The rules of a session file that was opened.
#[derive(Debug, Clone)]
pub(crate) struct OpenedRules {
    pub path: PathBuf,
    /// Why they can't be read doesn't keep the calls from being read.
    pub rules: Result<Arc<Rules>>,
}

/// What may differ when a session is replayed, and what later calls take from earlier ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SessionRules {
    /// The rules.
    pub rules: Rules,
    /// The file holds them. An HTTP archive can't: they are forgotten with the timeline.
    pub written: bool,
}

/// Rules as a session file has them.
///
/// # Errors
/// [`Code::RuleInvalid`].
pub fn rules_of(session: &Session) -> Result<Rules> {
    if session.rules().is_null() {
        return Ok(Rules::default());
    }
    let rules: Rules = serde_json::from_value(session.rules().clone())
        .map_err(|error| Error::new(Code::RuleInvalid, "The session's rules can't be read").detail(error))?;
    rules.check().map(|()| rules)
}

impl Timeline {
    /// The rules of a session that was opened in this timeline.
    ///
    /// # Errors
    /// [`Code::RuleInvalid`]; [`Code::CallNotFound`] when there is no such session.
    pub fn session_rules(&self, session: u32) -> Result<SessionRules> {
        let OpenedRules { path, rules } = self.opened_rules(session)?;
        Ok(SessionRules { rules: Arc::unwrap_or_clone(rules?), written: !is_archive(&path) })
    }

    /// Replaces them, in the file too.
    ///
    /// # Errors
    /// [`Code::RuleInvalid`]; [`Code::CallNotFound`]; those of [`change_rules`]. The rules stay what they were then.
    pub async fn set_session_rules(&self, session: u32, rules: Rules) -> Result<()> {
        rules.check()?;
        let OpenedRules { path, .. } = self.opened_rules(session)?;
        let _one_at_a_time = self.writing_rules.lock().await;
        if !is_archive(&path) {
            let value = serde_json::to_value(&rules)
                .map_err(|error| Error::new(Code::Internal, "Can't write the rules").detail(error))?;
            let path = path.clone();
            aside(move || change_rules(&path, |_| Ok(Some(value)))).await?;
        }
        let rules = Ok(Arc::new(rules));
        self.shared.change(|store| store.session_rules.insert(session, OpenedRules { path, rules }));
        Ok(())
    }

    pub(crate) fn rules_of_session(&self, session: u32) -> Result<Arc<Rules>> {
        self.opened_rules(session)?.rules
    }

    fn opened_rules(&self, session: u32) -> Result<OpenedRules> {
        let found = self.shared.store().session_rules.get(&session).cloned();
        found.ok_or_else(|| Error::new(Code::CallNotFound, format!("Session {session} isn't open")))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        compare::Allow,
        inspect::tests::timeline,
        session::samples::{two, write},
    };

    fn allow(name: &str) -> Rules {
        Rules { allow: vec![Allow::Header { name: name.to_owned() }], ..Rules::default() }
    }

    fn in_file(path: &Path) -> Rules {
        rules_of(&Session::open(path).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn rules_are_written_into_the_file_and_the_calls_stay() {
        let (directory, timeline) = timeline();
        let path = directory.path().join("a.porthole");
        write(&path, &two(), &serde_json::to_value(allow("Date")).unwrap());
        let session = timeline.open_session(path.clone()).await.unwrap();
        assert_eq!(timeline.session_rules(session).unwrap(), SessionRules { rules: allow("Date"), written: true });
        timeline.set_session_rules(session, allow("Age")).await.unwrap();
        assert_eq!(timeline.session_rules(session).unwrap().rules, allow("Age"));
        assert_eq!(in_file(&path), allow("Age"));
        assert_eq!(Session::open(&path).unwrap().calls().len(), 2);
        let calls = timeline.calls_of_session(session);
        let output = timeline.output(calls[0]).unwrap();
        assert_eq!(output.read(porthole_output::Stream::Stdout, 0, 99).unwrap(), two()[0].pieces[0].1);
    }

    #[tokio::test]
    async fn invalid_rules_and_a_file_that_is_gone_leave_what_was_there() {
        let (directory, timeline) = timeline();
        let path = directory.path().join("a.porthole");
        write(&path, &two(), &serde_json::to_value(allow("Date")).unwrap());
        let session = timeline.open_session(path.clone()).await.unwrap();
        let invalid = Rules { allow: vec![Allow::Path { path: "id".to_owned() }], ..Rules::default() };
        assert_eq!(timeline.set_session_rules(session, invalid).await.unwrap_err().code, Code::RuleInvalid);
        assert_eq!(timeline.set_session_rules(9, allow("Age")).await.unwrap_err().code, Code::CallNotFound);
        assert_eq!(in_file(&path), allow("Date"));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(timeline.set_session_rules(session, allow("Age")).await.unwrap_err().code, Code::SessionUnreadable);
        assert_eq!(timeline.session_rules(session).unwrap().rules, allow("Date"));
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn rules_that_cannot_be_read_are_told_and_can_be_replaced() {
        let (directory, timeline) = timeline();
        let path = directory.path().join("a.porthole");
        write(&path, &two(), &serde_json::json!({ "allow": [{ "kind": "unknown" }] }));
        let session = timeline.open_session(path.clone()).await.unwrap();
        assert_eq!(timeline.session_rules(session).unwrap_err().code, Code::RuleInvalid);
        timeline.set_session_rules(session, Rules::default()).await.unwrap();
        assert_eq!(in_file(&path), Rules::default());
        assert_eq!(timeline.session_rules(session).unwrap().rules, Rules::default());
    }
}
