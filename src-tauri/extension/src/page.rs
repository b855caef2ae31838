//! An extension's page: the files below its root, and nothing else.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{Cursor, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::{
    files::file_of_page,
    root::{ExtensionRoot, FileProblem, RegularFile, below},
};
use crate::Watch;

/// A page's beginning is held in memory, for the client to be put into it; the rest of its file is streamed.
const HEAD: u64 = 64 * 1024;

/// What would end a URL's path, or mean something else in it.
const IN_PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?').add(b'`');

/// What a page may do: run its own scripts and whatever they make, talk to the network as in a desktop application, show
/// and ask what its own backend publishes on this machine (`ports`), and reach neither Porthole's commands nor another
/// extension's page nor another program's port. Scripts of other machines are refused: an extension brings its own.
pub fn policy(ports: &BTreeSet<u16>) -> String {
    let sources = |schemes: &[&str]| -> String {
        let hosts = ["localhost", "127.0.0.1"];
        let each = ports.iter().flat_map(|port| hosts.map(|host| (host, port)));
        each.flat_map(|(host, port)| schemes.iter().map(move |scheme| format!(" {scheme}://{host}:{port}"))).collect()
    };
    let (pages, requests) = (sources(&["http"]), sources(&["http", "ws"]));
    format!(
        "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; \
         style-src 'self' 'unsafe-inline' https:; font-src 'self' data: https:; img-src 'self' data: blob: https:{pages}; \
         media-src 'self' data: blob: https:{pages}; connect-src 'self' data: blob: https: wss:{requests}; \
         worker-src 'self' blob:; frame-src 'self' data: blob: https:{pages}; object-src 'none'; base-uri 'self'"
    )
}

/// A page that can be shown.
#[derive(Debug, Clone)]
pub struct Page {
    /// The folder of its files.
    root: ExtensionRoot,
    /// Its first file, below the root.
    src: PathBuf,
    /// What follows the file in its URL: `?v0.4.0`, `#/volumes`; often empty.
    suffix: String,
    /// What its files were when it was opened.
    pub(super) watch: Option<Arc<Watch>>,
}

/// One answer to the page.
#[derive(Debug)]
pub struct Answer {
    /// 200, 206, 404 or 416.
    pub status: u16,
    /// The media type.
    pub kind: String,
    /// `Content-Range`, of a part.
    pub range: Option<String>,
    /// The bytes.
    pub body: Body,
    /// Why there is no file, with 404; absent when it was reported before.
    pub problem: Option<FileProblem>,
}

impl From<Vec<u8>> for Body {
    fn from(head: Vec<u8>) -> Self {
        Self { head, rest: None }
    }
}

/// The bytes of an answer: some that are in memory, and then a part of a file, of which nothing was read yet.
#[derive(Debug, Default)]
pub struct Body {
    head: Vec<u8>,
    rest: Option<(File, u64)>,
}

impl Body {
    /// How many bytes it has. A file that shrinks meanwhile gives fewer, and one that grows gives no more.
    pub fn length(&self) -> u64 {
        self.head.len() as u64 + self.rest.as_ref().map_or(0, |(_, length)| *length)
    }

    /// Reads it, from its first byte to its last.
    pub fn into_reader(self) -> impl Read + Send + 'static {
        let rest = self.rest.map(|(file, length)| file.take(length));
        Cursor::new(self.head).chain(rest.map_or_else(|| Rest::None, Rest::File))
    }

    /// Has its first bytes changed; they are read for that.
    pub(super) fn map_head(self, change: impl FnOnce(&[u8]) -> Vec<u8>) -> std::io::Result<Self> {
        let Some((mut file, length)) = self.rest else {
            return Ok(Self { head: change(&self.head), rest: None });
        };
        let mut head = self.head;
        let read = (&mut file).take(length.min(HEAD)).read_to_end(&mut head)? as u64;
        Ok(Self { head: change(&head), rest: Some((file, length.saturating_sub(read))) })
    }
}

enum Rest {
    None,
    File(std::io::Take<File>),
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::None => Ok(0),
            Self::File(file) => file.read(buffer),
        }
    }
}

