//! What it costs that a socket is in a container: the same requests to the same backend, through the engine and
//! over the socket itself.

use std::{path::Path, sync::Arc, time::Instant};

use porthole_engine::Address;
use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_tests::inside::{At, Inside};
use porthole_timeline::{Origin, Timeline};
use tempfile::TempDir;

use crate::{
    calls::{ended, ended_well, ms, rate, timeline, wrote},
    context::{BenchContext, Result},
    pairs::{Sides, alternate, median},
};

/// Requests in one round over connections that stay open, and over one each.
const KEPT: u64 = 500;
const NEW: u64 = 25;
/// A part of the bytes that other bodies have: an engine hands them on as frames.
const PART: u64 = 4;
const DIRECTORY: &str = "/run/guest-services";

/// A backend in a container, with its socket in a directory of this host.
struct Tunneled {
    inside: Inside,
    timeline: Arc<Timeline>,
    direct: Endpoint,
    _folder: TempDir,
}

impl Tunneled {
    async fn start(context: &BenchContext) -> Result<Self> {
        let host = context.engine()?;
        // Where a socket's path is short.
        let folder = tempfile::tempdir_in("/tmp")?;
        let bind = Some(format!("{}:{DIRECTORY}", folder.path().display()));
        let at = At { bind, directory: DIRECTORY.to_owned(), ..At::default() };
        let own = context.own_program()?;
        let program = Path::new(&own).with_file_name("backend").display().to_string();
        let inside = Inside::start_on(&host, &program, at).await;
        let timeline = Arc::new(timeline(context)?);
        timeline.connections().use_engine(Address::new("bench", host));
        Ok(Self { inside, timeline, direct: Endpoint::Unix(folder.path().join("demo.sock")), _folder: folder })
    }

    /// The median of so many requests, in a task of the runtime as the shell asks.
    async fn median_of(&self, endpoint: Endpoint, method: &'static str, count: u64) -> Result<f64> {
        let timeline = Arc::clone(&self.timeline);
        tokio::spawn(async move {
            let mut took = Vec::new();
            for _ in 0..count {
                let began = Instant::now();
                let id = timeline.send(Origin::Composer, endpoint.clone(), Request::new(method, "/hello"));
                let call = timeline.ended(id).await?;
                took.push(ms(began.elapsed()));
                ended_well(&call)?;
            }
            timeline.clear();
            median(&took).ok_or_else(|| "nothing was sent".into())
        })
        .await?
    }

    async fn body(&self, endpoint: Endpoint, bytes: u64) -> Result<f64> {
        let began = Instant::now();
        let id = self.timeline.send(Origin::Composer, endpoint, Request::new("GET", format!("/bytes/{bytes}")));
        let call = ended(&self.timeline, id).await?;
        let rate = rate(bytes, began.elapsed());
        ended_well(&call)?;
        wrote(&self.timeline, id, bytes)?;
        self.timeline.clear();
        Ok(rate)
    }
}

/// Requests over a connection that stays open, over a new one each, and a body.
pub async fn beside_direct(context: &BenchContext) -> Result<Vec<Sides>> {
    let tunneled = Tunneled::start(context).await?;
    let (far, near) = (tunneled.inside.socket("demo.sock"), tunneled.direct.clone());
    let sides = measure(&tunneled, context, &far, &near).await;
    tunneled.timeline.close().await;
    sides
}

async fn measure(tunneled: &Tunneled, context: &BenchContext, far: &Endpoint, near: &Endpoint) -> Result<Vec<Sides>> {
    let (kept, new, bytes) = (context.scaled(KEPT).max(20), context.scaled(NEW).max(5), context.bytes() / PART);
    // A POST is never sent over a connection that is open already.
    let mut all = Vec::new();
    for (method, count) in [("GET", kept), ("POST", new)] {
        let ours = async || tunneled.median_of(far.clone(), method, count).await;
        let theirs = async || tunneled.median_of(near.clone(), method, count).await;
        all.push(alternate(context.pairs, ours, theirs).await?);
    }
    let ours = async || tunneled.body(far.clone(), bytes).await;
    let theirs = async || tunneled.body(near.clone(), bytes).await;
    all.push(alternate(context.pairs, ours, theirs).await?);
    Ok(all)
}
