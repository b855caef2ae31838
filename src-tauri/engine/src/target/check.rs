//! Whether the parts of a target are up, looked at without disturbing them.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{PartStatus, Target, TargetStatus};
use crate::{Address, BackendConnections, Engine, LastEngine, SocketDirectories};
use porthole_base::error::{Code, Error, Result};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{self, ExchangeEvent, Failure, Request, Stage},
};
use porthole_output::{Stream, record::Record};

/// How long a part may take to show itself.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the parts are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// How soon an engine on another machine that didn't respond is queried again: each time may be a login
/// that failed, and some hosts shut out who fails too often.
const AGAIN: Duration = Duration::from_secs(30);

/// Looks at the target again and again, at once when it changes, and tells what is seen. Nothing
/// waits for an engine that is far away, but for a socket behind it.
pub async fn keep_checking(
    target: watch::Receiver<(Target, Result<Endpoint>)>,
    connections: Arc<BackendConnections>,
    tell: impl Fn(TargetStatus),
) {
    let marks = Mutex::new(TargetStatus::default());
    let show = |change: &dyn Fn(&mut TargetStatus)| {
        let mut marks = marks.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut marks);
        tell(marks.clone());
    };
    tokio::join!(
        keep_checking_at_host(target.clone(), &show),
        keep_checking_at_service(target.clone(), &connections, &show),
        keep_checking_at_engine(target, &show)
    );
}

async fn keep_checking_at_host(
    mut target: watch::Receiver<(Target, Result<Endpoint>)>,
    show: &impl Fn(&dyn Fn(&mut TargetStatus)),
) {
    loop {
        let host = host(target.borrow_and_update().0.host.cwd.as_deref());
        show(&|marks| marks.host = host.clone());
        // A closed channel means that the target's owner is gone.
        if let Ok(Err(_)) = tokio::time::timeout(EVERY, target.changed()).await {
            return;
        }
    }
}

/// One request at most is sent to an address, `HEAD /` when it first takes a connection: it tells what listens there. After
/// that a connection is opened and closed again.
async fn keep_checking_at_service(
    mut target: watch::Receiver<(Target, Result<Endpoint>)>,
    connections: &BackendConnections,
    show: &impl Fn(&dyn Fn(&mut TargetStatus)),
) {
    let mut known = Known::default();
    loop {
        let endpoint = {
            let (target, endpoint) = &*target.borrow_and_update();
            known.is_mock = target.mock;
            endpoint.clone()
        };
        let seen = tokio::select! {
            seen = service(endpoint, connections, &mut known) => Some(seen),
            // A caller that has chosen another target does not wait for the one before.
            changed = target.changed() => changed.ok().map(|()| PartStatus::Unknown),
        };
        let Some(seen) = seen else { return };
        if seen == PartStatus::Unknown {
            continue;
        }
        show(&|marks| marks.service = seen.clone());
        if let Ok(Err(_)) = tokio::time::timeout(rest(&seen, connections), target.changed()).await {
            return;
        }
    }
}

/// How soon a service is looked at again.
fn rest(seen: &PartStatus, connections: &BackendConnections) -> Duration {
    let far = || connections.tunnel().address().is_ok_and(|engine| engine.is_remote());
    match seen {
        PartStatus::Down { error, .. } if error.code == Code::EngineUnavailable && far() => AGAIN,
        _ => EVERY,
    }
}

async fn keep_checking_at_engine(
    mut target: watch::Receiver<(Target, Result<Endpoint>)>,
    show: &impl Fn(&dyn Fn(&mut TargetStatus)),
) {
    let mut probe = EngineProbe::default();
    loop {
        let (address, container, is_mock) = {
            let (target, _) = &*target.borrow_and_update();
            (target.address(), target.container.clone(), target.mock)
        };
        let (engine, container) = match container {
            // Its commands are recorded: no engine has that container.
            container if is_mock => (PartStatus::Unset, recorded(container)),
            container => probe.check(address, container.as_deref()).await,
        };
        show(&|marks| (marks.engine, marks.container) = (engine.clone(), container.clone()));
        if let Ok(Err(_)) = tokio::time::timeout(EVERY, target.changed()).await {
            return;
        }
    }
}

fn recorded(container: Option<String>) -> PartStatus {
    container.map_or(PartStatus::Unset, |name| PartStatus::Up { address: name })
}

