//! How long it takes from launch until the window can be used, beside an empty one.

use std::{
    fs::File,
    net::TcpStream,
    process::{Child, Command as Process, Stdio},
    time::{Duration, Instant, SystemTime},
};

use fantoccini::{Client, ClientBuilder};
use porthole_tests::ports::Port;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    context::{BenchContext, Result},
    memory::{children_of, share, web_processes_of},
    pairs::{Sides, alternate_all},
};

/// Answers with the moments at which the page was first painted and was ready: as it has marked them itself, else when
/// that is seen, which is never earlier.
const READY: &str = "const [done] = arguments, root = document.documentElement;
    const at = (name) => performance.timeOrigin + (performance.getEntriesByName(name)[0]?.startTime ?? performance.now());
    const look = () => {
      if (root.dataset.ready !== 'true') return requestAnimationFrame(look);
      done([at('ready'), at('first-contentful-paint')]);
    };
    look()";
/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Porthole with its welcome screen, beside the empty window of the same toolkit. Both say by the same mark that they are
/// ready, are launched by the same driver, and have never been started in their home.
pub async fn first_start(context: &BenchContext) -> Result<Vec<Sides>> {
    let (ours, theirs) = (context.app()?, context.empty_app()?);
    let ours = async || launch(context, &ours).await;
    let theirs = async || launch(context, &theirs).await;
    Ok(alternate_all(context.pairs, ours, theirs).await?.into())
}

/// Milliseconds from launch to ready and to the first paint, and MB of the web process.
async fn launch(context: &BenchContext, program: &str) -> Result<[f64; 3]> {
    let mut driver = Driver::start(context)?;
    driver.wait_until_it_listens()?;
    let began = now_ms();
    let client = driver.session(program).await?;
    let (ready, painted) = ready(&client).await?;
    let web =
        children_of(driver.process.id()).into_iter().flat_map(web_processes_of).map(share).sum::<Result<f64>>()?;
    driver.end_app();
    Ok([ready - began, painted - began, web])
}

/// Asks again when the page was replaced in the middle of the question.
async fn ready(client: &Client) -> Result<(f64, f64)> {
    let began = Instant::now();
    loop {
        match client.execute_async(READY, vec![]).await {
            Ok(moments) => return Ok(serde_json::from_value(moments)?),
            Err(error) if began.elapsed() > PATIENCE => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}

/// In the page's clock.
fn now_ms() -> f64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs_f64() * 1e3
}

/// WebKitWebDriver with a home for the app that it launches; both end when it is dropped.
struct Driver {
    process: Child,
    port: Port,
    _home: TempDir,
}

impl Driver {
    fn start(context: &BenchContext) -> Result<Self> {
        let home = tempfile::tempdir_in(context.folder("homes")?)?;
        let port = Port::default();
        let mut process = Process::new("WebKitWebDriver");
        process
            .arg(format!("--port={}", port.number()))
            .arg("--host=127.0.0.1")
            .envs([("TAURI_AUTOMATION", "true"), ("TAURI_WEBVIEW_AUTOMATION", "true")])
            .env_remove("WEBKIT_DISABLE_DMABUF_RENDERER")
            .env("DOCKER_CONFIG", home.path().join("docker"))
            .stdout(Stdio::null())
            .stderr(File::create(home.path().join("stderr.log"))?);
        for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            process.env(name, home.path().join(name.to_lowercase()));
        }
        let process = process.spawn().map_err(|error| format!("WebKitWebDriver: {error}"))?;
        Ok(Self { process, port, _home: home })
    }

    /// It is no part of the start.
    fn wait_until_it_listens(&mut self) -> Result<()> {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port.number())).is_err() {
            if began.elapsed() > PATIENCE || self.process.try_wait()?.is_some() {
                return Err("WebKitWebDriver does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Launches a program: the driver answers when its window is there.
    async fn session(&self, program: &str) -> Result<Client> {
        let wanted = json!({ "webkitgtk:browserOptions": { "binary": program, "args": [] } });
        let Value::Object(wanted) = wanted else { return Err("an object was written".into()) };
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let mut builder = ClientBuilder::new(connector);
        Ok(builder.capabilities(wanted).connect(&format!("http://127.0.0.1:{}", self.port.number())).await?)
    }

    /// The driver leaves it behind.
    fn end_app(&self) {
        for app in children_of(self.process.id()) {
            let _ = Process::new("kill").args(["-KILL", &app.to_string()]).status();
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.end_app();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