impl Page {
    /// The page in a folder that is an image's root: `root` and `src` as the manifest has them. `src` is a URL: it may
    /// have a query and a fragment.
    ///
    /// # Errors
    /// Why the page's first file can't be opened.
    pub fn open(folder: &ExtensionRoot, root: &str, src: &str) -> Result<Self, FileProblem> {
        let (file, suffix) = src.split_at(file_of_page(src).len());
        let page = Self {
            root: folder.folder(root)?,
            src: below(file).ok_or(FileProblem::Outside)?,
            suffix: suffix.chars().filter(|letter| !letter.is_control()).collect(),
            watch: None,
        };
        page.file(&page.src)?;
        Ok(page)
    }

    /// The folder of its files.
    pub(super) fn root(&self) -> &ExtensionRoot {
        &self.root
    }

    /// The path that shows the page, as in a URL: `/index.html?v0.4.0`.
    pub fn path(&self) -> String {
        let file = self.src.to_string_lossy().replace('\\', "/");
        format!("/{}{}", utf8_percent_encode(&file, IN_PATH), self.suffix)
    }

    /// Answers a request for a path, as written in the URL, with the value of its `Range` header.
    ///
    /// A path without a file and without an extension is a route of the page's own (`/volumes/7`): it gets
    /// the page itself, as every server for such pages has it.
    pub fn answer(&self, path: &str, range: Option<&str>) -> Answer {
        let Some(wanted) = decoded(path) else { return Answer::missing(FileProblem::Outside) };
        let is_route = wanted.extension().is_none();
        let found = match self.file(&wanted) {
            Err(_) if is_route => self.file(&self.src),
            found => found,
        };
        match found {
            Ok((path, file)) => {
                read(&path, file, range).unwrap_or_else(|error| Answer::missing(FileProblem::Failed(error.to_string())))
            }
            Err(problem) => Answer::missing(problem),
        }
    }

    /// A file below the root, or the index of a directory there, with its path.
    fn file(&self, path: &Path) -> Result<(PathBuf, RegularFile), FileProblem> {
        let (path, file) = match self.root.file(path) {
            Err(FileProblem::Directory) => {
                let index = path.join("index.html");
                self.root.file(&index).map(|file| (index, file))
            }
            found => found.map(|file| (path.to_owned(), file)),
        }?;
        if let Some(watch) = &self.watch {
            watch.serves(&path, &file);
        }
        Ok((path, file))
    }
}

impl Answer {
    /// Says that there is nothing.
    pub fn nothing(status: u16) -> Self {
        let kind = "text/plain; charset=utf-8".to_owned();
        Self { status, kind, range: None, body: Body::default(), problem: None }
    }

    fn missing(problem: FileProblem) -> Self {
        Self { problem: Some(problem), ..Self::nothing(404) }
    }
}

/// A URL's path as one of files; none when it leads out or isn't text. It is decoded once, as servers do:
/// what is encoded twice names a file with a `%`.
fn decoded(path: &str) -> Option<PathBuf> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8().ok()?;
    if path.contains(['\0', '\\']) {
        return None;
    }
    below(path.as_ref())
}

fn read(path: &Path, file: RegularFile, range: Option<&str>) -> std::io::Result<Answer> {
    let RegularFile { mut file, length, .. } = file;
    let kind = media_type(path);
    let part = match range {
        Some(range) => match part(range, length) {
            Some(part) => Some(part),
            None => {
                return Ok(Answer { range: Some(format!("bytes */{length}")), ..Answer::nothing(416) });
            }
        },
        None => None,
    };
    let (from, to) = part.unwrap_or((0, length));
    file.seek(SeekFrom::Start(from))?;
    let body = Body { head: Vec::new(), rest: Some((file, to - from)) };
    Ok(match part {
        None => Answer { status: 200, kind, range: None, body, problem: None },
        Some(_) => {
            let last = to.saturating_sub(1);
            let range = Some(format!("bytes {from}-{last}/{length}"));
            Answer { status: 206, kind, range, body, problem: None }
        }
    })
}

