//! Connections to sockets that only a container sees, carried through the engine.
//!
//! Beside the container is a helper container of Porthole's own, made from nothing but one static program,
//! that shares what holds the socket: the volume or the directory, read-only, where there is one; else
//! the container's process ids, through which its files are seen. A connection is one exec in the helper,
//! with its stdin and stdout attached. Nothing is put into the container, and it needs no shell.
//!
//! While a tap records there (`tap.rs`), one more such container may write to what holds the socket, and moves that.

mod choice;
mod container;
mod frames;
mod helper;
mod hold;
mod image;
mod share;
mod stream;
mod tap;
mod whole_frames;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

pub use choice::{Choice, choose, direct};
pub(crate) use choice::{inside, is_not_there};

use helper::{Helper, HelperError};
use share::{Share, share};
use stream::TunnelStream;
use tap::{ContainerTap, Moved, Plan};

use crate::{Address, Engine, EngineEnvironment, Inspected, LastEngine, reaper::Reaper};
use porthole_base::{
    error::{Code, Error, Result},
    reference::ContainerName,
};
use porthole_http::endpoint::{self, Endpoint};

/// How long a helper may take, from the login at an engine that is far away to its first word.
const SETUP: Duration = Duration::from_secs(30);
/// How long an engine may take to say that it is still there.
const ANSWER: Duration = Duration::from_secs(5);
/// This many helpers run although nothing uses them; more make room.
const IDLE: usize = 4;

/// Carries connections through an engine. It owns the helper containers: they go with [`EngineTunnel::close`], and by
/// themselves when this is dropped.
#[derive(Debug, Default)]
pub struct EngineTunnel {
    engine: Mutex<EngineSelector>,
    engines: Arc<LastEngine>,
    reaper: Option<Arc<Reaper>>,
    helpers: Mutex<Vec<Entry>>,
    /// What makes and removes helpers: a request that is cancelled meanwhile leaves none half made.
    tasks: Mutex<JoinSet<()>>,
    moved: Moved,
    /// Canceled when this closes: containers of taps that are still there end then.
    closing: Mutex<CancellationToken>,
}

/// Which engine is gone to.
#[derive(Debug, Clone, Default)]
enum EngineSelector {
    /// The one that this process's surroundings name at the time.
    #[default]
    InUse,
    /// That of a docker context, as it is kept at the time.
    Context(String),
    /// The one at this address.
    At(Address),
}

/// A helper, or one that is being made.
#[derive(Debug)]
struct Entry {
    key: Key,
    helper: watch::Receiver<Option<Result<Arc<Helper>>>>,
}

/// What a helper is for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    engine: Address,
    container: String,
    share: Share,
}

impl Entry {
    fn helper(&self) -> Option<Arc<Helper>> {
        self.helper.borrow().as_ref()?.as_ref().ok().cloned()
    }

    /// Whether it can be used, now or soon.
    fn is_alive(&self) -> bool {
        match &*self.helper.borrow() {
            Some(Ok(helper)) => !helper.is_gone(),
            Some(Err(_)) => false,
            // A task that was ended in the middle says nothing more.
            None => self.helper.has_changed().is_ok(),
        }
    }

    /// Whether a connection uses it, or waits for it.
    fn is_used(&self) -> bool {
        // One of them is the entry's own.
        self.helper.borrow().as_ref().is_none_or(|made| made.as_ref().is_ok_and(|helper| Arc::strong_count(helper) > 1))
    }
}

impl EngineTunnel {
    /// One that goes to this engine, or to the one that this process's surroundings name.
    pub fn new(address: Option<Address>, engines: Arc<LastEngine>, reaper: Option<Arc<Reaper>>) -> Self {
        Self {
            engine: Mutex::new(address.map_or(EngineSelector::InUse, EngineSelector::At)),
            engines,
            reaper,
            ..Self::default()
        }
    }

    /// Goes to the engine at this address from now on.
    pub(crate) fn use_engine(&self, address: Address) {
        *self.selector() = EngineSelector::At(address);
    }

    /// Goes to the engine of a docker context from now on, or to the one in use.
    pub(crate) fn use_context(&self, name: Option<String>) {
        *self.selector() = name.map_or(EngineSelector::InUse, EngineSelector::Context);
    }

