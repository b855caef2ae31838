//! A backend for tests that look at it from outside: in the directory that is its argument it listens on
//! `backend.sock`, and beside it the demo backend does. It says `ready` when both are there.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use porthole_app::demo::Demo;

/// Connections that are open now, and that ever were.
static OPEN: AtomicUsize = AtomicUsize::new(0);
static EVER: AtomicUsize = AtomicUsize::new(0);

fn main() -> io::Result<()> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from).expect("a directory");
    std::fs::create_dir_all(&directory)?;
    let socket = directory.join("backend.sock");
    // A container that is started again finds what it left.
    let _ = std::fs::remove_file(directory.join("demo.sock"));
    let _ = std::fs::remove_file(&socket);
    let runtime = tokio::runtime::Runtime::new()?;
    let _demo = runtime.block_on(Demo::start(&directory))?;
    let listener = UnixListener::bind(socket)?;
    println!("ready");
    for stream in listener.incoming() {
        let stream = stream?;
        OPEN.fetch_add(1, Ordering::SeqCst);
        EVER.fetch_add(1, Ordering::SeqCst);
        thread::spawn(move || {
            let _ = serve(&stream);
            let _ = stream.shutdown(Shutdown::Both);
            OPEN.fetch_sub(1, Ordering::SeqCst);
        });
    }
    Ok(())
}

/// Answers requests until the connection ends.
fn serve(stream: &UnixStream) -> io::Result<()> {
    let (mut from, mut to) = (BufReader::new(stream), stream);
    while let Some((path, length)) = head(&mut from)? {
        match path.as_str() {
            // Back as it comes, while it comes.
            "/mirror" => {
                write!(to, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")?;
                io::copy(&mut (&mut from).take(length), &mut to)?;
            }
            "/refuse" => return write!(to, "HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            "/events" => {
                write!(to, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")?;
                for n in 0.. {
                    write!(to, "data: {n}\n\n")?;
                    thread::sleep(Duration::from_millis(50));
                }
            }
            // Another protocol: what comes goes back, and after the end of it there is more.
            "/upgrade" => {
                write!(to, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")?;
                io::copy(&mut from, &mut to)?;
                return write!(to, "after the end");
            }
            // Promises more than it gives, and waits.
            "/stall" => {
                write!(to, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun")?;
                from.read_to_end(&mut Vec::new())?;
            }
            _ => {
                let text = format!("{} {}", OPEN.load(Ordering::SeqCst), EVER.load(Ordering::SeqCst));
                write!(to, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len())?;
            }
        }
    }
    Ok(())
}

/// The path of the next request, and how long its body is.
fn head(from: &mut impl BufRead) -> io::Result<Option<(String, u64)>> {
    let (mut path, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok(path.map(|path| (path, length)));
        }
        match line.split_once(": ") {
            Some((name, value)) if path.is_some() => {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.parse().unwrap_or_default();
                }
            }
            _ => path = line.split(' ').nth(1).map(str::to_owned),
        }
    }
}
