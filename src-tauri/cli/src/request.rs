//! `porthole-cli request`.

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use clap::Args;
use porthole_base::error::Error;
use porthole_engine::{BackendConnections, reaper::Reaper, tunnel::EngineTunnel};
use porthole_http::{
    endpoint::{self, Endpoint},
    exchange::{self, Body, Exchange, ExchangeEvent, Failure, Header, Request, Version},
};
use porthole_output::Coding;
use porthole_sdk::{call::Act, runtime::Runtime};
use tokio_util::sync::CancellationToken;

use crate::{
    NOTHING,
    findings::Witness,
    say::{self, Bytes, complain},
    sdk_result,
    session_file::{Kept, SessionFile},
    signals::Signals,
    sink::Sink,
};

#[derive(Args)]
pub struct Arguments {
    /// HTTP method, for example GET, POST or PURGE
    method: String,
    /// Path and query, for example /volumes?limit=10
    path: String,
    /// Send the request to this address: unix:///path.sock, npipe:////./pipe/name, http://host:port or
    /// container://NAME/path.sock
    #[arg(long, value_parser = read_endpoint)]
    endpoint: Endpoint,
    /// Use the engine of this Docker context for container:// endpoints (default: the current context)
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Add a header; case and order are kept (can be repeated)
    #[arg(short = 'H', long = "header", value_name = "K: V", value_parser = read_header)]
    headers: Vec<Header>,
    /// Send this text, or the bytes of a file, as the body. Text that starts with { or [ is sent as JSON
    #[arg(long, value_name = "STR|@FILE", allow_hyphen_values = true)]
    data: Option<String>,
    /// Print each event as a line of JSON instead of the body
    #[arg(long)]
    json: bool,
    /// Print the body with its Content-Encoding (gzip, deflate, br, zstd) decoded, instead of the bytes as sent. Stops
    /// at 1 GB, and above 64 MB at 250 times what was sent
    #[arg(long, conflicts_with = "received")]
    decode: bool,
    /// Print findings to stderr when the request finishes
    #[arg(long)]
    findings: bool,
    /// Print what the extension's code would receive on this runtime, instead of the body: docker-desktop,
    /// rancher-desktop, podman-desktop or podman-desktop-older
    #[arg(long, value_name = "RUNTIME", conflicts_with = "json")]
    received: Option<Runtime>,
    /// Add the call with all its bytes to this session file, created if it doesn't exist
    #[arg(long, value_name = "FILE")]
    session: Option<PathBuf>,
    /// Send the request as HTTP/1.0
    #[arg(long = "http1.0")]
    http10: bool,
    /// Limit the time for connecting, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 5000)]
    connect_timeout: u32,
    /// Limit the time for the whole request, in milliseconds (default: no limit)
    #[arg(long, value_name = "MS")]
    timeout: Option<u32>,
}

pub fn read_endpoint(text: &str) -> Result<Endpoint, Error> {
    endpoint::read(text).map(|pasted| pasted.endpoint)
}

fn read_header(text: &str) -> Result<Header, String> {
    let (name, value) = text.split_once(':').ok_or("expected `Name: value`")?;
    Ok(Header { name: name.trim().to_owned(), value: value.trim().to_owned() })
}

/// What the exit code is decided on.
#[derive(Default)]
pub struct ExitFacts {
    pub status: Option<u16>,
    pub failure: Option<Failure>,
    /// Not all of the body could be decoded.
    pub undecoded: bool,
    /// The call couldn't be added to its session.
    pub unkept: bool,
}

