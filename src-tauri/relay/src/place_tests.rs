use std::os::unix::net::UnixStream;

use super::*;

/// A directory with a backend's socket.
fn backend() -> (tempfile::TempDir, PathBuf, UnixListener) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.sock");
    let listener = UnixListener::bind(&path).unwrap();
    listener.set_nonblocking(true).unwrap();
    (folder, path, listener)
}

fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn reaches(path: &Path, listener: &UnixListener) -> bool {
    let _stream = UnixStream::connect(path).unwrap();
    listener.accept().is_ok()
}

#[test]
fn the_socket_is_moved_aside_and_back_and_keeps_its_access() {
    let (folder, path, listener) = backend();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let before = id_of(&path).unwrap();
    let mut place = Place::take(&path, true).unwrap();
    let own = place.bind(None).unwrap();
    assert_eq!(names(&folder), ["b.sock", "b.sock.porthole", "b.sock.porthole-tap"]);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o666);
    assert!(reaches(&path, &own) && reaches(place.aside().unwrap(), &listener));
    place.restore().unwrap();
    assert_eq!((names(&folder), id_of(&path).unwrap()), (vec!["b.sock".to_owned()], before));
    assert!(reaches(&path, &listener));
}

/// Others may write in the directory: what they put in the place of Porthole's socket gets no access of another file.
#[test]
fn what_is_put_in_the_place_of_the_socket_keeps_its_access() {
    let (folder, path, _listener) = backend();
    let own = id_of(&path).unwrap().unwrap();
    let (other, moved) = (folder.path().join("other"), folder.path().join("moved"));
    fs::write(&other, "").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o640)).unwrap();
    fs::rename(&path, &moved).unwrap();
    std::os::unix::fs::symlink(&other, &path).unwrap();
    assert!(same_access(&path, own, None).is_err(), "a link");
    fs::remove_file(&path).unwrap();
    fs::hard_link(&other, &path).unwrap();
    assert!(same_access(&path, own, None).is_err(), "a file");
    assert_eq!(fs::metadata(&other).unwrap().mode() & 0o777, 0o640);
    fs::remove_file(&path).unwrap();
    fs::hard_link(&moved, &path).unwrap();
    assert!(same_access(&path, own, None).is_err(), "another name");
    fs::remove_file(&moved).unwrap();
    same_access(&path, own, Some(&other)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600, "what isn't a socket is no example");
}

