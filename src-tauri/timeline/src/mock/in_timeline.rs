//! A mock of a session in the timeline, and its commands as calls.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Mock, Recordings, Served, Speed, Tell};
use crate::{By, Timeline, call_store::Control};
use porthole_base::error::{Code, Error, Result};
use porthole_engine::Address;
use porthole_http::endpoint::Endpoint;
use porthole_process::{Command, Run, stops};
use porthole_sdk::{
    call::{Act, Call, CallId, Origin},
    sdk_call::Sdk,
};

/// A mock of a session, and what became of the requests to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MockState {
    /// The number of the session.
    pub session: u32,
    /// The name of its file.
    pub name: String,
    /// Requests that got a recorded response.
    pub served: u32,
    /// Requests that the session doesn't have.
    pub missed: u32,
    /// How many times as fast as recorded it is; 0 when all happens at once.
    pub speed: f64,
}

impl Timeline {
    /// Serves a session that is open in this timeline, and gives the name of its file as well.
    ///
    /// # Errors
    /// [`Code::CallNotFound`] when it was closed; those of [`Mock::start`].
    pub async fn serve_session(&self, number: u32, endpoint: Endpoint, speed: Speed) -> Result<(Mock, String)> {
        let ids: BTreeSet<CallId> = self.calls_of_session(number).into_iter().collect();
        let session = self.shared.store().session(number).filter(|_| !ids.is_empty()).cloned();
        let session = session.ok_or_else(|| {
            Error::new(Code::CallNotFound, "The session has no calls in the timeline").hint("Open it again.")
        })?;
        let shared = Arc::clone(&self.shared);
        let tell: Tell = Box::new(move |served: &Served<'_>| {
            shared.change(|store| {
                let Some(mock) = store.mock.as_mut().filter(|mock| mock.session == number) else { return };
                let count = if served.miss.is_none() { &mut mock.served } else { &mut mock.missed };
                *count = count.saturating_add(1);
            });
        });
        let mock = Mock::start(endpoint, Recordings::new(self.recorded(Some(&ids)), speed, tell)).await?;
        let state =
            MockState { session: number, name: session.name.clone(), served: 0, missed: 0, speed: speed.times() };
        self.shared.change(|store| store.mock = Some(state));
        Ok((mock, session.name))
    }

    /// Changes how fast the mock is from now on.
    pub fn set_mock_speed(&self, recordings: &Recordings, speed: Speed) {
        recordings.set_speed(speed);
        self.shared.change(|store| {
            if let Some(mock) = &mut store.mock {
                mock.speed = speed.times();
            }
        });
    }

    /// Tells that the mock has ended.
    pub fn mock_ended(&self) {
        self.shared.change(|store| store.mock = None);
    }

    /// Runs a command of a mock, which starts no process, and answers at once with its number.
    pub fn run_recorded(&self, by: impl Into<By>, command: Command, recordings: Arc<Recordings>) -> CallId {
        let (stopper, stops) = stops();
        let act = Act::Run(Run::new(command.clone()));
        let mut recorder = self.begin(by.into(), act, Some(Control::Run(stopper)));
        let id = recorder.id;
        self.own(async move {
            recordings.run(&command, stops, &mut recorder).await;
            recorder.ended().await;
        });
        id
    }

    /// Repeats a Call as [`Timeline::repeat`] does, but runs a command in the mock.
    ///
    /// # Errors
    /// [`Code::CallNotFound`].
    pub fn repeat_in_mock(&self, id: CallId, engine: Result<Address>, recordings: Arc<Recordings>) -> Result<CallId> {
        let Call { sdk, act, .. } = self.call(id)?;
        let Act::Run(run) = act else { return self.repeat(id, engine) };
        // This time no code asked for it.
        let sdk = sdk.map(|sdk| Sdk { at: None, began_ms: None, ..sdk });
        let by = By { origin: Origin::Composer, sdk, decision: None, replay_ms: None };
        Ok(self.run_recorded(by, run.command, recordings))
    }
}
