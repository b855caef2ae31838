use std::{io::ErrorKind, os::unix::net::UnixStream};

use super::*;

/// A directory with a backend's socket, and a tap in its place.
struct Seated {
    folder: tempfile::TempDir,
    backend: UnixListener,
    seat: Seat,
    own: UnixListener,
}

impl Seated {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backend = bound(&folder.path().join("b.sock"));
        let (seat, own) = Seat::take(&folder.path().join("b.sock")).unwrap();
        Self { folder, backend, seat, own }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("b.sock")
    }

    fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path()) else { return Vec::new() };
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// No process has the backend's socket any more.
    fn close_backend(&mut self) {
        let other = self.folder.path().join("other.sock");
        self.backend = bound(&other);
        fs::remove_file(other).unwrap();
    }

    /// The first change within some looks.
    fn seen(&mut self) -> Option<Seen> {
        (0..3 * SETTLED).find_map(|_| self.seat.look())
    }

    fn lost(&mut self) {
        let seen = self.seen();
        assert!(matches!(seen, Some(Seen::Lost(None))), "{seen:?}");
        assert!(self.seat.aside().is_none());
    }

    /// A new socket of the backend was moved, and both are reached where they are now.
    fn taken(&mut self) {
        let seen = self.seen();
        let Some(Seen::Taken(own)) = seen else { panic!("{seen:?}") };
        self.own = own;
        assert!(reaches(&self.path(), &self.own));
        assert!(reaches(self.seat.aside().unwrap(), &self.backend));
        assert!(self.seen().is_none());
    }

    /// As it was without a tap.
    fn left(mut self) {
        self.seat.leave().unwrap();
        assert_eq!(self.names(), ["b.sock"]);
        assert!(reaches(&self.path(), &self.backend));
    }
}

