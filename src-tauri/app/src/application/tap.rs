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
use porthole_timeline::{ShownTap, TapPlace};

use crate::{application::Application, host::Host};

/// The name of the file that says which socket is moved, for a start after this Porthole was killed.
const NOTE: &str = "moved-socket";

/// A tap of the window.
#[derive(Debug)]
pub(crate) struct RunningTap {
    tap: Tap,
    place: TapPlace,
    /// Until the socket is back.
    _shown: ShownTap,
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
        // A program in the container puts the socket back when this process ends, however it does.
        if shown.container.is_none() {
            self.note_moved(Some(&shown.path))?;
        }
        let options = TapOptions { skip_own: true, ..TapOptions::new(shown.endpoint.clone(), shown.endpoint.clone()) };
        let started = Tap::start(options, self.timeline.connections().dialer(), self.timeline.tap_log()).await;
        match started {
            Ok(tap) => {
                // Links in the path are known now.
                let aside = tap.aside().map(|aside| aside.display().to_string());
                let place = TapPlace { aside: aside.unwrap_or(shown.aside), ..shown };
                let shown = self.timeline.show_tap(place.clone(), tap.state());
                *running = Some(RunningTap { tap, place: place.clone(), _shown: shown });
                Ok(place)
            }
            Err(error) => {
                self.note_moved(None)?;
                Err(error)
            }
        }
    }

    pub async fn stop_tap(&self) -> Result<()> {
        let Some(RunningTap { tap, _shown, .. }) = self.tap.lock().await.take() else { return Ok(()) };
        tap.stop().await?;
        self.note_moved(None)
    }

    /// Ends the recording of the open extension's backend, which is about to be stopped: the volume or directory of its
    /// socket may go with it.
    pub(crate) async fn end_tap_of_open(&self) {
        let Some(endpoint) = self.extension_host.open_now().and_then(|open| open.endpoint().ok()) else { return };
        let is_its = self.tap.lock().await.as_ref().is_some_and(|running| running.place.endpoint == endpoint);
        if is_its && let Err(error) = self.stop_tap().await {
            tracing::warn!(%error, "a socket wasn't put back");
        }
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
    let (container, path) = match &endpoint {
        Endpoint::Unix(path) => (None, path.display().to_string()),
        Endpoint::Container { container, path } => (Some(container.to_string()), path.clone()),
        Endpoint::Npipe(_) | Endpoint::Tcp { .. } | Endpoint::Engine { .. } => {
            return not(
                format!("Only a unix socket can be moved, and the target is {endpoint}"),
                "Run porthole-cli tap with another address to listen on, and have the desktop connect to that.",
            );
        }
    };
    if is_engine(&endpoint, &EngineEnvironment::of_this_process()) {
        return not(
            format!("{path} is a container engine's socket, which Porthole doesn't move"),
            "Use the extension's backend as the target.",
        );
    }
    let aside = aside_of(&endpoint)
        .ok_or_else(|| Error::new(Code::EndpointUnsupported, "Sockets can't be moved on this system"))?;
    Ok(TapPlace { container, path, aside: aside.display().to_string(), endpoint })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_moved_here_or_in_its_container_and_an_engines_never() {
        let endpoint: Endpoint = "container://backend/run/guest-services/b.sock".parse().unwrap();
        let place = place_of(endpoint.clone()).unwrap();
        let (path, aside) = ("/run/guest-services/b.sock", "/run/guest-services/b.sock.porthole");
        assert_eq!((place.container.as_deref(), &*place.path, &*place.aside), (Some("backend"), path, aside));
        assert_eq!(place.endpoint, endpoint);
        for other in ["container://backend/var/run/docker.sock", "http://127.0.0.1:8080", "unix:///var/run/docker.sock"]
        {
            assert_eq!(place_of(other.parse().unwrap()).unwrap_err().code, Code::TapUnavailable, "{other}");
        }
    }
}
