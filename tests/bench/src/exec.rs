//! How long a command in a container takes that does nothing, from start to exit code.

use std::{process::Stdio, time::Instant};

use porthole_timeline::Origin;

use crate::{
    calls::{ended_well, ms, timeline},
    containers::Containers,
    context::{BenchContext, Result},
    pairs::{Sides, alternate, median},
};

/// Starts in one round, of which the one in the middle counts.
const STARTS: u64 = 10;

/// `true` in a container, beside `docker exec c true`.
pub async fn start(context: &BenchContext) -> Result<Sides> {
    let containers = Containers::start(context).await?;
    let timeline = timeline(context)?;
    let starts = context.scaled(STARTS).max(2);
    let ours = async || {
        let mut took = Vec::new();
        for _ in 0..starts {
            let began = Instant::now();
            let id = timeline.run(Origin::Composer, Ok(containers.address.clone()), containers.command("true", &[]));
            let call = timeline.ended(id).await?;
            took.push(ms(began.elapsed()));
            ended_well(&call)?;
            timeline.clear();
        }
        median(&took).ok_or_else(|| "nothing was started".into())
    };
    let theirs = async || {
        let mut took = Vec::new();
        for _ in 0..starts {
            let began = Instant::now();
            let ended = containers.docker_exec(&["true"]).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
            took.push(ms(began.elapsed()));
            if !ended.success() {
                return Err(format!("docker exec: {ended}").into());
            }
        }
        median(&took).ok_or_else(|| "nothing was started".into())
    };
    alternate(context.pairs, ours, theirs).await
}
