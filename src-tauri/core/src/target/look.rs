//! Whether the parts of a target are up, looked at without disturbing them.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Mark, Marks, Target};
use crate::{
    endpoint::Endpoint,
    engine::{Address, Engine, LastEngine, Places},
    error::{Code, Error, Result},
    exchange::{self, Connections, ExchangeEvent, Request, Response},
    record::Record,
    run::Stream,
};

/// How long a part may take to show itself.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the parts are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// How soon an engine of another machine that did not answer is asked again: each time may be a login
/// that failed, and some hosts shut out who fails too often.
const AGAIN: Duration = Duration::from_secs(30);

/// Looks at the target again and again, at once when it changes, and tells what is seen. Nothing
/// waits for an engine that is far away, but for a socket behind it.
pub async fn keep_looking(
    target: watch::Receiver<(Target, Result<Endpoint>)>,
    connections: Arc<Connections>,
    tell: impl Fn(Marks),
) {
    let marks = Mutex::new(Marks::default());
    let show = |change: &dyn Fn(&mut Marks)| {
        let mut marks = marks.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut marks);
        tell(marks.clone());
    };
    tokio::join!(
        keep_looking_at_host(target.clone(), &show),
        keep_looking_at_service(target.clone(), &connections, &show),
        keep_looking_at_engine(target, &show)
    );
}

