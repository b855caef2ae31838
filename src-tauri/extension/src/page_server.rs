//! An extension's page that is open: its files under a random name, with Porthole's client before
//! its first script; or a development server's, which answers for itself.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    Answer, ExtensionRoot, FileProblem, FileSource, Manifest, Page, Server, check_in,
    client::{CLIENT, with_client},
    files::file_of_page,
    frontend::{PackageCommand, ProjectStep, SourcePage, built_folder, command_as_shown, source_page},
    manifest::{Named, Platform, Tab},
    root::below,
    unread,
};
use porthole_base::{
    error::{Code, Error, Result},
    random::random_id,
};
use porthole_engine::this_machine::Machine;
use porthole_process::Command;
use porthole_sdk::diagnostic::Diagnostic;
use porthole_sdk::runtime::Runtime;

/// What `ddClient` is made from: the runtime that it behaves like, and what it can reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PageFacts {
    /// The runtime that it behaves like.
    pub runtime: Runtime,
    /// What `ddClient.host` tells.
    pub machine: Machine,
    /// `extension.image`
    pub image: String,
    /// The target has a container.
    pub container: bool,
    /// The target has an endpoint.
    pub service: bool,
}

/// Where the files of a page are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PageFrom {
    /// Where the manifest has them.
    #[default]
    Folder,
    /// In the folder that the page is built into, and that the Dockerfile copies.
    Built,
    /// At a development server.
    Server(Server),
}

/// How many files that a page asked for in vain are kept by name, and how much of a name.
const MOST_MISSES: usize = 100;
const LONGEST_MISS: usize = 1_000;

/// A file that a page asked for in vain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Miss {
    /// Its path, as in the URL: `/assets/gone.js`.
    pub path: String,
    /// Why it wasn't given.
    pub reason: String,
}

/// The files that a page asked for in vain since it was loaded last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Misses {
    /// The first ones, each once.
    pub files: Vec<Miss>,
    /// How many requests for others there were.
    pub more: u32,
}

/// What the window gets about an opened page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct OpenedPage {
    /// Where the page is: `ext://<32 hexadecimal digits>/index.html`, or the development server's own; empty when its
    /// files aren't there.
    pub url: String,
    /// The folder that its files come from, below the extension's, when it isn't the manifest's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built: Option<String>,
    /// Its first file is a source that a browser can't run, or isn't built yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePage>,
    /// It comes from a development server: the client is in its frame, and not in its files.
    pub served: bool,
    /// The folder of the manifest, whole.
    pub folder: String,
    /// What the tab is called; the folder's name where the manifest has none.
    pub title: String,
    /// The folder's name.
    pub name: String,
    /// What the page's `ddClient` was made from.
    pub facts: PageFacts,
    /// What is to be said against the manifest.
    pub diagnostics: Vec<Diagnostic>,
    /// The manifest.
    pub manifest: Manifest,
}

/// The page that is open. What was opened before has no name any more, and is not answered.
#[derive(Debug)]
pub struct PageServer {
    host: String,
    pub(super) whose: String,
    /// Its files; none of a development server's.
    pub(super) page: Option<Page>,
    facts: PageFacts,
    /// The development server that it comes from.
    pub(super) server: Option<Server>,
    /// The extension's folder, and what in it belongs to its content besides the page.
    pub(super) root: ExtensionRoot,
    pub(super) files: Vec<PathBuf>,
    /// The folder and the first file of the page, as the manifest names them.
    named: Option<(String, String)>,
    misses: Mutex<Misses>,
}

