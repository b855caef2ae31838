//! Serves on a socket until it is stopped.

use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::UnixStream,
    },
    path::Path,
};

use porthole_demo::{Answered, accept};
use tokio::{
    net::UnixListener,
    signal::unix::{SignalKind, signal},
};

/// Listens at a path, and removes its socket at the end.
pub fn serve(path: &Path) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // The first process of a container gets no signal that it has not asked for.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let listener = bind(path)?;
        println!("listening on {}", path.display());
        tokio::select! {
            () = accept(async || listener.accept().await.map(|(stream, _)| stream), log) => {}
            _ = terminate.recv() => println!("received SIGTERM"),
            _ = interrupt.recv() => println!("interrupted"),
        }
        fs::remove_file(path)
    })
}

fn log(answered: &Answered<'_>) {
    let Answered { method, target, status, took } = answered;
    let status = status.map_or_else(|| "closed".to_owned(), |status| status.to_string());
    println!("{method} {target} {status} {:.2} ms", took.as_secs_f64() * 1000.0);
}

/// A socket that nothing listens on was left by one that was killed, and is in the way.
fn bind(path: &Path) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        if UnixStream::connect(path).is_ok() {
            let taken = format!("another program is already listening on {}", path.display());
            return Err(io::Error::new(io::ErrorKind::AddrInUse, taken));
        }
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)
        .map_err(|error| io::Error::new(error.kind(), format!("can't listen on {}: {error}", path.display())))?;
    // Anyone with access to the directory may connect: outside the container that is seldom root.
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_was_left_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.sock");
        drop(bind(&path).unwrap());
        assert!(path.exists(), "a dropped listener leaves its socket");
        let listens = bind(&path).unwrap();
        assert_eq!(bind(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(listens);
    }

    #[tokio::test]
    async fn a_file_is_not_taken_for_a_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        fs::write(&path, "notes").unwrap();
        let error = bind(&path).unwrap_err();
        assert!(error.to_string().contains("notes.txt"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "notes");
    }

    #[tokio::test]
    async fn any_user_who_enters_the_directory_may_connect() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.sock");
        let _listens = bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o666);
    }
}
