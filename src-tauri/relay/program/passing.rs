//! Connections between clients and the backend. Their bytes pass here, as they are and as soon as they come, and copies
//! of them go to Porthole.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{
    queue::Queue,
    relay::connect,
    tap_protocol::{End, Event, PIECE, Side},
};

/// A thread only needs room for a few calls: what it reads into is elsewhere.
const STACK: usize = 128 * 1024;
/// How long to wait after a connection couldn't be accepted.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a client may take to say what it wanted, when there is no backend.
const UNCONNECTED: Duration = Duration::from_secs(1);

pub struct Passing {
    pub queue: Arc<Queue>,
    most: usize,
    /// Those that have a backend, by their numbers.
    open: Mutex<BTreeMap<u32, Arc<Connection>>>,
    /// All that were accepted and aren't over.
    count: Mutex<usize>,
    fewer: Condvar,
    next: AtomicU32,
    /// Connections that Porthole gets no events about.
    unseen: AtomicU64,
    is_stopping: AtomicBool,
}

pub struct Connection {
    id: u32,
    client: UnixStream,
    backend: UnixStream,
    /// Copies of it are sent.
    is_seen: bool,
    is_client_gone: AtomicBool,
    is_stopped: AtomicBool,
}

impl Passing {
    pub fn new(queue: Arc<Queue>, most: usize) -> Self {
        Self {
            queue,
            most,
            open: Mutex::default(),
            count: Mutex::default(),
            fewer: Condvar::new(),
            next: AtomicU32::new(0),
            unseen: AtomicU64::new(0),
            is_stopping: AtomicBool::new(false),
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes connections until the listener is shut down, those included that waited by then.
    pub fn accept(self: &Arc<Self>, listener: &UnixListener, backend: &Arc<str>) {
        loop {
            let most = self.most;
            drop(self.fewer.wait_while(self.count(), |count| *count >= most));
            match listener.accept() {
                Ok((client, _)) => self.begin(client, backend),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::InvalidInput => return,
                Err(error) => {
                    self.trouble(&format!("a connection couldn't be accepted: {error}"));
                    thread::sleep(PAUSE);
                }
            }
        }
    }

    fn trouble(&self, words: &str) {
        self.queue.offer(&Event::Trouble { words });
    }

    fn begin(self: &Arc<Self>, client: UnixStream, backend: &Arc<str>) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let is_seen = self.queue.has_room();
        if !is_seen {
            self.unseen.fetch_add(1, Ordering::Relaxed);
        } else if let count @ 1.. = self.unseen.swap(0, Ordering::Relaxed) {
            self.queue.tell(&Event::Unseen { count });
        }
        *self.count() += 1;
        let (passing, backend) = (Arc::clone(self), Arc::clone(backend));
        let carried = thread::Builder::new().stack_size(STACK).spawn(move || {
            passing.carry(id, client, &backend, is_seen);
            passing.end_one();
        });
        if let Err(error) = carried {
            self.end_one();
            self.trouble(&format!("a connection couldn't be served: {error}"));
        }
    }

    fn end_one(&self) {
        *self.count() -= 1;
        self.fewer.notify_all();
    }

    fn carry(self: &Arc<Self>, id: u32, client: UnixStream, backend: &str, is_seen: bool) {
        let tell = |event: Event<'_>| {
            if is_seen {
                self.queue.tell(&event);
            }
        };
        let backend = match connect(backend) {
            Ok(backend) => backend,
            Err(why) => {
                tell(Event::Failed { id, why: &why });
                if is_seen {
                    self.first(id, &client);
                }
                drop(client);
                return tell(Event::Closed { id, how: End::ByBoth });
            }
        };
        let (is_client_gone, is_stopped) = (AtomicBool::new(false), AtomicBool::new(false));
        let connection = Arc::new(Connection { id, client, backend, is_seen, is_client_gone, is_stopped });
        self.open().insert(id, Arc::clone(&connection));
        tell(Event::Opened { id });
        if self.is_stopping.load(Ordering::SeqCst) {
            connection.end();
        }
        let (passing, shared) = (Arc::clone(self), Arc::clone(&connection));
        let response = thread::Builder::new().stack_size(STACK).spawn(move || passing.pass(&shared, Side::Backend));
        match response {
            Ok(response) => {
                self.pass(&connection, Side::Client);
                let _ = response.join();
            }
            Err(error) => {
                connection.is_stopped.store(true, Ordering::SeqCst);
                self.trouble(&format!("a connection couldn't be served: {error}"));
            }
        }
        self.open().remove(&id);
        let how = connection.how();
        // The connection is closed before the event that says so.
        connection.cut();
        drop(connection);
        tell(Event::Closed { id, how });
    }

