use std::fs;

use super::*;

fn root() -> (tempfile::TempDir, ExtensionRoot) {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("ext");
    fs::create_dir_all(inner.join("ui")).unwrap();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    fs::write(inner.join("metadata.json"), "{}").unwrap();
    fs::write(inner.join("ui/index.html"), "hello").unwrap();
    let root = ExtensionRoot::open(&inner).unwrap();
    (folder, root)
}

#[test]
fn files_below_the_root_are_read_however_the_path_is_written() {
    let (_folder, root) = root();
    for path in ["ui/index.html", "/ui/index.html", "./ui/../ui/index.html", "//ui//index.html"] {
        assert_eq!(root.read_text(path, 5).unwrap(), "hello", "{path}");
    }
    assert_eq!(root.read("ui/index.html", 4), Err(FileProblem::TooLarge { limit: 4 }));
    assert_eq!(root.read("ui", 4), Err(FileProblem::Directory));
    assert_eq!(root.read("/", 4), Err(FileProblem::Directory));
    assert_eq!(root.read("gone", 4), Err(FileProblem::Missing));
    assert_eq!(root.read("metadata.json/x", 4), Err(FileProblem::Missing));
    assert_eq!(root.folder("ui").unwrap().path(), root.path().join("ui"));
    assert_eq!(root.entry("ui"), Ok(Entry::Directory));
    assert!(matches!(root.entry("ui/index.html"), Ok(Entry::File { head, .. }) if head == b"hello"));
}

#[test]
fn no_path_leads_out() {
    let (folder, root) = root();
    let absolute = folder.path().join("secret").display().to_string();
    for path in ["../secret", "ui/../../secret", "/../secret"] {
        assert_eq!(root.read(path, 99), Err(FileProblem::Outside), "{path}");
    }
    // An absolute path is one from the root.
    assert_eq!(root.read(absolute, 99), Err(FileProblem::Missing));
    assert_eq!(root.folder("..").unwrap_err(), FileProblem::Outside);
    assert_eq!(root.folder("ui").unwrap().read("../metadata.json", 99), Err(FileProblem::Outside));
}

#[cfg(unix)]
mod on_unix {
    use std::{
        os::unix::{fs::symlink, net::UnixListener},
        sync::mpsc,
        time::Duration,
    };

    use nix::{sys::stat::Mode, unistd::mkfifo};

    use super::*;

    /// Does it on another thread, for whatever blocks would block for ever.
    fn at_once<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || tell.send(act()));
        told.recv_timeout(Duration::from_secs(10)).expect("it blocked")
    }

    #[test]
    fn links_are_followed_inside_and_not_out() {
        let (folder, root) = root();
        let inside = |link: &str, to: &str| symlink(to, root.path().join(link)).unwrap();
        inside("page", "ui");
        inside("ui/manifest", "../metadata.json");
        inside("out", "../secret");
        inside("out-folder", "..");
        inside("absolute", folder.path().join("secret").to_str().unwrap());
        inside("loop", "loop");
        inside("chain", "out-folder/secret");
        assert_eq!(root.read_text("page/index.html", 99).unwrap(), "hello");
        assert_eq!(root.read_text("ui/manifest", 99).unwrap(), "{}");
        assert_eq!(root.file_path("page/index.html").unwrap(), root.path().join("ui/index.html"));
        for path in ["out", "out-folder/secret", "absolute", "chain"] {
            assert_eq!(root.read(path, 99), Err(FileProblem::Outside), "{path}");
            assert_eq!(root.entry(path), Err(FileProblem::Outside), "{path}");
            assert_eq!(root.file_path(path), Err(FileProblem::Outside), "{path}");
        }
        assert!(matches!(root.read("loop", 99), Err(FileProblem::Failed(_))));
        // From the page's own folder even a link to the extension's other files leads out.
        assert_eq!(root.folder("page").unwrap().read("manifest", 99), Err(FileProblem::Outside));
    }

    #[test]
    fn pipes_sockets_and_devices_are_refused_at_once() {
        let (_folder, root) = root();
        let place = |name: &str| root.path().join(name);
        mkfifo(&place("pipe"), Mode::S_IRWXU).unwrap();
        symlink("pipe", place("to-pipe")).unwrap();
        symlink("/dev/zero", place("zero")).unwrap();
        let _socket = UnixListener::bind(place("socket")).unwrap();
        for (path, problem) in [
            ("pipe", FileProblem::Special("a named pipe")),
            ("to-pipe", FileProblem::Special("a named pipe")),
            ("socket", FileProblem::Special("a socket")),
            ("zero", FileProblem::Outside),
        ] {
            let root = root.clone();
            assert_eq!(at_once(move || (root.read(path, 99), root.entry(path))), (Err(problem.clone()), Err(problem)));
        }
    }

    #[test]
    fn a_file_that_becomes_a_pipe_after_the_look_does_not_block() {
        let (_folder, root) = root();
        mkfifo(&root.path().join("pipe"), Mode::S_IRWXU).unwrap();
        let dir = Arc::clone(&root.dir);
        let opened = at_once(move || dir.open_with("pipe", &reading()).map(|file| file.metadata().unwrap().is_file()));
        assert!(!opened.unwrap());
    }

    #[test]
    fn a_sparse_file_is_refused_by_its_length() {
        let (_folder, root) = root();
        File::create(root.path().join("sparse")).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(root.read("sparse", 1024), Err(FileProblem::TooLarge { limit: 1024 }));
    }

    #[test]
    fn a_manifest_given_by_its_own_path_is_in_its_folder() {
        let (folder, root) = root();
        let (found, name) = ExtensionRoot::of_manifest(&root.path().join("metadata.json")).unwrap();
        assert_eq!((found.path(), name.as_path()), (root.path(), Path::new("metadata.json")));
        let (found, name) = ExtensionRoot::of_manifest(root.path()).unwrap();
        assert_eq!((found.path(), name.as_path()), (root.path(), Path::new(FILE)));
        symlink(root.path(), folder.path().join("linked")).unwrap();
        assert_eq!(ExtensionRoot::of_manifest(&folder.path().join("linked")).unwrap().0.path(), root.path());
        mkfifo(&root.path().join("pipe"), Mode::S_IRWXU).unwrap();
        let pipe = root.path().join("pipe");
        let (found, name) = at_once(move || ExtensionRoot::of_manifest(&pipe)).unwrap();
        assert_eq!(found.read(name, 99), Err(FileProblem::Special("a named pipe")));
        assert_eq!(ExtensionRoot::of_manifest(Path::new("/no/such")).unwrap_err(), FileProblem::Missing);
    }
}