/// The last engine: its connection is kept, and so is its failure for a while.
#[derive(Default)]
struct EngineProbe {
    engines: LastEngine,
    failed: Option<(Address, Error, Instant)>,
}

impl EngineProbe {
    /// The marks of the engine and of the container.
    async fn check(&mut self, address: Result<Address>, container: Option<&str>) -> (PartStatus, PartStatus) {
        let (at, answer) = match address {
            Ok(address) => (address.host.clone(), self.engine(address).await),
            Err(error) => (String::new(), Err(error)),
        };
        match answer {
            Ok(engine) => {
                let Address { name, host, .. } = engine.address();
                (
                    PartStatus::Up { address: format!("{} ({host})", called(name, host)) },
                    in_engine(&engine, container).await,
                )
            }
            Err(error) => {
                let down = |address: String| PartStatus::Down { address, error: error.clone() };
                (down(at), container.map_or(PartStatus::Unset, |name| down(name.to_owned())))
            }
        }
    }

    async fn engine(&mut self, address: Address) -> Result<Engine> {
        if let Some((failed, error, at)) = &self.failed
            && *failed == address
            && address.is_remote()
            && at.elapsed() < AGAIN
        {
            return Err(error.clone());
        }
        let answer = self.engines.answering_at(address.clone()).await;
        self.failed = answer.as_ref().err().map(|error| (address, error.clone(), Instant::now()));
        answer
    }
}

/// What an engine is called: its context, or the product with the known socket that it was found on.
fn called(name: &str, host: &str) -> String {
    match SocketDirectories::of_this_process().product(host).filter(|_| name == host) {
        Some(product) => format!("{product}, found on this machine"),
        None => name.to_owned(),
    }
}

async fn in_engine(engine: &Engine, container: Option<&str>) -> PartStatus {
    let Some(name) = container else { return PartStatus::Unset };
    match engine.ready(name).await {
        Ok(()) => PartStatus::Up { address: name.to_owned() },
        Err(error) => PartStatus::Down { address: name.to_owned(), error },
    }
}

/// What is known of the service at one address.
#[derive(Debug, Default)]
struct Known {
    address: String,
    /// `HEAD /` was sent to it.
    greeted: bool,
    /// A mock counts requests, and its session may have this one: it gets connections only.
    is_mock: bool,
    /// It took the last connection.
    was_up: bool,
    /// It answered with another protocol than HTTP.
    refused: Option<Error>,
}

async fn service(endpoint: Result<Endpoint>, connections: &BackendConnections, known: &mut Known) -> PartStatus {
    let endpoint = match endpoint {
        Ok(endpoint) => endpoint,
        Err(error) => return PartStatus::Down { address: String::new(), error },
    };
    let address = endpoint.to_string();
    if known.address != address {
        *known = Known { address: address.clone(), is_mock: known.is_mock, ..Known::default() };
    }
    let seen = if known.greeted || known.is_mock {
        exchange::probe_connect(&endpoint, connections, PATIENCE).await
    } else {
        probe_http(&endpoint, connections, known).await
    };
    let local = matches!(endpoint, Endpoint::Unix(_) | Endpoint::Npipe(_));
    match seen {
        Ok(()) => known.was_up = true,
        // A backlog that is full: it is busy, and answers who came before.
        Err(error) if error.code == Code::ConnectTimeout && known.was_up && local => {}
        Err(error) => {
            (known.was_up, known.refused) = (false, None);
            return PartStatus::Down { address, error };
        }
    }
    match known.refused.clone() {
        Some(error) if !connections.has_answered(&endpoint) => PartStatus::Down { address, error },
        _ => PartStatus::Up { address },
    }
}

