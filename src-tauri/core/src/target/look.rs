//! Whether the parts of a target are up, looked at without disturbing them.

use std::{path::Path, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Mark, Marks, Target};
use crate::{
    endpoint::Endpoint,
    engine::{Address, Engine, Surroundings},
    error::{Code, Error, Result},
    exchange::{self, Connections, ExchangeEvent, Request, Response},
    record::Record,
    run::Stream,
};

/// How long a part may take to show itself.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the parts are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// Looks at each part once. A backend that was up at the same address is only knocked at: a
/// request, `HEAD /`, is sent when it comes up, to see that it speaks HTTP and answers.
pub async fn look(target: &Target, endpoint: Result<Endpoint>, engine: Result<Address>, before: &Marks) -> Marks {
    let container = async {
        let engine_mark = match engine {
            Ok(address) => Engine::connect(address.clone()).await.map_err(|error| (Some(address), error)),
            Err(error) => Err((None, error)),
        };
        match engine_mark {
            Ok(engine) => {
                let container = in_engine(&engine, target.container.as_deref()).await;
                let address = engine.address();
                (Mark::Up { address: format!("{} ({})", address.name, address.host) }, container)
            }
            Err((address, error)) => {
                let down = |address: String| Mark::Down { address, error: error.clone() };
                let container = target.container.clone().map_or(Mark::Unset, down);
                (down(address.map(|address| address.host).unwrap_or_default()), container)
            }
        }
    };
    let (service, (engine, container)) = tokio::join!(service(endpoint, &before.service), container);
    Marks { service, container, host: host(target.host.cwd.as_deref()), engine }
}

/// Looks at the target again and again, at once when it changes, and tells what is seen.
pub async fn keep_looking(mut target: watch::Receiver<(Target, Result<Endpoint>)>, tell: impl Fn(Marks)) {
    let mut marks = Marks::default();
    loop {
        let (now, endpoint) = target.borrow_and_update().clone();
        let engine = Surroundings::of_this_process().address();
        marks = look(&now, endpoint, engine, &marks).await;
        tell(marks.clone());
        // A closed channel means that the target's owner is gone.
        if let Ok(Err(_)) = tokio::time::timeout(EVERY, target.changed()).await {
            return;
        }
    }
}

async fn in_engine(engine: &Engine, container: Option<&str>) -> Mark {
    let Some(name) = container else { return Mark::Unset };
    match engine.ready(name).await {
        Ok(()) => Mark::Up { address: name.to_owned() },
        Err(error) => Mark::Down { address: name.to_owned(), error },
    }
}

async fn service(endpoint: Result<Endpoint>, before: &Mark) -> Mark {
    let endpoint = match endpoint {
        Ok(endpoint) => endpoint,
        Err(error) => return Mark::Down { address: String::new(), error },
    };
    let address = endpoint.to_string();
    let was_up = matches!(before, Mark::Up { address: before } if *before == address);
    let seen = if was_up { exchange::knock(&endpoint, PATIENCE).await } else { greet(&endpoint).await };
    match seen {
        Ok(()) => Mark::Up { address },
        Err(error) => Mark::Down { address, error },
    }
}

/// Sends `HEAD /`: any answer will do, and one that takes its time is taken for granted.
async fn greet(endpoint: &Endpoint) -> Result<()> {
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

    let mut request = Request::new("HEAD", "/");
    request.connect_timeout_ms = PATIENCE.as_millis() as u32;
    request.timeout_ms = Some(PATIENCE.as_millis() as u32);
    let mut greeting = Greeting::default();
    exchange::send(endpoint, &request, &Connections::default(), &CancellationToken::new(), &mut greeting).await;
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
