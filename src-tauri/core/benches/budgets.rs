//! What the hot paths cost in instructions, which are the same on each machine and each day: `make budgets`. A path that
//! needs 5 % more than its budget fails. Only what the calling thread does is counted, which runs all tasks of the path.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fmt::Write, path::PathBuf, sync::Arc};

use gungraun::{Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use porthole_core::{
    asked::{Asked, AskedExec, Whose},
    demo::Demo,
    endpoint::Endpoint,
    exchange::Request,
    output::{Dress, Output, Query, Room, Search, View},
    received,
    run::{Command, Place, Stream},
    runtime::Runtime,
    target::Target,
    timeline::{Origin, Timeline},
};
use tempfile::TempDir;

/// Instructions of each path; what one takes more than this by 5 % is a failure. Raise a number only with the reason in
/// the commit's message.
const BUDGETS: &[(&str, u64)] = &[];

/// What a pipe holds, and a Run reads at once.
const PIECE: usize = 64 * 1024;

fn config() -> LibraryBenchmarkConfig {
    LibraryBenchmarkConfig::default()
}

struct Recording {
    runtime: tokio::runtime::Runtime,
    timeline: Timeline,
    endpoint: Endpoint,
    _directory: TempDir,
}

/// A timeline and the demo backend, which another thread serves. One request and one command are done before.
fn recording() -> Recording {
    let directory = tempfile::tempdir().unwrap();
    let (served, serving) = std::sync::mpsc::channel();
    let backend = directory.path().join("backend");
    std::fs::create_dir(&backend).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let demo = Demo::start(&backend).await.unwrap();
            served.send(demo.endpoint().clone()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    let endpoint = serving.recv().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = |name: &str| -> PathBuf { directory.path().join(name) };
    let timeline = runtime.block_on(async { Timeline::new(folder("calls"), folder("kept"), u64::MAX, None) });
    let recording = Recording { runtime, timeline, endpoint, _directory: directory };
    request(&recording);
    command(&recording);
    recording
}

fn request(recording: &Recording) {
    recording.runtime.block_on(async {
        let id = recording.timeline.send(Origin::Composer, recording.endpoint.clone(), Request::new("GET", "/hello"));
        recording.timeline.ended(id).await.unwrap();
    });
}

fn command(recording: &Recording) {
    recording.runtime.block_on(async {
        let command = Command::new(Place::Host, "true", Vec::<String>::new());
        let id = recording.timeline.run(
            Origin::Composer,
            Err(porthole_core::error::Error::new(porthole_core::error::Code::EngineUnavailable, "none")),
            command,
        );
        recording.timeline.ended(id).await.unwrap();
    });
}

#[library_benchmark(setup = recording)]
fn small_request(recording: Recording) -> Recording {
    request(&recording);
    recording
}

#[library_benchmark(setup = recording)]
fn small_command(recording: Recording) -> Recording {
    command(&recording);
    recording
}

fn empty() -> (TempDir, Arc<Output>) {
    let directory = tempfile::tempdir().unwrap();
    let output = Output::new(directory.path().join("output"), Arc::new(Room::unlimited()));
    (directory, Arc::new(output))
}

fn lines(bytes: usize) -> String {
    let mut lines = String::with_capacity(bytes + 100);
    for n in 0.. {
        if lines.len() >= bytes {
            break;
        }
        writeln!(lines, "line {n:8} was written, and nothing else happened in the meantime, as one hopes for").unwrap();
    }
    lines
}

fn filled(bytes: usize) -> (TempDir, Arc<Output>) {
    let (directory, output) = empty();
    for piece in lines(bytes).as_bytes().chunks(PIECE) {
        output.append(Stream::Stdout, piece, 0).unwrap();
    }
    (directory, output)
}

#[library_benchmark]
#[bench::lines(empty(), lines(1024 * 1024))]
fn output_of_1_mib(to: (TempDir, Arc<Output>), lines: String) -> (TempDir, Arc<Output>) {
    for piece in lines.as_bytes().chunks(PIECE) {
        to.1.append(Stream::Stdout, piece, 0).unwrap();
    }
    to
}

#[library_benchmark]
#[bench::rows(filled(16 * 1024 * 1024))]
fn window_of_50_rows(of: (TempDir, Arc<Output>)) -> (TempDir, Arc<Output>) {
    of.1.window(View::Both, 100_000, 50, Dress { ansi: true, finder: None }).unwrap();
    of
}

#[library_benchmark]
#[bench::regex(filled(64 * 1024 * 1024))]
fn search_of_64_mib(of: (TempDir, Arc<Output>)) -> (TempDir, Arc<Output>) {
    let text = "line +[0-9]*00 was".to_owned();
    let query = Query { view: View::Both, text, regex: true, match_case: true, inverse: false };
    let search = Search::new(Arc::clone(&of.1), &query).unwrap();
    search.advance(|| true).unwrap();
    of
}

fn asked() -> Asked {
    Asked::Exec(AskedExec {
        whose: Whose::Host,
        cmd: "program".to_owned(),
        args: vec!["--flag".to_owned(), "a value with spaces".to_owned()],
        line: false,
        cwd: None,
        env: Vec::new(),
        stream: None,
        container: None,
    })
}

#[library_benchmark]
#[bench::exec(asked(), Target::demo())]
fn plan_of_a_call(asked: Asked, target: Target) -> (Asked, Target) {
    for runtime in Runtime::ALL {
        std::hint::black_box(received::plan(&asked, runtime, &target));
    }
    (asked, target)
}

library_benchmark_group!(
    name = paths;
    benchmarks = small_request, small_command, output_of_1_mib, window_of_50_rows, search_of_64_mib, plan_of_a_call
);

main!(config = config(); library_benchmark_groups = paths);
