//! `make bench`: what Porthole does, beside the plainest way to do the same, in one run.
//!
//! Each figure is the median of at least five pairs; `target/bench/report.json` has them all. A
//! benchmark that cannot be made here is in the report with the reason.

mod backend;
mod body;
mod calls;
mod client;
mod containers;
mod context;
mod count;
mod exec;
mod frames;
mod history;
mod index;
mod ingest;
mod lines;
mod memory;
mod mocked;
mod opened;
mod outputs;
mod pairs;
mod plan;
mod report;
mod request;
mod search;
mod start;
mod tapped;
mod tunneled;

use std::{any::Any, panic::AssertUnwindSafe, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use futures_util::FutureExt;
use tokio::signal::unix::{SignalKind, signal};

use context::{BenchContext, Result};
use pairs::Sides;
use plan::{GROUPS, Group};
use report::Report;

/// Measures Porthole beside the plainest way to do the same.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only these, by name
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// How many pairs of measurements
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pairs: u32,
    /// A part of the sizes, to see that all works: figures are not to be compared then
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Where the report goes; what is written and removed goes into TMPDIR, which should be on a disk
    #[arg(long, default_value = "target/bench/report.json")]
    report: PathBuf,
    #[command(subcommand)]
    child: Option<Child>,
}

/// What this program does as its own child.
#[derive(Debug, Subcommand)]
#[command(hide = true)]
enum Child {
    /// Writes lines of a hundred bytes.
    Lines {
        /// How many bytes in all.
        bytes: u64,
    },
    /// Serves the demo backend until its input ends.
    Backend {
        /// Where its socket is made.
        directory: PathBuf,
    },
    /// Serves a session until its input ends.
    Mock {
        /// The session file.
        session: PathBuf,
        /// Where its socket is made.
        socket: PathBuf,
    },
    /// Measures the index of an output in a process of its own.
    Index {
        /// How many lines.
        lines: u64,
        /// A directory that does not exist yet.
        directory: PathBuf,
    },
}

fn main() -> ExitCode {
    // The reaper of a Timeline is a process of this program.
    if porthole_engine::reaper::serve_if_asked() {
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::parse();
    let done = match arguments.child.take() {
        Some(Child::Lines { bytes }) => lines::write(bytes),
        Some(Child::Backend { directory }) => backend::serve(&directory),
        Some(Child::Mock { session, socket }) => mocked::serve(&session, &socket),
        Some(Child::Index { lines, directory }) => index::measure_here(lines, directory),
        None => bench(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("porthole-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn bench(arguments: &Arguments) -> Result<()> {
    plan::check_names(&arguments.only)?;
    // Whoever is dropped in the middle takes containers, windows, commands and files along.
    let report = tokio::select! {
        report = measure_all(arguments) => report?,
        asked = asked_to_end() => return asked.and(Err("stopped".into())),
    };
    report.write(&arguments.report)?;
    print!("{}", report.table());
    if arguments.scale < 1.0 {
        println!("At {} of the sizes: these figures tell only that all works.", arguments.scale);
    }
    Ok(())
}

/// Waits for Ctrl-C, or for the script's own end.
async fn asked_to_end() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        asked = tokio::signal::ctrl_c() => asked?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

async fn measure_all(arguments: &Arguments) -> Result<Report> {
    let context = BenchContext::new(arguments.pairs as usize, arguments.scale)?;
    let mut report = Report::default();
    for group in GROUPS {
        let wanted = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
        let names: Vec<&str> = group.names().into_iter().filter(|name| wanted(name)).collect();
        if names.is_empty() {
            continue;
        }
        eprintln!("measuring {} …", names.join(", "));
        // A benchmark that breaks must not take the others with it.
        let measured = AssertUnwindSafe(measure(group, &context)).catch_unwind().await;
        let measured = measured.unwrap_or_else(|panic| Err(words_of(&*panic).into()));
        report.add(group, &names, measured);
    }
    Ok(report)
}

/// The figures of a group, in the order of its names.
async fn measure(group: Group, context: &BenchContext) -> Result<Vec<Sides>> {
    match group {
        Group::HostIngest => Ok(vec![ingest::host(context).await?]),
        Group::ContainerIngest => Ok(vec![ingest::container(context).await?]),
        Group::ExecStart => Ok(vec![exec::start(context).await?]),
        Group::BodyIngest => Ok(vec![body::ingest(context).await?]),
        Group::RequestP50 => Ok(vec![request::p50(context).await?]),
        Group::Tap => Ok(vec![tapped::overhead(context).await?]),
        Group::Mock => Ok(vec![mocked::rate(context).await?]),
        Group::History => {
            let mut figures = history::open(context).await?;
            figures.push(history::overhead(context).await?);
            Ok(figures)
        }
        Group::Tunneled => tunneled::beside_direct(context).await,
        Group::Search => Ok(vec![search::regex(context).await?]),
        Group::Index => index::memory_and_windows(context),
        Group::Frames => frames::flood(context).await,
        Group::Opened => opened::in_window(context).await,
        Group::Start => start::first_start(context).await,
    }
}

/// What a panic said.
fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it broke without a word").to_owned()
}
