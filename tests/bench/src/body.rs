//! How fast a response's body is kept, beside curl.

use std::{fs, process::Command as Process, time::Instant};

use porthole_http::exchange::Request;
use porthole_timeline::Origin;

use crate::{
    backend::Backend,
    calls::{ended, ended_well, rate, timeline, wrote},
    context::{BenchContext, Result},
    pairs::{Sides, alternate},
};

/// A body over a unix socket, beside `curl -s --unix-socket -o file`.
pub async fn ingest(context: &BenchContext) -> Result<Sides> {
    let (backend, timeline, bytes) = (Backend::start(context)?, timeline(context)?, context.bytes());
    let file = context.file("fetched");
    let path = format!("/bytes/{bytes}");
    let ours = async || {
        let began = Instant::now();
        let id = timeline.send(Origin::Composer, backend.endpoint(), Request::new("GET", &path));
        let call = ended(&timeline, id).await?;
        let rate = rate(bytes, began.elapsed());
        ended_well(&call)?;
        wrote(&timeline, id, bytes)?;
        timeline.clear();
        Ok(rate)
    };
    let theirs = async || {
        let began = Instant::now();
        let fetched = Process::new("curl")
            .args(["-q", "-s", "--unix-socket"])
            .arg(&backend.socket)
            .arg("-o")
            .arg(&file)
            .arg(format!("http://localhost{path}"))
            .status()
            .map_err(|error| format!("curl: {error}"))?;
        let rate = rate(bytes, began.elapsed());
        if !fetched.success() || fs::metadata(&file)?.len() != bytes {
            return Err(format!("curl gave {fetched} and not {bytes} bytes").into());
        }
        fs::remove_file(&file)?;
        Ok(rate)
    };
    alternate(context.pairs, ours, theirs).await
}
