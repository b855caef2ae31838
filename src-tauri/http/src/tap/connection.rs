//! One connection: it is opened to the backend, its bytes pass, and a task beside it records them.

use std::{sync::Arc, time::Duration};

use hyper_util::rt::TokioIo;
use porthole_relay::tap_protocol::End;
use tokio::{io::AsyncReadExt, sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    feed::{Feed, Waiting},
    observer::Side,
    pass::pass,
    record::{CallLog, Opening, Recording},
};
use crate::{
    endpoint::Endpoint,
    exchange::{CONNECT_TIMEOUT_MS, EngineDialer, Engines, open_connection},
    listener::Accepted,
};
use porthole_base::error::Error;

/// How long a client may take to say what it wanted, when there is no backend.
const UNCONNECTED: Duration = Duration::from_secs(1);
/// What is read of that.
const FIRST: usize = 16 * 1024;

/// The backend that connections go to.
#[derive(Clone)]
pub(super) struct Backend {
    /// Where it is reached.
    pub at: Endpoint,
    /// Where it is when nothing is recorded.
    pub shown: Endpoint,
    pub engines: Arc<dyn EngineDialer>,
    pub log: Arc<dyn CallLog>,
    /// What waits to be recorded, of all connections.
    pub waiting: Arc<Waiting>,
    /// What this process itself sends isn't recorded.
    pub skip_own: bool,
}

impl Backend {
    /// Carries one connection to its end. Tells why there was none to the backend.
    pub async fn carry(&self, accepted: Accepted, close: CancellationToken) -> Option<Error> {
        let Accepted { stream: mut client, is_own } = accepted;
        let began = Instant::now();
        let limit = Duration::from_millis(CONNECT_TIMEOUT_MS.into());
        let opened = tokio::select! {
            biased;
            () = close.cancelled() => return None,
            opened = open_connection(&self.at, Engines::Allowed, &*self.engines, limit) => opened,
        };
        let (mut feed, seen) = Feed::new(Arc::clone(&self.waiting));
        let (tell_ended, ended) = oneshot::channel();
        let recording = Recording::new(Arc::clone(&self.log), self.shown.clone(), close.clone(), began);
        let (opening, connected) = match opened {
            Ok(io) => (Opening::Connected { at: Instant::now() }, Ok(TokioIo::new(io))),
            Err(error) => (Opening::Failed(Box::new(error.clone())), Err(error)),
        };
        // It ends with the queue, also when this task is ended in the middle.
        let is_recorded = !(is_own && self.skip_own);
        let recorder = is_recorded.then(|| tokio::spawn(Box::pin(recording.run(opening, seen, ended))));
        let (how, failed) = match connected {
            Ok(mut backend) => (pass(&mut *client, &mut backend, &mut feed, &close).await, None),
            Err(error) => {
                let mut first = vec![0; FIRST];
                let read = tokio::time::timeout(UNCONNECTED, client.read(&mut first)).await;
                if let Ok(Ok(length @ 1..)) = read {
                    feed.bytes(Side::Client, &first[..length]);
                }
                (End::ByBoth, Some(error))
            }
        };
        // The connection is over before its recording is.
        drop(client);
        feed.finish().await;
        let _ = tell_ended.send(how);
        if let Some(recorder) = recorder {
            let _ = recorder.await;
        }
        failed
    }
}
