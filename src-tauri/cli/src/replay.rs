//! `porthole-cli replay`: a session as a regression test.

use std::{io::Write, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use clap::Args;
use porthole_base::{
    error::{Code, Error, Result},
    terminal,
};
use porthole_engine::{EngineEnvironment, reaper::Reaper};
use porthole_http::endpoint::Endpoint;
use porthole_output::NewFile;
use porthole_timeline::{
    compare::{Allow, Rules},
    replay::{ReplayOptions, ReplayResult, Replayed, Skipped},
    session::{Session, rules_of},
};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::{differences, request::read_endpoint, say, scratch::Scratch, session_file::absolute, signals::Signals};

#[derive(Args)]
pub struct Arguments {
    /// The session file
    session: PathBuf,
    /// Send the requests to this address instead of the recorded one
    #[arg(long, value_parser = read_endpoint)]
    endpoint: Option<Endpoint>,
    /// Run the recorded container commands in this container
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// Use the engine of this Docker context (default: the current context)
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Only make calls with this text in their method, path or command line, for example "GET /volumes"
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Also start host commands, send files of this machine, and send requests to an engine. Only for sessions that you
    /// trust
    #[arg(long)]
    allow_host: bool,
    /// Start each call at its recorded time after the first one, instead of when the previous call has ended
    #[arg(long)]
    recorded_times: bool,
    /// Save the new results in the session as the expected ones
    #[arg(long)]
    update: bool,
    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print each result as a line of JSON
    #[arg(long)]
    json: bool,
}

pub async fn replay(arguments: Arguments, signals: Signals) -> ExitCode {
    match replayed(&arguments, signals).await {
        Ok(all) if is_passed(&all, arguments.update) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => say::failed(&error),
    }
}

/// Whether calls were compared, and nothing failed. What differs is what an update takes over. A replay that compared
/// nothing has found out nothing.
fn is_passed(all: &[Replayed], update: bool) -> bool {
    let mut compared = all.iter().filter_map(Replayed::result_of).peekable();
    let failed = |one: &Replayed| match &one.result {
        ReplayResult::Different { .. } => !update,
        ReplayResult::Failed { .. } => true,
        ReplayResult::Same { .. } | ReplayResult::Skipped { .. } => false,
    };
    compared.peek().is_some() && !all.iter().any(failed)
}

async fn replayed(arguments: &Arguments, mut signals: Signals) -> Result<Vec<Replayed>> {
    let path = absolute(&arguments.session)?;
    let session = Session::open(&path)?;
    let rules = rules_of(&session)?;
    let options = ReplayOptions {
        endpoint: arguments.endpoint.clone(),
        container: arguments.container.clone(),
        engine: EngineEnvironment::of_this_process().resolve(arguments.context.as_deref()),
        allow_host: arguments.allow_host,
        at_recorded_times: arguments.recorded_times,
        only: arguments.only.clone(),
    };
    let scratch = Scratch::new()?;
    let timeline = scratch.timeline(Some(Arc::new(Reaper::start())));
    let number = timeline.open_session(path).await?;
    let stop = CancellationToken::new();
    let (mut failed, mut all) = (None, Vec::new());
    let tell = |one: Replayed| {
        if matches!(one.result, ReplayResult::Skipped { reason: Skipped::NotSelected }) {
            return;
        }
        let told = if arguments.json { json(&one) } else { told(&one) };
        failed = failed.take().or(told.err());
        all.push(one);
    };
    let ended = tokio::select! {
        ended = timeline.replay(number, &rules, &options, &stop, tell) => ended,
        _ = signals.next() => Err(Error::new(Code::Cancelled, "The replay was canceled")),
    };
    let written = ended.and_then(|()| {
        if let Some(error) = failed {
            return Err(error);
        }
        if let Some(junit) = &arguments.junit {
            write_junit(&all, &arguments.session.display().to_string(), &absolute(junit)?)?;
        }
        if arguments.update && all.iter().any(|one| one.result_of().is_some()) {
            timeline.update_session(&session, &all)?;
        }
        summary(&all, &rules, arguments)?;
        Ok(all)
    });
    timeline.close().await;
    written
}

fn title(one: &Replayed) -> String {
    terminal::line(&format!("{} {}", one.number, one.title)).into_owned()
}

fn told(one: &Replayed) -> Result<()> {
    let (mark, more) = match &one.result {
        ReplayResult::Same { .. } => ("same     ", Vec::new()),
        ReplayResult::Different { comparison } => ("DIFFERENT", differences::lines(comparison)),
        ReplayResult::Skipped { reason } => ("skipped  ", vec![reason.text().to_owned()]),
        ReplayResult::Failed { error } => ("FAILED   ", reasons(error)),
    };
    say::out(&format!("{mark} {}", title(one)))?;
    more.iter().try_for_each(|line| say::out(&format!("    {line}")))
}

fn reasons(error: &Error) -> Vec<String> {
    let more = [&error.detail, &error.hint].into_iter().flatten();
    let texts = std::iter::once(&error.message).chain(more);
    texts.flat_map(|text| text.lines()).map(|line| terminal::line(line).into_owned()).collect()
}

fn json(value: &impl Serialize) -> Result<()> {
    say::json(value).map_err(|error| Error::new(Code::StdoutFailed, "Can't write to stdout").detail(error))
}

/// How many did what, and rules that would allow what looks as if it differs each time.
#[derive(Serialize)]
struct Summary {
    same: usize,
    different: usize,
    skipped: usize,
    failed: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    proposed: Vec<Allow>,
}

fn summary(all: &[Replayed], rules: &Rules, arguments: &Arguments) -> Result<()> {
    let mut summary = Summary { same: 0, different: 0, skipped: 0, failed: 0, proposed: Vec::new() };
    for one in all {
        match &one.result {
            ReplayResult::Same { .. } => summary.same += 1,
            ReplayResult::Skipped { .. } => summary.skipped += 1,
            ReplayResult::Failed { .. } => summary.failed += 1,
            ReplayResult::Different { comparison } => {
                summary.different += 1;
                summary.proposed.extend(comparison.proposed());
            }
        }
    }
    summary.proposed.retain(|rule| !rules.allow.contains(rule));
    let mut seen: Vec<Allow> = Vec::new();
    for rule in std::mem::take(&mut summary.proposed) {
        if !seen.contains(&rule) {
            seen.push(rule);
        }
    }
    summary.proposed = seen;
    if arguments.json {
        return json(&summary);
    }
    let Summary { same, different, skipped, failed, proposed } = summary;
    say::out(&format!("{same} same, {different} different, {failed} failed, {skipped} skipped"))?;
    if !proposed.is_empty() {
        say::err("These look as if they differ each time. To allow them, run `porthole-cli session rules` with:");
        for rule in proposed {
            say::err(&format!("  {}", serde_json::to_string(&rule).unwrap_or_default()));
        }
    }
    let compared = same + different;
    if compared == 0 {
        say::err("No call was compared, so nothing was tested.");
    } else if arguments.update {
        say::err(&format!(
            "Updated {}. Calls that failed or were skipped keep their recording.",
            arguments.session.display()
        ));
    }
    Ok(())
}

fn write_junit(all: &[Replayed], name: &str, path: &std::path::Path) -> Result<()> {
    let mut suite = TestSuite::new(name);
    for one in all {
        let failure = |kind: &str, message: String, lines: Vec<String>| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(message).set_type(kind).set_description(lines.join("\n"));
            status
        };
        let status = match &one.result {
            ReplayResult::Same { .. } => TestCaseStatus::success(),
            ReplayResult::Different { comparison } => {
                failure("different", differences::first(comparison), differences::lines(comparison))
            }
            ReplayResult::Failed { error } => {
                failure("failed", terminal::line(&error.message).into_owned(), reasons(error))
            }
            ReplayResult::Skipped { reason } => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(reason.text());
                status
            }
        };
        let mut case = TestCase::new(title(one), status);
        case.set_classname("porthole").set_time(Duration::from_micros(one.took_us.unwrap_or_default()));
        suite.add_test_case(case);
    }
    let mut report = Report::new("porthole-cli replay");
    report.add_test_suite(suite);
    let text = report
        .to_string()
        .map_err(|error| Error::new(Code::SaveFailed, format!("Can't write {}", path.display())).detail(error))?;
    let new = NewFile::begin(path, true)?;
    new.file().write_all(text.as_bytes()).map_err(|error| new.failed(&error))?;
    new.finish()
}
