//! Joins its own stdin and stdout with a unix socket. `build.rs` builds it; it is the only file of the
//! image that Porthole's helper containers are made from.
//!
//! `carry PATH [ROOT]` is one connection. `hold [ROOT]` is what a helper container lives by: it runs until its
//! stdin ends, which it does when Porthole is closed or killed, and tells whether sockets take connections.
//! With ROOT, paths are those below it: `/proc/1/root` is how another container sees its files.

#[path = "relay.rs"]
mod relay;
#[path = "../src/protocol.rs"]
#[allow(dead_code)]
mod protocol;

use std::{os::unix::fs::chroot, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (root, carried) = match words[..] {
        ["hold"] => (None, None),
        ["hold", root] => (Some(root), None),
        ["carry", path] => (None, Some(path)),
        ["carry", path, root] => (Some(root), Some(path)),
        _ => {
            eprintln!("porthole-relay: carry PATH [ROOT] | hold [ROOT]");
            return ExitCode::from(2);
        }
    };
    if let Some(root) = root
        && let Err(error) = chroot(root).and_then(|()| std::env::set_current_dir("/"))
    {
        eprintln!("porthole-relay: can't look into {root}: {error}");
        return ExitCode::from(3);
    }
    let done = match carried {
        Some(path) => relay::carry(path),
        None => relay::hold(),
    };
    // A caller that reads and writes here has gone: no process is left to be told.
    ExitCode::from(u8::from(done.is_err()))
}