/// Sends `HEAD /`. Any answer will do, and so will none: a backend that fails on this very request may answer others. Only
/// one that answers with another protocol is not up.
async fn probe_http(endpoint: &Endpoint, connections: &BackendConnections, known: &mut Known) -> Result<()> {
    #[derive(Default)]
    struct HttpProbe(Option<Failure>);
    impl Record<ExchangeEvent> for HttpProbe {
        fn event(&mut self, event: ExchangeEvent) {
            if let ExchangeEvent::Failed { failure, .. } = event {
                self.0 = Some(failure);
            }
        }

        fn chunk(&mut self, _: Stream, _: u64, _: &[u8]) -> Result<()> {
            Ok(())
        }
    }

    // The way through an engine is no part of the time that the backend takes.
    if let Endpoint::Container { .. } = endpoint {
        exchange::probe_connect(endpoint, connections, PATIENCE).await?;
    }
    let mut request = Request::new("HEAD", "/");
    request.connect_timeout_ms = PATIENCE.as_millis() as u32;
    request.timeout_ms = Some(PATIENCE.as_millis() as u32);
    // Also where another target is chosen before it has answered.
    known.greeted = true;
    let mut greeting = HttpProbe::default();
    exchange::send(endpoint, &request, connections, &CancellationToken::new(), &mut greeting).await;
    match greeting.0 {
        Some(Failure { stage: Stage::Prepare | Stage::Connect, error, .. }) => {
            known.greeted = false;
            Err(error)
        }
        Some(failure) => {
            let is_http = failure.received.is_empty() || failure.received.starts_with("HTTP/1.");
            known.refused = (failure.error.code == Code::BadResponse && !is_http).then_some(failure.error);
            Ok(())
        }
        None => Ok(()),
    }
}

