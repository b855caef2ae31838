//! What a start needs before there is a window, and the message if it is missing.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use porthole_app::data_dir::{DataDir, Opened};
use porthole_app::{Directories, demo_extension};
use porthole_base::{
    error::{Error, Result},
    terminal,
};
use porthole_timeline::session::is_session;
use tauri::{
    App, AppHandle, Manager, WebviewWindowBuilder,
    utils::config::{AppDirectoriesOverride, AppDirectoryOverrides, Config},
};

use crate::{LONGEST_END, web};
#[cfg(unix)]
use crate::{host::Porthole, page_window::MAIN};

#[cfg(unix)]
pub type RaiseSocket = porthole_app::raise::RaiseSocket;
/// Where there are no sockets, a second start says that the first one is there.
#[cfg(not(unix))]
pub struct RaiseSocket;

/// Where this process has its files, until the window's parts take it.
pub struct Start {
    data: DataDir,
    config: Option<PathBuf>,
    raise: Option<RaiseSocket>,
    /// The file that this start is to open.
    file: Option<PathBuf>,
}

impl Start {
    /// Takes the data directory; none when the Porthole that has it raised its window.
    ///
    /// # Errors
    /// When neither that directory nor the one for temporary files can be used, or when the one that has it is silent.
    pub fn begin(config: &mut Config) -> Result<Option<Self>> {
        let file = file_to_open(std::env::args_os().skip(1));
        let data = dirs::data_local_dir().map(|data| data.join(&config.identifier));
        let Some(data) = own_data(data, file.as_deref())? else {
            return Ok(None);
        };
        let start = Self {
            raise: raise_socket(&data),
            file,
            config: dirs::config_dir().map(|parent| parent.join(&config.identifier)),
            data,
        };
        start.lead_tauri(config);
        Ok(Some(start))
    }

    /// Tauri creates its own directories, and panics if it can't.
    fn lead_tauri(&self, config: &mut Config) {
        // They are made in `open_windows`, which can say what failed.
        config.app.windows.iter_mut().for_each(|window| window.create = false);
        let web = self.data.session.path().join("web");
        let mut directories = AppDirectoryOverrides::default();
        if self.data.trouble.is_some() {
            directories.local_data = Some(web.clone());
            directories.data = Some(web.clone());
            directories.cache = Some(web.join("cache"));
        }
        if self.config.is_none() {
            directories.config = Some(web);
        }
        if self.data.trouble.is_some() || self.config.is_none() {
            config.app.app_directories_override = Some(AppDirectoriesOverride::Directories(directories));
        }
    }

    /// Where the windows have their web storage.
    pub fn web_storage(&self) -> PathBuf {
        self.data.session.path().join(web::STORAGE)
    }

    /// Opens the windows of the configuration, with a web storage of this start's own.
    ///
    /// # Errors
    /// What Tauri or the operating system says.
    pub fn open_windows(&self, app: &App) -> tauri::Result<()> {
        let storage = self.web_storage();
        web::prepare_storage(&storage)?;
        #[cfg(target_os = "linux")]
        web::release_unused();
        for window in &app.config().app.windows {
            let handle = app.handle().clone();
            WebviewWindowBuilder::from_config(app.handle(), window)?
                .data_directory(storage.clone())
                .on_navigation(move |url| web::may_go(&handle, url))
                .build()?;
        }
        Ok(())
    }

    /// The file that this start is to open.
    pub fn file(&self) -> Option<PathBuf> {
        self.file.clone()
    }

    /// Continues with what was loaded, and keeps the socket until [`stop_raising`].
    pub fn places(self, app: &App) -> Directories {
        if let Some(socket) = self.raise {
            raise_when_asked(&socket, app.handle());
            app.manage(Raising(std::sync::Mutex::new(Some(socket))));
        }
        let home = dirs::home_dir();
        let downloads = dirs::download_dir().filter(|downloads| downloads.is_dir());
        Directories {
            downloads: downloads.or_else(|| home.clone()).unwrap_or_else(std::env::temp_dir),
            data: self.data,
            config: self.config,
            home,
            demo_extension: demo_extension(app.path().resource_dir().ok()),
        }
    }
}

