//! An engine that has no images and pulls one without end, and that keeps a request about its container waiting.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::{Notify, watch},
    task::JoinSet,
};

pub struct FakeEngine {
    /// Its address, in the place of a docker context.
    pub address: String,
    /// A request has come that is kept waiting: a pull, or one about the container `web`.
    pub waits: Arc<Notify>,
    /// Whether those about the container are answered.
    pub answers: watch::Sender<bool>,
    _serving: JoinSet<()>,
}

impl FakeEngine {
    pub fn listen(folder: &std::path::Path) -> Self {
        let socket = folder.join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let (waits, answers) = (Arc::new(Notify::new()), watch::Sender::new(true));
        let told = (Arc::clone(&waits), answers.subscribe());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(answer(stream, told.clone()));
            }
        });
        Self { address: format!("unix://{}", socket.display()), waits, answers, _serving: serving }
    }
}

/// Answers one request.
async fn answer(mut stream: UnixStream, (waits, mut answers): (Arc<Notify>, watch::Receiver<bool>)) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.is_ok_and(|read| read > 0) {
            continue;
        }
        return;
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    if path.contains("/images/create") {
        waits.notify_one();
        // Until the client closes it.
        let _ = stream.read_to_end(&mut Vec::new()).await;
        return;
    }
    if path.contains("/containers/web/json") && !*answers.borrow() {
        waits.notify_one();
        let _ = answers.wait_for(|answers| *answers).await;
    }
    let (status, body) = match path {
        _ if path.contains("/containers/web/json") => (200, r#"{"State":{"Running":true},"Mounts":[]}"#),
        _ if path.contains("/images/") => (404, r#"{"message":"No such image"}"#),
        _ if path.contains("/json") && !path.contains("/containers/json") => (404, r#"{"message":"Not found"}"#),
        _ if path.contains("/containers/json") => (200, "[]"),
        _ if path.contains("/volumes") => (200, r#"{"Volumes":[]}"#),
        _ if path.contains("/networks") => (200, "[]"),
        _ => (200, "{}"),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}
