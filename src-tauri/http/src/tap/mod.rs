//! A socket in front of a backend's own one: what a desktop and the backend say to each other passes unchanged, and is
//! recorded.
//!
//! Passing (`pass.rs`) is copying bytes. A copy of them goes through a bounded queue (`feed.rs`) to an observer that finds
//! the exchanges in them (`observer/`), and never holds them up.
//!
//! If the backend's socket isn't a file of this machine, a program in a helper container passes the bytes on and sends the
//! copies (`remote.rs`).

mod connection;
mod failure;
mod feed;
mod framing;
mod head;
mod listener;
mod move_failure;
mod observer;
mod pass;
#[cfg(not(unix))]
#[path = "no_place.rs"]
mod place;
#[cfg(unix)]
mod place;
mod record;
mod remote;
mod remote_failure;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use self::{connection::Backend, listener::listen_at, place::Place, remote::Remote};
pub use self::{
    record::{CallLog, LoggedCall},
    remote::RemoteTap,
};
use crate::{
    endpoint::{Endpoint, usable},
    exchange::EngineDialer,
    listener::{Accepted, Listener},
};
use porthole_base::{
    error::{Code, Error, Result},
    handles,
};

/// Connections at once. New connections wait until one of these ends.
const MOST: u64 = 4096;
/// Open files that a connection may need: both of its sockets, one more while it is opened, and the output of its call.
const FILES: u64 = 4;
/// Open files of everything else.
const OTHER_FILES: u64 = 64;
/// How long connections may take to end.
const END: Duration = Duration::from_secs(1);
/// How long to wait after a connection couldn't be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// Where a tap is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapOptions {
    /// Where it listens. At the backend's own socket, that one is moved aside; also in a container.
    pub listen: Endpoint,
    /// The backend.
    pub to: Endpoint,
    /// What this process itself sends passes unrecorded. What it sends into containers always does.
    pub skip_own: bool,
}

impl TapOptions {
    /// Records everything.
    pub fn new(listen: Endpoint, to: Endpoint) -> Self {
        Self { listen, to, skip_own: false }
    }
}

/// What a tap does at the moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TapState {
    /// Open connections.
    pub connections: usize,
    /// Why the last connection couldn't be accepted or opened, until another one can.
    pub trouble: Option<Error>,
}

/// A tap that records. When it is dropped, the backend's own socket is put back, and its connections end.
#[derive(Debug)]
pub struct Tap {
    listen: Endpoint,
    aside: Option<PathBuf>,
    most: usize,
    state: watch::Receiver<TapState>,
    place: Arc<Mutex<Option<Place>>>,
    stop: CancellationToken,
    /// How long it may take to end.
    limit: Duration,
    running: JoinHandle<Result<()>>,
}

impl Tap {
    /// Listens, and passes on what comes from then on.
    ///
    /// # Errors
    /// [`Code::TapUnavailable`], [`Code::TapMoveFailed`], and the codes `Endpoint…`.
    pub async fn start(options: TapOptions, engines: Arc<dyn EngineDialer>, log: Arc<dyn CallLog>) -> Result<Self> {
        let TapOptions { listen, to, skip_own } = options;
        usable(&listen)?;
        usable(&to)?;
        if listen == to && matches!(to, Endpoint::Container { .. }) {
            return Self::in_container(to, engines, log).await;
        }
        let most = most_connections()?;
        let in_place = is_same(&listen, &to);
        if in_place && !matches!(listen, Endpoint::Unix(_)) {
            return Err(Error::new(Code::TapUnavailable, format!("The backend itself listens on {to}"))
                .hint("Only a unix socket can be moved aside. Listen on another address."));
        }
        let mut place = match &listen {
            Endpoint::Unix(path) => Some(Place::take(path, in_place)?),
            _ => None,
        };
        let like = match &to {
            Endpoint::Unix(path) => Some(path.as_path()),
            _ => None,
        };
        let (listener, listen) = listen_at(&listen, place.as_mut(), like).await?;
        let aside = place.as_ref().and_then(Place::aside).map(Path::to_owned);
        let backend = Backend {
            at: aside.clone().map_or_else(|| to.clone(), Endpoint::Unix),
            shown: to,
            engines,
            log,
            waiting: Arc::default(),
            skip_own,
        };
        let (place, stop) = (Arc::new(Mutex::new(place)), CancellationToken::new());
        let (tell, state) = watch::channel(TapState::default());
        let accepting =
            Accepting { listener, backend: Arc::new(backend), most, tell: Arc::new(tell), stop: stop.clone() };
        let running = tokio::spawn(accepting.run(Arc::clone(&place)));
        Ok(Self { listen, aside, most, state, place, stop, limit: 2 * END, running })
    }

