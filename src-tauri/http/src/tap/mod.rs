//! A socket in front of a backend's own one: what a desktop and the backend say to each other passes unchanged, and is
//! recorded.
//!
//! Passing (`pass.rs`) is copying bytes. A copy of them goes through a bounded queue (`feed.rs`) to an observer that finds
//! the exchanges in them (`observer/`), and never holds them up.
//!
//! If the backend's socket isn't a file of this machine, a program in a helper container passes the bytes on and sends the
//! copies (`remote.rs`).

mod accepting;
mod connection;
mod failure;
mod feed;
mod framing;
mod head;
mod listener;
mod lost;
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
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use self::{
    accepting::{Accepting, SharedPlace},
    connection::Backend,
    listener::listen_at,
    place::Place,
    remote::Remote,
};
pub use self::{
    record::{CallLog, LoggedCall},
    remote::RemoteTap,
};
use crate::{
    endpoint::{Endpoint, usable},
    exchange::EngineDialer,
};
use porthole_base::{
    error::{Code, Error, Result},
    handles,
};

/// Connections at once. More wait until one of them ends.
const MOST: u64 = 4096;
/// Open files that a connection may need: both of its sockets, one more while it is opened, and the output of its call.
const FILES: u64 = 4;
/// Open files of everything else.
const OTHER_FILES: u64 = 64;
/// How long connections may take to end.
const END: Duration = Duration::from_secs(1);

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
    /// Nothing is recorded at the moment: the backend has no socket, or a new one that isn't moved yet. `trouble` says which.
    pub is_lost: bool,
    /// Why the last connection couldn't be accepted or opened, until another one can.
    pub trouble: Option<Error>,
}

impl TapState {
    /// Changes the trouble, unless it is why nothing is recorded; whether that made a difference.
    fn set_trouble(&mut self, trouble: Option<Error>) -> bool {
        let is_new = !self.is_lost && self.trouble != trouble;
        if is_new {
            self.trouble = trouble;
        }
        is_new
    }

    /// Changes whether nothing is recorded, and the trouble with it; whether that made a difference.
    fn set_lost(&mut self, is_lost: bool, trouble: Option<Error>) -> bool {
        let is_new = (self.is_lost, &self.trouble) != (is_lost, &trouble);
        (self.is_lost, self.trouble) = (is_lost, trouble);
        is_new
    }
}

/// A tap that records. When it is dropped, the backend's own socket is put back, and its connections end.
#[derive(Debug)]
pub struct Tap {
    listen: Endpoint,
    aside: Option<PathBuf>,
    most: usize,
    state: watch::Receiver<TapState>,
    place: SharedPlace,
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
        let (place, listener, listen) = match &listen {
            Endpoint::Unix(path) => {
                let like = if let Endpoint::Unix(path) = &to { Some(path.as_path()) } else { None };
                let (place, listener) = Place::take(path, in_place, like)?;
                (Some(place), listener, listen)
            }
            _ => {
                let (listener, listen) = listen_at(&listen).await?;
                (None, listener, listen)
            }
        };
        let aside = place.as_ref().and_then(Place::aside).map(Path::to_owned);
        let backend = Backend {
            at: aside.clone().map_or_else(|| to.clone(), Endpoint::Unix),
            shown: to,
            engines,
            log,
            waiting: Arc::default(),
            skip_own,
        };
        let (place, stop) = (SharedPlace::new(place), CancellationToken::new());
        let (tell, state) = watch::channel(TapState::default());
        let accepting = Accepting {
            listener: Some(listener),
            backend: Arc::new(backend),
            most,
            tell: Arc::new(tell),
            stop: stop.clone(),
            place: place.clone(),
        };
        let running = tokio::spawn(accepting.run());
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
        let (place, limit) = (SharedPlace::default(), remote::STOP);
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
        let restored = self.place.restore();
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
        self.place.restore_at_last();
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
    if path.parent().is_some_and(Path::is_dir) { place::undo(path) } else { Ok(()) }
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