/// From where to where, which is not part of it: the first range of those asked for.
fn part(range: &str, length: u64) -> Option<(u64, u64)> {
    let first = range.strip_prefix("bytes=")?.split(',').next()?.trim();
    let (from, to) = first.split_once('-')?;
    let (from, to) = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) => (from, to.checked_add(1)?.min(length)),
        (Ok(from), Err(_)) if to.is_empty() => (from, length),
        (Err(_), Ok(last)) if from.is_empty() => (length.saturating_sub(last), length),
        _ => return None,
    };
    (from < to).then_some((from, to))
}

fn media_type(path: &Path) -> String {
    let guessed = mime_guess::from_path(path).first_or_octet_stream();
    // A module without the right type is not run at all; text without a charset is guessed at.
    if guessed.type_() == "text" || guessed.essence_str() == "application/json" {
        format!("{}; charset=utf-8", guessed.essence_str())
    } else {
        guessed.essence_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    fn opened(folder: &tempfile::TempDir, root: &str, src: &str) -> Result<Page, FileProblem> {
        Page::open(&ExtensionRoot::open(folder.path())?, root, src)
    }

    fn bytes(answer: Answer) -> Vec<u8> {
        let length = answer.body.length();
        let mut bytes = Vec::new();
        answer.body.into_reader().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, length);
        bytes
    }

    fn page() -> (tempfile::TempDir, Page) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("ui/assets")).unwrap();
        fs::write(folder.path().join("secret.txt"), "secret").unwrap();
        fs::write(folder.path().join("ui/index.html"), "<!doctype html>").unwrap();
        fs::write(folder.path().join("ui/assets/app.js"), "0123456789").unwrap();
        fs::write(folder.path().join("ui/a b%.svg"), "<svg/>").unwrap();
        let page = opened(&folder, "/ui", "index.html").unwrap();
        (folder, page)
    }

    #[test]
    fn files_come_with_their_types_and_routes_get_the_page() {
        let (_folder, page) = page();
        for (path, status, kind) in [
            ("/", 200, "text/html; charset=utf-8"),
            ("/index.html?x=1", 200, "text/html; charset=utf-8"),
            ("/assets/app.js", 200, "text/javascript; charset=utf-8"),
            ("/a%20b%25.svg", 200, "image/svg+xml"),
            ("/volumes/7", 200, "text/html; charset=utf-8"),
            ("/assets/gone.js", 404, "text/plain; charset=utf-8"),
        ] {
            let answer = page.answer(path, None);
            assert_eq!((answer.status, answer.kind.as_str()), (status, kind), "{path}");
        }
        assert_eq!(page.path(), "/index.html");
    }

    #[test]
    fn a_page_with_a_query_or_a_fragment_in_its_src_is_not_missing() {
        let (folder, _page) = page();
        for (src, path) in [
            ("index.html?v0.4.0", "/index.html?v0.4.0"),
            ("index.html#/volumes?a=1", "/index.html#/volumes?a=1"),
            ("/index.html?a=1#/x", "/index.html?a=1#/x"),
            ("index.html?a\r\n=1", "/index.html?a=1"),
            ("a b%.svg", "/a%20b%25.svg"),
        ] {
            let page = opened(&folder, "/ui", src).unwrap_or_else(|problem| panic!("{src}: {problem}"));
            assert_eq!(page.path(), path);
            assert_eq!(page.answer(path, None).status, 200, "{src}");
        }
        assert_eq!(opened(&folder, "/ui", "../secret.txt?a").unwrap_err(), FileProblem::Outside);
    }

    #[test]
    fn no_path_leads_out() {
        let (folder, page) = page();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("secret.txt"), folder.path().join("ui/link.txt")).unwrap();
        let absolute = format!("/{}", folder.path().join("secret.txt").display());
        for path in [
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/..%2fsecret.txt",
            "/assets/../../secret.txt",
            "/..\\secret.txt",
            "/..%5csecret.txt",
            "/%252e%252e/secret.txt",
            "//secret.txt",
            "/link.txt",
            "/secret.txt%00.html",
            absolute.as_str(),
        ] {
            let answer = page.answer(path, None);
            assert_eq!(answer.status, 404, "{path}");
            assert!(bytes(answer) != b"secret", "{path}");
        }
    }

    #[test]
    fn parts_of_a_file_are_answered_as_asked() {
        let (_folder, page) = page();
        for (range, status, body, told) in [
            ("bytes=2-4", 206, "234", "bytes 2-4/10"),
            ("bytes=7-", 206, "789", "bytes 7-9/10"),
            ("bytes=-3", 206, "789", "bytes 7-9/10"),
            ("bytes=5-99", 206, "56789", "bytes 5-9/10"),
            ("bytes=0-0,5-6", 206, "0", "bytes 0-0/10"),
            ("bytes=10-", 416, "", "bytes */10"),
            ("bytes=4-2", 416, "", "bytes */10"),
            ("lines=1", 416, "", "bytes */10"),
        ] {
            let answer = page.answer("/assets/app.js", Some(range));
            assert_eq!((answer.status, answer.range.as_deref()), (status, Some(told)), "{range}");
            assert_eq!(String::from_utf8(bytes(answer)).unwrap(), body, "{range}");
        }
    }

    #[test]
    fn a_huge_file_is_answered_without_being_read_and_keeps_the_length_it_had() {
        let (folder, page) = page();
        let path = folder.path().join("ui/huge.bin");
        let file = File::create(&path).unwrap();
        file.set_len(1 << 40).unwrap();
        let answer = page.answer("/huge.bin", None);
        assert_eq!((answer.status, answer.body.length()), (200, 1 << 40));
        assert_eq!(page.answer("/huge.bin", Some("bytes=10-")).body.length(), (1 << 40) - 10);
        // One that grows or shrinks while it is on its way.
        file.set_len(4).unwrap();
        let (grows, shrinks) = (page.answer("/huge.bin", None), page.answer("/huge.bin", None));
        file.set_len(8).unwrap();
        assert_eq!(bytes(grows), [0; 4]);
        file.set_len(2).unwrap();
        let mut left = Vec::new();
        shrinks.body.into_reader().read_to_end(&mut left).unwrap();
        assert_eq!(left, [0; 2]);
    }

    #[test]
    fn the_policy_names_the_ports_of_the_own_backend_and_no_others() {
        let directive = |policy: &str, name: &str| {
            policy.split(';').map(str::trim).find(|directive| directive.starts_with(name)).unwrap().to_owned()
        };
        let none = policy(&BTreeSet::new());
        assert!(!none.contains("localhost") && !none.contains("127.0.0.1") && !none.contains("http:"), "{none}");
        let own = policy(&BTreeSet::from([8080, 9000]));
        let frames = directive(&own, "frame-src");
        assert!(frames.ends_with(
            "https: http://localhost:8080 http://127.0.0.1:8080 http://localhost:9000 http://127.0.0.1:9000"
        ));
        assert!(directive(&own, "connect-src").contains(" ws://localhost:9000"));
        assert!(!own.contains(":*"), "{own}");
    }

    #[test]
    fn a_page_must_be_there_and_inside() {
        let (folder, _page) = page();
        assert!(opened(&folder, "ui/", "/index.html").is_ok());
        for (root, src) in
            [("/ui", "gone.html"), ("/gone", "index.html"), ("/..", "index.html"), ("/ui", "../secret.txt")]
        {
            assert!(opened(&folder, root, src).is_err(), "{root} {src}");
        }
    }

    proptest! {
        #[test]
        fn nothing_outside_is_ever_answered(parts in proptest::collection::vec("(\\.\\.|%2e%2e|secret\\.txt|ui|assets|%2f|/|\\\\|\\.|[a-z%]{0,3})", 0..8)) {
            let (_folder, page) = page();
            let answer = page.answer(&format!("/{}", parts.join("/")), None);
            prop_assert!(bytes(answer) != b"secret");
        }
    }
}
