//! What Porthole and a supervisor say to each other over the supervisor's stdin, which is a stream socket.
//!
//! Porthole first sends an [`encode`]d command, then one byte per signal to send. The end of the stream means that
//! Porthole has closed the run or is gone: the supervisor ends every descendant, and then itself. A supervisor
//! answers in messages of [`MESSAGE`] bytes.

/// What to start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spec {
    /// The cgroup to make for the command; empty for none.
    pub cgroup: Vec<u8>,
    /// How many files the command may have open, where that isn't what the supervisor may.
    pub open_files: Option<u64>,
    /// The device and inode that the file must have.
    pub identity: Option<(u64, u64)>,
    /// The file that is the command's standard input; empty for none.
    pub input: Vec<u8>,
    /// That file is a terminal: the command's own, and also what it writes to.
    pub is_terminal: bool,
    /// The file to execute.
    pub program: Vec<u8>,
    /// The arguments, the first being the name by which the program was called.
    pub argv: Vec<Vec<u8>>,
}

/// Bytes of each message of a supervisor: a kind and two numbers.
pub const MESSAGE: usize = 9;

/// A message of a supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// There is a process, which executes the program once this was sent: a program that kills its supervisor at once
    /// is known too.
    Forked {
        /// Its process id, which is also the id of its process group.
        pid: i32,
        /// Whether it is in the cgroup that was requested.
        cgroup: bool,
    },
    /// The program runs.
    Executed,
    /// The program couldn't be executed.
    NotStarted {
        /// The error number of the operating system.
        errno: i32,
    },
    /// The program ended.
    Ended {
        /// Its status, as `wait` reports it.
        status: i32,
        /// Whether other descendants are still running.
        remaining: bool,
    },
    /// A signal was sent.
    Signaled {
        /// To how many processes.
        count: i32,
        /// The last error; 0 for none.
        errno: i32,
    },
}

impl Message {
    /// As bytes.
    pub fn encode(self) -> [u8; MESSAGE] {
        let (kind, a, b) = match self {
            Self::Forked { pid, cgroup } => (b'P', pid, i32::from(cgroup)),
            Self::Executed => (b'X', 0, 0),
            Self::NotStarted { errno } => (b'F', errno, 0),
            Self::Ended { status, remaining } => (b'E', status, i32::from(remaining)),
            Self::Signaled { count, errno } => (b'R', count, errno),
        };
        let mut bytes = [kind; MESSAGE];
        bytes[1..5].copy_from_slice(&a.to_le_bytes());
        bytes[5..].copy_from_slice(&b.to_le_bytes());
        bytes
    }

    /// From bytes; none for a kind that doesn't exist.
    pub fn decode(bytes: [u8; MESSAGE]) -> Option<Self> {
        let [kind, a, b, c, d, e, f, g, h] = bytes;
        let (first, second) = (i32::from_le_bytes([a, b, c, d]), i32::from_le_bytes([e, f, g, h]));
        match kind {
            b'P' => Some(Self::Forked { pid: first, cgroup: second != 0 }),
            b'X' => Some(Self::Executed),
            b'F' => Some(Self::NotStarted { errno: first }),
            b'E' => Some(Self::Ended { status: first, remaining: second != 0 }),
            b'R' => Some(Self::Signaled { count: first, errno: second }),
            _ => None,
        }
    }
}

/// A length, then each part with a NUL after it: no part of a command can hold one.
pub fn encode(spec: &Spec) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    let open_files = spec.open_files.map(|limit| limit.to_string().into_bytes()).unwrap_or_default();
    let identity = spec.identity.map(|(device, inode)| format!("{device}:{inode}").into_bytes()).unwrap_or_default();
    let terminal = if spec.is_terminal { vec![b't'] } else { Vec::new() };
    let parts = [&spec.cgroup, &open_files, &identity, &spec.input, &terminal, &spec.program];
    for part in parts.into_iter().chain(&spec.argv) {
        bytes.extend_from_slice(part);
        bytes.push(0);
    }
    let length = (bytes.len() - 4) as u32;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// The same back, from what follows the length.
pub fn decode(bytes: &[u8]) -> Option<Spec> {
    let mut parts = bytes.strip_suffix(&[0])?.split(|byte| *byte == 0).map(<[u8]>::to_vec);
    let cgroup = parts.next()?;
    let open_files = String::from_utf8(parts.next()?).ok()?.parse().ok();
    let identity = String::from_utf8(parts.next()?).ok()?;
    let identity = match identity.split_once(':') {
        Some((device, inode)) => Some((device.parse().ok()?, inode.parse().ok()?)),
        None => None,
    };
    let (input, terminal, program) = (parts.next()?, parts.next()?, parts.next()?);
    let is_terminal = !terminal.is_empty();
    Some(Spec { cgroup, open_files, identity, input, is_terminal, program, argv: parts.collect() })
}