    fn selector(&self) -> MutexGuard<'_, EngineSelector> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection to a socket in a container. `limit` is for the socket alone.
    ///
    /// # Errors
    /// The codes of an engine and of a container that is not there or does not run; for the socket those of a direct
    /// one.
    pub(crate) async fn connect(&self, endpoint: &Endpoint, limit: Duration) -> Result<TunnelStream> {
        let (helper, path) = self.beside(endpoint).await?;
        let asked = match within(endpoint, limit, helper.connect(endpoint, &path)).await {
            Err(HelperError { is_gone: true, .. }) => {
                let (helper, path) = self.beside(endpoint).await?;
                within(endpoint, limit, helper.connect(endpoint, &path)).await
            }
            answer => answer,
        };
        asked.map_err(|trouble| trouble.error)
    }

    /// Whether a socket in a container takes connections.
    ///
    /// # Errors
    /// As for a connection.
    pub(crate) async fn probe_connect(&self, endpoint: &Endpoint, limit: Duration) -> Result<()> {
        let (helper, path) = self.beside(endpoint).await?;
        let asked = match within(endpoint, limit, helper.probe_connect(endpoint, &path)).await {
            Err(HelperError { is_gone: true, .. }) => {
                let (helper, path) = self.beside(endpoint).await?;
                within(endpoint, limit, helper.probe_connect(endpoint, &path)).await
            }
            answer => answer,
        };
        asked.map_err(|trouble| trouble.error)
    }

    /// What an error in the middle of an exchange really is, when it is the engine that went away. A container that
    /// ended is a backend that ended.
    pub async fn explain(&self, endpoint: &Endpoint, error: Error) -> Error {
        let asked = async {
            match endpoint {
                Endpoint::Container { container, .. } => self.engine().await?.inspect(container).await.map(drop),
                Endpoint::Engine { name } => Engine::connect(self.address_of(name)?).await.map(drop),
                _ => Ok(()),
            }
        };
        // One that says nothing is not known to be gone.
        let Ok(asked) = tokio::time::timeout(ANSWER, asked).await else { return error };
        match asked {
            Err(gone) if matches!(gone.code, Code::EngineLost | Code::EngineUnavailable) => {
                gone.detail(error.detail.unwrap_or(error.message))
            }
            _ => error,
        }
    }

    /// The helper beside the container of an endpoint, and the socket's path. One that is gone, as it is after the
    /// container was started again, is replaced.
    async fn beside(&self, endpoint: &Endpoint) -> Result<(Arc<Helper>, String)> {
        let Endpoint::Container { container, path } = endpoint else {
            return Err(Error::new(Code::EndpointUnsupported, format!("{endpoint} isn't in a container")));
        };
        let made = async {
            let engine = self.engine().await?;
            let target = engine.running(container).await?;
            let now = self.moved.path(&target.id, path);
            Ok((self.helper(&engine, target, path).await?, now))
        };
        tokio::time::timeout(SETUP, made).await.unwrap_or_else(|_| Err(timed_out(container)))
    }

