//! A development server of a stranger: pages for an extension, and scripts for what a page may register.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

/// Serves until it is dropped; another may have its port then.
pub struct Pages {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    stops: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pages {
    /// Serves this page on any port. `/away?…` redirects to what stands behind the question mark, and scripts are those
    /// that are named below.
    pub fn serve(page: &str) -> Self {
        Self::serve_at(0, page)
    }

    /// Serves it on this port.
    pub fn serve_at(port: u16, page: &str) -> Self {
        Self::serve_with(port, page, |_, _, _| false)
    }

    /// Serves it on this port (0: any). `treat` is given each request first: its path, its head and its connection, which
    /// it may keep for as long as it likes. What it doesn't answer (`false`) is answered as usual.
    pub fn serve_with(
        port: u16,
        page: &str,
        treat: impl Fn(&str, &str, &mut TcpStream) -> bool + Send + Sync + 'static,
    ) -> Self {
        let treat = Arc::new(treat);
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let (asked, stops) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let thread = std::thread::spawn({
            let (asked, stops, page) = (Arc::clone(&asked), Arc::clone(&stops), page.to_owned());
            move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    if stops.load(Ordering::SeqCst) {
                        return;
                    }
                    let (asked, page, treat) = (Arc::clone(&asked), page.clone(), Arc::clone(&treat));
                    std::thread::spawn(move || answer(stream, &asked, &page, &*treat));
                }
            }
        });
        Self { port, asked, stops, thread: Some(thread) }
    }

    /// Its origin, by name.
    pub fn origin(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The paths that it was asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the paths").clone()
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers everything from then on, as long as it is registered.
const SERVICE_WORKER: &str = "self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (event) => event.respondWith(
  new Response('<!doctype html><script>console.log(\"owned by a service worker\")</script>', { headers: { 'content-type': 'text/html' } })))
";

/// Registers it from a thread that no first script of a frame runs in.
const WORKER: &str = "(async () => {
  if (!navigator.serviceWorker) return 'no service workers'
  await navigator.serviceWorker.register('/service.js', { scope: '/' })
  return 'registered'
})().then((said) => postMessage(said), (error) => postMessage('refused: ' + error))
";

fn answer(
    mut stream: TcpStream,
    asked: &Mutex<Vec<String>>,
    page: &str,
    treat: &dyn Fn(&str, &str, &mut TcpStream) -> bool,
) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|length| length == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let Some(path) = head.split(' ').nth(1) else { return };
    asked.lock().expect("the paths").push(path.to_owned());
    if treat(path, &head, &mut stream) {
        return;
    }
    let (status, kind, extra, body) = match path {
        "/service.js" => ("200 OK", "text/javascript", String::new(), SERVICE_WORKER),
        "/worker.js" => ("200 OK", "text/javascript", String::new(), WORKER),
        _ => match path.strip_prefix("/away?") {
            Some(to) => ("302 Found", "text/plain", format!("location: {to}\r\n"), ""),
            None => ("200 OK", "text/html; charset=utf-8", String::new(), page),
        },
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{extra}access-control-allow-origin: *\r\ncache-control: max-age=3600\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes());
}