fn host(cwd: Option<&str>) -> PartStatus {
    let home = || std::env::home_dir().map(|home| home.display().to_string()).unwrap_or_else(|| "/".to_owned());
    let address = cwd.map_or_else(home, str::to_owned);
    if Path::new(&address).is_dir() {
        return PartStatus::Up { address };
    }
    let error = Error::new(Code::CwdInvalid, format!("Directory not found: {address}"))
        .hint("Choose another working directory for the target's host commands.");
    PartStatus::Down { address, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mock_needs_no_engine_and_its_container_is_there() {
        for (container, expected) in
            [(Some("web".to_owned()), PartStatus::Up { address: "web".to_owned() }), (None, PartStatus::Unset)]
        {
            let endpoint = Err(Error::new(Code::DemoFailed, "none"));
            // It checks once after the last sender of targets is dropped.
            let (_, target) = watch::channel((Target { mock: true, container, ..Target::demo() }, endpoint));
            let marks = Mutex::new(TargetStatus::default());
            keep_checking_at_engine(target, &|change: &dyn Fn(&mut TargetStatus)| change(&mut marks.lock().unwrap()))
                .await;
            let marks = marks.into_inner().unwrap();
            assert_eq!((marks.engine, marks.container), (PartStatus::Unset, expected));
        }
    }

    #[tokio::test]
    async fn a_far_engine_that_failed_is_not_asked_again_at_once() {
        let listening = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::new("far", format!("tcp://{}", listening.local_addr().unwrap()));
        let mut probe = EngineProbe::default();
        let answering = async {
            let (stream, _) = listening.accept().await.unwrap();
            drop(stream);
        };
        let ((engine, container), ()) = tokio::join!(probe.check(Ok(address.clone()), Some("c")), answering);
        assert!(
            matches!(&engine, PartStatus::Down { error, .. } if error.code == Code::EngineUnavailable),
            "{engine:?}"
        );
        assert!(matches!(container, PartStatus::Down { .. }));
        // Nobody accepts now: an engine that is asked would keep us waiting.
        let again = tokio::time::timeout(Duration::from_secs(2), probe.check(Ok(address), None)).await;
        assert_eq!(again, Ok((engine, PartStatus::Unset)));
        // Another one is asked.
        let other = Address::new("near", "unix:///nonexistent/docker.sock");
        let (engine, _) = probe.check(Ok(other), None).await;
        assert!(matches!(engine, PartStatus::Down { address, .. } if address == "unix:///nonexistent/docker.sock"));
    }

    #[cfg(unix)]
    mod of_a_service {
        use tokio::{
            io::{AsyncReadExt, AsyncWriteExt},
            net::UnixListener,
        };

        use super::*;

        /// Answers each request with these bytes, and none to `HEAD` but what `to_head` is; counts the requests.
        async fn serve(listener: UnixListener, to_head: &'static [u8], heads: &Mutex<Vec<String>>) {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut space = [0; 1024];
                let length = stream.read(&mut space).await.unwrap_or_default();
                if length == 0 {
                    continue;
                }
                let line = String::from_utf8_lossy(&space[..length]).lines().next().unwrap_or_default().to_owned();
                let is_head = line.starts_with("HEAD");
                heads.lock().unwrap().push(line);
                let answer: &[u8] = if is_head { to_head } else { b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" };
                let _ = stream.write_all(answer).await;
            }
        }

        #[tokio::test]
        async fn a_backend_that_answers_other_requests_is_not_down_and_is_sent_one_head_at_most() {
            let directory = tempfile::tempdir().unwrap();
            for (n, to_head) in
                [&b""[..], b"HTTP/1.1 500 No\r\n\r\n", b"HTTP/1.1 200\r\nbroken head"].into_iter().enumerate()
            {
                let path = directory.path().join(format!("{n}.sock"));
                let heads = Mutex::new(Vec::new());
                let listener = UnixListener::bind(&path).unwrap();
                let looked = async {
                    let (connections, mut known) = (BackendConnections::default(), Known::default());
                    for _ in 0..4 {
                        let seen = service(Ok(Endpoint::Unix(path.clone())), &connections, &mut known).await;
                        assert!(matches!(seen, PartStatus::Up { .. }), "{n}: {seen:?}");
                    }
                };
                tokio::select! {
                    () = looked => {}
                    () = serve(listener, to_head, &heads) => {}
                }
                assert_eq!(*heads.lock().unwrap(), ["HEAD / HTTP/1.1"]);
            }
        }

        #[tokio::test]
        async fn a_mock_gets_no_request() {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("mock.sock");
            let heads = Mutex::new(Vec::new());
            let listener = UnixListener::bind(&path).unwrap();
            let looked = async {
                let connections = BackendConnections::default();
                let mut known = Known { is_mock: true, ..Known::default() };
                for _ in 0..3 {
                    let seen = service(Ok(Endpoint::Unix(path.clone())), &connections, &mut known).await;
                    assert!(matches!(seen, PartStatus::Up { .. }), "{seen:?}");
                }
            };
            tokio::select! {
                () = looked => {}
                () = serve(listener, b"", &heads) => {}
            }
            assert!(heads.lock().unwrap().is_empty());
        }

        #[tokio::test]
        async fn another_protocol_is_down_until_a_request_is_answered() {
            let directory = tempfile::tempdir().unwrap();
            let endpoint = Endpoint::Unix(directory.path().join("b.sock"));
            let Endpoint::Unix(path) = &endpoint else { unreachable!() };
            let heads = Mutex::new(Vec::new());
            let listener = UnixListener::bind(path).unwrap();
            let looked = async {
                let (connections, mut known) = (BackendConnections::default(), Known::default());
                for _ in 0..3 {
                    let seen = service(Ok(endpoint.clone()), &connections, &mut known).await;
                    assert!(
                        matches!(&seen, PartStatus::Down { error, .. } if error.message.contains("Redis")),
                        "{seen:?}"
                    );
                }
                struct Nothing;
                impl Record<ExchangeEvent> for Nothing {
                    fn event(&mut self, _: ExchangeEvent) {}
                    fn chunk(&mut self, _: Stream, _: u64, _: &[u8]) -> Result<()> {
                        Ok(())
                    }
                }
                let cancel = CancellationToken::new();
                exchange::send(&endpoint, &Request::new("GET", "/"), &connections, &cancel, &mut Nothing).await;
                let seen = service(Ok(endpoint.clone()), &connections, &mut known).await;
                assert!(matches!(seen, PartStatus::Up { .. }), "{seen:?}");
            };
            tokio::select! {
                () = looked => {}
                () = serve(listener, b"-ERR unknown command 'HEAD'\r\n", &heads) => {}
            }
            assert_eq!(*heads.lock().unwrap(), ["HEAD / HTTP/1.1", "GET / HTTP/1.1"]);
        }

        #[tokio::test]
        async fn a_service_that_comes_up_later_is_greeted_then() {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("b.sock");
            let (connections, mut known) = (BackendConnections::default(), Known::default());
            let seen = service(Ok(Endpoint::Unix(path.clone())), &connections, &mut known).await;
            assert!(matches!(&seen, PartStatus::Down { error, .. } if error.code == Code::EndpointMissing), "{seen:?}");
            let heads = Mutex::new(Vec::new());
            let listener = UnixListener::bind(&path).unwrap();
            tokio::select! {
                seen = service(Ok(Endpoint::Unix(path)), &connections, &mut known) => {
                    assert!(matches!(seen, PartStatus::Up { .. }), "{seen:?}");
                }
                () = serve(listener, b"HTTP/1.1 200 OK\r\n\r\n", &heads) => {}
            }
            assert_eq!(heads.lock().unwrap().len(), 1);
        }
    }
}
