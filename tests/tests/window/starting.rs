//! A start that finds something missing, or another Porthole.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use porthole_tests::{
    eventually, given, outside,
    window::{App, Home},
};

const NAME: &str = "dev.porthole.Porthole";

/// The app in this home, started as from a shell; `before` is run by that shell first.
fn app_in(home: &Path, before: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &format!("{before}\nexec \"$0\""), &given("PORTHOLE_APP")]);
    for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
        command.env(name, home.join(name.to_lowercase()));
    }
    fs::create_dir_all(home.join("tmp")).unwrap();
    // Without a home, Mesa would put its cache into the root directory.
    command.env("MESA_SHADER_CACHE_DISABLE", "true");
    command.env("TMPDIR", home.join("tmp")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// An app with its window, ended as the system ends it.
struct Started(Option<Child>);

impl Started {
    async fn window(mut command: Command) -> Self {
        let child = command.spawn().unwrap();
        let process = child.id();
        let started = Self(Some(child));
        eventually("a window", async || outside::titles(process).contains(&"Porthole".to_owned()).then_some(())).await;
        // The window is there first; what it stands on is when the app ends by itself on SIGTERM.
        eventually("the end of the start", async || catches_sigterm(process).then_some(())).await;
        started
    }

    fn end(mut self) -> Output {
        let child = self.0.take().unwrap();
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        child.wait_with_output().unwrap()
    }
}

fn catches_sigterm(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & (1 << 14) != 0)
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn data_of(home: &Path) -> PathBuf {
    home.join("xdg_data_home").join(NAME)
}

#[tokio::test]
async fn a_display_that_is_not_there_is_named_and_ends_the_start() {
    let home = Home::default();
    for (display, named) in [(None, "DISPLAY"), (Some(""), "DISPLAY"), (Some(":4077"), "DISPLAY=:4077")] {
        let mut command = app_in(home.path(), "");
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        if let Some(display) = display {
            command.env("DISPLAY", display);
        }
        let ended = command.output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{}", stderr(&ended));
        assert!(stderr(&ended).contains(named), "{}", stderr(&ended));
    }
    assert!(!data_of(home.path()).exists(), "a start without a window takes no directory");
}

#[tokio::test]
async fn a_second_start_raises_the_first_window_and_ends_with_success() {
    let app = App::open().await;
    let call = app.play("a live stream").await;
    app.becomes(call, "running").await;
    let second = app_in(app.home().path(), "").output().unwrap();
    assert_eq!(second.status.code(), Some(0), "{}", stderr(&second));
    let sessions: Vec<_> = fs::read_dir(data_of(app.home().path()).join("sessions")).unwrap().flatten().collect();
    assert_eq!(sessions.len(), 1, "the second one made none");
    app.becomes(call, "running").await;
    // The next start has the directory, whatever the files say that the first one leaves.
    let home = app.close().await;
    assert!(!data_of(home.path()).join("raise.sock").exists());
    App::open_in(home, &[]).await.close().await;
}

#[tokio::test]
async fn a_second_start_beside_a_window_that_hangs_names_the_directory_and_the_process() {
    let app = App::open().await;
    let signal = |signal: &str| Command::new("kill").args([signal, &app.process().to_string()]).status().unwrap();
    signal("-STOP");
    let second = app_in(app.home().path(), "").spawn().unwrap();
    let process = second.id();
    eventually("a dialog", async || (outside::titles(process) == ["Porthole can't start"]).then_some(())).await;
    outside::close(process, "Porthole can't start");
    let second = second.wait_with_output().unwrap();
    signal("-CONT");
    assert_eq!(second.status.code(), Some(1));
    let (said, data) = (stderr(&second), data_of(app.home().path()));
    assert!(said.contains(&data.display().to_string()) && said.contains(&app.process().to_string()), "{said}");
    app.close().await;
}

#[tokio::test]
async fn a_file_in_the_place_of_the_data_directory_is_named_and_the_window_works() {
    let home = Home::default();
    let (data, tmp) = (data_of(home.path()), home.path().join("tmp"));
    fs::create_dir_all(data.parent().unwrap()).unwrap();
    fs::create_dir_all(&tmp).unwrap();
    fs::write(&data, "mine").unwrap();
    let app = App::open_in(home, &[("TMPDIR", &tmp.display().to_string())]).await;
    app.until("a note", "document.querySelector('.notes [role=alert]')").await;
    let note = app.text(".notes [role=alert]").await;
    assert!(note.contains(&data.display().to_string()), "{note}");
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    let home = app.close().await;
    assert_eq!(fs::read_to_string(&data).unwrap(), "mine");
    let left: Vec<_> =
        fs::read_dir(home.path().join("tmp")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("session")), "{left:?}");
}