impl PageServer {
    /// Opens the page of the manifest in a folder; the manifest's own path will do. With a server the page
    /// is the one there, and its files need not be built. `whose` tells the extension from others of the same manifest.
    /// `before` is the page that was open: the same extension opened again keeps its
    /// name, and with it what the page stored.
    ///
    /// # Errors
    /// [`Code::ManifestUnreadable`]; [`Code::PageMissing`] when The manifest has no page, or its files
    /// are not there.
    pub fn folder(
        folder: &Path,
        whose: Option<&str>,
        from: &PageFrom,
        facts: PageFacts,
        before: Option<&Self>,
    ) -> Result<(Self, OpenedPage)> {
        let (root, manifest) = ExtensionRoot::of_manifest(folder).map_err(|problem| unread(folder, &problem))?;
        let checked = check_in(FileSource::Folder(&root), &manifest)?;
        let folder = root.path().to_owned();
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();

        let whose = whose.map_or_else(|| folder.display().to_string(), str::to_owned);
        let host = match before {
            Some(before) if before.whose == whose => before.host.clone(),
            // No other page can know it.
            _ => random_id()?,
        };
        let tab = checked.manifest.tab.as_ref();
        let (mut source, mut built, mut server) = (None, None, None);
        let (url, page) = match from {
            PageFrom::Server(named) => {
                server = Some(named.clone());
                (named.url(), None)
            }
            PageFrom::Folder => {
                source = tab.and_then(|tab| source_page(&root, &folder_of(tab), file_of(tab)));
                let is_missing = source.as_ref().is_some_and(|source| source.sign.is_none());
                let page = match files(&root, tab, None) {
                    _ if is_missing => None,
                    // What no project builds may be copied to its place in the image from another folder.
                    Err(error) => {
                        built = tab.and_then(|tab| built_folder(&root, &folder_of(tab), file_of(tab)));
                        let folder = built.as_deref().ok_or(error)?;
                        Some(files(&root, tab, Some(folder))?)
                    }
                    Ok(page) => Some(page),
                };
                (page.as_ref().map_or_else(String::new, |page| address(&host, &page.path())), page)
            }
            PageFrom::Built => {
                built = tab.and_then(|tab| built_folder(&root, &folder_of(tab), file_of(tab)));
                let Some(folder) = &built else {
                    return Err(
                        missing("The page isn't built").hint("Build it, or load it from its development server.")
                    );
                };
                let page = files(&root, tab, Some(folder))?;
                (address(&host, &page.path()), Some(page))
            }
        };
        let title = text_of(tab.and_then(|tab| tab.title.as_ref()), &name);
        let told = OpenedPage {
            url,
            built,
            source,
            served: server.is_some(),
            folder: folder.display().to_string(),
            title: if title.trim().is_empty() { name.clone() } else { title },
            name,
            facts: facts.clone(),
            diagnostics: checked.diagnostics,
            manifest: checked.manifest,
        };
        let named = told.manifest.tab.as_ref().map(|tab| (folder_of(tab), file_of(tab).to_owned()));
        let programs = told.manifest.binaries.iter().filter(|binary| binary.platform == Platform::this());
        let files = [manifest].into_iter().chain(programs.filter_map(|binary| below(&binary.path.text))).collect();
        let misses = Mutex::default();
        Ok((Self { host, whose, page, facts, server, root, files, named, misses }, told))
    }

    /// The web storage of its origin: the extension's, and for a development server that server's. Two pages with the
    /// same owner may see what the other stored.
    pub fn storage_owner(&self) -> String {
        let origin = self.server.as_ref().map_or("", Server::origin);
        format!("{origin} {}", self.whose)
    }

    /// The command of its project, if that still is what the user was shown.
    ///
    /// # Errors
    /// [`Code::ProjectChanged`]; [`Code::ScriptsTooLong`] when not all of it could be shown.
    pub fn project_command(&self, step: ProjectStep, shown: &PackageCommand) -> Result<Command> {
        let (folder, file) = self.named.as_ref().map_or(("/", ""), |(folder, file)| (folder.as_str(), file.as_str()));
        command_as_shown(self.root.path(), (folder, file), step, shown)
    }