fn bound(path: &Path) -> UnixListener {
    let listener = UnixListener::bind(path).unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

fn reaches(path: &Path, listener: &UnixListener) -> bool {
    let _stream = UnixStream::connect(path).unwrap();
    listener.accept().is_ok()
}

const BOTH: [&str; 3] = ["b.sock", "b.sock.porthole", "b.sock.porthole-tap"];

#[test]
fn a_backend_that_removes_its_socket_and_makes_a_new_one_is_moved_again_every_time() {
    let mut seated = Seated::new();
    assert!(seated.seen().is_none());
    for _ in 0..3 {
        fs::remove_file(seated.path()).unwrap();
        seated.backend = bound(&seated.path());
        seated.lost();
        seated.taken();
        assert_eq!(seated.names(), BOTH);
    }
    seated.left();
}

#[test]
fn a_socket_that_is_put_there_by_a_rename_is_moved_too() {
    let mut seated = Seated::new();
    let new = seated.folder.path().join("new.sock");
    seated.backend = bound(&new);
    fs::rename(&new, seated.path()).unwrap();
    seated.lost();
    seated.taken();
    seated.left();
}

#[test]
fn a_backend_may_take_its_time_to_come_back_and_nothing_is_left_meanwhile() {
    let mut seated = Seated::new();
    fs::remove_file(seated.path()).unwrap();
    seated.close_backend();
    seated.lost();
    assert_eq!(seated.names(), [] as [&str; 0]);
    assert!(seated.seen().is_none());
    // A socket that no process listens at isn't a backend yet.
    drop(UnixListener::bind(seated.path()).unwrap());
    assert!(seated.seen().is_none());
    fs::remove_file(seated.path()).unwrap();
    seated.backend = bound(&seated.path());
    seated.taken();
    seated.left();
}

#[test]
fn a_directory_that_is_removed_and_made_again_is_no_problem() {
    let mut seated = Seated::new();
    let folder = seated.folder.path().to_owned();
    let restarted = |seated: &mut Seated| {
        fs::remove_dir_all(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
        seated.backend = bound(&seated.path());
    };
    // Both at once, and with some time between.
    restarted(&mut seated);
    seated.lost();
    seated.taken();
    fs::remove_dir_all(&folder).unwrap();
    seated.lost();
    assert!(seated.seen().is_none());
    fs::create_dir(&folder).unwrap();
    restarted(&mut seated);
    seated.taken();
    // It ends while nothing is there.
    fs::remove_dir_all(&folder).unwrap();
    seated.lost();
    seated.seat.leave().unwrap();
    assert_eq!(seated.names(), [] as [&str; 0]);
}

/// The lock of another Porthole in a directory that was made again.
#[test]
fn a_lock_of_another_one_is_left_alone() {
    let mut seated = Seated::new();
    let folder = seated.folder.path().to_owned();
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    seated.backend = bound(&seated.path());
    let (mut other, _own) = Seat::take(&seated.path()).unwrap();
    // The other one's socket is no backend's.
    let seen = seated.seen();
    assert!(matches!(seen, Some(Seen::Lost(_))), "{seen:?}");
    assert_eq!(seated.names(), BOTH);
    let seen = seated.seen();
    assert!(matches!(&seen, Some(Seen::NotTaken(error)) if error.step == Step::Busy), "{seen:?}");
    other.leave().unwrap();
    seated.taken();
    seated.left();
}

/// As after a crash: the file of its socket stays. Some backends don't start while something listens there.
#[test]
fn a_backend_that_ended_without_a_word_finds_its_path_as_it_left_it() {
    let mut seated = Seated::new();
    for _ in 0..3 {
        seated.close_backend();
        let seen = seated.seat.look();
        assert!(matches!(seen, Some(Seen::Lost(None))), "{seen:?}");
        assert_eq!(seated.names(), ["b.sock"]);
        assert!(is_dead(&seated.path()).unwrap() && seated.seen().is_none());
        crate::rename::make_room(&seated.path()).unwrap();
        seated.backend = bound(&seated.path());
        seated.taken();
    }
    seated.left();
}

/// A backend that is started before the old one has ended.
#[test]
fn an_old_backend_that_still_listens_keeps_its_socket_until_it_ends() {
    let mut seated = Seated::new();
    fs::remove_file(seated.path()).unwrap();
    let new = bound(&seated.path());
    let seen = seated.seen();
    assert!(matches!(&seen, Some(Seen::Lost(Some(error))) if error.error.kind() == ErrorKind::AlreadyExists));
    assert_eq!(seated.names(), ["b.sock", "b.sock.porthole"]);
    assert!(reaches(&seated.path(), &new), "nothing is in front of the new one");
    let seen = seated.seen();
    assert!(matches!(&seen, Some(Seen::NotTaken(error)) if error.step == Step::Restore), "{seen:?}");
    assert_eq!(seated.seat.leave().unwrap_err().step, Step::Restore);
    seated.backend = new;
    seated.taken();
    assert_eq!(seated.names(), BOTH);
    seated.left();
}

/// The path that is connected to is a link: a backend that makes its socket there replaces the link.
#[test]
fn a_link_that_a_backend_replaces_with_its_socket_is_noticed() {
    let mut seated = Seated::new();
    let link = seated.folder.path().join("link.sock");
    seated.seat.leave().unwrap();
    std::os::unix::fs::symlink("b.sock", &link).unwrap();
    (seated.seat, seated.own) = Seat::take(&link).unwrap();
    assert!(reaches(&link, &seated.own) && seated.seen().is_none());
    fs::remove_file(&link).unwrap();
    let new = bound(&link);
    seated.lost();
    assert!(reaches(&seated.path(), &seated.backend), "its old one is back");
    let Some(Seen::Taken(own)) = seated.seen() else { panic!("not taken") };
    assert!(reaches(&link, &own) && reaches(&seated.folder.path().join("link.sock.porthole"), &new));
    seated.seat.leave().unwrap();
    assert_eq!(seated.names(), ["b.sock", "link.sock"]);
}

/// A person removes Porthole's socket: the backend's own is put back, and moved again.
#[test]
fn a_socket_of_a_backend_that_still_listens_is_put_back_and_moved_again() {
    let mut seated = Seated::new();
    fs::remove_file(seated.path()).unwrap();
    seated.lost();
    assert!(reaches(&seated.path(), &seated.backend));
    seated.taken();
    seated.left();
}

#[test]
fn what_is_put_there_for_a_moment_changes_nothing() {
    let mut seated = Seated::new();
    let (other, own) = (seated.folder.path().join("other"), seated.path());
    for _ in 0..SETTLED {
        fs::rename(&own, &other).unwrap();
        assert!(seated.seat.look().is_none());
        fs::rename(&other, &own).unwrap();
        assert!(seated.seat.look().is_none());
    }
    assert!(reaches(&own, &seated.own));
    seated.left();
}