/// Root may write into any directory, but not where nothing can be written.
#[tokio::test]
async fn read_only_directories_are_no_end_of_the_start() {
    let home = Home::default();
    for name in ["xdg_data_home", "xdg_config_home"] {
        fs::create_dir_all(home.path().join(name)).unwrap();
    }
    let read_only = "for d in \"$XDG_DATA_HOME\" \"$XDG_CONFIG_HOME\"; do mount --bind \"$d\" \"$d\" && mount -o remount,ro,bind \"$d\" || exit 7; done";
    let ended = Started::window(app_in(home.path(), read_only)).await.end();
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
    assert!(!stderr(&ended).contains("panicked"), "{}", stderr(&ended));
    assert!(!data_of(home.path()).exists());
}

#[tokio::test]
async fn a_full_disk_is_no_end_of_the_start() {
    let home = Home::default();
    fs::create_dir_all(home.path().join("xdg_data_home")).unwrap();
    let full = "mount -t tmpfs -o size=64k full \"$XDG_DATA_HOME\" || exit 7\ncat /dev/zero >\"$XDG_DATA_HOME/fill\" 2>/dev/null";
    let started = Started::window(app_in(home.path(), full)).await;
    let sessions = fs::read_dir(home.path().join("tmp")).unwrap().flatten();
    let ours = sessions.filter(|entry| entry.file_name().to_string_lossy().starts_with("porthole-session-"));
    assert_eq!(ours.count(), 1, "the session is among the temporary files");
    let ended = started.end();
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
    assert!(!stderr(&ended).contains("panicked"), "{}", stderr(&ended));
}

/// Neither a variable nor the list of users names one, nor what would make up a list.
#[tokio::test]
async fn a_user_without_a_home_gets_a_window() {
    let home = Home::default();
    let mut command = app_in(
        home.path(),
        "mount --bind /dev/null /etc/passwd && mount --bind /dev/null /etc/nsswitch.conf || exit 7",
    );
    for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
        command.env_remove(name);
    }
    let ended = Started::window(command).await.end();
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
    assert!(!stderr(&ended).contains("panicked"), "{}", stderr(&ended));
}

#[tokio::test]
async fn nowhere_to_write_is_an_end_that_names_both_places() {
    let home = Home::default();
    fs::create_dir_all(home.path().join("xdg_data_home")).unwrap();
    fs::write(data_of(home.path()), "").unwrap();
    let mut command = app_in(home.path(), "");
    let nowhere = home.path().join("nowhere");
    command.env("TMPDIR", &nowhere);
    let child = command.spawn().unwrap();
    let process = child.id();
    eventually("a dialog", async || (outside::titles(process) == ["Porthole can't start"]).then_some(())).await;
    outside::close(process, "Porthole can't start");
    let ended = child.wait_with_output().unwrap();
    let said = stderr(&ended);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    for place in [data_of(home.path()), nowhere] {
        assert!(said.contains(&place.display().to_string()), "{said}");
    }
}

#[tokio::test]
async fn what_the_window_makes_is_private_under_any_umask() {
    for umask in ["0", "0777"] {
        let home = Home::default();
        let started = Started::window(app_in(home.path(), &format!("umask {umask}"))).await;
        let data = data_of(home.path());
        let sessions: Vec<_> = fs::read_dir(data.join("sessions")).unwrap().flatten().collect();
        let session = sessions.first().unwrap().path();
        for path in [&data, &data.join("sessions"), &session, &home.path().join("xdg_config_home").join(NAME)] {
            assert_eq!(mode(path), 0o700, "umask {umask}: {}", path.display());
        }
        let demo = socket(&session, home.path(), "demo.sock");
        for path in [socket(&data, home.path(), "raise.sock"), demo, data.join("owner.lock"), session.join("lock")] {
            assert_eq!(mode(&path), 0o600, "umask {umask}: {}", path.display());
        }
        started.end();
    }
}

/// A socket in its directory, or in a private one for temporary files where its path would be too long.
fn socket(directory: &Path, home: &Path, name: &str) -> PathBuf {
    let temporary = fs::read_dir(home.join("tmp")).unwrap().flatten().map(|entry| entry.path());
    let is_socket = |path: &PathBuf| fs::metadata(path.join(name)).is_ok_and(|found| found.file_type().is_socket());
    let place = [directory.to_owned()].into_iter().chain(temporary).find(is_socket);
    let place = place.unwrap_or_else(|| panic!("no {name} in {} or {}", directory.display(), home.display()));
    assert_eq!(mode(&place), 0o700, "{}", place.display());
    place.join(name)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}