    /// The development server that it comes from.
    pub fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// Answers a request of the page. `None` for the client's script, which a caller that serves has.
    pub fn answer(&self, host: &str, path: &str, range: Option<&str>) -> Option<Answer> {
        let Some(page) = self.page.as_ref().filter(|_| named(host) == self.host) else {
            return Some(Answer::nothing(404));
        };
        if path == CLIENT {
            // A page begins: what the one before it missed doesn't matter any more.
            *self.misses() = Misses::default();
            return None;
        }
        let mut answer = page.answer(path, range);
        answer.problem = answer.problem.filter(|problem| self.missed(path, problem));
        if answer.status >= 300 || !is_page(&answer) {
            return Some(answer);
        }
        // A part of a page would be without the client.
        let whole = if answer.status == 206 { page.answer(path, None) } else { answer };
        let facts = serde_json::to_string(&self.facts).unwrap_or_default();
        let body = whole.body.map_head(|head| with_client(head, &facts));
        Some(body.map_or_else(|_| Answer::nothing(404), |body| Answer { body, ..whole }))
    }

    /// The files that it asked for in vain.
    pub fn missed_files(&self) -> Misses {
        self.misses().clone()
    }

    /// Notes a file that it asked for in vain; false when nothing needs to be told of it once more.
    fn missed(&self, path: &str, problem: &FileProblem) -> bool {
        let path: String = path.chars().take(LONGEST_MISS).collect();
        let mut misses = self.misses();
        if misses.files.iter().any(|miss| miss.path == path) {
            return false;
        }
        if misses.files.len() < MOST_MISSES {
            misses.files.push(Miss { path, reason: problem.to_string() });
            true
        } else {
            misses.more = misses.more.saturating_add(1);
            misses.more.is_power_of_two()
        }
    }

    fn misses(&self) -> std::sync::MutexGuard<'_, Misses> {
        self.misses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The folder of a page's files, as the manifest names it.
fn folder_of(tab: &Tab) -> String {
    text_of(tab.root.as_ref(), "/")
}

/// A page's first file, as the manifest names it.
fn file_of(tab: &Tab) -> &str {
    match file_of_page(tab.src.as_ref().map_or("", |src| &src.text)) {
        "" | "/" => "index.html",
        file => file,
    }
}

/// The files that the manifest names, in its own folder or in that of the built page.
fn files(folder: &ExtensionRoot, tab: Option<&Tab>, built: Option<&str>) -> Result<Page> {
    let Some(tab) = tab else {
        return Err(
            missing("The manifest has no page").hint("Add ui[\"dashboard-tab\"] with a title, a root and a src.")
        );
    };
    let root = built.map_or_else(|| folder_of(tab), str::to_owned);
    let src = text_of(tab.src.as_ref(), "index.html");
    Page::open(folder, &root, &src).map_err(|error| {
        missing("The page's files don't exist").detail(error).hint(format!(
            "The manifest sets the folder {root}, as in the image: build the page into that folder, or load it from its development server."
        ))
    })
}

fn text_of(named: Option<&Named>, usual: &str) -> String {
    named.map_or_else(|| usual.to_owned(), |named| named.text.clone())
}

/// Where a page of this name is. On Windows the web view knows no schemes of ours: what it asks of
/// `http://ext.…` is handed to us as `ext://…`, and a name below `localhost` leads nowhere else.
fn address(host: &str, path: &str) -> String {
    if cfg!(windows) { format!("http://ext.{host}.localhost{path}") } else { format!("ext://{host}{path}") }
}

/// The name in an address's host.
fn named(host: &str) -> &str {
    if cfg!(windows) { host.strip_suffix(".localhost").unwrap_or(host) } else { host }
}

fn is_page(answer: &Answer) -> bool {
    answer.kind.starts_with("text/html") || answer.kind.starts_with("application/xhtml")
}

fn missing(what: &str) -> Error {
    Error::new(Code::PageMissing, what)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn facts() -> PageFacts {
        PageFacts {
            runtime: Runtime::DockerDesktop,
            machine: Machine::this(),
            image: "a \"quoted\" & <odd> 'name'".to_owned(),
            container: false,
            service: true,
        }
    }

    fn extension(manifest: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("ui")).unwrap();
        fs::write(folder.path().join("metadata.json"), manifest).unwrap();
        fs::write(folder.path().join("ui/index.html"), "<!doctype html><p>hello").unwrap();
        fs::write(folder.path().join("ui/app.js"), "1").unwrap();
        folder
    }

