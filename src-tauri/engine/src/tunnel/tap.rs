//! The program in a helper container that listens in the place of a backend's socket.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bollard::container::LogOutput;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::StreamExt;
use porthole_base::error::{Code, Error, Result};
use porthole_http::tap::RemoteTap;
use porthole_relay::tap_protocol::Order;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    container::{Purpose, body, root_of, start},
    image::image,
    share::{Share, check_tap},
    stream::{Complaints, Input, Output},
    whole_frames::{Foreign, WholeFrames},
};
use crate::{Engine, Inspected};

/// Where backends' sockets are while they are moved: Porthole's own connections go there, and aren't recorded. The key is a
/// container's id and a socket's path.
#[derive(Debug, Clone, Default)]
pub(super) struct Moved(Arc<Mutex<BTreeMap<(String, String), String>>>);

impl Moved {
    fn all(&self) -> MutexGuard<'_, BTreeMap<(String, String), String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the socket at a path is now.
    pub fn path(&self, container: &str, path: &str) -> String {
        let key = (container.to_owned(), path.to_owned());
        self.all().get(&key).cloned().unwrap_or(key.1)
    }
}

/// The streams of the program. When this is dropped its stdin ends, and it puts the socket back.
pub(crate) struct ContainerTap {
    engine: Engine,
    output: Output,
    input: Input,
    frames: WholeFrames,
    outgoing: BytesMut,
    complaints: Complaints,
    moved: Moved,
    key: (String, String),
    /// Tells who owns the container that nothing holds it any more.
    _dropped: DropGuard,
}

/// What a container is made for a tap with.
pub(super) struct Plan {
    pub engine: Engine,
    pub target: Inspected,
    pub path: String,
    pub share: Share,
    pub moved: Moved,
    /// The container's name.
    pub name: String,
}

impl ContainerTap {
    /// Makes and starts the container. `dropped` is canceled when the value is dropped.
    ///
    /// # Errors
    /// [`Code::EndpointUnsupported`] where there isn't a program for the engine, and what an engine says.
    pub(super) async fn make(plan: &Plan, dropped: CancellationToken) -> Result<Self> {
        let image = image(&plan.engine).await?;
        let (output, input) = match attempt(plan, &image, &plan.share).await {
            // An engine in a virtual machine may not let its own path be mounted by name.
            Err(error) if error.code == Code::EngineRefused && matches!(plan.share, Share::Bind { .. }) => {
                crate::remove(&plan.engine, &plan.name, false).await;
                attempt(plan, &image, &Share::Root).await?
            }
            done => done?,
        };
        Ok(Self {
            engine: plan.engine.clone(),
            output,
            input,
            frames: WholeFrames::default(),
            outgoing: BytesMut::new(),
            complaints: Complaints::default(),
            moved: plan.moved.clone(),
            key: (plan.target.id.clone(), plan.path.clone()),
            _dropped: dropped.drop_guard(),
        })
    }

    /// Writes the orders that wait. If the stream is closed, the other one ends too.
    fn poll_orders(&mut self, context: &mut Context<'_>) {
        while !self.outgoing.is_empty() {
            match self.input.as_mut().poll_write(context, &self.outgoing) {
                Poll::Ready(Ok(written @ 1..)) => self.outgoing.advance(written),
                Poll::Ready(_) => self.outgoing.clear(),
                Poll::Pending => return,
            }
        }
        let _ = self.input.as_mut().poll_flush(context);
    }
}

async fn attempt(plan: &Plan, image: &str, share: &Share) -> Result<(Output, Input)> {
    check_tap(&plan.target, &plan.path, share)?;
    let root = if *share == Share::Root { Some(root_of(&plan.target)?) } else { None };
    let body = body(image, share, &plan.target, root.as_deref(), Purpose::Tap { path: &plan.path });
    start(&plan.engine, &plan.name, &body).await
}

impl RemoteTap for ContainerTap {
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<(u8, Bytes)>>> {
        self.poll_orders(context);
        loop {
            match self.frames.next() {
                Ok(Some(frame)) => return Poll::Ready(Ok(Some(frame))),
                Ok(None) => {}
                Err(Foreign(words)) => {
                    let failed = Error::new(Code::HelperFailed, "The helper container for the recording failed");
                    return Poll::Ready(Err(failed.detail(words)));
                }
            }
            match ready!(self.output.poll_next_unpin(context)) {
                Some(Ok(LogOutput::StdErr { message })) => self.complaints.log(&message),
                Some(Ok(output)) => self.frames.give(&output.into_bytes()),
                Some(Err(error)) => return Poll::Ready(Err(self.engine.explain(error))),
                None => return Poll::Ready(Ok(None)),
            }
        }
    }

    fn order(&mut self, order: Order) {
        self.outgoing.extend_from_slice(&order.encode());
    }

    fn set_aside(&mut self, aside: Option<&str>) {
        match aside {
            Some(aside) => drop(self.moved.all().insert(self.key.clone(), aside.to_owned())),
            None => drop(self.moved.all().remove(&self.key)),
        }
    }
}

impl Drop for ContainerTap {
    fn drop(&mut self) {
        self.set_aside(None);
    }
}
