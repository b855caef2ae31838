//! Starts one command and ends all of its descendants, also those that left its process group or its session.
//!
//! It is their subreaper: a descendant whose parent ends becomes a child of this process, whatever it did to escape.
//! It also puts the command into a cgroup where there is one, so that the descendants are known even when
//! this process is killed. It runs until there is no descendant left, or until Porthole closes its stdin.

mod protocol;
mod stat;
mod system;
mod tree;

use std::{
    fs::File,
    io::{ErrorKind, Read, Write},
    os::fd::{AsRawFd, FromRawFd},
    process::exit,
    time::{Duration, Instant},
};

use protocol::{MESSAGE, Message, Spec};
use system::{KILL, TERM};
use tree::{Cgroup, Tree};

/// How long descendants get to end by themselves after SIGTERM.
const GRACE: Duration = Duration::from_secs(1);
/// How often those that are left are killed again: one may have forked meanwhile.
const AGAIN: Duration = Duration::from_millis(10);

fn main() {
    let mask = system::prepare();
    // SAFETY: stdin is the socket, and this is its only owner.
    let mut socket = unsafe { File::from_raw_fd(0) };
    let Some(spec) = read_spec(&mut socket) else { exit(1) };
    let tree = match start(&spec, mask, &mut socket) {
        Ok(tree) => tree,
        Err(errno) => {
            say(&mut socket, Message::NotStarted { errno });
            exit(1)
        }
    };
    say(&mut socket, Message::Executed);
    let signals = system::child_signals();
    system::let_go(&[socket.as_raw_fd(), signals]);
    Supervisor { socket, tree, ended: false, closed: false, killing: false, ending_since: None }.attend(signals);
}

fn read_spec(socket: &mut File) -> Option<Spec> {
    let mut length = [0; 4];
    socket.read_exact(&mut length).ok()?;
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    socket.read_exact(&mut bytes).ok()?;
    protocol::decode(&bytes)
}

/// A Porthole that is gone needs no message.
fn say(socket: &mut File, message: Message) {
    let bytes: [u8; MESSAGE] = message.encode();
    let _ = socket.write_all(&bytes);
}

fn start(spec: &Spec, mask: system::Mask, socket: &mut File) -> Result<Tree, i32> {
    let made = Cgroup::make(&spec.cgroup);
    let directory = made.as_ref().map(|(_, directory)| directory.as_raw_fd());
    let tell = |pid, cgroup| say(socket, Message::Forked { pid, cgroup });
    let (main, contained) = system::start(spec, directory, mask, tell)?;
    // Where the kernel refused the cgroup, the command was started without it.
    let cgroup = made.map(|(cgroup, _)| cgroup).filter(|_| contained);
    Ok(Tree { main, cgroup })
}

struct Supervisor {
    socket: File,
    tree: Tree,
    /// The command ended.
    ended: bool,
    /// Porthole closed the run, or is gone.
    closed: bool,
    /// Everything is to be killed, until nothing is left.
    killing: bool,
    ending_since: Option<Instant>,
}

impl Supervisor {
    fn attend(mut self, signals: i32) {
        loop {
            self.reap();
            let timeout = self.due();
            let socket = (!self.closed).then_some(self.socket.as_raw_fd());
            let said = system::wait(socket, signals, timeout);
            system::drain(signals);
            if said {
                self.obey();
            }
        }
    }

    /// Ends what is to be ended, and tells when to look again.
    fn due(&mut self) -> Option<Duration> {
        let since = self.ending_since?.elapsed();
        if self.killing || since >= GRACE {
            self.tree.signal(KILL);
            // What can't be killed (a program of another user) must not keep a processor busy.
            return Some(AGAIN.max(since / 10).min(Duration::from_secs(1)));
        }
        Some(GRACE - since)
    }

    /// Takes the status of each child that ended: the command, and what was reparented to this process.
    fn reap(&mut self) {
        let mut status_of_main = None;
        let remaining = loop {
            match system::reap() {
                system::Reaped::Ended { pid, status } if pid == self.tree.main && !self.ended => {
                    self.ended = true;
                    status_of_main = Some(status);
                }
                system::Reaped::Ended { .. } => {}
                system::Reaped::NoneEnded => break true,
                system::Reaped::NoChildren => break false,
            }
        };
        if let Some(status) = status_of_main {
            say(&mut self.socket, Message::Ended { status, remaining });
        }
        if !remaining {
            self.tree.remove();
            exit(0);
        }
    }

    /// Does what Porthole says.
    fn obey(&mut self) {
        let mut wishes = [0; 16];
        match self.socket.read(&mut wishes) {
            Ok(0) => self.close(),
            Ok(count) => {
                for signal in &wishes[..count] {
                    let signal = i32::from(*signal);
                    if signal == KILL {
                        self.killing = true;
                        self.ending_since.get_or_insert_with(Instant::now);
                    }
                    let (count, errno) = self.tree.signal(signal);
                    say(&mut self.socket, Message::Signaled { count, errno });
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.close(),
        }
    }

    fn close(&mut self) {
        self.closed = true;
        if self.ending_since.is_none() {
            self.ending_since = Some(Instant::now());
            self.tree.signal(TERM);
        }
    }
}