    const MANIFEST: &str = r#"{"ui":{"dashboard-tab":{"title":"Volumes","root":"/ui","src":"index.html"}}}"#;

    fn bytes(answer: Answer) -> Vec<u8> {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut answer.body.into_reader(), &mut bytes).unwrap();
        bytes
    }

    fn host(told: &OpenedPage) -> &str {
        let host = told.url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
        named(host.strip_prefix("ext.").unwrap_or(host))
    }

    #[test]
    fn a_page_without_a_build_is_taken_from_the_folder_that_the_dockerfile_copies() {
        let folder = extension(MANIFEST);
        let page = folder.path().join("ui/src");
        fs::rename(folder.path().join("ui"), folder.path().join("files")).unwrap();
        fs::create_dir(folder.path().join("ui")).unwrap();
        fs::rename(folder.path().join("files"), &page).unwrap();
        let open = || PageServer::folder(folder.path(), None, &PageFrom::Folder, facts(), None);
        assert_eq!(open().unwrap_err().code, Code::PageMissing, "nothing says where it is");
        fs::write(folder.path().join("Dockerfile"), "FROM alpine\nCOPY ui/src ./ui\n").unwrap();
        let (open, told) = open().unwrap();
        assert_eq!((told.built.as_deref(), told.source.is_none()), (Some("ui/src"), true));
        let answer = open.answer(host(&told), "/app.js", None).unwrap();
        assert_eq!(bytes(answer), b"1");
    }

    #[test]
    fn a_folder_and_its_manifest_open_the_same_page() {
        let folder = extension(MANIFEST);
        let (_, by_folder) = PageServer::folder(folder.path(), None, &PageFrom::Folder, facts(), None).unwrap();
        let (_, by_file) =
            PageServer::folder(&folder.path().join("metadata.json"), None, &PageFrom::Folder, facts(), None).unwrap();
        assert_eq!((by_folder.title.as_str(), &by_folder.folder), ("Volumes", &by_file.folder));
        assert!(by_folder.url.ends_with("/index.html"));
    }

    #[test]
    fn each_page_has_a_name_of_its_own_and_keeps_it_when_it_is_opened_again() {
        let (one, other) = (extension(MANIFEST), extension(MANIFEST));
        let (open, told) = PageServer::folder(one.path(), None, &PageFrom::Folder, facts(), None).unwrap();
        let (_, again) = PageServer::folder(one.path(), None, &PageFrom::Folder, facts(), Some(&open)).unwrap();
        assert_eq!(told.url, again.url);
        let (next, told_next) =
            PageServer::folder(other.path(), None, &PageFrom::Folder, facts(), Some(&open)).unwrap();
        assert_ne!(told.url, told_next.url);
        assert_eq!(next.answer(host(&told), "/index.html", None).unwrap().status, 404, "the name of the one before");
        assert_eq!(next.answer(host(&told_next), "/index.html", None).unwrap().status, 200);
        assert_eq!(host(&told).len(), 32);
    }

    #[test]
    fn pages_are_answered_with_the_client_and_other_files_as_they_are() {
        let folder = extension(MANIFEST);
        let (open, told) = PageServer::folder(folder.path(), None, &PageFrom::Folder, facts(), None).unwrap();
        let page = open.answer(host(&told), "/volumes/7", None).unwrap();
        let text = String::from_utf8(bytes(page)).unwrap();
        assert!(
            text.starts_with("<!doctype html><script src=\"/__porthole__/client.js\" data-facts=\"{&quot;"),
            "{text}"
        );
        assert!(text.ends_with("</script><p>hello"), "{text}");
        assert_eq!(bytes(open.answer(host(&told), "/app.js", None).unwrap()), b"1");
        assert!(open.answer(host(&told), CLIENT, None).is_none());
        let part = open.answer(host(&told), "/index.html", Some("bytes=3-5")).unwrap();
        assert_eq!(part.status, 200);
        assert!(bytes(part).starts_with(b"<!doctype html><script"));
        // What is behind the part of a large page that is read for that comes along.
        let long = format!("<!doctype html>{}end", "<p>again".repeat(100_000));
        fs::write(folder.path().join("ui/index.html"), &long).unwrap();
        let text = String::from_utf8(bytes(open.answer(host(&told), "/index.html", None).unwrap())).unwrap();
        assert!(text.starts_with("<!doctype html><script") && text.ends_with(&long["<!doctype html>".len()..]));
    }

    #[test]
    fn a_development_server_has_the_page_in_the_place_of_files_that_need_not_be_there() {
        let server: Server = "localhost:3000/#/volumes".parse().unwrap();
        for manifest in ["{}", MANIFEST] {
            let folder = extension(manifest);
            fs::remove_dir_all(folder.path().join("ui")).unwrap();
            let from = PageFrom::Server(server.clone());
            let (open, told) = PageServer::folder(folder.path(), None, &from, facts(), None).unwrap();
            assert_eq!((told.url.as_str(), told.served), ("http://localhost:3000/#/volumes", true));
            assert_eq!(open.answer(&open.host, "/metadata.json", None).unwrap().status, 404);
        }
        let folder = extension(MANIFEST);
        let (served, _) = PageServer::folder(folder.path(), None, &PageFrom::Server(server), facts(), None).unwrap();
        let (open, told) = PageServer::folder(folder.path(), None, &PageFrom::Folder, facts(), Some(&served)).unwrap();
        assert!(!told.served);
        assert_eq!(open.answer(host(&told), "/app.js", None).unwrap().status, 200);
    }

    #[test]
    fn files_that_a_page_asks_for_in_vain_are_told_once_each_and_not_without_end() {
        let folder = extension(MANIFEST);
        let (open, told) = PageServer::folder(folder.path(), None, &PageFrom::Folder, facts(), None).unwrap();
        let ask = |path: &str| open.answer(host(&told), path, None);
        for path in ["/app.js", "/gone.woff2", "/gone.woff2", "/..%2fsecret.txt"] {
            ask(path);
        }
        let missed = open.missed_files().files;
        let [gone, outside] = missed.as_slice() else { panic!("{missed:?}") };
        assert_eq!((gone.path.as_str(), gone.reason.as_str()), ("/gone.woff2", "no such file"));
        assert!(outside.reason.contains("leads out"), "{outside:?}");
        let told = (0..500).filter(|n| {
            ask(&format!("/{}{n}.js", "x".repeat(2_000)));
            ask(&format!("/{n}.js")).unwrap().problem.is_some()
        });
        assert!(told.count() < 120, "the window is told of each of a flood");
        let misses = open.missed_files();
        assert_eq!(misses.files.len(), MOST_MISSES);
        assert!(misses.more > 400 && misses.files.iter().all(|miss| miss.path.len() <= LONGEST_MISS));
        // A page that loads itself again begins anew.
        assert!(ask(CLIENT).is_none());
        assert_eq!(open.missed_files(), Misses::default());
    }

    #[test]
    fn what_has_no_page_says_so() {
        for manifest in ["{}", r#"{"ui":{"dashboard-tab":{"title":"x","root":"/gone","src":"index.html"}}}"#] {
            let folder = extension(manifest);
            let error = PageServer::folder(folder.path(), None, &PageFrom::Folder, facts(), None).unwrap_err();
            assert_eq!(error.code, Code::PageMissing, "{manifest}");
            assert!(error.hint.is_some());
        }
        let error =
            PageServer::folder(Path::new("/nowhere/at/all"), None, &PageFrom::Folder, facts(), None).unwrap_err();
        assert_eq!(error.code, Code::ManifestUnreadable);
    }
}
