//! Porthole's log: to stderr, and to files of the last days.

use std::{
    io,
    path::{Path, PathBuf},
};

use porthole_base::terminal;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::{EnvFilter, Layer, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// How the names of the files begin and end; between them is the day.
const NAME: (&str, &str) = ("porthole", "log");
/// This many days are kept.
const DAYS: usize = 7;

/// The directory of this user's log files; none if the user has no directory for data.
pub fn directory(identifier: &str) -> Option<PathBuf> {
    dirs::data_local_dir().map(|data| data.join(identifier).join("logs"))
}

/// The file that is written now: the one with the latest day in its name.
pub fn newest(directory: &Path) -> Option<PathBuf> {
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(NAME.0) && name.ends_with(NAME.1)
    };
    std::fs::read_dir(directory).ok()?.flatten().map(|file| file.path()).filter(is_ours).max()
}

/// Starts logging. `PORTHOLE_LOG` says what goes to stderr, warnings if it's absent; the file also has what explains how
/// the window is drawn and what Porthole found on this machine.
pub fn start(directory: Option<&Path>) {
    let asked = EnvFilter::try_from_env("PORTHOLE_LOG").unwrap_or_else(|_| "warn".into());
    // Records hold texts of others: no escape of theirs reaches a terminal.
    let lines = fmt::layer().with_ansi(false).with_writer(terminal::stderr);
    let lines = lines.with_filter(asked).with_filter(filter_fn(is_shown));
    let file = directory.map(file).transpose();
    let unwritten = file.as_ref().err().map(ToString::to_string);
    let kept = file.ok().flatten().map(|file| {
        let lines = fmt::layer().with_ansi(false).with_writer(std::sync::Mutex::new(file));
        lines.with_filter(EnvFilter::new("warn,porthole=info")).with_filter(filter_fn(is_shown))
    });
    tracing_subscriber::registry().with(lines).with(kept).init();
    if let Some(error) = unwritten {
        tracing::warn!(%error, "the log goes to stderr only");
    }
}

fn file(directory: &Path) -> io::Result<RollingFileAppender> {
    std::fs::create_dir_all(directory)?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(NAME.0)
        .filename_suffix(NAME.1)
        .max_log_files(DAYS)
        .build(directory)
        .map_err(io::Error::other)
}

/// Anyone who knows the key of the window's commands can call them. Tauri writes it out when a frame sends a wrong one,
/// and its spans contain requests and responses.
fn is_shown(about: &tracing::Metadata<'_>) -> bool {
    let (target, is_span) = (about.target(), about.is_span());
    !(target.starts_with("tauri::webview") || (is_span && (target.starts_with("tauri") || target.starts_with("wry"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_file_is_that_of_the_latest_day_and_files_of_others_are_none() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["porthole.2026-11-28.log", "porthole.2026-11-29.log", "zzz.log", "porthole.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(newest(folder.path()).unwrap().ends_with("porthole.2026-11-29.log"));
        assert_eq!(newest(&folder.path().join("none")), None);
    }
}
