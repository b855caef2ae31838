//! A simulated engine over TCP.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// An engine with two containers. Each command in `web` writes a line to each of its streams and exits with 7; each in
/// `busy` runs until the connection ends. The second value has each request with its body.
pub fn engine() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(std::result::Result::ok) {
            let sender = sender.clone();
            std::thread::spawn(move || while answer(&stream, &sender).is_some() {});
        }
    });
    (address, requests)
}

/// The id of each command in `busy`.
const BUSY: &str = "fedcba9876543210";

fn answer(mut stream: &TcpStream, requests: &mpsc::Sender<String>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let length = lines.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let request = lines.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    let _ = requests.send(format!("{request} {}", String::from_utf8_lossy(&body)));
    let path = request.split([' ', '?']).nth(1)?;
    if path.ends_with("/start") {
        let is_busy = path.contains(BUSY);
        let frame = |stream: u8, text: &str| [&[stream, 0, 0, 0, 0, 0, 0, text.len() as u8], text.as_bytes()].concat();
        stream.write_all(b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n").ok()?;
        if is_busy {
            // Until the other side closes it.
            let _ = reader.read(&mut [0]);
        } else {
            stream.write_all(&[frame(1, "to stdout\n"), frame(2, "to stderr\n")].concat()).ok()?;
        }
        return None;
    }
    let json = if path.ends_with("/_ping") {
        r#""OK""#
    } else if path.ends_with("/version") {
        r#"{"Version":"28.0.0","ApiVersion":"1.48","MinAPIVersion":"1.24","Os":"linux","Arch":"amd64"}"#
    } else if path.ends_with("/containers/web/exec") {
        r#"{"Id":"0123456789abcdef"}"#
    } else if path.ends_with("/containers/busy/exec") {
        r#"{"Id":"fedcba9876543210"}"#
    } else if path.contains(BUSY) {
        r#"{"ID":"fedcba9876543210","Running":true,"ExitCode":null,"Pid":4243,"ContainerID":"busy"}"#
    } else if path.contains("/exec/") {
        r#"{"ID":"0123456789abcdef","Running":false,"ExitCode":7,"Pid":4242,"ContainerID":"web"}"#
    } else if path.ends_with("/containers/web/json") {
        r#"{"Id":"web","Name":"/web","State":{"Status":"running","Running":true,"Pid":4000},"Config":{"Image":"x"}}"#
    } else if path.ends_with("/containers/busy/json") {
        r#"{"Id":"busy","Name":"/busy","State":{"Status":"running","Running":true,"Pid":4001},"Config":{"Image":"x"}}"#
    } else {
        "{}"
    };
    let length = json.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nApi-Version: 1.48\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}"
    )
    .ok()
}
