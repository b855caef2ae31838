//! Backends that are not ours: Python's server, nginx, and a socket that does as it is told.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use porthole_http::endpoint::Endpoint;
use tempfile::TempDir;

use crate::{eventually, given};

/// A program that serves on a unix socket, ended when dropped.
pub struct Served {
    child: Child,
    pub directory: TempDir,
    pub endpoint: Endpoint,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PYTHON: &str = r#"
import http.server, os, socket, sys
class Server(http.server.HTTPServer):
    address_family = socket.AF_UNIX
    def server_bind(self):
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "python", 0
class Handler(http.server.SimpleHTTPRequestHandler):
    def address_string(self): return "unix"
    def log_message(self, *args): pass
os.chdir(sys.argv[2])
Server(sys.argv[1], Handler).serve_forever()
"#;

/// Python's `http.server`, which answers as HTTP/1.0, on a folder with `hello.txt` and `big.bin`.
pub async fn python() -> Served {
    let directory = tempfile::tempdir().expect("a folder");
    fs::write(directory.path().join("hello.txt"), "hello from python\n").expect("a file");
    fs::write(directory.path().join("big.bin"), vec![7; 5_000_000]).expect("a file");
    let socket = directory.path().join("p.sock");
    let mut command = Command::new("python3");
    command.args(["-c", PYTHON]).arg(&socket).arg(directory.path());
    served(command, directory, &socket).await
}

/// nginx on a folder with `index.html`, `/moved` (302), and bodies limited to 1 kB on `/small`.
pub async fn nginx() -> Served {
    let directory = tempfile::tempdir().expect("a folder");
    let root = directory.path();
    fs::write(root.join("index.html"), "<h1>nginx</h1>\n").expect("a file");
    fs::write(root.join("long.txt"), "all work and no play\n".repeat(50_000)).expect("a file");
    let socket = root.join("n.sock");
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {}/{name};\n", root.display()))
        .concat();
    let config = format!(
        "daemon off; master_process off; pid {0}/pid; error_log stderr;\n{1}\n\
         events {{}}\nhttp {{ {temporary} access_log off; gzip on; gzip_types text/plain;\n\
         server {{ listen unix:{2}; root {0}; add_header X-Mixed-Case Yes; add_header Set-Cookie a=1; add_header Set-Cookie b=2;\n\
         location /moved {{ return 302 /index.html; }} location /small {{ client_max_body_size 1k; }} }} }}\n",
        root.display(),
        if is_root() { "user root;" } else { "" },
        socket.display(),
    );
    fs::write(root.join("nginx.conf"), config).expect("a file");
    let mut command = Command::new(given("PORTHOLE_TEST_NGINX"));
    command.arg("-p").arg(root).args(["-e", "stderr", "-c"]).arg(root.join("nginx.conf"));
    served(command, directory, &socket).await
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

async fn served(mut command: Command, directory: TempDir, socket: &Path) -> Served {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a server");
    let served = Served { child, directory, endpoint: Endpoint::Unix(socket.to_owned()) };
    eventually("a server on its socket", async || UnixStream::connect(socket).ok()).await;
    served
}

/// A socket on which one connection at a time is treated as told.
pub struct Raw {
    pub endpoint: Endpoint,
    directory: TempDir,
    thread: Option<JoinHandle<()>>,
}

impl Raw {
    /// Hands each connection to `treat`, until one more is made than is wanted.
    pub fn new(treat: impl Fn(UnixStream) + Send + 'static) -> Self {
        let directory = tempfile::tempdir().expect("a folder");
        let socket = directory.path().join("raw.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let stop = directory.path().join("stop");
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.exists() {
                    return;
                }
                treat(stream);
            }
        });
        Self { endpoint: Endpoint::Unix(socket), directory, thread: Some(thread) }
    }

    /// Reads the request's head, answers with these bytes, and closes.
    pub fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::new(move |mut stream| {
            read_head(&mut stream);
            let _ = stream.write_all(&bytes);
        })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let Endpoint::Unix(socket) = &self.endpoint else { return };
        let _ = fs::write(self.directory.path().join("stop"), "");
        let _ = UnixStream::connect(socket);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads until the empty line.
pub fn read_head(stream: &mut UnixStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|length| length == 1) {
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("a head")
}

/// A port of this machine that answers everybody and counts who came: nobody should.
pub struct Lure {
    asked: Arc<AtomicUsize>,
    /// Its number.
    pub port: u16,
}

impl Lure {
    pub fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]);
                let answer = b"HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-length: 2\r\n\r\nhi";
                let _ = stream.write_all(answer);
            }
        });
        Self { asked, port }
    }

    /// How many came.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