/// Says what keeps Porthole from starting, on stderr, and in a dialog where nothing reads that.
pub fn report(error: &Error) -> ExitCode {
    let mut text = terminal::line(&error.message).into_owned();
    for more in [&error.detail, &error.hint].into_iter().flatten() {
        text.push_str("\n  ");
        text.push_str(&terminal::line(more));
    }
    eprintln!("porthole: {text}");
    #[cfg(target_os = "linux")]
    if !std::io::IsTerminal::is_terminal(&std::io::stderr()) && gtk::is_initialized() {
        use gtk::prelude::{DialogExt, GtkWindowExt, MessageDialogExt};
        let (flags, kind, buttons) = (gtk::DialogFlags::empty(), gtk::MessageType::Error, gtk::ButtonsType::Close);
        let dialog = gtk::MessageDialog::new(None::<&gtk::Window>, flags, kind, buttons, &error.message);
        dialog.set_title("Porthole can't start");
        let more: Vec<&str> = [&error.detail, &error.hint].into_iter().flatten().map(String::as_str).collect();
        dialog.set_secondary_text(Some(&more.join("\n\n")));
        dialog.run();
    }
    ExitCode::FAILURE
}

/// Connects to the display. GTK ends the process with a panic later on where there is none.
///
/// # Errors
/// [`Code::DisplayUnavailable`](porthole_base::error::Code::DisplayUnavailable).
#[cfg(target_os = "linux")]
pub fn check_display() -> Result<()> {
    /// A display that takes a connection and says nothing would be waited for without end.
    const PATIENCE: Duration = Duration::from_secs(15);
    let (answered, wait) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        if wait.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            let _ = report(&no_display("It doesn't respond"));
            std::process::exit(1);
        }
    });
    let connected = gtk::init();
    drop(answered);
    connected.map_err(|_| no_display("It doesn't accept connections"))
}

#[cfg(not(target_os = "linux"))]
pub fn check_display() -> Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn no_display(why: &str) -> Error {
    use porthole_base::error::Code;
    let set: Vec<String> = ["WAYLAND_DISPLAY", "DISPLAY"]
        .iter()
        .filter_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()).map(|value| (name, value)))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let error = match set.is_empty() {
        true => Error::new(Code::DisplayUnavailable, "No display: DISPLAY and WAYLAND_DISPLAY aren't set"),
        false => {
            Error::new(Code::DisplayUnavailable, format!("The display {} can't be used", set.join(", "))).detail(why)
        }
    };
    error.hint("Start Porthole in a desktop session, or with `make run`, which brings its own display. `porthole-cli` needs none.")
}

/// The session or HTTP archive among the arguments: what a file manager passes for a double click.
fn file_to_open(args: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let file = args.map(PathBuf::from).find(|arg| is_session(arg))?;
    std::path::absolute(file).ok()
}

/// The data directory; none when the Porthole that has it raised its window, and opens the file.
fn own_data(path: Option<PathBuf>, file: Option<&Path>) -> Result<Option<DataDir>> {
    const STEP: Duration = Duration::from_millis(20);
    /// One that is about to end still has it, and takes no more requests.
    const ENDING: Duration = LONGEST_END.saturating_add(Duration::from_secs(2));
    let began = Instant::now();
    loop {
        let owner = match DataDir::open(path.clone(), &std::env::temp_dir())? {
            Opened::Here(data) => return Ok(Some(data)),
            Opened::Elsewhere(owner) => owner,
        };
        let silent = match raised(owner.socket.as_deref(), file) {
            Some(true) => return Ok(None),
            Some(false) => true,
            None => began.elapsed() > ENDING,
        };
        if silent {
            return Err(owner.already_running(&path.unwrap_or_default()));
        }
        std::thread::sleep(STEP);
    }
}

