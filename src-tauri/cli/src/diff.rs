//! `porthole-cli diff`: compares the calls of two sessions.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use porthole_base::{
    error::{Code, Error, Result},
    terminal,
};
use porthole_sdk::call::{Act, Call};
use porthole_timeline::{
    Timeline,
    compare::{Comparison, Rules},
    session,
};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::{differences, say, scratch::Scratch, session_file::absolute};

#[derive(Args)]
pub struct Arguments {
    /// The first session or HTTP archive (.har): FILE, or FILE#N for its Nth call
    #[arg(value_name = "A")]
    first: String,
    /// The second one: FILE, or FILE#N
    #[arg(value_name = "B")]
    second: String,
    /// Print each pair of calls as a line of JSON
    #[arg(long)]
    json: bool,
}

/// One pair of calls, by their numbers in the two files.
#[derive(Serialize)]
struct Pair<'a> {
    first: Option<usize>,
    second: Option<usize>,
    title: &'a str,
    same: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<&'a Comparison>,
}

pub async fn diff(arguments: Arguments) -> ExitCode {
    match compared(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => say::failed(&error),
    }
}

/// A file and the number of one call in it. A name that has a `#` itself is taken whole where there is such a file.
fn named(text: &str) -> Result<(PathBuf, Option<usize>)> {
    let whole = absolute(text.as_ref())?;
    let Some((file, number)) = text.rsplit_once('#').filter(|_| !whole.exists()) else { return Ok((whole, None)) };
    match number.parse() {
        Ok(number) if number > 0 => Ok((absolute(file.as_ref())?, Some(number))),
        _ => Ok((whole, None)),
    }
}

/// Whether all of it is the same.
async fn compared(arguments: &Arguments) -> Result<bool> {
    let (first, second) = (named(&arguments.first)?, named(&arguments.second)?);
    let scratch = Scratch::new()?;
    let timeline = scratch.timeline(None);
    let opened = timeline.open_session(first.0.clone()).await?;
    let rules = timeline.session_rules(opened)?.rules;
    let old = calls(&timeline, opened, &first)?;
    let opened = timeline.open_session(second.0.clone()).await?;
    let new = calls(&timeline, opened, &second)?;
    let mut all = true;
    for at in 0..old.len().max(new.len()) {
        all &= pair(&timeline, (old.get(at), new.get(at)), &rules, arguments.json).await?;
    }
    Ok(all)
}

/// A call of a file: its number there, and in the timeline.
type Numbered = (usize, u32);

fn calls(timeline: &Timeline, session: u32, (path, only): &(PathBuf, Option<usize>)) -> Result<Vec<Numbered>> {
    let all = timeline.calls_of_session(session).into_iter().enumerate().map(|(at, id)| (at + 1, id));
    let calls: Vec<Numbered> = all.filter(|(number, _)| only.is_none_or(|only| only == *number)).collect();
    match (only, calls.is_empty()) {
        (Some(number), true) => Err(Error::new(Code::CallNotFound, format!("{} has no call {number}", path.display()))),
        _ => Ok(calls),
    }
}

/// The method and target, or the command line.
fn title(call: &Call) -> String {
    match &call.act {
        Act::Exchange(exchange) => format!("{} {}", exchange.request.method, session::title(call)),
        Act::Run(_) => session::title(call),
    }
}

async fn pair(
    timeline: &Timeline,
    (old, new): (Option<&Numbered>, Option<&Numbered>),
    rules: &Rules,
    json: bool,
) -> Result<bool> {
    let comparison = match (old, new) {
        (Some((_, old)), Some((_, new))) => Some(timeline.compare(*old, *new, rules, CancellationToken::new()).await?),
        _ => None,
    };
    let same = comparison.as_ref().is_some_and(Comparison::is_same);
    let title = match old.or(new) {
        Some((_, id)) => title(&timeline.call(*id)?),
        None => String::new(),
    };
    let (first, second) = (old.map(|(number, _)| *number), new.map(|(number, _)| *number));
    if json {
        let pair = Pair { first, second, title: &title, same, comparison: comparison.as_ref() };
        say::json(&pair).map_err(|error| Error::new(Code::StdoutFailed, "Can't write to stdout").detail(error))?;
        return Ok(same);
    }
    let title = terminal::line(&title);
    match &comparison {
        Some(_) if same => {}
        Some(comparison) => {
            say::out(&format!("{} {title}", first.unwrap_or_default()))?;
            for line in differences::lines(comparison) {
                say::out(&format!("  {line}"))?;
            }
        }
        None if first.is_some() => say::out(&format!("{} {title}\n  only in A", first.unwrap_or_default()))?,
        None => say::out(&format!("{} {title}\n  only in B", second.unwrap_or_default()))?,
    }
    Ok(same)
}
