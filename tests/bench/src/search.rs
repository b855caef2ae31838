//! How long it takes to count the lines that a regular expression finds, beside ripgrep.

use std::{process::Command as Process, sync::Arc, time::Instant};

use porthole_output::{Output, Stream};

use crate::{
    calls::ms,
    context::{BenchContext, LINE, Result},
    count::count,
    index::filled,
    lines::line,
    pairs::{Sides, alternate},
};

/// What is searched for: in two of a hundred lines.
const REGEX: &str = "(timeout|refused) after [0-9]+ ms";

/// A count, beside `rg -c` on the same file.
pub async fn regex(context: &BenchContext) -> Result<Sides> {
    let output: Arc<Output> = Arc::new(filled(context.file("searched"), context.bytes() / LINE, line)?);
    let file = output.path(Stream::Stdout);
    let mut found = Vec::new();
    let ours = async || {
        let began = Instant::now();
        let hits = count(&output, REGEX)?;
        let took = ms(began.elapsed());
        found.push(hits);
        Ok(took)
    };
    let mut found_by_them = Vec::new();
    let theirs = async || {
        let began = Instant::now();
        let counted = Process::new("rg").args(["--no-config", "-c", REGEX]).arg(&file).output();
        let took = ms(began.elapsed());
        let counted = counted.map_err(|error| format!("rg: {error}"))?;
        found_by_them.push(String::from_utf8_lossy(&counted.stdout).trim().parse::<u64>().unwrap_or_default());
        Ok(took)
    };
    let sides = alternate(context.pairs, ours, theirs).await?;
    if found != found_by_them {
        return Err(format!("found {found:?}, and ripgrep {found_by_them:?}").into());
    }
    Ok(sides)
}