#[test]
fn a_lock_file_that_is_another_name_of_a_file_is_refused_and_not_written_to() {
    let (folder, path, _listener) = backend();
    let other = folder.path().join("other");
    fs::write(&other, "kept").unwrap();
    fs::hard_link(&other, with(&path, LOCK)).unwrap();
    assert_eq!(Place::take(&path, true).unwrap_err().step, Step::Listen);
    assert_eq!(fs::read_to_string(&other).unwrap(), "kept");
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_moved_among_the_files_of_processes() {
    assert_eq!(Place::take(Path::new("/proc/self/b.sock"), true).unwrap_err().step, Step::Listen);
}

#[test]
fn a_link_to_the_socket_stays_one() {
    let (folder, path, listener) = backend();
    let link = folder.path().join("link.sock");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut place = Place::take(&link, true).unwrap();
    let own = place.bind(None).unwrap();
    assert!(reaches(&link, &own));
    drop(place);
    assert!(reaches(&link, &listener) && fs::symlink_metadata(&link).unwrap().is_symlink());
}

/// As after `kill -9`: nothing of it ran, and the lock is free.
fn killed(mut place: Place) {
    place.own = None;
    place.lock.is_there = false;
}

#[test]
fn what_a_killed_one_left_is_undone_by_the_next() {
    let (folder, path, listener) = backend();
    let before = id_of(&path).unwrap();
    let mut place = Place::take(&path, true).unwrap();
    let own = place.bind(None).unwrap();
    killed(place);
    drop(own);
    assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    drop(Place::take(&path, false).unwrap());
    assert_eq!((names(&folder), id_of(&path).unwrap()), (vec!["b.sock".to_owned()], before));
    assert!(reaches(&path, &listener));
    // Where no socket was moved, its own one is removed.
    let plain = folder.path().join("p.sock");
    let mut place = Place::take(&plain, false).unwrap();
    drop(place.bind(None).unwrap());
    killed(place);
    drop(Place::take(&plain, false).unwrap());
    assert_eq!(names(&folder), ["b.sock"]);
    // One that was killed before it moved anything.
    let mut place = Place::take(&path, true).unwrap();
    let own = UnixListener::bind(&place.aside).unwrap();
    place.lock.note(id_of(&place.aside).unwrap().unwrap()).unwrap();
    killed(place);
    drop((own, Place::take(&path, false).unwrap()));
    assert_eq!((names(&folder), id_of(&path).unwrap()), (vec!["b.sock".to_owned()], before));
}

/// File systems give the number of an inode again: a backend that was started after a tap was killed may get that of the tap's
/// socket.
#[test]
fn a_socket_with_the_number_of_porthole_s_is_not_taken_for_it() {
    let (folder, path, listener) = backend();
    let mut place = Place::take(&path, true).unwrap();
    let own = place.bind(None).unwrap();
    let noted = place.own.unwrap();
    killed(place);
    drop((own, listener));
    // One number is given until it comes again, which some file systems never do: then the note says that it has.
    fs::remove_file(&path).unwrap();
    let new = UnixListener::bind(&path).unwrap();
    new.set_nonblocking(true).unwrap();
    let theirs = id_of(&path).unwrap().unwrap();
    assert_ne!(theirs, noted);
    let mut lock = Lock::take(with(&path, LOCK)).unwrap();
    lock.note(SocketId { made: noted.made, ..theirs }).unwrap();
    drop(lock);
    drop(Place::take(&path, false).unwrap());
    assert_eq!((names(&folder), id_of(&path).unwrap()), (vec!["b.sock".to_owned()], Some(theirs)));
    assert!(reaches(&path, &new));
}

#[test]
fn what_another_put_there_meanwhile_is_never_overwritten() {
    let (folder, path, listener) = backend();
    let mut place = Place::take(&path, true).unwrap();
    let _own = place.bind(None).unwrap();
    // The backend was started again, beside the first one.
    fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    let theirs = id_of(&path).unwrap();
    let error = place.restore().unwrap_err();
    assert_eq!(error.step, Step::Restore);
    assert_eq!(
        (names(&folder), id_of(&path).unwrap()),
        (vec!["b.sock".to_owned(), "b.sock.porthole".to_owned()], theirs)
    );
    // The next start says so too, and changes nothing.
    assert_eq!(Place::take(&path, true).unwrap_err().step, Step::Restore);
    // When the first one has ended, nothing is left of it.
    drop(listener);
    drop(Place::take(&path, false).unwrap());
    assert_eq!((names(&folder), id_of(&path).unwrap()), (vec!["b.sock".to_owned()], theirs));
    drop(other);
}

#[test]
fn a_socket_that_its_backend_removed_is_not_made_again() {
    let (folder, path, listener) = backend();
    let mut place = Place::take(&path, true).unwrap();
    let _own = place.bind(None).unwrap();
    drop(listener);
    fs::remove_file(&path).unwrap();
    place.restore().unwrap();
    assert_eq!(names(&folder), [] as [&str; 0]);
}

#[test]
fn one_path_is_recorded_once_and_only_a_socket_is_moved() {
    let (folder, path, _listener) = backend();
    let place = Place::take(&path, true).unwrap();
    assert_eq!(Place::take(&path, true).unwrap_err().step, Step::Busy);
    drop(place);
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    let mut place = Place::take(&file, true).unwrap();
    assert_eq!(place.bind(None).unwrap_err().step, Step::NotSocket);
    drop(place);
    let mut place = Place::take(&file, false).unwrap();
    assert_eq!(place.bind(None).unwrap_err().step, Step::Listen);
    drop(place);
    let mut place = Place::take(&folder.path().join("none"), true).unwrap();
    assert_eq!(place.bind(None).unwrap_err().step, Step::Missing);
    drop(place);
    assert_eq!(
        (fs::read_to_string(&file).unwrap().as_str(), names(&folder)),
        ("mine", vec!["b.sock".into(), "file".into()])
    );
}

/// A backend that is started again removes the socket at its path, which is Porthole's.
#[test]
fn a_place_that_a_new_backend_took_is_known_to_be_lost() {
    let (folder, path, listener) = backend();
    let mut place = Place::take(&path, true).unwrap();
    let _own = place.bind(None).unwrap();
    assert!(!place.is_lost());
    drop(listener);
    fs::remove_file(&path).unwrap();
    assert!(place.is_lost());
    let listener = UnixListener::bind(&path).unwrap();
    assert!(place.is_lost());
    place.restore().unwrap();
    assert!(!place.is_lost());
    assert_eq!(names(&folder), ["b.sock"]);
    assert!(reaches(&path, &listener));
}

#[test]
fn a_link_in_the_place_of_the_lock_is_not_followed() {
    let (folder, path, _listener) = backend();
    let other = folder.path().join("other");
    fs::write(&other, "mine").unwrap();
    std::os::unix::fs::symlink(&other, with(&path, LOCK)).unwrap();
    assert_eq!(Place::take(&path, true).unwrap_err().step, Step::Listen);
    assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
}

#[test]
fn a_socket_is_dead_when_no_process_has_it() {
    let (folder, path, listener) = backend();
    assert!(!is_dead(&path).unwrap());
    assert_eq!(make_room(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    let mut waiting = Vec::new();
    for _ in 0..8 {
        waiting.push(UnixStream::connect(&path).unwrap());
    }
    assert!(!is_dead(&path).unwrap());
    drop(listener);
    assert!(is_dead(&path).unwrap() && is_dead(&folder.path().join("none")).unwrap());
    make_room(&path).unwrap();
    assert!(!path.exists());
}

#[test]
fn two_paths_are_swapped_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("a"), "a").unwrap();
    fs::write(at("b"), "b").unwrap();
    assert_eq!(move_to_free(&at("a"), &at("b")).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    swap(&at("a"), &at("b")).unwrap();
    assert_eq!([fs::read_to_string(at("a")).unwrap(), fs::read_to_string(at("b")).unwrap()], ["b", "a"]);
    move_to_free(&at("a"), &at("c")).unwrap();
    assert!(!at("a").exists());
}
