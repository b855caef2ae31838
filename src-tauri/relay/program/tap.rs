//! Listens in the place of a backend's socket until Porthole ends, and puts that one back.

use std::{
    fs::{self, File},
    io::{self, Read},
    net::Shutdown,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{fs::FileTypeExt, net::UnixStream},
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
    place::Place,
    place_error::{PlaceError, Step},
    protocol::{HEAD, length},
    queue::Queue,
    rename::is_dead,
    system,
    tap_protocol::{Event, MOST, Order, VERSION},
};

/// How often it looks whether its socket is still there.
const LOOK: Duration = Duration::from_millis(250);
/// This many checks in a row must find a new backend's socket before it is moved: its program may still be setting the
/// access to it by its path.
const SETTLED: u32 = 4;
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
    let mut seat = match Seat::take(path, &passing) {
        Ok(seat) => seat,
        Err(error) => {
            queue.tell(&Event::NotListening { why: &error.text() });
            queue.flush(TOLD);
            return Err(error.error);
        }
    };
    serve(&orders, &passing, path, &mut seat);
    let left = seat.leave(path);
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
fn serve(orders: &mpsc::Receiver<Order>, passing: &Arc<Passing>, path: &str, seat: &mut Seat) {
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
            seat.look(path, passing);
        }
    }
}

/// Where it listens.
enum Seat {
    /// In the backend's place; `lost` counts the checks that found something else at the path.
    Taken { place: Place, listener: UnixStream, lost: u32 },
    /// The backend has ended; `there` counts the checks that found a new one. `failed`: what was left couldn't be put back
    /// yet, for example because the old backend still answers its last requests.
    Free { there: u32, failed: Option<PlaceError> },
}

impl Seat {
    fn take(path: &str, passing: &Arc<Passing>) -> Result<Self, PlaceError> {
        let failed = |error| PlaceError::new(Step::Listen, error);
        let mut place = Place::take(Path::new(path), true)?;
        let listener = place.bind(None)?;
        listener.set_nonblocking(false).map_err(failed)?;
        // What shuts a listener down is the same call as for a stream.
        let handle = UnixStream::from(OwnedFd::from(listener.try_clone().map_err(failed)?));
        let aside: Arc<str> = place.aside().unwrap_or(place.path()).to_string_lossy().into();
        passing.queue.tell(&Event::Listening { version: VERSION, aside: &aside });
        let passing = Arc::clone(passing);
        thread::Builder::new().spawn(move || passing.accept(&listener, &aside)).map_err(failed)?;
        Ok(Self::Taken { place, listener: handle, lost: 0 })
    }

    /// When a backend was started again, its new socket is moved as well.
    fn look(&mut self, path: &str, passing: &Arc<Passing>) {
        match self {
            Self::Taken { place, lost, .. } => {
                *lost = if place.is_lost() { *lost + 1 } else { 0 };
                if *lost >= SETTLED {
                    passing.queue.offer(&Event::Lost);
                    let failed = self.leave(path).err();
                    if let Some(error) = &failed {
                        passing.queue.offer(&Event::Trouble { words: &error.error.to_string() });
                    }
                    *self = Self::Free { there: SETTLED, failed };
                }
            }
            Self::Free { there, .. } => {
                let is_socket = fs::metadata(path).is_ok_and(|found| found.file_type().is_socket());
                let is_there = is_socket && !is_dead(Path::new(path)).unwrap_or(true);
                *there = if is_there { *there + 1 } else { 0 };
                if *there >= SETTLED {
                    match Self::take(path, passing) {
                        Ok(taken) => *self = taken,
                        Err(error) => {
                            *there = 0;
                            passing.queue.offer(&Event::Trouble { words: &error.error.to_string() });
                        }
                    }
                }
            }
        }
    }

    /// Puts everything back, and takes no more connections than those that wait.
    fn leave(&mut self, path: &str) -> Result<(), PlaceError> {
        match self {
            Self::Taken { place, listener, .. } => {
                let restored = place.restore();
                let _ = listener.shutdown(Shutdown::Both);
                restored
            }
            Self::Free { failed: None, .. } => Ok(()),
            // What takes the path undoes first what was left.
            Self::Free { failed: Some(_), .. } => Place::take(Path::new(path), true).map(drop),
        }
    }
}
