//! One helper container: made, asked, removed.

use std::{sync::Arc, time::Duration};

use bollard::{
    errors::Error as ApiError,
    exec::{CreateExecOptions, StartExecOptions, StartExecResults},
    query_parameters::RemoveContainerOptionsBuilder,
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{
    container::{LABEL, Purpose, body, root_of, start},
    frames::Frame,
    hold::Hold,
    image::{PROGRAM, image},
    share::Share,
    stream::TunnelStream,
};
use crate::{Engine, Inspected, reaper::Reaper};
use porthole_base::{
    error::{Code, Error, Result},
    reference::ContainerName,
};
use porthole_http::endpoint::{self, Endpoint};

/// Why nothing came through a helper.
#[derive(Debug)]
pub(super) struct HelperError {
    pub error: Error,
    /// The helper itself is not there any more: a new one may do.
    pub is_gone: bool,
}

impl From<Error> for HelperError {
    fn from(error: Error) -> Self {
        let is_gone = matches!(error.code, Code::ContainerNotFound | Code::ContainerNotRunning);
        Self { error, is_gone }
    }
}

/// A running helper container. It lives as long as the stream to it, which also ends when Porthole is killed, and
/// the engine removes it then; the reaper sees to one that was being made.
pub(super) struct Helper {
    engine: Engine,
    name: String,
    /// Below which directory the paths are.
    root: Option<String>,
    /// One asks, the next waits.
    hold: Mutex<Hold>,
    reaper: Option<Arc<Reaper>>,
    /// Cancelled when it is not there any more.
    gone: CancellationToken,
}

impl std::fmt::Debug for Helper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Helper").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Helper {
    /// Makes one for a container. What a killed Porthole left on this engine is removed first.
    ///
    /// # Errors
    /// [`Code::EndpointUnsupported`] where there isn't a program for the engine, and what an engine says.
    pub async fn make(engine: Engine, target: &Inspected, share: &Share, reaper: Option<Arc<Reaper>>) -> Result<Self> {
        let image = image(&engine).await?;
        // None should be there: each ends with the stream to it, but an engine may have been killed as well.
        crate::remove_left(&engine, LABEL, crate::Removal::Plain).await;
        let made = Self::start(&engine, target, share, &image, reaper.clone()).await;
        match (made, share) {
            // An engine in a virtual machine may not let its own path be mounted by name.
            (Err(error), Share::Bind { .. }) if error.code == Code::EngineRefused => {
                tracing::debug!(%error, "the directory can't be shared by its path");
                Self::start(&engine, target, &Share::Root, &image, reaper).await
            }
            (made, _) => made,
        }
    }

    async fn start(
        engine: &Engine,
        target: &Inspected,
        share: &Share,
        image: &str,
        reaper: Option<Arc<Reaper>>,
    ) -> Result<Self> {
        let root = if *share == Share::Root { Some(root_of(target)?) } else { None };
        let name = crate::new_name("relay")?;
        if let Some(reaper) = &reaper {
            reaper.watch_container(engine, &name);
        }
        let gone = CancellationToken::new();
        let body = body(image, share, target, root.as_deref(), Purpose::Connections);
        match start(engine, &name, &body).await {
            Ok((output, input)) => {
                let hold = Mutex::new(Hold::new(output, input, gone.clone()));
                Ok(Self { engine: engine.clone(), name, root, hold, reaper, gone })
            }
            Err(error) => {
                remove(engine, &name).await;
                if let Some(reaper) = reaper {
                    reaper.forget_container(&name);
                }
                // The container beside which it was to be may have ended meanwhile.
                Err(match ContainerName::new(target.id.as_str()) {
                    Ok(target) => engine.blame(error, &target).await,
                    Err(_) => error,
                })
            }
        }
    }

    /// Whether this one is known not to be there any more.
    pub fn is_gone(&self) -> bool {
        self.gone.is_cancelled()
    }

    /// A connection to a socket.
    pub async fn connect(
        self: &Arc<Self>,
        shown: &Endpoint,
        path: &str,
    ) -> std::result::Result<TunnelStream, HelperError> {
        let answer = self.carry(shown, path).await;
        if answer.as_ref().is_err_and(|trouble| trouble.is_gone) {
            self.gone.cancel();
        }
        answer
    }

    async fn carry(self: &Arc<Self>, shown: &Endpoint, path: &str) -> std::result::Result<TunnelStream, HelperError> {
        let docker = self.engine.docker();
        let words = [PROGRAM, "carry", path].into_iter().chain(self.root.as_deref());
        let options = CreateExecOptions {
            cmd: Some(words.map(str::to_owned).collect()),
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..CreateExecOptions::default()
        };
        let exec = match self.engine.create_exec(&self.name, &options).await {
            Ok(exec) => exec,
            Err(error) => return Err(self.refused(error).await.into()),
        };
        let options = StartExecOptions { output_capacity: Some(64 * 1024), ..StartExecOptions::default() };
        let started = match docker.start_exec(&exec, Some(options)).await {
            Ok(started) => started,
            Err(error) => return Err(self.refused(error).await.into()),
        };
        let StartExecResults::Attached { output, input } = started else {
            return Err(Error::new(Code::EngineUnexpected, "The engine started the relay without its streams").into());
        };
        let mut stream = TunnelStream::new(output, input, Arc::clone(self), self.gone.clone());
        match stream.first().await.map_err(|error| self.engine.explain(error))? {
            Some(Frame::Open) => Ok(stream),
            Some(Frame::Refused(text)) => Err(endpoint::explain_refused(shown, &text).into()),
            Some(Frame::Foreign(words)) => Err(lost(&words)),
            _ => Err(lost("it exited without a message")),
        }
    }

    /// A refusal, which may be because the helper isn't there any more.
    async fn refused(&self, error: ApiError) -> Error {
        match ContainerName::new(self.name.as_str()) {
            Ok(name) => self.engine.explain_about(error, &name).await,
            Err(_) => self.engine.explain(error),
        }
    }

    /// Whether a socket takes connections. No exec is made for it: engines tell all the world of each.
    pub async fn probe_connect(&self, shown: &Endpoint, path: &str) -> std::result::Result<(), HelperError> {
        match self.hold.lock().await.ask(path).await {
            Ok(answer) if answer == "open" => Ok(()),
            Ok(text) => Err(endpoint::explain_refused(shown, &text).into()),
            Err(words) => {
                self.gone.cancel();
                Err(lost(&words))
            }
        }
    }

    /// Removes the container.
    pub async fn remove(&self) {
        self.gone.cancel();
        remove(&self.engine, &self.name).await;
        if let Some(reaper) = &self.reaper {
            reaper.forget_container(&self.name);
        }
    }
}

async fn remove(engine: &Engine, name: &str) {
    /// An engine that hangs must not hold anything up: the helper ends with its stream.
    const PATIENCE: Duration = Duration::from_secs(2);
    let options = RemoveContainerOptionsBuilder::default().force(true).build();
    let _ = tokio::time::timeout(PATIENCE, engine.docker().remove_container(name, Some(options))).await;
}

fn lost(words: &str) -> HelperError {
    let error = Error::new(Code::HelperFailed, "The helper container for the connection failed")
        .detail(words)
        .hint("Porthole creates a new one for the next request.");
    HelperError { error, is_gone: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_that_does_not_work_is_no_refusal_of_the_engine() {
        let trouble = lost("OCI runtime exec failed");
        assert!(trouble.is_gone);
        assert_eq!(trouble.error.code, Code::HelperFailed);
    }
}