    /// What a client sent first that has no backend.
    fn first(&self, id: u32, mut client: &UnixStream) {
        let mut first = vec![0; PIECE];
        let _ = client.set_read_timeout(Some(UNCONNECTED));
        if let Ok(length @ 1..) = client.read(&mut first) {
            self.queue.offer(&Event::Bytes { id, side: Side::Client, bytes: &first[..length] });
        }
    }

    /// Passes on what one side sends, to its end.
    fn pass(&self, connection: &Connection, side: Side) {
        let (mut from, mut to) = match side {
            Side::Client => (&connection.client, &connection.backend),
            Side::Backend => (&connection.backend, &connection.client),
        };
        let Connection { id, is_seen, .. } = *connection;
        let mut piece = vec![0; PIECE];
        let mut missed = 0;
        let is_ended = loop {
            let bytes = match from.read(&mut piece) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => break true,
                Ok(length) => &piece[..length],
            };
            // Before it passes on: its effects come later in the queue.
            if is_seen {
                self.copy(id, side, bytes, &mut missed);
            }
            if to.write_all(bytes).is_err() {
                break false;
            }
        };
        if missed > 0 {
            self.queue.tell(&Event::Missed { id, side, count: missed });
        }
        if is_ended {
            if is_seen && !connection.is_stopped.load(Ordering::SeqCst) {
                self.queue.tell(&Event::Ended { id, side });
            }
            let _ = to.shutdown(Shutdown::Write);
        } else if side == Side::Backend {
            // Its backend learns it by the end of the connection. A backend that takes no more may still respond.
            connection.is_client_gone.store(true, Ordering::SeqCst);
            connection.cut();
        }
    }

    fn copy(&self, id: u32, side: Side, bytes: &[u8], missed: &mut u64) {
        if *missed > 0 && self.queue.offer(&Event::Missed { id, side, count: *missed }) {
            *missed = 0;
        }
        if *missed > 0 || !self.queue.offer(&Event::Bytes { id, side, bytes }) {
            *missed += bytes.len() as u64;
        }
    }

    /// The connection with this number, if it is open.
    pub fn get(&self, id: u32) -> Option<Arc<Connection>> {
        self.open().get(&id).cloned()
    }

    /// Ends all of them: what was sent before still arrives, within this time.
    pub fn end(&self, limit: Duration) {
        self.is_stopping.store(true, Ordering::SeqCst);
        self.open().values().for_each(|connection| connection.end());
        let is_any = |count: &mut usize| *count > 0;
        let (left, _) =
            self.fewer.wait_timeout_while(self.count(), limit, is_any).unwrap_or_else(PoisonError::into_inner);
        drop(left);
        self.open().values().for_each(|connection| connection.cut());
        let _ = self.fewer.wait_timeout_while(self.count(), limit, is_any);
    }
}

impl Connection {
    /// Reads no more; what was sent by now still goes out.
    pub fn end(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        let _ = self.client.shutdown(Shutdown::Read);
        let _ = self.backend.shutdown(Shutdown::Read);
    }

    /// Ends it at once.
    pub fn cut(&self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.backend.shutdown(Shutdown::Both);
    }

    fn how(&self) -> End {
        if self.is_stopped.load(Ordering::SeqCst) {
            End::Stopped
        } else if self.is_client_gone.load(Ordering::SeqCst) {
            End::ClientGone
        } else {
            End::ByBoth
        }
    }
}
