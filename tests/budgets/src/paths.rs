//! The measured paths. Each does its preparation once, and then the same work as often as it is told to.

use std::{
    fmt::Write as _,
    hint::black_box,
    io::{BufRead, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::Arc,
    time::Instant,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use porthole_base::error::{Code, Error};
use porthole_engine::target::Target;
use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_output::{DiskQuota, Output, Query, RenderOptions, Search, Stream, View};
use porthole_process::{Command, Place};
use porthole_sdk::{
    call::{Act, Call, Origin},
    runtime::Runtime,
    sdk_call::{CliTarget, SdkCall, SdkExec},
    sdk_result,
};
use porthole_timeline::Timeline;
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What a pipe holds, and a run reads at once.
const PIECE: usize = 64 * 1024;
const MIB: usize = 1024 * 1024;
/// Calls whose outputs are removed together.
const KEPT: u64 = 200;

/// Follows a path this many times.
pub fn follow(name: &str, times: u64) -> Result<()> {
    let directory = tempfile::tempdir()?;
    match name {
        "bare_request" => waiting()?.block_on(bare_requests(&directory, times)),
        "request" => waiting()?.block_on(requests(&directory, times)),
        "findings" => waiting()?.block_on(findings(&directory, times)),
        "command" => waiting()?.block_on(commands(&directory, times)),
        "lines" => lines(&directory, times),
        "rows" => rows(&directory, times),
        "search" => search(&directory, times),
        "plan" => {
            plan(times);
            Ok(())
        }
        _ => Err(format!("no such path: {name}").into()),
    }
}

fn waiting() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// The demo backend, until the input ends.
pub fn serve(socket: &Path) -> Result<()> {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    waiting()?.block_on(async {
        let listener = UnixListener::bind(socket)?;
        println!("listening");
        porthole_demo::accept(async || listener.accept().await.map(|(stream, _)| stream), |_| ()).await;
        Ok(())
    })
}

/// The demo backend in another process: its work isn't counted.
struct Backend {
    child: Child,
    socket: PathBuf,
}

impl Backend {
    fn start(directory: &TempDir) -> Result<Self> {
        let socket = directory.path().join("backend.sock");
        let mut child = std::process::Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg(&socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        child.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut line)).transpose()?;
        let backend = Self { child, socket };
        if line.is_empty() { Err("the demo backend didn't start".into()) } else { Ok(backend) }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

async fn bare_requests(directory: &TempDir, times: u64) -> Result<()> {
    let backend = Backend::start(directory)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(UnixStream::connect(&backend.socket).await?)).await?;
    let driver = tokio::spawn(connection);
    let mut took = Vec::new();
    for _ in 0..times {
        let request = hyper::Request::get("/hello").header(HOST, "localhost").body(Empty::<Bytes>::new())?;
        let began = Instant::now();
        let response = sender.send_request(request).await?;
        let body = response.into_body().collect().await?.to_bytes();
        took.push(began.elapsed());
        if body.is_empty() {
            return Err("the response is empty".into());
        }
    }
    drop(sender);
    driver.await??;
    median(took);
    Ok(())
}

/// For a comparison by hand: a count doesn't include what the system does.
fn median(mut took: Vec<std::time::Duration>) {
    took.sort_unstable();
    if std::env::var_os("MEDIAN").is_some()
        && let Some(median) = took.get(took.len() / 2)
    {
        println!("{:.2} µs", median.as_secs_f64() * 1e6);
    }
}

fn timeline(directory: &TempDir) -> Result<Timeline> {
    let folder = |name| -> Result<PathBuf> {
        let folder = directory.path().join(name);
        std::fs::create_dir(&folder)?;
        Ok(folder)
    };
    Ok(Timeline::new(folder("calls")?, folder("kept")?, u64::MAX, None))
}

async fn requests(directory: &TempDir, times: u64) -> Result<()> {
    let backend = Backend::start(directory)?;
    let timeline = timeline(directory)?;
    let endpoint = Endpoint::Unix(backend.socket.clone());
    let mut took = Vec::new();
    for n in 1..=times {
        let request = Request::new("GET", "/hello");
        let began = Instant::now();
        let id = timeline.send(Origin::Composer, endpoint.clone(), request);
        let call = timeline.ended(id).await?;
        took.push(began.elapsed());
        ended_well(&call)?;
        if n % KEPT == 0 {
            timeline.clear();
        }
    }
    timeline.close().await;
    median(took);
    Ok(())
}

async fn findings(directory: &TempDir, times: u64) -> Result<()> {
    let backend = Backend::start(directory)?;
    let timeline = timeline(directory)?;
    let id = timeline.send(Origin::Composer, Endpoint::Unix(backend.socket.clone()), Request::new("GET", "/hello"));
    ended_well(&*timeline.ended(id).await?)?;
    for _ in 0..times {
        black_box(timeline.diagnostics(id).await?);
    }
    timeline.close().await;
    Ok(())
}

async fn commands(directory: &TempDir, times: u64) -> Result<()> {
    let timeline = timeline(directory)?;
    for _ in 0..times {
        let command = Command::new(Place::Host, "true", Vec::<String>::new());
        let no_engine = Err(Error::new(Code::EngineUnavailable, "none"));
        let id = timeline.run(Origin::Composer, no_engine, command);
        ended_well(&*timeline.ended(id).await?)?;
    }
    timeline.close().await;
    Ok(())
}

fn ended_well(call: &Call) -> Result<()> {
    let failed = match &call.act {
        Act::Exchange(exchange) => exchange.failure.as_ref().map(|failure| failure.error.to_string()),
        Act::Run(run) => run.failure.as_ref().map(ToString::to_string),
    };
    failed.map_or(Ok(()), |failed| Err(failed.into()))
}

fn empty(directory: &TempDir, n: u64) -> Output {
    Output::new(directory.path().join(n.to_string()), Arc::new(DiskQuota::unlimited()))
}

fn text(bytes: usize) -> Result<String> {
    let mut text = String::with_capacity(bytes + 200);
    for n in 0.. {
        if text.len() >= bytes {
            break;
        }
        writeln!(text, "line {n:8} was written, and nothing else happened in the meantime, as one hopes for")?;
    }
    Ok(text)
}

fn fill(output: &Output, text: &str) -> Result<()> {
    for piece in text.as_bytes().chunks(PIECE) {
        output.append(Stream::Stdout, piece, 0)?;
    }
    Ok(())
}

fn lines(directory: &TempDir, times: u64) -> Result<()> {
    let text = text(MIB)?;
    for n in 0..times {
        fill(&empty(directory, n), &text)?;
    }
    Ok(())
}

fn rows(directory: &TempDir, times: u64) -> Result<()> {
    let output = empty(directory, 0);
    fill(&output, &text(MIB)?)?;
    for _ in 0..times {
        black_box(output.window(View::Both, 5_000, 50, RenderOptions { ansi: true, finder: None })?);
    }
    Ok(())
}

fn search(directory: &TempDir, times: u64) -> Result<()> {
    let output = Arc::new(empty(directory, 0));
    // A search takes as long for each MiB. Unoptimized and counted, more would take a minute.
    fill(&output, &text(8 * MIB)?)?;
    let text = "line +[0-9]*00 was".to_owned();
    let query = Query { view: View::Both, text, regex: true, match_case: true, inverse: false };
    for _ in 0..times {
        let search = Search::new(Arc::clone(&output), &query)?;
        search.advance(|| true)?;
        if search.hits() == 0 {
            return Err("nothing was found".into());
        }
    }
    Ok(())
}

fn plan(times: u64) {
    let call = SdkCall::Exec(SdkExec {
        whose: CliTarget::Host,
        cmd: "program".to_owned(),
        args: vec!["--flag".to_owned(), "a value with spaces".to_owned()],
        line: false,
        cwd: None,
        env: Vec::new(),
        stream: None,
        container: None,
    });
    let target = Target::demo();
    for _ in 0..times {
        for runtime in Runtime::ALL {
            black_box(sdk_result::plan(&call, runtime, &target));
        }
    }
}
