//! Joins its own stdin and stdout with a unix socket. `build.rs` builds it; it is the only file of the
//! image that Porthole's helper containers are made from.
//!
//! `carry PATH [ROOT]` is one connection. `hold [ROOT]` is what a helper container lives by: it runs until its
//! stdin ends, which it does when Porthole is closed or killed, and tells whether sockets take connections.
//! `tap PATH [ROOT]` listens in the place of the socket at the path, also until its stdin ends, and puts that one back.
//! With ROOT, paths are those below it: `/proc/1/root` is how another container sees its files.

mod passing;
#[path = "../src/place.rs"]
mod place;
#[path = "../src/place_error.rs"]
#[allow(dead_code)]
mod place_error;
#[path = "../src/protocol.rs"]
#[allow(dead_code)]
mod protocol;
mod queue;
mod relay;
#[path = "../src/rename.rs"]
mod rename;
#[path = "../src/seat.rs"]
mod seat;
mod system;
mod tap;
#[path = "../src/tap_protocol.rs"]
#[allow(dead_code)]
mod tap_protocol;

use std::{os::unix::fs::chroot, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some((act, path, root)) = read(&words) else {
        eprintln!("porthole-relay: carry PATH [ROOT] | hold [ROOT] | tap PATH [ROOT]");
        return ExitCode::from(2);
    };
    if let Some(root) = root
        && let Err(error) = chroot(root).and_then(|()| std::env::set_current_dir("/"))
    {
        eprintln!("porthole-relay: can't look into {root}: {error}");
        return ExitCode::from(3);
    }
    let done = match act {
        "carry" => relay::carry(path),
        "tap" => tap::tap(path),
        _ => relay::hold(),
    };
    // A caller that reads and writes here has gone: no process is left to be told.
    ExitCode::from(u8::from(done.is_err()))
}

/// What is to be done, with which path, below which root.
fn read<'a>(words: &[&'a str]) -> Option<(&'a str, &'a str, Option<&'a str>)> {
    let (act, path, rest) = match words {
        [act @ "hold", rest @ ..] => (*act, "", rest),
        [act @ ("carry" | "tap"), path, rest @ ..] => (*act, *path, rest),
        _ => return None,
    };
    match rest {
        [] => Some((act, path, None)),
        [root] => Some((act, path, Some(root))),
        _ => None,
    }
}
