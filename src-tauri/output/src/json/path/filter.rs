//! The values that a path selects, as a separate body: an array of the values as they were sent.

use std::{
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use super::{
    Location,
    evaluate::Evaluator,
    location::Step,
    parse::parse,
    query::Query,
    reader::{Node, Reader},
};
use crate::{BodyKind, DiskQuota, Filtered, Output, Stream, unread};
use porthole_base::error::{Code, Error, Result};

/// Values that are selected at most.
const MOST_NODES: usize = 100_000;
/// Bytes of all of them.
const MOST_BYTES: u64 = 256_000_000;
/// Bytes that are copied at once.
const PIECE: u64 = 256 * 1024;
/// For documents as deep as they may be, and the filters in filters.
const STACK: usize = 64 * 1024 * 1024;

/// The values that a path selects in a JSON body. Its own thread finds them; it ends with this.
#[derive(Debug)]
pub struct PathFilter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    source: Arc<Output>,
    query: Query,
    output: Arc<Output>,
    quota: Arc<DiskQuota>,
    state: Mutex<State>,
    over: Condvar,
    stop: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// Where the selected values begin in the source.
    nodes: Vec<u64>,
    cut: bool,
    ended: Option<Result<()>>,
}

impl PathFilter {
    /// Reads a path and begins to evaluate it. The files of the result are named after this stem and go when it is
    /// dropped.
    ///
    /// # Errors
    /// [`Code::PathInvalid`]; [`Code::Internal`] when there is no thread for it.
    pub fn begin(source: Arc<Output>, path: &str, stem: PathBuf, quota: Arc<DiskQuota>) -> Result<Self> {
        let query = parse(path)?;
        let output = Arc::new(Output::of_body(stem, Arc::clone(&quota)));
        output.expect(BodyKind::Json);
        let (state, over, stop) = (Mutex::default(), Condvar::new(), AtomicBool::new(false));
        let shared = Arc::new(Shared { source, query, output, quota, state, over, stop });
        let evaluating = Arc::clone(&shared);
        let run = move || {
            let ended = evaluating.run();
            evaluating.output.end();
            evaluating.state().ended = Some(ended);
            evaluating.over.notify_all();
        };
        let started = std::thread::Builder::new().name("jsonpath".into()).stack_size(STACK).spawn(run);
        started.map_err(|error| Error::new(Code::Internal, "Can't start a thread").detail(error))?;
        Ok(Self(shared))
    }

    /// Ends it: what waits for it gets [`Code::Cancelled`].
    pub fn stop(&self) {
        self.0.stop.store(true, Relaxed);
    }

    /// Waits until all values are found.
    ///
    /// # Errors
    /// [`Code::NotJson`] when the body isn't valid; [`Code::Cancelled`]; [`Code::PathTooLarge`] when a value is too large
    /// to be compared; [`Code::OutputUnreadable`], [`Code::SpillFailed`] and [`Code::QuotaReached`].
    pub fn wait(&self) -> Result<Filtered> {
        let waited = self.0.over.wait_while(self.0.state(), |state| state.ended.is_none());
        let state = waited.unwrap_or_else(PoisonError::into_inner);
        match &state.ended {
            Some(Err(error)) => Err(error.clone()),
            _ => Ok(Filtered { nodes: state.nodes.len() as u64, cut: state.cut }),
        }
    }

    /// Whether this is of that output.
    pub fn is_of(&self, source: &Arc<Output>) -> bool {
        Arc::ptr_eq(&self.0.source, source)
    }

    /// The values as an array, when all are found.
    pub fn output(&self) -> &Arc<Output> {
        &self.0.output
    }

    /// Where in the source a value of the result is: the steps in the source instead of those in the result.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`].
    pub fn in_source(&self, found: Location) -> Result<Location> {
        let Some((Step::Index(index), rest)) = found.steps.split_first() else { return Ok(found) };
        let Some(start) = self.0.state().nodes.get(*index as usize).copied() else { return Ok(found) };
        let Some(mut location) = self.0.source.json().location_at(start)? else { return Ok(found) };
        location.steps.extend_from_slice(rest);
        Ok(Location { steps: location.steps, ..found })
    }
}

impl Drop for PathFilter {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) -> Result<()> {
        self.source.json().whole(&self.stop)?;
        let (bytes, length) = self.source.bytes(Stream::Stdout);
        let path = self.source.path(Stream::Stdout);
        let mut reader = Reader::new(&bytes, length, &path, &self.stop);
        let mut copy = Copy { shared: self, gathered: vec![b'['], written: 0, any: false };
        let mut from = 0;
        while let Some(root) = reader.value_from(from)? {
            let mut evaluator = Evaluator::new(&mut reader, root);
            let on = evaluator.evaluate(&self.query, &mut |evaluator, node| copy.take(evaluator.reader, node))?;
            if !on || root.end <= from {
                break;
            }
            from = root.end;
        }
        copy.gathered.push(b']');
        copy.flush()
    }

    fn read(&self, from: u64, to: u64) -> Result<Vec<u8>> {
        let (bytes, _) = self.source.bytes(Stream::Stdout);
        bytes.read(from, to).map_err(|error| unread(&self.source.path(Stream::Stdout), &error))
    }
}

/// Writes the result.
struct Copy<'a> {
    shared: &'a Shared,
    gathered: Vec<u8>,
    written: u64,
    any: bool,
}

impl Copy<'_> {
    fn take(&mut self, reader: &Reader<'_>, node: Node) -> Result<bool> {
        let length = node.end - node.start;
        {
            let state = &mut *self.shared.state();
            if state.nodes.len() == MOST_NODES || self.written + length > MOST_BYTES {
                state.cut = true;
                return Ok(false);
            }
            state.nodes.push(node.start);
        }
        self.written += length;
        if self.any {
            self.gathered.push(b',');
        }
        self.any = true;
        if length <= PIECE {
            self.gathered.extend_from_slice(&reader.read(node)?);
        } else {
            let mut at = node.start;
            while at < node.end {
                let to = node.end.min(at + PIECE);
                self.gathered.extend_from_slice(&self.shared.read(at, to)?);
                self.flush()?;
                at = to;
            }
        }
        if self.gathered.len() as u64 >= PIECE {
            self.flush()?;
        }
        Ok(true)
    }

    fn flush(&mut self) -> Result<()> {
        if self.shared.stop.load(Relaxed) {
            return Err(Error::new(Code::Cancelled, "The filter was canceled"));
        }
        if self.shared.quota.is_full() {
            return Err(Error::new(Code::QuotaReached, "Output quota reached")
                .hint("Clear the timeline or increase the quota to filter the body."));
        }
        let written = self.shared.output.append(Stream::Stdout, &self.gathered, 0);
        self.gathered.clear();
        written
    }
}
