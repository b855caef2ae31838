//! What a flood does to the real window: the time between its frames, and the memory it takes.

use std::time::Duration;

use fantoccini::wd::TimeoutConfiguration;
use porthole_app::settings::{Settings, SettingsFile};
use porthole_process::{Command, Place};
use porthole_sdk::draft::{Draft, SavedDraft};
use porthole_tests::window::{App, Home};
use serde::Deserialize;
use serde_json::json;

use crate::{
    context::{BenchContext, LINE, Result},
    memory::{share, web_processes_of},
    pairs::{Sides, percentile},
};

/// The name under which the flood is saved.
const NAME: &str = "flood";
/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// The window has drawn itself, and the web engine has put away what it needed for that.
const CALM: Duration = Duration::from_secs(2);

/// What the page tells.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    Gaps(Vec<f64>),
    Error(String),
}

/// Frames and memory while lines arrive at full speed, each round in a window of its own.
pub async fn flood(context: &BenchContext) -> Result<Vec<Sides>> {
    context.app()?;
    let (mut p99, mut max, mut web, mut host) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..context.pairs {
        let home = Home::default();
        save_flood(context, &home)?;
        let app = App::open_in(home, &[("PORTHOLE_LAYERS", "0")]).await;
        app.client().update_timeouts(TimeoutConfiguration::new(Some(PATIENCE), None, None)).await?;
        // The panels are made at the first Call, in one frame of its own. The flood is the second.
        let first = app.play("out, err, exit 3").await;
        app.becomes(first, "ended").await;
        tokio::time::sleep(CALM).await;
        let before = Memory::of(app.process())?;
        let told =
            app.client().execute_async(include_str!("frames.js"), vec![json!(NAME), json!(context.lines())]).await?;
        let after = Memory::of(app.process())?;
        let gaps = match serde_json::from_value(told)? {
            Told::Gaps(gaps) => gaps,
            Told::Error(error) => return Err(format!("the flood: {error}").into()),
        };
        app.close().await;
        p99.extend(percentile(&gaps, 0.99));
        max.extend(percentile(&gaps, 1.0));
        web.push(after.web - before.web);
        host.push(after.host - before.host);
    }
    Ok([p99, max, web, host].into_iter().map(Sides::alone).collect())
}

/// Saves the flood as a person does, so that it is played with one button.
fn save_flood(context: &BenchContext, home: &Home) -> Result<()> {
    let arguments = ["lines".to_owned(), (context.lines() * LINE).to_string()];
    let command = Command::new(Place::Host, context.own_program()?, arguments);
    let saved = vec![SavedDraft { name: NAME.into(), composed: Draft::Command(command), folder: None }];
    Ok(SettingsFile::new(home.settings()).save(&Settings::default(), &Settings { saved, ..Settings::default() })?)
}

/// What Porthole's processes take, in MB.
struct Memory {
    host: f64,
    web: f64,
}

impl Memory {
    fn of(app: u32) -> Result<Self> {
        let web: Result<Vec<f64>> = web_processes_of(app).into_iter().map(share).collect();
        let web = web?;
        if web.is_empty() {
            return Err("no process draws the page".into());
        }
        Ok(Self { host: share(app)?, web: web.iter().sum() })
    }
}
