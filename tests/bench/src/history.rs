//! How long a history of a million calls takes to open, and what recording costs a request.

use std::{path::Path, sync::Arc, time::Instant};

use porthole_http::exchange::Request;
use porthole_timeline::{HistoryFilter, HistoryFrom, Origin, Timeline};
use rusqlite::Connection;

use crate::{
    backend::Backend,
    calls::{ms, timeline},
    context::{BenchContext, Result},
    pairs::{Sides, alternate},
    request::recorded,
};

const CALLS: u64 = 1_000_000;
const REQUESTS: u64 = 2000;
/// Rows that a window pulls first.
const ROWS: u32 = 100;

/// Opening until the first rows are there, and a search in words.
pub async fn open(context: &BenchContext) -> Result<Vec<Sides>> {
    let folder = context.folder("history")?;
    generate(context, &folder, context.scaled(CALLS)).await?;
    let (mut opened, mut searched) = (Vec::new(), Vec::new());
    for _ in 0..context.pairs {
        let timeline = timeline(context)?;
        let began = Instant::now();
        timeline.open_history(&folder, true).await;
        list(&timeline, "").await?;
        opened.push(ms(began.elapsed()));
        let began = Instant::now();
        list(&timeline, "hello").await?;
        searched.push(ms(began.elapsed()));
        timeline.close().await;
    }
    Ok(vec![Sides::alone(opened), Sides::alone(searched)])
}

async fn list(timeline: &Timeline, text: &str) -> Result<()> {
    let filter = HistoryFilter { text: text.to_owned(), ..HistoryFilter::default() };
    let list = timeline.history_list(filter, HistoryFrom::Newest, ROWS).await?;
    if list.rows.is_empty() { Err("the history is empty".into()) } else { Ok(()) }
}

/// One call that was really sent, and copies of its row.
async fn generate(context: &BenchContext, folder: &Path, calls: u64) -> Result<()> {
    let backend = Backend::start(context)?;
    let timeline = timeline(context)?;
    timeline.open_history(folder, true).await;
    let id = timeline.send(Origin::Composer, backend.endpoint(), Request::new("GET", "/hello"));
    timeline.ended(id).await?;
    timeline.close().await;
    drop(timeline);
    let database = Connection::open(folder.join("history.db"))?;
    database.execute_batch(&format!(
        "BEGIN;
         CREATE TEMP TABLE numbers AS
             WITH RECURSIVE n(id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < {calls}) SELECT id FROM n;
         INSERT INTO calls SELECT n.id, c.start, c.began_ms + n.id, c.origin, c.label, c.text, c.http, c.target,
             c.extension, c.outcome, c.took_us, c.bytes, c.stored, c.ended, c.pinned
             FROM numbers n CROSS JOIN calls c WHERE c.id = 1;
         INSERT INTO words (rowid, text, keys) SELECT id, '/hello GET ' || id, 't1' FROM numbers;
         COMMIT;"
    ))?;
    Ok(())
}

/// A small request with a history, beside the same without one.
pub async fn overhead(context: &BenchContext) -> Result<Sides> {
    let backend = Backend::start(context)?;
    let (with, without) = (Arc::new(timeline(context)?), Arc::new(timeline(context)?));
    with.open_history(&context.folder("recorded")?, true).await;
    let requests = context.scaled(REQUESTS).max(20);
    let ours = async || tokio::spawn(recorded(Arc::clone(&with), backend.endpoint(), requests)).await?;
    let theirs = async || tokio::spawn(recorded(Arc::clone(&without), backend.endpoint(), requests)).await?;
    let sides = alternate(context.pairs, ours, theirs).await?;
    with.close().await;
    Ok(sides)
}
