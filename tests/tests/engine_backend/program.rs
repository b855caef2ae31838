//! A backend with nothing but the standard library, linked so that it runs in an empty image: it listens on the socket
//! that is its first argument and answers every request with the second.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixListener,
};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [socket, answer] = words.as_slice() else {
        println!("looking for settings");
        eprintln!("no settings found");
        std::process::exit(3);
    };
    let listener = UnixListener::bind(socket).expect("a socket");
    println!("listening on {socket}");
    for stream in listener.incoming().flatten() {
        let mut lines = BufReader::new(&stream).lines();
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let _ = write!(
            &stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
            answer.len()
        );
    }
}
