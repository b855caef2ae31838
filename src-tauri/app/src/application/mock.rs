//! A session of the timeline in the place of a backend: it is the target as long as it is served.

use std::sync::{Arc, PoisonError};

use porthole_base::error::{Code, Error, Result};
use porthole_engine::target::Target;
use porthole_http::endpoint::Endpoint;
use porthole_process::Place;
use porthole_timeline::mock::{Mock, Recordings, Speed};

use crate::{application::Application, host::Host};

/// A mock that is the target.
#[derive(Debug)]
pub(crate) struct TargetMock {
    session: u32,
    target: Target,
    mock: Mock,
    /// Made where the directory's own path is too long for a socket.
    _made: Option<tempfile::TempDir>,
}

impl<H: Host> Application<H> {
    pub async fn serve_mock(&self, session: u32) -> Result<Target> {
        // Also of the same session: the first request gets the first response again.
        self.end_mock();
        let (endpoint, made) = self.private_endpoint()?;
        let (mock, name) = self.timeline.serve_session(session, endpoint.clone(), Speed::default()).await?;
        let target = target_of(&mock, &name);
        let running = TargetMock { session, target: target.clone(), mock, _made: made };
        *self.mock.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
        self.apply_target(&target, Ok(endpoint));
        Ok(target)
    }

    pub async fn set_mock_speed(&self, speed: f64) -> Result<()> {
        let speed = Speed::new(speed).ok_or_else(|| {
            Error::new(Code::RequestInvalid, format!("Invalid speed of the mock: {speed}"))
                .hint("Use a number from 0, for example 2 for twice as fast.")
        })?;
        let recordings = self.recordings().ok_or_else(|| {
            Error::new(Code::CallNotFound, "No session is served as a mock").hint("Serve a session as a mock first.")
        })?;
        self.timeline.set_mock_speed(&recordings, speed);
        Ok(())
    }

    pub async fn stop_mock(&self) -> Result<Target> {
        self.end_mock();
        match self.extension_host.open_now() {
            Some(open) => Ok(self.aimed_at(open).target),
            None => Ok(self.aim_as_before()),
        }
    }

    /// Ends the mock, and leaves the target to the caller. True if there was one.
    pub(crate) fn end_mock(&self) -> bool {
        let ended = self.mock.lock().unwrap_or_else(PoisonError::into_inner).take();
        if ended.is_some() {
            self.timeline.mock_ended();
        }
        ended.is_some()
    }

    /// Ends the mock of a session that is closed.
    pub(crate) async fn end_mock_of(&self, closed: u32) -> Result<()> {
        let is_served = self
            .mock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .is_some_and(|mock| mock.session == closed);
        if is_served {
            self.stop_mock().await?;
        }
        Ok(())
    }

    /// The target that the mock is, while there is one.
    pub(crate) fn mock_target(&self) -> Option<(Target, Arc<Recordings>)> {
        let mock = self.mock.lock().unwrap_or_else(PoisonError::into_inner);
        mock.as_ref().map(|running| (running.target.clone(), Arc::clone(running.mock.recordings())))
    }

    /// The mock's session, for commands that would run on its target.
    pub(crate) fn recordings(&self) -> Option<Arc<Recordings>> {
        self.mock_target().map(|(_, recordings)| recordings)
    }

    /// Changes the name and the host's part of the mock's target, where this is that target.
    pub(crate) fn change_mock_target(&self, changed: &Target) -> Option<Target> {
        let mut mock = self.mock.lock().unwrap_or_else(PoisonError::into_inner);
        let running = mock.as_mut().filter(|running| changed.endpoint.as_ref() == Some(running.mock.endpoint()))?;
        running.target = Target { mock: true, engine: None, via: None, ..changed.clone() }.named();
        Some(running.target.clone())
    }

    /// An endpoint that only this user can reach.
    fn private_endpoint(&self) -> Result<(Endpoint, Option<tempfile::TempDir>)> {
        let id = porthole_base::random::random_id()?;
        #[cfg(unix)]
        {
            let name = format!("mock-{}.sock", &id[..8]);
            let (path, made) = crate::raise::socket_path(self.timeline.directory(), &name).map_err(|error| {
                porthole_base::private::temporary_files_failed("Can't create a directory for the mock's socket", &error)
            })?;
            Ok((Endpoint::Unix(path), made))
        }
        #[cfg(not(unix))]
        Ok((Endpoint::Npipe(format!("porthole-mock-{id}")), None))
    }
}

fn target_of(mock: &Mock, session: &str) -> Target {
    let (container, native) = match mock.recordings().own_place() {
        Some(Place::Container { name }) => (Some(name), false),
        Some(Place::Host) => (None, true),
        Some(Place::Engine) | None => (None, false),
    };
    let endpoint = Some(mock.endpoint().clone());
    Target { name: format!("Mock of {session}"), endpoint, container, native, mock: true, ..Target::demo() }
}
