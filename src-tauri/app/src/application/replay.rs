//! Sessions replayed against the target, and their rules.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{application::Application, host::Host};
use porthole_base::error::{Code, Error, Result};
use porthole_timeline::{
    compare::Rules,
    replay::{ReplayList, ReplayOptions},
    session::SessionRules,
};

/// What a replay may do, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReplayChoices {
    /// Run the commands of containers in the target's container.
    pub container: bool,
    /// Also start host commands, send files of this machine, and send requests to an engine.
    pub host: bool,
    /// Begin each call as long after the first one as in the recording.
    pub recorded_times: bool,
}

impl<H: Host> Application<H> {
    /// The user begins it, and it is code's own calls that need permission. What a session of another author could do on
    /// this machine is left out unless the choices say otherwise.
    pub async fn replay(&self, session: u32, choices: ReplayChoices) -> Result<()> {
        let (target, endpoint) = self.target.borrow().clone();
        let container = match choices.container {
            true => Some(target.container.clone().ok_or_else(no_container)?),
            false => None,
        };
        let options = ReplayOptions {
            endpoint: Some(endpoint?),
            container,
            engine: target.address(),
            allow_host: choices.host,
            at_recorded_times: choices.recorded_times,
            only: None,
        };
        self.timeline.replay_shown(session, options)
    }

    pub async fn replay_stop(&self) -> Result<()> {
        self.timeline.replay_stop();
        Ok(())
    }

    pub async fn replay_results(&self, from: u32, count: u32, failed: bool) -> Result<ReplayList> {
        Ok(self.timeline.replay_results(from, count, failed))
    }

    pub async fn session_rules(&self, session: u32) -> Result<SessionRules> {
        self.timeline.session_rules(session)
    }

    pub async fn set_session_rules(&self, session: u32, rules: Rules) -> Result<()> {
        self.timeline.set_session_rules(session, rules).await
    }
}

fn no_container() -> Error {
    Error::new(Code::ContainerNotFound, "The target has no container")
        .hint("Choose a container, or replay without container commands.")
}
