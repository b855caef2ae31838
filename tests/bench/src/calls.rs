//! A Timeline as the shell has one, and when its Calls end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use porthole_base::error::{Code, Error};
use porthole_engine::{Address, reaper::Reaper};
use porthole_process::{Command, Ending, Run};
use porthole_timeline::{Act, Call, CallId, Origin, Timeline};

use crate::context::{BenchContext, Result};

/// More than any round writes.
const QUOTA: u64 = 20_000_000_000;

/// A timeline that writes where the peer writes, with a reaper as in the app.
pub fn timeline(context: &BenchContext) -> Result<Timeline> {
    let reaper = Arc::new(Reaper::start());
    Ok(Timeline::new(context.folder("calls")?, context.folder("kept")?, QUOTA, Some(reaper)))
}

/// Waits for the end of a long Call, by a look every millisecond: to be woken by each of ten thousand
/// chunks would take time from what is measured.
pub async fn ended(timeline: &Timeline, id: CallId) -> Result<Call> {
    loop {
        let call = timeline.call(id)?;
        if is_over(&call.act) {
            return Ok(call);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn is_over(act: &Act) -> bool {
    match act {
        Act::Exchange(exchange) => exchange.ended(),
        Act::Run(run) => run.closed_us.is_some() || run.failure.is_some(),
    }
}

/// Refuses a run that did not end with 0.
pub fn ended_well(call: &Call) -> Result<()> {
    match &call.act {
        Act::Run(Run { ending: Some(Ending::Exited { code: 0 }), failure: None, .. }) => Ok(()),
        Act::Exchange(exchange) if exchange.failure.is_none() => Ok(()),
        act => Err(format!("it did not end well: {act:?}").into()),
    }
}

/// Runs a command to its end and gives its rate in MB/s, when it wrote as many bytes as it should.
pub async fn rate_of_run(timeline: &Timeline, engine: Option<&Address>, command: Command, bytes: u64) -> Result<f64> {
    let engine = engine.cloned().ok_or_else(|| Error::new(Code::EngineUnavailable, "none is needed"));
    let began = Instant::now();
    let id = timeline.run(Origin::Composer, engine, command);
    let call = ended(timeline, id).await?;
    let rate = rate(bytes, began.elapsed());
    ended_well(&call)?;
    wrote(timeline, id, bytes)?;
    timeline.clear();
    Ok(rate)
}

/// Refuses a Call that wrote another number of bytes.
pub fn wrote(timeline: &Timeline, id: CallId, bytes: u64) -> Result<()> {
    let counts = timeline.output(id)?.counts();
    if counts.stdout.bytes == bytes { Ok(()) } else { Err(format!("{bytes} bytes were to come: {counts:?}").into()) }
}

/// MB/s.
pub fn rate(bytes: u64, took: Duration) -> f64 {
    bytes as f64 / 1e6 / took.as_secs_f64()
}

/// Milliseconds.
pub fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
