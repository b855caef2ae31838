//! Requests per second that a mock serves, beside nginx that serves the same file.

use std::{
    ffi::OsStr,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Instant,
};

use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_tests::servers;
use porthole_timeline::{
    Origin,
    mock::{Mock, Recordings, Speed},
    session::{Session, SessionWriter},
};
use tokio::task::JoinSet;

use crate::{
    backend::Child,
    calls::{ended_well, timeline},
    client::Client,
    context::{BenchContext, Result},
    pairs::{Sides, alternate},
};

/// Requests in one round, over this many connections.
const REQUESTS: u64 = 8000;
const CONNECTIONS: u64 = 8;
const FILE: usize = 16 * 1024;

/// Requests per second.
pub async fn rate(context: &BenchContext) -> Result<Sides> {
    if std::env::var_os("PORTHOLE_TEST_NGINX").is_none_or(|nginx| nginx.is_empty()) {
        return Err("nginx is missing".into());
    }
    let nginx = servers::nginx().await;
    fs::write(nginx.directory.path().join("file.bin"), vec![b'x'; FILE])?;
    let Endpoint::Unix(theirs) = nginx.endpoint.clone() else { return Err("nginx listens on no unix socket".into()) };
    let session = recorded(context, &nginx.endpoint).await?;
    // In a process of its own, as nginx is.
    let socket = context.file("mock.sock");
    let (_mock, _) = Child::start([OsStr::new("mock"), session.as_os_str(), socket.as_os_str()])?;
    let each = context.scaled(REQUESTS / CONNECTIONS).max(5);
    let ours = async || tokio::spawn(requests(socket.clone(), each)).await?;
    let theirs = async || tokio::spawn(requests(theirs.clone(), each)).await?;
    alternate(context.pairs, ours, theirs).await
}

/// A session of one request to nginx.
async fn recorded(context: &BenchContext, endpoint: &Endpoint) -> Result<PathBuf> {
    let path = context.file("file.porthole");
    let timeline = timeline(context)?;
    let id = timeline.send(Origin::Composer, endpoint.clone(), Request::new("GET", "/file.bin"));
    let call = timeline.ended(id).await?;
    ended_well(&call)?;
    let mut writer = SessionWriter::begin(&path, true)?;
    writer.add(&call, &*timeline.output(id)?, false)?;
    writer.finish(&serde_json::Value::Null)?;
    timeline.close().await;
    Ok(path)
}

async fn requests(socket: PathBuf, each: u64) -> Result<f64> {
    let mut connections = JoinSet::new();
    let began = Instant::now();
    for _ in 0..CONNECTIONS {
        connections.spawn(connection(socket.clone(), each));
    }
    while let Some(ended) = connections.join_next().await {
        ended??;
    }
    Ok((each * CONNECTIONS) as f64 / began.elapsed().as_secs_f64())
}

async fn connection(socket: PathBuf, requests: u64) -> Result<()> {
    let mut client = Client::open(&socket).await?;
    for _ in 0..requests {
        let (body, _) = client.get("/file.bin").await?;
        if body.len() != FILE {
            return Err(format!("the body has {} bytes", body.len()).into());
        }
    }
    client.close().await
}

/// Serves a session until the input ends.
pub fn serve(session: &Path, socket: &Path) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let speed: Speed = "0".parse()?;
    let recordings = Recordings::new(Session::open(session)?.recorded()?, speed, Box::new(|_| ()));
    let mock = runtime.block_on(Mock::start(Endpoint::Unix(socket.to_owned()), recordings))?;
    println!("{}", mock.endpoint());
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
