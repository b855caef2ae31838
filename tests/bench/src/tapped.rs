//! What it costs a small request to pass a tap, with all that is recorded of it.

use std::{path::PathBuf, sync::Arc};

use porthole_http::{
    endpoint::Endpoint,
    tap::{Tap, TapOptions},
};
use porthole_timeline::Timeline;

use crate::{
    backend::Backend,
    calls::timeline,
    client::Client,
    context::{BenchContext, Result},
    pairs::{Sides, alternate, median},
};

/// Requests in one round.
const REQUESTS: u64 = 2000;
/// After so many Calls their files are removed, while nothing is measured.
const KEPT: u64 = 200;

/// How much longer `GET /hello` takes through a tap: both ways alternate, so that what else happens here counts for both.
/// Beside it is the request itself.
pub async fn overhead(context: &BenchContext) -> Result<Sides> {
    let backend = Backend::start(context)?;
    let timeline = Arc::new(timeline(context)?);
    let folder = tempfile::tempdir_in("/tmp")?;
    let socket = folder.path().join("t.sock");
    let options = TapOptions::new(Endpoint::Unix(socket.clone()), backend.endpoint());
    let tap = Tap::start(options, timeline.connections().dialer(), timeline.tap_log()).await?;
    let requests = context.scaled(REQUESTS).max(20);
    let measure = async || {
        let both = both(socket.clone(), backend.socket.clone(), Arc::clone(&timeline), requests);
        tokio::spawn(both).await?
    };
    let ours = async || measure().await.map(|(tapped, direct)| tapped - direct);
    let theirs = async || measure().await.map(|(_, direct)| direct);
    let sides = alternate(context.pairs, ours, theirs).await;
    tap.stop().await?;
    timeline.close().await;
    sides
}

/// The medians through the tap and without it.
async fn both(tapped: PathBuf, direct: PathBuf, timeline: Arc<Timeline>, requests: u64) -> Result<(f64, f64)> {
    let mut ways = [Client::open(&tapped).await?, Client::open(&direct).await?];
    let mut took = [Vec::new(), Vec::new()];
    for n in 1..=requests {
        for (way, took) in ways.iter_mut().zip(&mut took) {
            took.push(way.get("/hello").await?.1);
        }
        if n % KEPT == 0 || n == requests {
            timeline.clear();
        }
    }
    for way in ways {
        way.close().await?;
    }
    let [tapped, direct] = took.map(|took| median(&took));
    tapped.zip(direct).ok_or_else(|| "nothing was sent".into())
}
