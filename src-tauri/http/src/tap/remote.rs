//! A tap in a container: Porthole's program there listens in the place of the backend's socket, and passes the bytes on. What
//! comes here are copies of them, which are recorded as those of a tap on this machine are.
//!
//! The container is the extension's: nothing that comes from there is trusted.

use std::{
    collections::BTreeMap,
    future::{pending, poll_fn},
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use porthole_relay::tap_protocol::{ASIDE, End, Event, MOST, Order, VERSION};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    TapState,
    feed::{Feed, Waiting},
    lost::lost,
    record::{CallLog, Opening, Recording},
    remote_failure::{ended, failure, late, stopped, unexpected, unseen},
};
use crate::{
    endpoint::{Endpoint, explain_refused},
    exchange::EngineDialer,
};
use porthole_base::error::{Code, Error, Result};

/// How long the program may take to move the socket.
const START: Duration = Duration::from_secs(10);
/// How long it may take to put it back.
const RESTORE: Duration = Duration::from_secs(10);
/// How long its last words may take to arrive after that.
const LAST: Duration = Duration::from_secs(2);
/// How long to wait until it is started again, when it has ended by itself. It is doubled each time, up to [`LONGEST`].
const AGAIN: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(30);
/// A program that lived this long worked: the next one is started soon again.
const WORKED: Duration = Duration::from_secs(10);
/// How long starting it once more may take, when the recording is to stop.
const LAST_START: Duration = Duration::from_secs(20);
/// How long to wait before that is tried again, while the program before still puts the socket back.
const SOON: Duration = Duration::from_millis(500);
/// How long the recording may take to stop: a program that ends without a word, one that is started once more for what the
/// first one left, and some time for what is still being written.
pub(super) const STOP: Duration = Duration::from_secs(60);
/// Connections that are recorded at once, or are still being written.
const RECORDED: usize = 2 * MOST;

/// The program in the container, by its frames.
pub trait RemoteTap: Send {
    /// The kind and the payload of the next frame; nothing when it has ended.
    ///
    /// # Errors
    /// [`Code::HelperFailed`], and the codes of an engine.
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<(u8, Bytes)>>>;

    /// Sends it an order, with the next [`RemoteTap::poll_frame`].
    fn order(&mut self, order: Order);

    /// Where the backend's own socket is now, so that Porthole's own connections go there; nothing when it is at its path.
    fn set_aside(&mut self, aside: Option<&str>);
}

/// One tap in a container, for as long as it records.
pub(super) struct Remote {
    endpoint: Endpoint,
    engines: Arc<dyn EngineDialer>,
    log: Arc<dyn CallLog>,
    tell: watch::Sender<TapState>,
    stop: CancellationToken,
    /// None between a program that has ended and the next one: the one before keeps the place until it is dropped.
    tap: Option<Box<dyn RemoteTap>>,
    aside: String,
    /// How long to wait until it is started again.
    pause: Duration,
    /// Connections that passed without a recording.
    unseen: u64,
    waiting: Arc<Waiting>,
    live: BTreeMap<u32, Live>,
    recorders: JoinSet<()>,
    /// Connections that are to be closed.
    closing: (mpsc::Sender<u32>, mpsc::Receiver<u32>),
}

/// A connection that is recorded.
struct Live {
    feed: Feed,
    ended: oneshot::Sender<End>,
}

/// How the program ended.
enum Over {
    /// The socket was put back, or couldn't be.
    Told(Result<()>),
    /// Without a word.
    Silent(Error),
    /// It got the order to stop and doesn't respond.
    Late,
}

impl Remote {
    /// Moves the backend's socket.
    ///
    /// # Errors
    /// Those of [`explain_place`](super::move_failure::explain_place), [`Code::HelperFailed`], and the codes of an engine and of a container.
    pub async fn start(
        endpoint: Endpoint,
        engines: Arc<dyn EngineDialer>,
        log: Arc<dyn CallLog>,
        tell: watch::Sender<TapState>,
        stop: CancellationToken,
    ) -> Result<Self> {
        let (tap, aside) = open(&*engines, &endpoint).await?;
        Ok(Self {
            endpoint,
            engines,
            log,
            tell,
            stop,
            tap: Some(tap),
            aside,
            pause: AGAIN,
            unseen: 0,
            waiting: Arc::default(),
            live: BTreeMap::new(),
            recorders: JoinSet::new(),
            closing: mpsc::channel(64),
        })
    }

