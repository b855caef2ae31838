//! The calls of a tap: exchanges between another program and a backend, recorded as they pass.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, task::AbortHandle};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use super::{Act, By, Origin, Shared, Timeline, call_store::Control, recorder::Recorder};
use porthole_base::error::{Error, Result};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Exchange, ExchangeEvent},
    tap::{CallLog, LoggedCall, TapState},
};
use porthole_output::{
    Stream,
    record::{Record, Wait},
};

/// What is moved while Porthole records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TapPlace {
    /// The backend's address, at which Porthole listens.
    pub endpoint: Endpoint,
    /// The container that has the socket; none for a socket of this machine.
    pub container: Option<String>,
    /// The path of the backend's own socket.
    pub path: String,
    /// Its path while Porthole records.
    pub aside: String,
}

/// The recording that the window shows, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TapStatus {
    /// What is moved.
    pub place: TapPlace,
    /// Connections that are open.
    pub connections: u32,
    /// Requests that were recorded.
    pub calls: u32,
    /// Nothing is recorded at the moment: the backend has no socket, or a new one that isn't moved yet.
    pub lost: bool,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub trouble: Option<Error>,
}

/// Shows a recording in [`Changes`](crate::Changes) for as long as it lives.
#[derive(Debug)]
pub struct ShownTap {
    shared: Arc<Shared>,
    following: AbortHandle,
}

/// Records into a timeline.
#[derive(Debug)]
struct TapLog(Arc<Timeline>);

impl Timeline {
    /// Where a tap records its exchanges.
    pub fn tap_log(self: &Arc<Self>) -> Arc<dyn CallLog> {
        Arc::new(TapLog(Arc::clone(self)))
    }

    /// Shows a recording. Its calls go to [`Timeline::tap_log`].
    pub fn show_tap(&self, place: TapPlace, mut state: watch::Receiver<TapState>) -> ShownTap {
        let status = TapStatus { place, connections: 0, calls: 0, lost: false, trouble: None };
        self.shared.change(|store| store.tap = Some(status));
        let shared = Arc::clone(&self.shared);
        let following = tokio::spawn(async move {
            loop {
                let TapState { connections, is_lost, trouble } = state.borrow_and_update().clone();
                shared.change(|store| {
                    let Some(tap) = &mut store.tap else { return };
                    tap.connections = u32::try_from(connections).unwrap_or(u32::MAX);
                    (tap.lost, tap.trouble) = (is_lost, trouble);
                });
                if state.changed().await.is_err() {
                    return;
                }
            }
        });
        ShownTap { shared: Arc::clone(&self.shared), following: following.abort_handle() }
    }
}

impl CallLog for TapLog {
    fn begin(&self, exchange: Exchange, close: CancellationToken) -> Box<dyn LoggedCall> {
        let by = By::from(Origin::Tap);
        self.0.shared.count_tapped();
        Box::new(TappedCall(self.0.begin(by, Act::Exchange(exchange), Some(Control::Exchange(close)))))
    }
}

impl Shared {
    fn count_tapped(&self) {
        // The recording of a command line shows nothing.
        if self.store().tap.is_some() {
            self.change(|store| {
                if let Some(tap) = &mut store.tap {
                    tap.calls = tap.calls.saturating_add(1);
                }
            });
        }
    }
}

impl Drop for ShownTap {
    fn drop(&mut self) {
        self.following.abort();
        self.shared.change(|store| store.tap = None);
    }
}

/// One call.
struct TappedCall(Recorder);

impl Record<ExchangeEvent> for TappedCall {
    fn event(&mut self, event: ExchangeEvent) {
        self.0.event(event);
    }

    fn chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()> {
        Record::<ExchangeEvent>::chunk(&mut self.0, stream, at_us, bytes)
    }

    fn full(&self) -> Option<Wait> {
        Record::<ExchangeEvent>::full(&self.0)
    }
}

impl LoggedCall for TappedCall {
    fn ended(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(self.0.ended())
    }
}
