//! Recording what a desktop sends: the backend's own socket is moved aside, and put back at the end.

use std::{
    fs,
    path::{Path, PathBuf},
};

use porthole_base::{
    error::{Code, Error, Result},
    private,
};
use porthole_engine::{EngineEnvironment, sockets::is_engine};
use porthole_http::{
    endpoint::Endpoint,
    tap::{Tap, TapOptions, aside_of, undo_leftover},
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{application::Application, host::Host};

/// The name of the file that says which socket is moved, for a start after this Porthole was killed.
const NOTE: &str = "moved-socket";

/// What is moved while Porthole records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TapPlace {
    /// The backend's address, at which Porthole listens.
    pub endpoint: Endpoint,
    /// The path of the backend's own socket.
    pub path: String,
    /// Its path while Porthole records.
    pub aside: String,
}

/// A tap of the window.
#[derive(Debug)]
pub(crate) struct RunningTap {
    tap: Tap,
    place: TapPlace,
}

impl<H: Host> Application<H> {
    pub async fn tap_plan(&self) -> Result<TapPlace> {
        let endpoint = self.target.borrow().1.clone()?;
        place_of(endpoint)
    }

    pub async fn start_tap(&self, place: TapPlace) -> Result<TapPlace> {
        let mut running = self.tap.lock().await;
        if running.is_some() {
            return Err(
                Error::new(Code::TapUnavailable, "Porthole is already recording").hint("Stop that recording first.")
            );
        }
        // What the dialog showed is what is moved.
        let (now, shown) = (self.tap_plan().await?, place);
        if now != shown {
            return Err(Error::new(Code::TapUnavailable, "Not recording: the target changed before you started it"));
        }
        self.note_moved(Some(&shown.path))?;
        let options = TapOptions { skip_own: true, ..TapOptions::new(shown.endpoint.clone(), shown.endpoint.clone()) };
        let started = Tap::start(options, self.timeline.connections().dialer(), self.timeline.tap_log()).await;
        match started {
            Ok(tap) => *running = Some(RunningTap { tap, place: shown.clone() }),
            Err(error) => {
                self.note_moved(None)?;
                return Err(error);
            }
        }
        Ok(shown)
    }

    pub async fn tap_running(&self) -> Result<Option<TapPlace>> {
        Ok(self.tap.lock().await.as_ref().map(|running| running.place.clone()))
    }

    pub async fn stop_tap(&self) -> Result<()> {
        let Some(RunningTap { tap, .. }) = self.tap.lock().await.take() else { return Ok(()) };
        tap.stop().await?;
        self.note_moved(None)
    }

    fn note_moved(&self, path: Option<&str>) -> Result<()> {
        let Some(note) = self.moved_note.as_ref() else { return Ok(()) };
        let failed = |error: std::io::Error| {
            Error::new(Code::DataDirUnusable, format!("Can't write {}", note.display())).detail(error)
        };
        match path {
            None => match fs::remove_file(note) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
                _ => Ok(()),
            },
            Some(path) => {
                let mut options = private::file_options();
                let written = options.write(true).create(true).truncate(true).open(note);
                written.and_then(|mut file| std::io::Write::write_all(&mut file, path.as_bytes())).map_err(failed)
            }
        }
    }
}

/// What would be moved for the backend at this address.
fn place_of(endpoint: Endpoint) -> Result<TapPlace> {
    let not = |why: String, hint: &str| Err(Error::new(Code::TapUnavailable, why).hint(hint));
    match &endpoint {
        Endpoint::Unix(path) if is_engine(&endpoint, &EngineEnvironment::of_this_process()) => not(
            format!("{} is a container engine's socket, which Porthole doesn't move", path.display()),
            "Use the extension's backend as the target.",
        ),
        Endpoint::Unix(path) => {
            let aside = aside_of(path)
                .ok_or_else(|| Error::new(Code::EndpointUnsupported, "Sockets can't be moved on this system"))?;
            let (path, aside) = (path.display().to_string(), aside.display().to_string());
            Ok(TapPlace { endpoint, path, aside })
        }
        Endpoint::Container { container, .. } => not(
            format!("The socket is inside {container}, and no file of this machine"),
            "Start the backend with its socket in a directory of this machine. Or run porthole-cli tap --to with this address, and have the desktop connect to its --listen socket.",
        ),
        Endpoint::Npipe(_) | Endpoint::Tcp { .. } | Endpoint::Engine { .. } => not(
            format!("Only a unix socket can be moved, and the target is {endpoint}"),
            "Run porthole-cli tap with another address to listen on, and have the desktop connect to that.",
        ),
    }
}

/// The note, and what a killed Porthole left: its socket is put back.
pub(super) fn undo_moved(data: Option<&Path>) -> (Option<PathBuf>, Option<Error>) {
    let Some(note) = data.map(|data| data.join(NOTE)) else { return (None, None) };
    let Ok(path) = fs::read_to_string(&note) else { return (Some(note), None) };
    let error = undo_leftover(Path::new(&path)).err();
    if error.is_none() {
        let _ = fs::remove_file(&note);
    }
    (Some(note), error)
}