    /// Where the backend's own socket is in the container.
    pub fn aside(&self) -> &str {
        &self.aside
    }

    /// Records until it is to stop, and then until the socket is back. If the program ends by itself, as it does with a
    /// container that it shares processes with, it is started again.
    ///
    /// # Errors
    /// Those of [`explain_place`](super::move_failure::explain_place), and why the program can't be reached.
    pub async fn run(mut self) -> Result<()> {
        let done = loop {
            let (began, is_last) = (Instant::now(), self.stop.is_cancelled());
            let over = self.record().await;
            self.leave();
            if began.elapsed() >= WORKED {
                self.pause = AGAIN;
            }
            let error = match over {
                Over::Told(done) if self.stop.is_cancelled() => break done,
                Over::Late => break Err(late(&self.endpoint, &self.aside)),
                // It was started for this alone.
                Over::Silent(error) if is_last => break Err(late(&self.endpoint, &self.aside).detail(error)),
                Over::Told(Ok(())) => stopped(),
                Over::Told(Err(error)) | Over::Silent(error) => error,
            };
            self.say_lost(error);
            match self.again().await {
                Ok(true) => self.say_found(),
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        while self.recorders.join_next().await.is_some() {}
        done
    }

    /// Lets go of the program: its stdin ends, and with it what it still does. Its connections have ended.
    fn leave(&mut self) {
        if let Some(mut tap) = self.tap.take() {
            tap.set_aside(None);
        }
        for (_, live) in std::mem::take(&mut self.live) {
            self.recorders.spawn(live.finish(End::Stopped));
        }
    }

    /// Starts the program again, as soon as that is possible; whether there still is something to listen at. What the one
    /// before left is undone then, so this is tried once more when it is to stop.
    async fn again(&mut self) -> Result<bool> {
        let stop = self.stop.clone();
        let mut out_of_time = pin!(async move {
            stop.cancelled().await;
            tokio::time::sleep(LAST_START).await;
        });
        let mut is_last = false;
        loop {
            let pause = if is_last { SOON } else { self.pause };
            tokio::select! {
                () = self.stop.cancelled(), if !is_last => is_last = true,
                () = tokio::time::sleep(pause) => {}
            }
            self.pause = LONGEST.min(2 * self.pause);
            let opened = tokio::select! {
                opened = open(&*self.engines, &self.endpoint) => opened,
                () = &mut out_of_time => return Err(late(&self.endpoint, &self.aside)),
            };
            match opened {
                Ok((tap, aside)) => {
                    (self.tap, self.aside) = (Some(tap), aside);
                    return Ok(true);
                }
                // Its files have gone with it.
                Err(error) if is_last && error.code == Code::ContainerNotFound => return Ok(false),
                // The backend has ended and removed its socket.
                Err(error) if is_last && error.code == Code::EndpointMissing => return Ok(false),
                // The program before hasn't let go of the place yet.
                Err(error) if is_last && error.code == Code::TapUnavailable => {}
                Err(error) if is_last => return Err(error),
                Err(error) => self.say_lost(error),
            }
        }
    }

    /// Until the program ends.
    async fn record(&mut self) -> Over {
        let mut until: Option<Instant> = None;
        let mut told: Option<Result<()>> = None;
        loop {
            let far = Instant::now() + RESTORE;
            tokio::select! {
                biased;
                () = self.stop.cancelled(), if until.is_none() => {
                    self.order(Order::Stop);
                    until = Some(Instant::now() + RESTORE);
                }
                () = tokio::time::sleep_until(until.unwrap_or(far)), if until.is_some() => {
                    return told.map_or(Over::Late, Over::Told);
                }
                Some(id) = self.closing.1.recv() => self.order(Order::Close { id }),
                Some(_) = self.recorders.join_next(), if !self.recorders.is_empty() => {}
                frame = poll_fn(|context| poll_frame(&mut self.tap, context)) => match frame {
                    Ok(Some((kind, payload))) => match read(kind, &payload) {
                        Some(event) => {
                            // Only the first one counts: it ends some time after it.
                            if let Some(done) = self.see(event).filter(|_| told.is_none()) {
                                (told, until) = (Some(done), Some(Instant::now() + LAST));
                            }
                        }
                        None => return Over::Silent(unexpected()),
                    },
                    Ok(None) => return told.map_or_else(|| Over::Silent(ended()), Over::Told),
                    Err(error) => return told.map_or(Over::Silent(error), Over::Told),
                },
            }
            let now = self.live.len();
            self.tell.send_if_modified(|state| std::mem::replace(&mut state.connections, now) != now);
        }
    }

    /// Takes in what the program says; whether the socket is back, where it says that.
    fn see(&mut self, event: Event<'_>) -> Option<Result<()>> {
        match event {
            Event::Opened { id } => {
                self.say(None);
                self.begin(id, Opening::Connected { at: Instant::now() });
            }
            Event::Failed { id, why } => {
                let error = explain_refused(&self.endpoint, why);
                self.say(Some(error.clone()));
                self.begin(id, Opening::Failed(Box::new(error)));
            }
            Event::Bytes { id, side, bytes } => self.with(id, |feed| feed.bytes(side, bytes)),
            Event::Missed { id, side, count } => self.with(id, |feed| feed.missed(side, count)),
            Event::Ended { id, side } => self.with(id, |feed| feed.ended(side)),
            Event::Closed { id, how } => self.close(id, how),
            Event::Unseen { count } => self.say_unseen(count),
            Event::Lost => {
                self.set_aside(None);
                self.say_lost(lost(&self.endpoint));
            }
            Event::Listening { aside, .. } => {
                self.set_aside(Some(aside));
                self.aside = aside.to_owned();
                self.say_found();
            }
            Event::Trouble { words } => {
                let summary = "The recording in the container has a problem";
                let trouble = Error::new(Code::TapUnavailable, summary).detail(words);
                self.tell.send_modify(|state| state.trouble = Some(trouble));
            }
            Event::Restored => return Some(Ok(())),
            Event::NotListening { why } | Event::NotRestored { why } => {
                return Some(Err(failure(&self.endpoint, &self.aside, why)));
            }
        }
        None
    }

    fn order(&mut self, order: Order) {
        if let Some(tap) = &mut self.tap {
            tap.order(order);
        }
    }

    fn set_aside(&mut self, aside: Option<&str>) {
        if let Some(tap) = &mut self.tap {
            tap.set_aside(aside);
        }
    }

    /// Says how many connections passed without a recording so far.
    fn say_unseen(&mut self, more: u64) {
        self.unseen = self.unseen.saturating_add(more);
        self.say(Some(unseen(self.unseen)));
    }

    fn say(&self, trouble: Option<Error>) {
        self.tell.send_if_modified(|state| state.set_trouble(trouble));
    }

    /// Nothing is recorded, and why.
    fn say_lost(&self, why: Error) {
        self.tell.send_if_modified(|state| state.set_lost(true, Some(why)));
    }

    /// It records again.
    fn say_found(&self) {
        self.tell.send_if_modified(|state| state.set_lost(false, None));
    }

    fn with(&mut self, id: u32, act: impl FnOnce(&mut Feed)) {
        // Without one, it isn't recorded.
        if let Some(live) = self.live.get_mut(&id) {
            act(&mut live.feed);
        }
    }

    fn begin(&mut self, id: u32, opening: Opening) {
        self.close(id, End::Stopped);
        if self.recorders.len() >= RECORDED {
            return self.say_unseen(1);
        }
        let (feed, seen) = Feed::new(Arc::clone(&self.waiting));
        let (tell_ended, ended) = oneshot::channel();
        let close = self.stop.child_token();
        let recording = Recording::new(Arc::clone(&self.log), self.endpoint.clone(), close.clone(), Instant::now());
        let (stop, closing) = (self.stop.clone(), self.closing.0.clone());
        self.recorders.spawn(Box::pin(async move {
            let closed = async {
                close.cancelled().await;
                // All of them end with the program.
                if !stop.is_cancelled() {
                    let _ = closing.send(id).await;
                }
                pending::<()>().await;
            };
            tokio::select! {
                () = Box::pin(recording.run(opening, seen, ended)) => {}
                () = closed => {}
            }
        }));
        self.live.insert(id, Live { feed, ended: tell_ended });
    }

    fn close(&mut self, id: u32, how: End) {
        if let Some(live) = self.live.remove(&id) {
            self.recorders.spawn(live.finish(how));
        }
    }
}

impl Live {
    async fn finish(self, how: End) {
        self.feed.finish().await;
        let _ = self.ended.send(how);
    }
}

/// The next frame. Without a program there isn't one.
fn poll_frame(tap: &mut Option<Box<dyn RemoteTap>>, context: &mut Context<'_>) -> Poll<Result<Option<(u8, Bytes)>>> {
    match tap {
        Some(tap) => tap.poll_frame(context),
        None => Poll::Ready(Ok(None)),
    }
}

/// Reads a frame; none where the program would not send it.
fn read(kind: u8, payload: &[u8]) -> Option<Event<'_>> {
    Event::decode(kind, payload).filter(|event| match event {
        Event::Listening { aside, .. } => is_aside(aside),
        _ => true,
    })
}

/// Whether a path may be one that the program moves a socket to. Porthole connects to it, and shows it in commands.
fn is_aside(path: &str) -> bool {
    let is_plain = !path.contains(char::is_control) && !path.split('/').any(|part| part == "..");
    path.starts_with('/') && path.ends_with(ASIDE) && is_plain
}

/// Has the program listen in the place of a backend's socket; also where that one is now.
async fn open(engines: &dyn EngineDialer, endpoint: &Endpoint) -> Result<(Box<dyn RemoteTap>, String)> {
    let mut tap = engines.tap(endpoint).await?;
    let first = tokio::time::timeout(START, poll_fn(|context| tap.poll_frame(context))).await;
    let first = first.map_err(|_| {
        Error::new(Code::ConnectTimeout, format!("Moving the socket timed out after {} s", START.as_secs()))
            .hint("Check whether the engine responds to `docker ps`.")
    })?;
    let Some((kind, payload)) = first? else { return Err(ended()) };
    match read(kind, &payload) {
        Some(Event::Listening { version: VERSION, aside }) => {
            tap.set_aside(Some(aside));
            Ok((tap, aside.to_owned()))
        }
        Some(Event::NotListening { why }) => Err(failure(endpoint, &aside_in_container(endpoint), why)),
        _ => Err(unexpected()),
    }
}

/// Where the socket of a container is moved, as far as its path has no links in it.
pub(super) fn aside_in_container(endpoint: &Endpoint) -> String {
    let Endpoint::Container { path, .. } = endpoint else { return String::new() };
    format!("{path}{ASIDE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_beside_a_socket_is_one_where_it_can_be() {
        for path in ["/run/b.sock.porthole", "/b.porthole", "/run/it's a..b.porthole"] {
            assert!(is_aside(path), "{path}");
        }
        for path in [
            "",
            "/x",
            "b.sock.porthole",
            "/run/b.sock.porthole-tap",
            "/run/../b.sock.porthole",
            "/run/b\n.sock.porthole",
            "/run/b\u{1b}[0m.sock.porthole",
        ] {
            assert!(!is_aside(path), "{path:?}");
        }
    }

    #[test]
    fn a_recording_has_the_time_to_stop_that_its_steps_need() {
        assert!(STOP > RESTORE + LAST + LAST_START + SOON + RESTORE + LAST);
        assert!(LAST_START > START);
    }
}