    /// Has a program listen in the place of a backend's socket. Its container is owned here: it ends with the value, and
    /// with [`EngineTunnel::close`].
    ///
    /// # Errors
    /// The codes of an engine and of a container that is not there or does not run.
    pub(crate) async fn tap(&self, endpoint: &Endpoint) -> Result<ContainerTap> {
        let Endpoint::Container { container, path } = endpoint else {
            return Err(Error::new(Code::EndpointUnsupported, format!("{endpoint} isn't in a container")));
        };
        let (tell, made) = oneshot::channel();
        let asked = async {
            let engine = self.engine().await?;
            let target = engine.running(container).await?;
            // None should be there: each ends with its Porthole.
            crate::remove_left(&engine, container::TAP_LABEL, crate::Removal::AfterStop).await;
            let (name, share) = (crate::new_name("tap")?, share(&target.mounts, path));
            let plan = Plan { engine, target, path: path.clone(), share, moved: self.moved.clone(), name };
            let closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner).clone();
            self.own(keep_tap(plan, self.reaper.clone(), tell, closing));
            let ended = || Error::new(Code::Cancelled, "Canceled: Porthole was closed while it moved a socket");
            made.await.unwrap_or_else(|_| Err(ended()))
        };
        tokio::time::timeout(SETUP, asked).await.unwrap_or_else(|_| Err(timed_out(container)))
    }

    /// Where the engine is.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`].
    pub fn address(&self) -> Result<Address> {
        let selector = self.selector().clone();
        match selector {
            EngineSelector::InUse => EngineEnvironment::of_this_process().address(),
            EngineSelector::Context(name) => EngineEnvironment::of_this_process().named(&name),
            EngineSelector::At(address) => Ok(address),
        }
    }

    /// Where the engine of a docker context is: that one, or another which it was before.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`].
    pub(crate) fn address_of(&self, name: &str) -> Result<Address> {
        match self.address() {
            Ok(address) if address.name == name => Ok(address),
            _ => EngineEnvironment::of_this_process().named(name),
        }
    }

    /// The engine.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`], [`Code::EngineUnavailable`].
    pub(crate) async fn engine(&self) -> Result<Engine> {
        self.engines.at(self.address()?).await
    }

    /// The helper beside a container: the one that is there, or is being made for another process, or a new one.
    async fn helper(&self, engine: &Engine, target: Inspected, path: &str) -> Result<Arc<Helper>> {
        let share = share(&target.mounts, path);
        let key = Key { engine: engine.address().clone(), container: target.id.clone(), share: share.clone() };
        let mut helper = {
            let mut helpers = self.helpers();
            self.let_go(&mut helpers, &key);
            match helpers.iter().find(|entry| entry.key == key) {
                Some(entry) => entry.helper.clone(),
                None => {
                    let (made, helper) = watch::channel(None);
                    let (engine, reaper) = (engine.clone(), self.reaper.clone());
                    self.own(async move {
                        let helper = Helper::make(engine, &target, &share, reaper).await;
                        made.send_replace(Some(helper.map(Arc::new)));
                    });
                    helpers.push(Entry { key, helper: helper.clone() });
                    helper
                }
            }
        };
        let ended = || Error::new(Code::Cancelled, "Canceled: Porthole was closed while it created a helper container");
        let made = helper.wait_for(Option::is_some).await.map_err(|_| ended())?;
        made.clone().unwrap_or_else(|| Err(ended()))
    }

    /// Forgets the helpers that are gone, and lets those go that nothing uses, when they are many; but for the one
    /// that is wanted now.
    fn let_go(&self, helpers: &mut Vec<Entry>, key: &Key) {
        let many = helpers.len() > IDLE;
        helpers.retain(|entry| {
            let stays = entry.is_alive() && (!many || entry.key == *key || entry.is_used());
            if !stays && let Some(helper) = entry.helper() {
                self.own(async move { helper.remove().await });
            }
            stays
        });
    }

    /// Removes all helper containers, and with them the connections that still go through one.
    pub async fn close(&self) {
        std::mem::take(&mut *self.closing.lock().unwrap_or_else(PoisonError::into_inner)).cancel();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
        let helpers = std::mem::take(&mut *self.helpers());
        let removals = helpers.iter().filter_map(Entry::helper).map(|helper| async move { helper.remove().await });
        futures_util::future::join_all(removals).await;
    }

    fn helpers(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.helpers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn own(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}

/// Makes the container of a tap, and removes it when the tap is dropped.
async fn keep_tap(
    plan: Plan,
    reaper: Option<Arc<Reaper>>,
    tell: oneshot::Sender<Result<ContainerTap>>,
    closing: CancellationToken,
) {
    if let Some(reaper) = &reaper {
        reaper.watch_container_gently(&plan.engine, &plan.name);
    }
    let dropped = CancellationToken::new();
    let made = tokio::time::timeout(SETUP, ContainerTap::make(&plan, dropped.clone())).await;
    let made = match made {
        Ok(Ok(tap)) => Ok(tap),
        // The container beside which it was to be may have ended meanwhile.
        Ok(Err(error)) => Err(match ContainerName::new(plan.target.id.as_str()) {
            Ok(target) => plan.engine.blame(error, &target).await,
            Err(_) => error,
        }),
        Err(_) => Err(timed_out(&plan.target.id)),
    };
    let is_made = made.is_ok();
    // Where nothing waits for it, it is dropped at once.
    drop(tell.send(made));
    if is_made {
        tokio::select! {
            () = dropped.cancelled() => {}
            () = closing.cancelled() => {}
        }
    }
    // It may have moved the socket in any case.
    crate::stop(&plan.engine, &plan.name).await;
    if crate::remove(&plan.engine, &plan.name, false).await
        && let Some(reaper) = reaper
    {
        reaper.forget_container(&plan.name);
    }
}

fn timed_out(container: &dyn std::fmt::Display) -> Error {
    Error::new(
        Code::ConnectTimeout,
        format!("Connecting to the container `{container}` through the engine timed out after {} s", SETUP.as_secs()),
    )
    .hint("Check whether the engine responds to `docker ps`.")
}

async fn within<T>(
    endpoint: &Endpoint,
    limit: Duration,
    step: impl Future<Output = std::result::Result<T, HelperError>>,
) -> std::result::Result<T, HelperError> {
    let done = tokio::time::timeout(limit, step).await;
    done.unwrap_or_else(|_| Err(endpoint::took_none(endpoint, limit).into()))
}
