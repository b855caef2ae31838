//! Listens in the place of a backend's socket until Porthole ends, and puts that one back.

use std::{
    fs::File,
    io::{self, Read},
    net::Shutdown,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    passing::{Connection, Passing},
    place_error::{PlaceError, Step},
    protocol::{HEAD, length},
    queue::Queue,
    seat::{LOOK, Seat, Seen},
    system,
    tap_protocol::{Event, MOST, Order, VERSION},
};

/// How long a side may take to accept what was sent before the end.
const LAST: Duration = Duration::from_millis(250);
/// How long Porthole may take to read the last events.
const TOLD: Duration = Duration::from_secs(2);
/// Open files that aren't connections.
const OTHER_FILES: u64 = 24;

/// Listens in the place of the socket at this path.
pub fn tap(path: &str) -> io::Result<()> {
    system::note_ending();
    let files = system::raise_open_files().saturating_sub(OTHER_FILES) / 2;
    let most = usize::try_from(files).unwrap_or(MOST).clamp(1, MOST);
    let queue = Arc::new(Queue::default());
    let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let written = Arc::clone(&queue);
    thread::spawn(move || written.write_to(&mut output));
    let orders = orders()?;
    let passing = Arc::new(Passing::new(Arc::clone(&queue), most));
    let mut listening = match Listening::start(path, &passing) {
        Ok(listening) => listening,
        Err(error) => {
            queue.tell(&Event::NotListening { why: &error.text() });
            queue.flush(TOLD);
            return Err(error.error);
        }
    };
    serve(&orders, &passing, &mut listening);
    let left = listening.leave();
    match &left {
        Ok(()) => queue.tell(&Event::Restored),
        Err(error) => queue.tell(&Event::NotRestored { why: &error.text() }),
    }
    passing.end(LAST);
    queue.flush(TOLD);
    left.map_err(|error| error.error)
}

/// Orders of Porthole, read by a thread. The end of stdin is the end of Porthole.
fn orders() -> io::Result<mpsc::Receiver<Order>> {
    /// More wait until one is taken.
    const MANY: usize = 64;
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let (sender, orders) = mpsc::sync_channel(MANY);
    thread::spawn(move || {
        while let Ok(order) = order(&mut input) {
            if sender.send(order).is_err() {
                return;
            }
        }
    });
    Ok(orders)
}

fn order(input: &mut impl Read) -> io::Result<Order> {
    let mut begin = [0; HEAD];
    input.read_exact(&mut begin)?;
    let mut payload = [0; 4];
    let payload = payload.get_mut(..length(begin)).ok_or(io::ErrorKind::InvalidData)?;
    input.read_exact(payload)?;
    Order::decode(begin[0], payload).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Until Porthole ends, or a signal says so.
fn serve(orders: &mpsc::Receiver<Order>, passing: &Arc<Passing>, listening: &mut Listening) {
    let mut closing: Vec<(Instant, Arc<Connection>)> = Vec::new();
    let mut looked = Instant::now();
    loop {
        match orders.recv_timeout(LOOK) {
            Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(Order::Close { id }) => {
                if let Some(connection) = passing.get(id) {
                    connection.end();
                    closing.push((Instant::now(), connection));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if system::is_to_end() {
            return;
        }
        closing.retain(|(since, connection)| {
            let is_in_time = since.elapsed() < LAST;
            if !is_in_time {
                connection.cut();
            }
            is_in_time
        });
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            listening.look(passing);
        }
    }
}

/// Where it listens, and how what accepts there is ended.
struct Listening {
    seat: Seat,
    listener: Option<UnixStream>,
}

impl Listening {
    fn start(path: &str, passing: &Arc<Passing>) -> Result<Self, PlaceError> {
        let (seat, listener) = Seat::take(Path::new(path))?;
        let mut listening = Self { seat, listener: None };
        listening.accept(listener, passing).map_err(|error| PlaceError::new(Step::Listen, error))?;
        Ok(listening)
    }

    fn accept(&mut self, listener: UnixListener, passing: &Arc<Passing>) -> io::Result<()> {
        listener.set_nonblocking(false)?;
        // What shuts a listener down is the same call as for a stream.
        self.listener = Some(UnixStream::from(OwnedFd::from(listener.try_clone()?)));
        let aside: Arc<str> = self.seat.aside().unwrap_or(Path::new("")).to_string_lossy().into();
        passing.queue.tell(&Event::Listening { version: VERSION, aside: &aside });
        let passing = Arc::clone(passing);
        thread::Builder::new().spawn(move || passing.accept(&listener, &aside))?;
        Ok(())
    }

    /// When a backend was started again, its new socket is moved as well.
    fn look(&mut self, passing: &Arc<Passing>) {
        let trouble = |words: &str| {
            passing.queue.offer(&Event::Trouble { words });
        };
        match self.seat.look() {
            None => {}
            Some(Seen::Lost(left)) => {
                self.shut();
                passing.queue.offer(&Event::Lost);
                if let Some(error) = left {
                    trouble(&error.error.to_string());
                }
            }
            Some(Seen::Taken(listener)) => {
                if let Err(error) = self.accept(listener, passing) {
                    // It is tried again.
                    let _ = self.seat.leave();
                    trouble(&error.to_string());
                }
            }
            Some(Seen::NotTaken(error)) => trouble(&error.error.to_string()),
        }
    }

    /// Puts everything back, and takes no more connections than those that wait.
    fn leave(&mut self) -> Result<(), PlaceError> {
        let left = self.seat.leave();
        self.shut();
        left
    }

    fn shut(&mut self) {
        if let Some(listener) = self.listener.take() {
            let _ = listener.shutdown(Shutdown::Both);
        }
    }
}
