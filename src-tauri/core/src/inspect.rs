//! What can be said about a recorded Call: reads its output and asks the pure parts.

mod callbacks;

pub(crate) use callbacks::CountedCalls;

use crate::{
    asked::Sdk,
    call::{Act, Call, CallId, NotDone, Origin},
    endpoint::Endpoint,
    engine::Address,
    error::{Code, Error, Result},
    exchange::Exchange,
    output::Output,
    received::{self, Does, Received, Written},
    run::{Run, Stream},
    runtime::Runtime,
    target::Target,
    timeline::{By, Timeline, aside},
};

/// Bytes of a text that are shown.
const SHOWN: usize = 16 * 1024;
/// Bytes of a body that are read to tell whether it is JSON.
const JUDGED: u64 = 32 * 1024 * 1024;
/// Bytes that are handed over whole.
const HANDED_OVER: u64 = 64 * 1024 * 1024;

impl Timeline {
    /// Does what code asks of `ddClient` as a Runtime would, and answers at once with its number.
    ///
    /// # Errors
    /// [`Code::RuntimeRefuses`] when nothing would be done; [`Code::ContainerNotFound`] when a
    /// container is meant and the target has none; what `endpoint` and `engine` say.
    pub fn perform(
        &self,
        origin: Origin,
        sdk: Sdk,
        target: &Target,
        endpoint: Result<Endpoint>,
        engine: Result<Address>,
    ) -> Result<CallId> {
        let runtime = sdk.runtime;
        let does = received::plan(&sdk.asked, runtime, target).does;
        let by = By { origin, sdk: Some(sdk) };
        match does {
            Does::Request { request } => Ok(self.send(by, endpoint?, request)),
            Does::Engine { request } => Ok(self.send(by, engine?.endpoint()?, request)),
            Does::Command { command } => {
                command.place.named()?;
                Ok(self.run(by, engine, command))
            }
            Does::Refuses { .. } => Err(refuses(runtime)),
        }
    }

    /// Records what code asks of `ddClient` and what a Runtime would do for it, and does nothing of it.
    /// `words` are those that the code is told.
    ///
    /// # Errors
    /// As [`Timeline::perform`], but for a target without a container.
    pub fn not_done(
        &self,
        by: (Origin, Sdk),
        target: &Target,
        endpoint: Result<Endpoint>,
        engine: Result<Address>,
        why: (NotDone, String),
    ) -> Result<CallId> {
        let ((origin, sdk), (why, words)) = (by, why);
        let act = match received::plan(&sdk.asked, sdk.runtime, target).does {
            Does::Request { request } => Act::Exchange(Exchange::new(endpoint?, request)),
            Does::Engine { request } => Act::Exchange(Exchange::new(engine?.endpoint()?, request)),
            Does::Command { command } => Act::Run(Run::new(command)),
            Does::Refuses { .. } => return Err(refuses(sdk.runtime)),
        };
        Ok(self.record(By { origin, sdk: Some(sdk) }, act, Error::new(why.code(), words)))
    }

    /// What code receives for a Call on each Runtime, long texts cut for showing.
    ///
    /// # Errors
    /// [`Code::CallNotFound`], [`Code::SpillFailed`].
    pub async fn received(&self, id: CallId) -> Result<Vec<Received>> {
        let output = self.output(id)?;
        // Read before the facts: what they say of the end is then of no shorter an output.
        let (call, read) = (self.call(id)?, aside(move || Read::of(&output, JUDGED, SHOWN)).await?);
        Ok(received::compared(&call, read.written()))
    }

    /// What code receives for a Call of its own, whole, when it has ended. For a Call that no code
    /// made it is what Docker Desktop would give.
    ///
    /// # Errors
    /// As [`Timeline::received_whole`].
    pub async fn delivered(&self, id: CallId) -> Result<Received> {
        let runtime = self.call(id)?.sdk.map(|sdk| sdk.runtime).unwrap_or_default();
        self.received_whole(id, runtime).await
    }

    /// What code receives for a Call on one Runtime, whole, when it has ended.
    ///
    /// # Errors
    /// [`Code::CallNotFound`], [`Code::SpillFailed`]; [`Code::TooMuch`] above 64 MiB.
    pub async fn received_whole(&self, id: CallId, runtime: Runtime) -> Result<Received> {
        let call = self.ended(id).await?;
        let output = self.output(id)?;
        if stream_of(&call).is_some() {
            // What was written went to the callbacks.
            return Ok(received::received(&call, Written::default(), runtime));
        }
        aside(move || {
            let counts = output.counts();
            if counts.stdout.bytes + counts.stderr.bytes > HANDED_OVER {
                return Err(too_much());
            }
            let read = Read::of(&output, HANDED_OVER, usize::MAX)?;
            Ok(received::received(&call, read.written(), runtime))
        })
        .await
    }
}

fn refuses(runtime: Runtime) -> Error {
    Error::new(Code::RuntimeRefuses, format!("{runtime} refuses this before anything is done"))
        .hint("Its plan says how the code learns of it.")
}

/// How the code that made a Call wants callbacks, if it does.
fn stream_of(call: &Call) -> Option<crate::run::Streaming> {
    use crate::asked::Asked;
    match (&call.sdk, &call.act) {
        (Some(Sdk { asked: Asked::Exec(asked), .. }), _) => asked.stream,
        (_, Act::Run(run)) => run.command.stream,
        _ => None,
    }
}

/// The beginnings of what a Call wrote.
struct Read {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    lens: (u64, u64),
    limit: usize,
}

impl Read {
    fn of(output: &Output, most: u64, limit: usize) -> Result<Self> {
        let counts = output.counts();
        let lens = (counts.stdout.bytes, counts.stderr.bytes);
        Ok(Self {
            stdout: output.read(Stream::Stdout, 0, lens.0.min(most))?,
            stderr: output.read(Stream::Stderr, 0, lens.1.min(limit as u64).min(most))?,
            lens,
            limit,
        })
    }

    fn written(&self) -> Written<'_> {
        let Self { stdout, stderr, lens: (stdout_len, stderr_len), limit } = self;
        Written { stdout, stdout_len: *stdout_len, stderr, stderr_len: *stderr_len, limit: *limit }
    }
}

fn too_much() -> Error {
    Error::new(Code::TooMuch, "this is more than 64 MiB, too much to hand to code as one value")
        .hint("Its output is kept: look at it or save it.")
}

#[cfg(all(test, unix))]
#[path = "inspect_tests.rs"]
mod tests;

#[cfg(all(test, unix))]
#[path = "not_done_tests.rs"]
mod not_done_tests;