/// Whether the one who listens there raised its window; none where nothing listens, or nothing any more.
#[cfg(unix)]
fn raised(socket: Option<&Path>, file: Option<&Path>) -> Option<bool> {
    use std::io::ErrorKind::{ConnectionRefused, ConnectionReset, NotFound};
    match porthole_app::raise::raise(socket?, file) {
        Ok(()) => Some(true),
        Err(error) if matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset) => None,
        Err(error) => {
            tracing::info!(%error, "the window can't be raised");
            Some(false)
        }
    }
}

#[cfg(not(unix))]
fn raised(_: Option<&Path>, _: Option<&Path>) -> Option<bool> {
    None
}

#[cfg(unix)]
fn raise_socket(data: &DataDir) -> Option<RaiseSocket> {
    // Where nothing can be written, it couldn't be found.
    let path = data.path.as_ref().filter(|_| data.trouble.is_none())?;
    let bound = RaiseSocket::bind(path).and_then(|socket| data.announce(socket.path()).map(|()| socket));
    bound.inspect_err(|error| tracing::warn!(%error, "a second start can't raise this window")).ok()
}

#[cfg(not(unix))]
fn raise_socket(_: &DataDir) -> Option<RaiseSocket> {
    None
}

struct Raising(std::sync::Mutex<Option<RaiseSocket>>);

/// Takes no more requests: a second start waits for the end of this one.
pub fn stop_raising(app: &AppHandle) {
    if let Some(raising) = app.try_state::<Raising>() {
        *raising.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }
}

#[cfg(unix)]
fn raise_when_asked(socket: &RaiseSocket, app: &AppHandle) {
    /// Less than the one who asks waits.
    const PATIENCE: Duration = Duration::from_secs(4);
    let app = app.clone();
    let raise = move |file: Option<PathBuf>| {
        if let (Some(file), Some(porthole)) = (file, app.try_state::<Porthole>()) {
            porthole.dropped(&[file]);
        }
        let (done, wait) = std::sync::mpsc::channel();
        let handle = app.clone();
        let asked = app.run_on_main_thread(move || {
            let _ = done.send(handle.get_webview_window(MAIN).is_some_and(|window| {
                window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus()).is_ok()
            }));
        });
        asked.is_ok() && wait.recv_timeout(PATIENCE).unwrap_or(false)
    };
    if let Err(error) = socket.serve(raise) {
        tracing::warn!(%error, "a second start can't raise this window");
    }
}

#[cfg(not(unix))]
fn raise_when_asked(_: &RaiseSocket, _: &AppHandle) {}

#[cfg(test)]
mod tests {
    #[test]
    fn a_session_among_the_arguments_is_opened() {
        let file = |args: &[&str]| super::file_to_open(args.iter().map(Into::into));
        assert_eq!(file(&["--x", "/a/b.porthole"]), Some("/a/b.porthole".into()));
        assert!(file(&["b.har"]).is_some_and(|path| path.is_absolute()));
        assert_eq!(file(&["/a/b.txt"]), None);
    }

    /// A start right after a Porthole was killed said that its window didn't respond, and ended.
    #[cfg(unix)]
    #[test]
    fn a_start_waits_for_one_that_is_killed_while_it_is_asked_to_raise_its_window() {
        use super::{DataDir, Opened, own_data};
        let home = tempfile::tempdir().unwrap();
        let open = || DataDir::open(Some(home.path().to_owned()), home.path()).unwrap();
        let Opened::Here(killed) = open() else { panic!("it is new") };
        let socket = home.path().join("raise.sock");
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        killed.announce(&socket).unwrap();
        // What the system closes, in this order: the connection, the socket, the lock.
        let end = std::thread::spawn(move || {
            drop(listener.accept().unwrap());
            drop(listener);
            drop(killed);
        });
        assert!(own_data(Some(home.path().to_owned()), None).unwrap().is_some());
        end.join().unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_display_that_cannot_be_used_has_a_code_of_its_own_and_a_way_out() {
        let error = super::no_display("It doesn't respond");
        assert_eq!(error.code, porthole_base::error::Code::DisplayUnavailable);
        assert!(error.message.contains("DISPLAY") && error.hint.is_some());
    }
}
