//! What the tests of a tap look at: its calls, and the bytes on its connections.

use std::time::{Duration, Instant};

use porthole_base::error::Code;
use porthole_http::exchange::Exchange;
use porthole_sdk::call::{Act, Call};
use porthole_timeline::{Summary, Timeline};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const LONG: Duration = Duration::from_secs(30);

/// The rows when this holds for them.
pub async fn rows_when(timeline: &Timeline, holds: impl Fn(&[Summary]) -> bool) -> Vec<Summary> {
    let began = Instant::now();
    loop {
        let rows = timeline.changes(0).await.calls;
        if holds(&rows) {
            return rows;
        }
        assert!(began.elapsed() < LONG, "{rows:#?}");
        tokio::task::yield_now().await;
    }
}

/// All that was recorded when this many calls have ended.
pub async fn calls_when_ended(timeline: &Timeline, calls: usize) -> Vec<Call> {
    let rows = rows_when(timeline, |rows| rows.iter().filter(|row| !row.outcome.is_live()).count() == calls).await;
    rows.iter().map(|row| timeline.call(row.id).expect("a call")).collect()
}

pub fn exchange(call: &Call) -> &Exchange {
    let Act::Exchange(exchange) = &call.act else { panic!("{call:?}") };
    exchange
}

pub fn status(call: &Call) -> Option<u16> {
    exchange(call).response.as_ref().map(|response| response.status)
}

pub fn failure(call: &Call) -> Option<Code> {
    exchange(call).failure.as_ref().map(|failure| failure.error.code)
}

/// Reads until this many bytes came.
pub async fn exactly(stream: &mut (impl AsyncRead + Unpin), count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    tokio::time::timeout(LONG, stream.read_exact(&mut bytes)).await.expect("bytes in time").expect("bytes");
    bytes
}

/// Reads this text.
pub async fn expect(stream: &mut (impl AsyncRead + Unpin), text: &str) {
    assert_eq!(String::from_utf8(exactly(stream, text.len()).await).expect("text"), text);
}

/// Writes this text.
pub async fn say(stream: &mut (impl AsyncWrite + Unpin), text: &str) {
    stream.write_all(text.as_bytes()).await.expect("written text");
}
