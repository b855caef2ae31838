//! The calls of a tap: exchanges between another program and a backend, recorded as they pass.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::{Act, By, Origin, Timeline, call_store::Control, recorder::Recorder};
use porthole_base::error::Result;
use porthole_http::{
    exchange::{Exchange, ExchangeEvent},
    tap::{CallLog, LoggedCall},
};
use porthole_output::{
    Stream,
    record::{Record, Wait},
};

/// Records into a timeline.
#[derive(Debug)]
struct TapLog(Arc<Timeline>);

impl Timeline {
    /// Where a tap records its exchanges.
    pub fn tap_log(self: &Arc<Self>) -> Arc<dyn CallLog> {
        Arc::new(TapLog(Arc::clone(self)))
    }
}

impl CallLog for TapLog {
    fn begin(&self, exchange: Exchange, close: CancellationToken) -> Box<dyn LoggedCall> {
        let by = By::from(Origin::Tap);
        Box::new(TappedCall(self.0.begin(by, Act::Exchange(exchange), Some(Control::Exchange(close)))))
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
