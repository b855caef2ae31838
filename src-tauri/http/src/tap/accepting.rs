//! Takes the connections of a tap on this machine, for as long as it records. A backend that is started again is noticed.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{
    END, TapState,
    connection::Backend,
    lost::Seen,
    place::{LOOK, Place},
};
use crate::{
    endpoint::Endpoint,
    listener::{Accepted, Listener},
};
use porthole_base::{
    error::{Code, Error, Result},
    handles,
};

/// How long to wait after a connection couldn't be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// Takes connections.
pub(super) struct Accepting {
    /// None while the backend has no socket, or one that isn't moved yet.
    pub listener: Option<Listener>,
    pub backend: Arc<Backend>,
    pub most: usize,
    pub tell: Arc<watch::Sender<TapState>>,
    pub stop: CancellationToken,
    /// None where it listens on a port or a named pipe.
    pub place: SharedPlace,
}

/// The place, which is put back once.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedPlace(Arc<Mutex<Option<Place>>>);

impl SharedPlace {
    pub fn new(place: Option<Place>) -> Self {
        Self(Arc::new(Mutex::new(place)))
    }

    fn locked(&self) -> MutexGuard<'_, Option<Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) -> Option<Seen> {
        self.locked().as_mut().and_then(Place::look)
    }

    /// Puts everything back.
    ///
    /// # Errors
    /// Those of [`Place::restore`].
    pub fn restore(&self) -> Result<()> {
        self.locked().take().map_or(Ok(()), |mut place| place.restore())
    }

    /// Puts everything back where no one can be told.
    pub fn restore_at_last(&self) {
        if let Err(error) = self.restore() {
            tracing::warn!(%error, "a socket wasn't put back");
        }
    }
}

impl Accepting {
    pub async fn run(mut self) -> Result<()> {
        let mut connections = JoinSet::new();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let takes = connections.len() < self.most && self.listener.is_some();
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some(_) = connections.join_next() => {}
                _ = looks.tick() => self.look(&mut connections),
                accepted = accept(&mut self.listener), if takes => match accepted {
                    Ok(accepted) => self.open(accepted, &mut connections),
                    Err(error) => {
                        let error = handles::exhausted("accept a connection", &error).unwrap_or_else(|| {
                            Error::new(Code::TapUnavailable, "A connection couldn't be accepted").detail(error)
                        });
                        self.tell.send_modify(|state| state.trouble = Some(error));
                        tokio::time::sleep(PAUSE).await;
                    }
                },
            }
            self.tell_count(&connections);
        }
        self.place.restore_at_last();
        self.open_waiting(&mut connections);
        let ended = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(END, ended).await;
        Ok(())
    }

    /// Whether connections still come here.
    fn look(&mut self, connections: &mut JoinSet<()>) {
        match self.place.look() {
            None => {}
            Some(Seen::Lost { why, stays }) => {
                if !stays {
                    self.open_waiting(connections);
                }
                self.say(true, Some(why));
            }
            Some(Seen::Back { listener, aside }) => {
                self.listener = Some(listener);
                self.backend = Arc::new(self.backend.moved(&aside));
                self.say(false, None);
            }
            Some(Seen::Found) => self.say(false, None),
            Some(Seen::Trouble(error)) => self.say(true, Some(error)),
        }
    }

    fn say(&self, is_lost: bool, trouble: Option<Error>) {
        self.tell.send_if_modified(|state| state.set_lost(is_lost, trouble));
    }

    /// Opens those that came before something else was at the path, and takes no more.
    fn open_waiting(&mut self, connections: &mut JoinSet<()>) {
        let Some(mut listener) = self.listener.take() else { return };
        let backlog = self.most.saturating_sub(connections.len());
        for _ in 0..backlog {
            let Some(Ok(accepted)) = listener.accept().now_or_never() else { break };
            self.open(accepted, connections);
        }
    }

    fn tell_count(&self, connections: &JoinSet<()>) {
        let (now, most) = (connections.len(), self.most);
        self.tell.send_if_modified(|state| {
            if now >= most && state.trouble.is_none() {
                let message = format!("{now} connections are open, the most that Porthole records at once");
                state.trouble = Some(
                    Error::new(Code::TapUnavailable, message).hint("New connections wait until one of these ends."),
                );
            }
            std::mem::replace(&mut state.connections, now) != now
        });
    }

    fn open(&self, accepted: Accepted, connections: &mut JoinSet<()>) {
        let (backend, close, tell) = (Arc::clone(&self.backend), self.stop.child_token(), Arc::clone(&self.tell));
        connections.spawn(Box::pin(async move {
            let failed = backend.carry(accepted, close).await;
            tell.send_if_modified(|state| state.set_trouble(failed));
        }));
    }
}

/// The next connection. Without a listener there isn't one.
async fn accept(listener: &mut Option<Listener>) -> std::io::Result<Accepted> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

impl Backend {
    /// The same with its socket at another path.
    fn moved(&self, aside: &Path) -> Self {
        Self { at: Endpoint::Unix(aside.to_owned()), ..self.clone() }
    }
}
