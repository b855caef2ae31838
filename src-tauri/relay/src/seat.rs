//! A path at which a tap listens in the place of a backend's socket for as long as it records. A backend that is started again
//! makes a new socket there: it is moved as well, as soon as it works.

use std::{
    fs,
    os::unix::{fs::FileTypeExt, net::UnixListener},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    place::Place,
    place_error::{PlaceError, Step},
    rename::is_dead,
};

/// How often to look.
pub const LOOK: Duration = Duration::from_millis(250);
/// This many checks in a row must find the same before anything is moved: a backend's program may still be setting the access
/// to its new socket by its path.
const SETTLED: u32 = 4;

/// A path in the place of a backend's socket.
#[derive(Debug)]
pub struct Seat {
    /// With the links in it that the caller gave.
    path: PathBuf,
    state: State,
}

#[derive(Debug)]
enum State {
    /// In the backend's place; `lost` counts the checks that found something else at the path.
    Taken { place: Place, lost: u32 },
    /// The backend has ended, or has another socket; `there` counts the checks that found that one. `is_left`: what was left
    /// couldn't be put back yet, for example because the old backend still answers its last requests.
    Free { there: u32, is_left: bool },
}

/// What a look has changed.
#[derive(Debug)]
pub enum Seen {
    /// No more connections come to the listener: its socket isn't at the path any more, or was removed because the backend has
    /// ended. With why the backend's old socket is still aside.
    Lost(Option<PlaceError>),
    /// A backend's new socket was moved, and this listens in its place.
    Taken(UnixListener),
    /// A backend has a new socket there, which couldn't be moved. That is tried again.
    NotTaken(PlaceError),
}

impl Seat {
    /// Moves the backend's socket and listens in its place.
    ///
    /// # Errors
    /// Those of [`Place::take`] and [`Place::bind`].
    pub fn take(path: &Path) -> Result<(Self, UnixListener), PlaceError> {
        let (place, listener) = taken(path)?;
        Ok((Self { path: path.to_owned(), state: State::Taken { place, lost: 0 } }, listener))
    }

    /// Where the backend's own socket is while it is moved.
    pub fn aside(&self) -> Option<&Path> {
        match &self.state {
            State::Taken { place, .. } => place.aside(),
            State::Free { .. } => None,
        }
    }

    /// Looks whether its socket is still at the path, or whether a backend has a new one there. To be called every [`LOOK`].
    pub fn look(&mut self) -> Option<Seen> {
        match &mut self.state {
            State::Taken { place, lost } => {
                *lost = if place.is_lost() || !place.is_reached_by(&self.path) { *lost + 1 } else { 0 };
                // A backend may refuse to start as long as something listens at its path.
                if *lost < SETTLED && !place.is_backend_gone() {
                    return None;
                }
                let left = place.restore().err();
                // The checks before may have found a backend's new socket: they count.
                self.state = State::Free { there: *lost, is_left: left.is_some() };
                Some(Seen::Lost(left))
            }
            State::Free { there, is_left } => {
                *there = if is_backend(&self.path) { *there + 1 } else { 0 };
                if *there < SETTLED {
                    return None;
                }
                *there = 0;
                Some(match taken(&self.path) {
                    Ok((place, listener)) => {
                        self.state = State::Taken { place, lost: 0 };
                        Seen::Taken(listener)
                    }
                    Err(error) => {
                        // Something may be aside as long as this is so.
                        *is_left |= error.step == Step::Restore;
                        Seen::NotTaken(error)
                    }
                })
            }
        }
    }

    /// Puts everything back. After an error it can be tried again.
    ///
    /// # Errors
    /// Those of [`Place::restore`].
    pub fn leave(&mut self) -> Result<(), PlaceError> {
        match &mut self.state {
            State::Taken { place, .. } => place.restore(),
            // What takes the path undoes first what was left. It may have gone with its directory.
            State::Free { is_left: true, .. } if self.path.parent().is_some_and(Path::is_dir) => {
                Place::take(&self.path, true).map(drop)
            }
            State::Free { .. } => Ok(()),
        }
    }
}

fn taken(path: &Path) -> Result<(Place, UnixListener), PlaceError> {
    let mut place = Place::take(path, true)?;
    let listener = place.bind(None)?;
    Ok((place, listener))
}

/// A socket that a process listens at.
fn is_backend(path: &Path) -> bool {
    let is_socket = fs::metadata(path).is_ok_and(|found| found.file_type().is_socket());
    is_socket && !is_dead(path).unwrap_or(true)
}

#[cfg(test)]
#[path = "seat_tests.rs"]
mod tests;