pub async fn request(arguments: Arguments, signals: Signals) -> ExitCode {
    let request = Request {
        method: arguments.method,
        path: arguments.path,
        query: Vec::new(),
        headers: arguments.headers,
        body: body(arguments.data),
        version: if arguments.http10 { Version::Http10 } else { Version::Http11 },
        connect_timeout_ms: arguments.connect_timeout,
        timeout_ms: arguments.timeout,
        response_timeout_ms: None,
        client: None,
        follow_redirects: false,
        off: Vec::new(),
        off_parts: Vec::new(),
    };
    let (endpoint, context) = (arguments.endpoint, arguments.context);
    let session = match arguments.session.as_deref().map(SessionFile::open).transpose() {
        Ok(session) => session,
        Err(error) => return say::failed(&error),
    };
    let session = session.as_ref();
    let told = match arguments.received {
        Some(runtime) => {
            sdk_result::request(endpoint, context, request, runtime, (arguments.findings, session), signals).await
        }
        None => {
            let how =
                Printing { json: arguments.json, decode: arguments.decode, findings: arguments.findings, session };
            printed(endpoint, context, request, how, signals).await
        }
    };
    match told {
        ExitFacts { unkept: true, .. } => ExitCode::from(NOTHING),
        ExitFacts { failure: Some(_), .. } | ExitFacts { undecoded: true, .. } => ExitCode::from(NOTHING),
        ExitFacts { status: Some(200..=299), .. } => ExitCode::SUCCESS,
        ExitFacts { status: Some(_), .. } => ExitCode::FAILURE,
        ExitFacts { status: None, .. } => ExitCode::from(NOTHING),
    }
}

/// How a response is printed.
struct Printing<'a> {
    json: bool,
    decode: bool,
    findings: bool,
    session: Option<&'a SessionFile>,
}

/// The codings of a response that can be undone.
fn codings(event: &ExchangeEvent) -> Option<Vec<Coding>> {
    let ExchangeEvent::Answered { response, .. } = event else { return None };
    response.head.encoded_body().1.ok().filter(|codings| !codings.is_empty())
}

/// Sends it and prints what comes back.
async fn printed(
    endpoint: Endpoint,
    context: Option<String>,
    request: Request,
    how: Printing<'_>,
    signals: Signals,
) -> ExitFacts {
    let Printing { json, decode, findings, session } = how;
    let told = Arc::new(Mutex::new(ExitFacts::default()));
    let sink = Sink::new(json, Bytes::of_stranger(), {
        let told = Arc::clone(&told);
        move |event: &ExchangeEvent| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            match event {
                ExchangeEvent::Answered { response, .. } => told.status = Some(response.status),
                ExchangeEvent::Failed { failure, .. } => told.failure = Some(failure.clone()),
                _ => {}
            }
        }
    });
    let sink = if decode { sink.decoding(codings) } else { sink };
    let mut kept = Kept::new(Witness::new(sink, findings), session);
    let cancel = CancellationToken::new();
    let mut interrupts = tokio::task::JoinSet::new();
    interrupts.spawn(cancel_when_interrupted(cancel.clone(), signals));
    let connections = connections(&endpoint);
    connections.use_context(context);
    exchange::send(&endpoint, &request, &connections, &cancel, &mut kept).await;
    connections.close().await;
    interrupts.abort_all();
    let act = |events: &[ExchangeEvent]| {
        let mut exchange = Exchange::new(endpoint.clone(), request.clone());
        events.iter().cloned().for_each(|event| exchange.apply(event));
        Act::Exchange(exchange)
    };
    let (witness, unkept) = kept.finish(session, act);
    let undecoded = witness.undecoded();
    let seen = witness.finish();
    let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    if let Some(failure) = &told.failure {
        complain(&failure.error);
    }
    if let Some(undecoded) = &undecoded {
        complain(undecoded);
    }
    if let Some(seen) = seen {
        let act = act(&seen.events);
        seen.print(act);
    }
    ExitFacts { undecoded: undecoded.is_some(), unkept: unkept.is_some(), ..told }
}

/// Those to a container get a reaper: a helper container of a killed porthole-cli must not stay.
fn connections(endpoint: &Endpoint) -> BackendConnections {
    if !matches!(endpoint, Endpoint::Container { .. }) {
        return BackendConnections::default();
    }
    BackendConnections::with_tunnel(EngineTunnel::new(None, Arc::default(), Some(Arc::new(Reaper::start()))))
}

/// Cancels the request; if it can't be cancelled because its body isn't read, it ends with the
/// process.
async fn cancel_when_interrupted(cancel: CancellationToken, mut signals: Signals) {
    let asked = signals.next().await;
    cancel.cancel();
    tokio::select! {
        _ = signals.next() => {}
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
    }
    std::process::exit(asked.exit_code().into());
}

fn body(data: Option<String>) -> Body {
    match data {
        None => Body::None,
        Some(data) => match data.strip_prefix('@') {
            Some(path) => Body::File { path: path.to_owned() },
            None if data.trim_start().starts_with(['{', '[']) => Body::Json { text: data },
            None => Body::Text { text: data },
        },
    }
}
