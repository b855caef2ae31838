//! WebDriver's program, and the session with it.

use std::{
    fs,
    process::Child,
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder};
use serde_json::Value;
use tokio::time::timeout;

use super::{Home, PATIENCE};
use crate::{outside, ports::Port};

/// The timeout of a WebDriver request. WebKitWebDriver waits without a limit.
pub(super) const STUCK: Duration = Duration::from_secs(60);

/// WebKitWebDriver at a port, ended when dropped, and with it the app that it started.
pub(super) struct Driver(pub(super) Child, pub(super) Port);

impl Driver {
    /// The process of the app, while there is one.
    pub(super) fn app(&self) -> Option<u32> {
        let is_child = |process: &u32| {
            // `pid (name) state parent …`; the name may hold anything but ends with the last parenthesis.
            let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            let after_name = stat.rsplit(')').next().unwrap_or_default();
            after_name.split_whitespace().nth(1) == Some(&self.0.id().to_string())
        };
        let all = fs::read_dir("/proc").ok()?.flatten();
        all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(is_child)
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.1.number())
    }

    /// What is known when WebDriver doesn't answer: the app may have ended at its start, of which the driver says nothing.
    pub(super) fn why_stuck(&self, home: &Home) -> String {
        let Some(app) = self.app() else {
            return format!("WebDriver never answered, and the app has ended\nstderr: {}", home.log());
        };
        let status = fs::read_to_string(format!("/proc/{app}/status")).unwrap_or_default();
        let state = status.lines().find(|line| line.starts_with("State:")).unwrap_or_default();
        let (pages, windows) = (outside::web_processes(app), outside::titles(app));
        let log = home.log();
        format!(
            "WebDriver never answered. App {app}: {state}, web processes {pages:?}, windows {windows:?}\nstderr: {log}"
        )
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A test that failed did not close its window, and the driver leaves it behind.
        if let Some(app) = self.app() {
            // It may have ended meanwhile, which is no error: `make run` ends here too.
            let app = nix::unistd::Pid::from_raw(app.cast_signed());
            let _ = nix::sys::signal::kill(app, nix::sys::signal::Signal::SIGKILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A session, as soon as the driver takes one.
pub(super) async fn connect(driver: &Driver, home: &Home, capabilities: Value) -> Client {
    let Value::Object(capabilities) = capabilities else { unreachable!("an object was written") };
    let began = Instant::now();
    loop {
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let mut builder = ClientBuilder::new(connector);
        builder.capabilities(capabilities.clone());
        let Ok(connected) = timeout(STUCK, builder.connect(&driver.address())).await else {
            panic!("no window: {}", driver.why_stuck(home));
        };
        match connected {
            Ok(client) => return client,
            Err(error) if began.elapsed() > PATIENCE => panic!("no window: {error}\n{}", home.log()),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
