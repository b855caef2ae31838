//! `porthole-cli open`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use porthole_base::{
    error::{Code, Error, Result},
    reference::ImageRef,
    terminal::line,
};
use porthole_extension::{BackendOwner, BackendStage, ExtensionSource, OpenExtension, StartPlan};

use crate::{
    NOTHING, consent,
    follow::Follower,
    host::{self, Porthole},
    say::{self, complain},
    signals::Signals,
    start_plan,
};

#[derive(Args)]
pub struct Arguments {
    /// Extension folder, path to metadata.json, or the name of an image that the engine has
    extension: String,
    /// Use this name for the image that the folder builds (default: derived from the folder's name)
    #[arg(long, value_name = "NAME")]
    image: Option<ImageRef>,
    /// Use the engine of this Docker context (default: the current context)
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Build the extension's image even if the engine already has it
    #[arg(long)]
    rebuild: bool,
    /// Let compose read this environment variable, if the compose file asks for it (can be repeated)
    #[arg(long = "variable", value_name = "NAME")]
    variables: Vec<String>,
    /// Start the backend without asking
    #[arg(short = 'y', long)]
    yes: bool,
}

/// Exit 0 when there is no backend to start, 1 when the backend ended, 3 when it wasn't started.
pub async fn open(arguments: Arguments, signals: Signals) -> ExitCode {
    let application = match host::start().await {
        Ok(application) => application,
        Err(error) => return say::failed(&error),
    };
    let done = opened(&application, &arguments, signals.clone()).await;
    let code = done.unwrap_or_else(|error| say::failed(&error));
    close(&application, signals.clone()).await;
    host::end(application, signals).await;
    code
}

async fn opened(application: &Porthole, arguments: &Arguments, mut signals: Signals) -> Result<ExitCode> {
    // Nothing is started so far: a signal ends it where it is.
    let ready = tokio::select! {
        ready = prepared(application, arguments) => ready?,
        _ = signals.next() => Ready::No(NOTHING),
    };
    let mut follower = Follower::new(application).await?;
    match ready {
        Ready::No(code) => return Ok(ExitCode::from(code)),
        Ready::Runs => {}
        Ready::Start(plan) => {
            if !start(application, plan, &mut follower, &mut signals).await? {
                return Ok(ExitCode::from(NOTHING));
            }
        }
    }
    tokio::select! {
        ended = follower.until_ended() => ended?,
        _ = signals.next() => return Ok(ExitCode::SUCCESS),
    }
    say::note("The backend ended.");
    Ok(ExitCode::FAILURE)
}

/// The next step after the extension was read.
enum Ready {
    /// With no backend: it ends with this code.
    No(u8),
    /// The backend runs already, and isn't Porthole's.
    Runs,
    /// The user confirmed the plan with this number.
    Start(u32),
}

/// Opens the extension, and asks whether its backend may be started. Nothing is started.
async fn prepared(application: &Porthole, arguments: &Arguments) -> Result<Ready> {
    let source = source(arguments)?;
    let open = application.open_extension(source, arguments.context.clone()).await?;
    say::out(&summary(&open))?;
    if !open.has_backend() {
        say::note("Nothing to start: metadata.json has no `vm` section.");
        return Ok(Ready::No(0));
    }
    let open = application.attach_backend().await?;
    if matches!(open.stage, BackendStage::Up { .. }) {
        return Ok(Ready::Runs);
    }
    let plan = plan(application, arguments).await?;
    say::out(&start_plan::text(&plan))?;
    if let Some(why) = plan.cannot_start {
        return Err(why);
    }
    if !arguments.yes {
        if !consent::can_ask() {
            let error = Error::new(Code::NotAllowed, "Not started: there is no terminal to ask on");
            return Err(error.hint("Review the access that the backend requests, then start it with --yes."));
        }
        if !consent::confirmed("Start the backend?").await {
            return Err(Error::new(Code::NotAllowed, "Not started"));
        }
    }
    Ok(Ready::Start(plan.id))
}

/// A path that exists is a folder, anything else an image.
fn source(arguments: &Arguments) -> Result<ExtensionSource> {
    let path = PathBuf::from(&arguments.extension);
    let is_path = path.exists() || arguments.extension.starts_with(['.', '/', '~']);
    if is_path {
        let image = arguments.image.as_ref().map(ToString::to_string);
        // Compose and the engine have another working directory.
        let path = std::path::absolute(&path).unwrap_or(path);
        return Ok(ExtensionSource::Folder { path, image });
    }
    let image: ImageRef = arguments.extension.parse()?;
    Ok(ExtensionSource::Image { name: image.to_string() })
}

fn summary(open: &OpenExtension) -> String {
    let title = open.extension.manifest.tab.as_ref().and_then(|tab| tab.title.as_ref());
    let mut text = format!("Extension: {}\n", open.extension.image);
    if let Some(title) = title {
        text.push_str(&format!("Page: {}\n", line(&title.text)));
    }
    let findings = open.extension.diagnostics.len();
    if findings > 0 {
        let word = if findings == 1 { "finding" } else { "findings" };
        text.push_str(&format!("{findings} {word} in its files: see `porthole-cli check`\n"));
    }
    text.trim_end().to_owned()
}

/// What starting would do, with the variables that the user lets compose read.
async fn plan(application: &Porthole, arguments: &Arguments) -> Result<StartPlan> {
    let plan = application.start_plan(arguments.rebuild).await?;
    let wanted = plan.variables.iter().filter(|variable| arguments.variables.contains(&variable.name));
    let wanted: Vec<String> = wanted.map(|variable| variable.name.clone()).collect();
    if wanted.is_empty() {
        return Ok(plan);
    }
    application.allow_variables(plan.content, wanted).await?;
    application.start_plan(arguments.rebuild).await
}

/// Starts the backend as the plan says, and prints how that goes. Returns false when a signal ended it.
async fn start(application: &Porthole, plan: u32, follower: &mut Follower<'_>, signals: &mut Signals) -> Result<bool> {
    let started = application.start_backend(plan);
    tokio::pin!(started);
    loop {
        tokio::select! {
            started = &mut started => return started.map(|_| true),
            followed = follower.step() => followed?,
            _ = signals.next() => {
                // The start ends by itself then, and stops what it has begun.
                let (_, stopped) = tokio::join!(&mut started, application.stop_backend());
                return stopped.map(|_| false);
            }
        }
    }
}

/// Stops what Porthole started, and removes it. A further signal leaves that to the reaper.
async fn close(application: &Porthole, mut signals: Signals) {
    signals.forget();
    let open = application.extension().await.ok().flatten();
    let is_ours = matches!(
        open.map(|open| open.stage),
        Some(BackendStage::Up { up }) if up.whose == BackendOwner::Porthole
    );
    if is_ours {
        say::note("Stopping the backend…");
    }
    tokio::select! {
        closed = application.close_extension() => match closed {
            Ok(_) if is_ours => say::note("The backend is stopped and removed."),
            Ok(_) => {}
            Err(error) => complain(&error),
        },
        _ = signals.next() => say::note("Not waiting: the backend is removed in the background."),
    }
}