async fn keep_looking_at_host(
    mut target: watch::Receiver<(Target, Result<Endpoint>)>,
    show: &impl Fn(&dyn Fn(&mut Marks)),
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

/// A backend that was up at the same address is only knocked at: a request, `HEAD /`, is sent when
/// it comes up, to see that it speaks HTTP and answers.
async fn keep_looking_at_service(
    mut target: watch::Receiver<(Target, Result<Endpoint>)>,
    connections: &Connections,
    show: &impl Fn(&dyn Fn(&mut Marks)),
) {
    let mut before = Mark::Unknown;
    loop {
        let endpoint = target.borrow_and_update().1.clone();
        let seen = tokio::select! {
            seen = service(endpoint, connections, &before) => Some(seen),
            // Whoever has chosen another target does not wait for the one before.
            changed = target.changed() => changed.ok().map(|()| Mark::Unknown),
        };
        let Some(seen) = seen else { return };
        before = seen;
        if before == Mark::Unknown {
            continue;
        }
        show(&|marks| marks.service = before.clone());
        if let Ok(Err(_)) = tokio::time::timeout(rest(&before, connections), target.changed()).await {
            return;
        }
    }
}

/// How soon a service is looked at again.
fn rest(seen: &Mark, connections: &Connections) -> Duration {
    let far = || connections.carrier().address().is_ok_and(|engine| engine.is_remote());
    match seen {
        Mark::Down { error, .. } if error.code == Code::EngineUnavailable && far() => AGAIN,
        _ => EVERY,
    }
}

async fn keep_looking_at_engine(
    mut target: watch::Receiver<(Target, Result<Endpoint>)>,
    show: &impl Fn(&dyn Fn(&mut Marks)),
) {
    let mut asked = Asked::default();
    loop {
        let (address, container) = {
            let (target, _) = &*target.borrow_and_update();
            (target.address(), target.container.clone())
        };
        let (engine, container) = asked.look(address, container.as_deref()).await;
        show(&|marks| (marks.engine, marks.container) = (engine.clone(), container.clone()));
        if let Ok(Err(_)) = tokio::time::timeout(EVERY, target.changed()).await {
            return;
        }
    }
}

/// The engine that was asked before: its connection is kept, and so is its failure for a while.
#[derive(Default)]
struct Asked {
    engines: LastEngine,
    failed: Option<(Address, Error, Instant)>,
}

impl Asked {
    /// The marks of the engine and of the container.
    async fn look(&mut self, address: Result<Address>, container: Option<&str>) -> (Mark, Mark) {
        let (at, answer) = match address {
            Ok(address) => (address.host.clone(), self.engine(address).await),
            Err(error) => (String::new(), Err(error)),
        };
        match answer {
            Ok(engine) => {
                let Address { name, host, .. } = engine.address();
                (Mark::Up { address: format!("{} ({host})", called(name, host)) }, in_engine(&engine, container).await)
            }
            Err(error) => {
                let down = |address: String| Mark::Down { address, error: error.clone() };
                (down(at), container.map_or(Mark::Unset, |name| down(name.to_owned())))
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

/// What an engine is called: its context, or the product whose known socket it was found on.
fn called(name: &str, host: &str) -> String {
    match Places::of_this_process().product(host).filter(|_| name == host) {
        Some(product) => format!("{product}, found on this machine"),
        None => name.to_owned(),
    }
}

async fn in_engine(engine: &Engine, container: Option<&str>) -> Mark {
    let Some(name) = container else { return Mark::Unset };
    match engine.ready(name).await {
        Ok(()) => Mark::Up { address: name.to_owned() },
        Err(error) => Mark::Down { address: name.to_owned(), error },
    }
}

async fn service(endpoint: Result<Endpoint>, connections: &Connections, before: &Mark) -> Mark {
    let endpoint = match endpoint {
        Ok(endpoint) => endpoint,
        Err(error) => return Mark::Down { address: String::new(), error },
    };
    let address = endpoint.to_string();
    let was_up = matches!(before, Mark::Up { address: before } if *before == address);
    let seen = if was_up {
        exchange::knock(&endpoint, connections, PATIENCE).await
    } else {
        greet(&endpoint, connections).await
    };
    match seen {
        Ok(()) => Mark::Up { address },
        Err(error) => Mark::Down { address, error },
    }
}

/// Sends `HEAD /`: any answer will do, and one that takes its time is taken for granted.
async fn greet(endpoint: &Endpoint, connections: &Connections) -> Result<()> {
    #[derive(Default)]
    struct Greeting {
        response: Option<Response>,
        error: Option<Error>,
    }
    impl Record<ExchangeEvent> for Greeting {
        fn event(&mut self, event: ExchangeEvent) {
            match event {
                ExchangeEvent::Answered { response, .. } => self.response = Some(response),
                ExchangeEvent::Failed { failure, .. } => self.error = Some(failure.error),
                _ => {}
            }
        }

        fn chunk(&mut self, _: Stream, _: u64, _: &[u8]) -> Result<()> {
            Ok(())
        }
    }

    // The way through an engine is no part of the time that the backend takes.
    if let Endpoint::Container { .. } = endpoint {
        exchange::knock(endpoint, connections, PATIENCE).await?;
    }
    let mut request = Request::new("HEAD", "/");
    request.connect_timeout_ms = PATIENCE.as_millis() as u32;
    request.timeout_ms = Some(PATIENCE.as_millis() as u32);
    let mut greeting = Greeting::default();
    exchange::send(endpoint, &request, connections, &CancellationToken::new(), &mut greeting).await;
    match greeting {
        Greeting { response: None, error: Some(error) } if error.code != Code::TimedOut => Err(error),
        _ => Ok(()),
    }
}

fn host(cwd: Option<&str>) -> Mark {
    let home = || std::env::home_dir().map(|home| home.display().to_string()).unwrap_or_else(|| "/".to_owned());
    let address = cwd.map_or_else(home, str::to_owned);
    if Path::new(&address).is_dir() {
        return Mark::Up { address };
    }
    let error = Error::new(Code::CwdInvalid, format!("there is no directory {address}"))
        .hint("Choose another working directory for host commands in the target.");
    Mark::Down { address, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_far_engine_that_failed_is_not_asked_again_at_once() {
        let listening = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::new("far", format!("tcp://{}", listening.local_addr().unwrap()));
        let mut asked = Asked::default();
        let answering = async {
            let (stream, _) = listening.accept().await.unwrap();
            drop(stream);
        };
        let ((engine, container), ()) = tokio::join!(asked.look(Ok(address.clone()), Some("c")), answering);
        assert!(matches!(&engine, Mark::Down { error, .. } if error.code == Code::EngineUnavailable), "{engine:?}");
        assert!(matches!(container, Mark::Down { .. }));
        // Nobody accepts now: an engine that is asked would keep us waiting.
        let again = tokio::time::timeout(Duration::from_secs(2), asked.look(Ok(address), None)).await;
        assert_eq!(again, Ok((engine, Mark::Unset)));
        // Another one is asked.
        let other = Address::new("near", "unix:///nonexistent/docker.sock");
        let (engine, _) = asked.look(Ok(other), None).await;
        assert!(matches!(engine, Mark::Down { address, .. } if address == "unix:///nonexistent/docker.sock"));
    }
}
