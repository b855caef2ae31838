//! The real window as a user starts it, without WebDriver: a web view that is driven by WebDriver keeps memory that others
//! give back, and shows no dialogs of its own. Keys and clicks come from a [`Desktop`]; what the page shows is read through
//! the server of WebKit's inspector, with a connection for each question.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{desktop::Desktop, eventually, given, ports::Port, window::Home};

/// What a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running Porthole with its window. It is ended when dropped.
pub struct PlainApp {
    app: Child,
    inspector: Port,
    home: Home,
}

impl PlainApp {
    /// Opens the window for the first time, on this display, and goes to the composer.
    pub async fn open(desktop: &Desktop, variables: &[(&str, &str)]) -> Self {
        let home = Home::default();
        let inspector = Port::default();
        let mut command = Command::new(given("PORTHOLE_APP"));
        command.env("WEBKIT_INSPECTOR_HTTP_SERVER", format!("127.0.0.1:{}", inspector.number())).stdout(Stdio::null());
        home.lead(&mut command);
        command.envs(desktop.variables()).envs(variables.iter().copied());
        let log = fs::File::create(home.path().join("stderr.log")).expect("a log");
        let app = command.stderr(log).spawn().expect("Porthole");
        let app = Self { app, inspector, home };
        app.until("the first drawing", "document.documentElement.dataset.ready === 'true'").await;
        desktop.focus_in(app.process(), "Porthole").await;
        app.until("the keyboard", "document.hasFocus()").await;
        let composes = "(document.querySelector('#welcome-request')?.click(), !document.querySelector('#welcome'))";
        app.until("the composer", composes).await;
        app
    }

    /// Its main process.
    pub fn process(&self) -> u32 {
        self.app.id()
    }

    /// What it wrote to stderr so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("stderr.log")).unwrap_or_default()
    }

    /// The value of an expression in the window's page; none while it can't be asked, as before the end of an earlier
    /// connection.
    pub async fn value(&self, expression: &str) -> Option<Value> {
        let asked = async { Inspector::connect(self.inspector.number()).await?.value(expression).await };
        tokio::time::timeout(Duration::from_secs(10), asked).await.ok()?
    }

    /// Waits until an expression in the window's page is true.
    pub async fn until(&self, what: &str, expression: &str) {
        let began = Instant::now();
        while self.value(&format!("Boolean({expression})")).await != Some(json!(true)) {
            if began.elapsed() > PATIENCE {
                let shown = self.value("document.body.innerText").await;
                let focus = self.value("document.activeElement?.cloneNode().outerHTML").await;
                panic!(
                    "never came: {what} ({expression})\nthe focus is on: {focus:?}\nthe window shows: {shown:?}\nstderr: {}",
                    self.log()
                );
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Clicks on the middle of an element.
    pub async fn click(&self, desktop: &Desktop, css: &str) {
        let place = format!(
            "(() => {{ const box = document.querySelector({})?.getBoundingClientRect();
              return box?.width ? [box.x + box.width / 2, box.y + box.height / 2] : null }})()",
            json!(css)
        );
        let at: (f64, f64) = eventually(css, async || serde_json::from_value(self.value(&place).await?).ok()).await;
        desktop.point_in(self.process(), "Porthole", at.0, at.1);
        desktop.click();
    }

    /// Clicks on a field and types into it, in place of what is there.
    pub async fn fill(&self, desktop: &Desktop, css: &str, text: &str) {
        self.click(desktop, css).await;
        self.until("the field has the keyboard", &format!("document.activeElement?.matches({})", json!(css))).await;
        desktop.control('a');
        desktop.type_text(text);
        let typed = format!("document.querySelector({})?.value === {}", json!(css), json!(text));
        self.until("what was typed", &typed).await;
    }
}

impl Drop for PlainApp {
    fn drop(&mut self) {
        let _ = self.app.kill();
        let _ = self.app.wait();
    }
}

/// A connection to the inspector of a page, which is a WebSocket of messages in JSON.
struct Inspector {
    stream: TcpStream,
    target: String,
}

impl Inspector {
    async fn connect(port: u16) -> Option<Self> {
        let path = Self::path(port).await?;
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let hello = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: cG9ydGhvbGUgdGVzdHMgIQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(hello.as_bytes()).await.ok()?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        let mut inspector = Self { stream, target: String::new() };
        while inspector.target.is_empty() {
            let message = inspector.receive().await?;
            if message["method"] == "Target.targetCreated" {
                inspector.target = message["params"]["targetInfo"]["targetId"].as_str()?.to_owned();
            }
        }
        Some(inspector)
    }

    /// Where the server's list says that the first page is. WebKit crashes when it is asked for one that isn't there.
    async fn path(port: u16) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let ask = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).await.ok()?;
        let mut list = String::new();
        stream.read_to_string(&mut list).await.ok()?;
        let path = &list[list.find("/socket/")?..];
        Some(path[..path.find('\'')?].to_owned())
    }

    async fn value(&mut self, expression: &str) -> Option<Value> {
        let evaluate = json!({ "id": 1, "method": "Runtime.evaluate",
            "params": { "expression": expression, "returnByValue": true } });
        let params = json!({ "targetId": self.target, "message": evaluate.to_string() });
        self.send(&json!({ "id": 2, "method": "Target.sendMessageToTarget", "params": params })).await?;
        loop {
            let message = self.receive().await?;
            let Some(of_page) = message["params"]["message"].as_str() else { continue };
            let of_page: Value = serde_json::from_str(of_page).ok()?;
            if of_page["id"] == 1 {
                return Some(of_page["result"]["result"]["value"].clone());
            }
        }
    }

    /// One text in one frame, masked with zeros. Its length must be written as short as it can be; all of these have two bytes.
    async fn send(&mut self, message: &Value) -> Option<()> {
        let text = message.to_string();
        let mut frame = vec![0x81, 0x80 | 126];
        frame.extend(u16::try_from(text.len()).expect("a short text").to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.stream.write_all(&frame).await.ok()
    }

    async fn receive(&mut self) -> Option<Value> {
        let mut text = Vec::new();
        loop {
            let (first, length) = (self.stream.read_u8().await.ok()?, self.stream.read_u8().await.ok()?);
            let length = match length & 127 {
                126 => usize::from(self.stream.read_u16().await.ok()?),
                127 => usize::try_from(self.stream.read_u64().await.ok()?).ok()?,
                length => usize::from(length),
            };
            let start = text.len();
            text.resize(start + length, 0);
            self.stream.read_exact(&mut text[start..]).await.ok()?;
            if first & 0x80 != 0 {
                return serde_json::from_slice(&text).ok();
            }
        }
    }
}
