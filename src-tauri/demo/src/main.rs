//! The demo backend as a program: the only one in the demo extension's container. It serves, and it is the commands
//! that the page runs beside it, since an image with nothing else has no shell and no `ls`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(unix)]
mod serve;
mod tool;

use std::{
    env,
    io::{stderr, stdout},
    path::PathBuf,
    process::ExitCode,
};

/// Names another socket than the usual one.
const VARIABLE: &str = "DEMO_SOCKET";
/// Where a Runtime mounts the sockets of an extension's backend.
const USUAL: &str = "/run/guest-services/backend.sock";

fn main() -> ExitCode {
    let words: Vec<String> = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] | ["serve"] => serve(socket()),
        ["serve", path] => serve(path.into()),
        [path] if path.contains('/') => serve(path.into()),
        ["healthy"] => healthy(socket()),
        [word, rest @ ..] => tool::run(word, rest, &mut stdout(), &mut stderr()).map(ExitCode::from),
    };
    done.unwrap_or_else(|error| {
        eprintln!("demo: {error}");
        ExitCode::FAILURE
    })
}

fn socket() -> PathBuf {
    env::var_os(VARIABLE).filter(|path| !path.is_empty()).map_or_else(|| USUAL.into(), PathBuf::from)
}

#[cfg(unix)]
fn serve(path: PathBuf) -> std::io::Result<ExitCode> {
    serve::serve(&path).map(|()| ExitCode::SUCCESS)
}

/// Whether something listens, for a container's health.
#[cfg(unix)]
fn healthy(path: PathBuf) -> std::io::Result<ExitCode> {
    std::os::unix::net::UnixStream::connect(path).map(|_| ExitCode::SUCCESS)
}

#[cfg(not(unix))]
fn serve(_: PathBuf) -> std::io::Result<ExitCode> {
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, "Unix sockets aren't supported on this system"))
}

#[cfg(not(unix))]
use serve as healthy;