    /// In the place of a backend's socket in a container.
    async fn in_container(to: Endpoint, engines: Arc<dyn EngineDialer>, log: Arc<dyn CallLog>) -> Result<Self> {
        if let Endpoint::Container { container, .. } = &to {
            usable(&Endpoint::Container { container: container.clone(), path: remote::aside_in_container(&to) })?;
        }
        let stop = CancellationToken::new();
        let (tell, state) = watch::channel(TapState::default());
        let remote = Remote::start(to.clone(), engines, log, tell, stop.clone()).await?;
        let aside = Some(PathBuf::from(remote.aside()));
        let (place, limit) = (Arc::default(), remote::STOP);
        let running = tokio::spawn(remote.run());
        Ok(Self { listen: to, aside, most: porthole_relay::tap_protocol::MOST, state, place, stop, limit, running })
    }

    /// Where it listens.
    pub fn listen(&self) -> &Endpoint {
        &self.listen
    }

    /// Where the backend's own socket is while it is moved aside.
    pub fn aside(&self) -> Option<&Path> {
        self.aside.as_deref()
    }

    /// How many connections it takes at once.
    pub fn most(&self) -> usize {
        self.most
    }

    /// What it does, and what changes.
    pub fn state(&self) -> watch::Receiver<TapState> {
        self.state.clone()
    }

    /// Puts the backend's own socket back, and ends all connections.
    ///
    /// # Errors
    /// [`Code::TapMoveFailed`]; [`Code::Internal`] where the recording ended without a result.
    pub async fn stop(mut self) -> Result<()> {
        let restored = restore(&self.place);
        self.stop.cancel();
        let ended = tokio::time::timeout(self.limit, &mut self.running).await;
        let ended = match ended {
            Ok(Ok(ended)) => ended,
            Ok(Err(error)) => Err(Error::new(Code::Internal, "The recording ended without a result").detail(error)),
            Err(_) => self.cut(),
        };
        restored.and(ended)
    }

    /// Ends what doesn't end by itself.
    fn cut(&self) -> Result<()> {
        self.running.abort();
        match (&self.listen, &self.aside) {
            (Endpoint::Container { .. }, Some(aside)) => {
                Err(remote_failure::late(&self.listen, &aside.to_string_lossy()))
            }
            // The socket is already back, and connections were all that was left.
            _ => Ok(()),
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        if let Err(error) = restore(&self.place) {
            tracing::warn!(%error, "a socket wasn't put back");
        }
        self.stop.cancel();
    }
}

/// Where a backend's socket is moved while a tap listens in its place; nothing where it can't be moved.
pub fn aside_of(endpoint: &Endpoint) -> Option<PathBuf> {
    match endpoint {
        Endpoint::Unix(path) => place::aside_of(path),
        Endpoint::Container { .. } => Some(remote::aside_in_container(endpoint).into()),
        _ => None,
    }
}

/// Undoes what a tap in the place of this socket left that was killed.
///
/// # Errors
/// [`Code::TapMoveFailed`]; [`Code::TapUnavailable`] while another Porthole records there.
pub fn undo_leftover(path: &Path) -> Result<()> {
    if path.parent().is_some_and(Path::is_dir) { Place::take(path, false).map(drop) } else { Ok(()) }
}

fn locked(place: &Mutex<Option<Place>>) -> MutexGuard<'_, Option<Place>> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

fn restore(place: &Mutex<Option<Place>>) -> Result<()> {
    locked(place).take().map_or(Ok(()), |mut place| place.restore())
}

/// Whether both lead to one socket.
fn is_same(listen: &Endpoint, to: &Endpoint) -> bool {
    match (listen, to) {
        (Endpoint::Unix(listen), Endpoint::Unix(to)) => {
            let path = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
            path(listen) == path(to)
        }
        _ => listen == to,
    }
}

/// How many connections the limit of open files allows.
fn most_connections() -> Result<usize> {
    if !cfg!(unix) {
        return Ok(MOST as usize);
    }
    handles::raise();
    let limit = handles::limit();
    let most = limit.saturating_sub(OTHER_FILES) / FILES;
    if most == 0 {
        return Err(Error::new(Code::TooManyOpenFiles, format!("A limit of {limit} open files is too low to record"))
            .hint("Start Porthole with a higher limit: see `ulimit -n`."));
    }
    Ok(most.min(MOST) as usize)
}

/// Takes connections.
struct Accepting {
    listener: Listener,
    backend: Arc<Backend>,
    most: usize,
    tell: Arc<watch::Sender<TapState>>,
    stop: CancellationToken,
}

impl Accepting {
    async fn run(mut self, place: Arc<Mutex<Option<Place>>>) -> Result<()> {
        let mut connections = JoinSet::new();
        loop {
            let is_full = connections.len() >= self.most;
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept(), if !is_full => match accepted {
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
        // Those that came before the backend's own socket was back aren't refused.
        if let Err(error) = restore(&place) {
            tracing::warn!(%error, "a socket wasn't put back");
        }
        let backlog = self.most.saturating_sub(connections.len());
        for _ in 0..backlog {
            let Some(Ok(accepted)) = self.listener.accept().now_or_never() else { break };
            self.open(accepted, &mut connections);
        }
        drop(self.listener);
        let ended = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(END, ended).await;
        Ok(())
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
            tell.send_if_modified(|state| {
                let is_new = state.trouble != failed;
                state.trouble = failed;
                is_new
            });
        }));
    }
}
