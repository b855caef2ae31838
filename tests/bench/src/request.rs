//! How long a small request takes with all that is recorded of it, beside a bare client.

use std::{path::PathBuf, sync::Arc, time::Instant};

use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_timeline::{Origin, Timeline};

use crate::{
    backend::Backend,
    calls::{ended_well, ms, timeline},
    client::Client,
    context::{BenchContext, Result},
    pairs::{Sides, alternate, median},
};

/// Requests in one round.
const REQUESTS: u64 = 2000;
/// After so many Calls their files are removed, while nothing is measured.
const KEPT: u64 = 200;

/// `GET /hello` kept alive, beside hyper on one connection. Both are asked from a task of the
/// runtime, as the shell asks.
pub async fn p50(context: &BenchContext) -> Result<Sides> {
    let backend = Backend::start(context)?;
    let timeline = Arc::new(timeline(context)?);
    let requests = context.scaled(REQUESTS).max(20);
    let ours = async || tokio::spawn(recorded(Arc::clone(&timeline), backend.endpoint(), requests)).await?;
    let theirs = async || tokio::spawn(bare(backend.socket.clone(), requests)).await?;
    alternate(context.pairs, ours, theirs).await
}

/// Median of requests on a timeline.
pub async fn recorded(timeline: Arc<Timeline>, endpoint: Endpoint, requests: u64) -> Result<f64> {
    let mut took = Vec::new();
    for n in 1..=requests {
        let request = Request::new("GET", "/hello");
        let began = Instant::now();
        let id = timeline.send(Origin::Composer, endpoint.clone(), request);
        let call = timeline.ended(id).await?;
        took.push(ms(began.elapsed()));
        ended_well(&call)?;
        if n % KEPT == 0 || n == requests {
            timeline.clear();
        }
    }
    median(&took).ok_or_else(|| "nothing was sent".into())
}

async fn bare(socket: PathBuf, requests: u64) -> Result<f64> {
    let mut client = Client::open(&socket).await?;
    let mut took = Vec::new();
    for _ in 0..requests {
        took.push(client.get("/hello").await?.1);
    }
    client.close().await?;
    median(&took).ok_or_else(|| "nothing was sent".into())
}
