//! Requests of the operating system to end. They are listened to from the start, so that none is missed between two waits,
//! and the first one decides on the exit code.

use std::sync::{Arc, OnceLock};

use porthole_process::Signal;
use tokio::sync::watch;

/// A request to end this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Ctrl-C.
    Interrupt,
    /// `kill`, or a system shutdown.
    Terminate,
    /// The terminal is gone.
    HangUp,
}

impl Asked {
    /// What a command gets. One in the background may be deaf to SIGHUP, as it would be with `nohup`.
    pub fn signal(self) -> Signal {
        match self {
            Self::Interrupt => Signal::Int,
            Self::Terminate | Self::HangUp => Signal::Term,
        }
    }

    /// As shells have it: 128 and the number of the signal.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// Listens for as long as the process lives.
#[derive(Debug, Clone)]
pub struct Signals {
    /// How many have come, and the last one.
    count: watch::Receiver<(u32, Option<Asked>)>,
    first: Arc<OnceLock<Asked>>,
}

impl Signals {
    /// Begins to listen, on the runtime that calls this.
    pub fn listen() -> Self {
        let (sender, count) = watch::channel((0, None));
        let first = Arc::new(OnceLock::new());
        let kept = Arc::clone(&first);
        let tell = move |asked: Asked| {
            let _ = kept.set(asked);
            sender.send_modify(|(count, last)| (*count, *last) = (*count + 1, Some(asked)));
        };
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            // All are set up before the first one may come.
            let kinds = [
                (SignalKind::interrupt(), Asked::Interrupt),
                (SignalKind::terminate(), Asked::Terminate),
                (SignalKind::hangup(), Asked::HangUp),
            ];
            for (kind, asked) in kinds {
                let Ok(mut signal) = signal(kind) else { continue };
                let tell = tell.clone();
                tokio::spawn(async move {
                    while signal.recv().await.is_some() {
                        tell(asked);
                    }
                });
            }
        }
        #[cfg(windows)]
        {
            use tokio::signal::windows;
            /// Each kind has its own type on Windows.
            macro_rules! listen {
                ($($kind:ident: $asked:ident),*) => {$(
                    if let Ok(mut signal) = windows::$kind() {
                        let tell = tell.clone();
                        tokio::spawn(async move {
                            while signal.recv().await.is_some() {
                                tell(Asked::$asked);
                            }
                        });
                    }
                )*};
            }
            listen!(ctrl_c: Interrupt, ctrl_break: Interrupt, ctrl_close: HangUp, ctrl_shutdown: Terminate, ctrl_logoff: Terminate);
        }
        Self { count, first }
    }

    /// Forgets those that have come until now.
    pub fn forget(&mut self) {
        self.count.mark_unchanged();
    }

    /// Waits for the next one that this value hasn't told of.
    pub async fn next(&mut self) -> Asked {
        loop {
            if self.count.changed().await.is_err() {
                return std::future::pending().await;
            }
            if let (_, Some(asked)) = *self.count.borrow_and_update() {
                return asked;
            }
        }
    }

    /// The exit code of a process that a signal ended.
    pub fn exit_code(&self) -> Option<u8> {
        self.first.get().map(|asked| asked.exit_code())
    }
}
