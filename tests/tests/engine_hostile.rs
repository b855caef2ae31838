//! Images that were made to write where they should not, on a real engine.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bollard::{
    Docker,
    query_parameters::{CreateImageOptionsBuilder, ListContainersOptionsBuilder, RemoveImageOptionsBuilder},
};
use futures_util::TryStreamExt;
use porthole_base::error::Code;
use porthole_engine::{Address, Engine, this_machine::Machine};
use porthole_extension::{ExtensionHost, ExtensionSource, PageFacts, PageFrom, PageServer, unpack};
use porthole_sdk::runtime::Runtime;
use porthole_tests::{eventually, given};
use porthole_timeline::Timeline;
use tar::{EntryType, Header};

/// A file of an image: its path, kind, mode, and its text or where it leads.
type Entry<'a> = (&'a str, EntryType, u32, &'a str);

const FILE: EntryType = EntryType::Regular;
const LINK: EntryType = EntryType::Symlink;

/// An image of a hostile author.
struct Image {
    docker: Docker,
    engine: Engine,
    name: String,
}

impl Image {
    async fn import(what: &str, entries: &[Entry<'_>]) -> Self {
        let host = given("PORTHOLE_TEST_ENGINE");
        let engine = Engine::connect(Address::new("test", host.clone())).await.unwrap();
        let docker = Docker::connect_with_host(&host).unwrap().negotiate_version().await.unwrap();
        let repository = format!("porthole-test-hostile-{what}-{}", std::process::id());
        let mut tar = tar::Builder::new(Vec::new());
        for (path, kind, mode, text) in entries {
            let mut header = Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(*mode);
            match *kind {
                EntryType::Symlink | EntryType::Link => {
                    header.set_size(0);
                    tar.append_link(&mut header, path, text).unwrap();
                }
                kind => {
                    if kind == EntryType::Char {
                        // The numbers of /dev/zero.
                        header.set_device_major(1).unwrap();
                        header.set_device_minor(5).unwrap();
                    }
                    header.set_size(text.len() as u64);
                    tar.append_data(&mut header, path, text.as_bytes()).unwrap();
                }
            }
        }
        let options = CreateImageOptionsBuilder::default().from_src("-").repo(&format!("{repository}:1")).build();
        let root = bollard::body_full(tar.into_inner().unwrap().into());
        docker.create_image(Some(options), Some(root), None).try_collect::<Vec<_>>().await.unwrap();
        Self { docker, engine, name: format!("{repository}:1") }
    }

    /// The containers that were made to read it, and are there.
    async fn containers(&self) -> usize {
        let filters = [("label".to_owned(), vec!["dev.porthole.reading".to_owned()])].into();
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let found = self.docker.list_containers(Some(options)).await.unwrap();
        let id = self.docker.inspect_image(&self.name).await.unwrap().id;
        found.iter().filter(|found| found.image_id == id).count()
    }

    async fn remove(self) {
        assert_eq!(self.containers().await, 0, "a container is left");
        let options = RemoveImageOptionsBuilder::default().force(true).build();
        self.docker.remove_image(&self.name, Some(options), None).await.unwrap();
    }
}

/// All that is below a folder, with what is in it.
fn all(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap();
            if kind.is_dir() {
                left.push(path.clone());
            }
            let text = match () {
                () if kind.is_file() => fs::read_to_string(&path).unwrap_or_else(|_| "bytes".into()),
                () if kind.is_dir() => "a folder".into(),
                () => "something else".into(),
            };
            found.insert(path, text);
        }
    }
    found
}

/// The manifest of the attack that wrote `~/.bashrc`: a link as the icon, and programs below it.
const ATTACK: &str = r#"{
  "icon": "a",
  "ui": { "dashboard-tab": { "title": "T", "root": "/page", "src": "index.html" } },
  "vm": { "composefile": "/a/.config/compose.yaml" },
  "host": { "binaries": [{ "linux": [{ "path": "/a/.bashrc" }, { "path": "/a/.config/autostart/x.desktop" }, { "path": "/bin/su" }] }] }
}"#;

#[tokio::test]
async fn engine_an_image_writes_nothing_outside_of_its_folder_and_no_special_file() {
    let up = "../".repeat(12);
    let image = Image::import(
        "attack",
        &[
            ("metadata.json", LINK, 0o777, "meta/data.json"),
            ("meta/data.json", FILE, 0o644, ATTACK),
            ("a", LINK, 0o777, &up),
            (".bashrc", FILE, 0o6755, "evil"),
            (".config/compose.yaml", FILE, 0o644, "services: {web: {image: '${DESKTOP_PLUGIN_IMAGE}'}}"),
            (".config/autostart/x.desktop", FILE, 0o644, "evil"),
            ("bin/su", FILE, 0o4755, "#!/bin/sh\n"),
            ("page", LINK, 0o777, "/srv/ui"),
            ("srv/ui/index.html", LINK, 0o777, "../../built/page.html"),
            ("srv/ui/home", LINK, 0o777, "../../../../../../.."),
            ("srv/ui/passwd", LINK, 0o777, "/etc/passwd"),
            ("srv/ui/zero", EntryType::Char, 0o666, ""),
            ("srv/ui/pipe", EntryType::Fifo, 0o666, ""),
            ("srv/ui/self", LINK, 0o777, "."),
            ("built/page.html", FILE, 0o644, "<!doctype html><p>page"),
        ],
    )
    .await;
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join(".bashrc"), "mine").unwrap();
    let data = home.path().join(".local/share/porthole/session");
    fs::create_dir_all(&data).unwrap();
    let folder = tempfile::Builder::new().prefix("extension-").tempdir_in(&data).unwrap();
    let before = all(home.path());
    let unpacked = unpack(&image.engine, &image.name.parse().unwrap(), folder.path(), None).await.unwrap();
    let diagnostics = unpacked.diagnostics;
    let (inside, outside): (BTreeMap<_, _>, BTreeMap<_, _>) =
        all(home.path()).into_iter().partition(|(path, _)| path.starts_with(folder.path()) && *path != folder.path());
    assert_eq!(outside, before);
    assert!(inside.values().all(|text| text != "something else"), "{inside:?}");
    #[cfg(unix)]
    for path in inside.keys() {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7000, 0, "{path:?}");
    }
    // What the image has there is what its links say, as a container would see it.
    let text = |path: &str| inside.get(&folder.path().join(path)).map(String::as_str);
    assert_eq!(text("page/index.html"), Some("<!doctype html><p>page"));
    assert_eq!((text("a/.bashrc"), text("a/.config/autostart/x.desktop")), (Some("evil"), Some("evil")));
    assert_eq!(text("page/passwd"), None);
    let said = |words: &str| diagnostics.iter().any(|diagnostic| diagnostic.summary.contains(words));
    assert!(said("`/a` was left out") && said("a device") && said("a named pipe"), "{diagnostics:?}");
    let key = diagnostics.iter().find(|diagnostic| diagnostic.summary.contains("`/a`")).unwrap();
    assert_eq!(key.location.as_ref().map(|at| (at.key.as_str(), at.line)), Some(("icon", 2)));
    // The page behind two links is shown.
    let facts = PageFacts {
        runtime: Runtime::DockerDesktop,
        machine: Machine::this(),
        image: image.name.clone(),
        container: false,
        service: false,
    };
    assert!(PageServer::folder(folder.path(), None, &PageFrom::Folder, facts, None).is_ok());
    image.remove().await;
}

#[tokio::test]
async fn engine_an_image_that_is_too_much_is_cut_off_and_says_so() {
    let manifest = r#"{"icon": "i", "ui": {"dashboard-tab": {"root": "ui", "src": "a"}}}"#;
    let mut entries: Vec<Entry<'_>> = vec![("metadata.json", FILE, 0o644, manifest), ("ui/29/x", FILE, 0o644, "x")];
    let links: Vec<(String, String)> =
        (0..29).flat_map(|n| ["l", "r"].map(|side| (format!("ui/{n}/{side}"), format!("../{}", n + 1)))).collect();
    entries.extend(links.iter().map(|(path, to)| (path.as_str(), LINK, 0o777, to.as_str())));
    let image = Image::import("doubles", &entries).await;
    let folder = tempfile::tempdir().unwrap();
    let error = unpack(&image.engine, &image.name.parse().unwrap(), folder.path(), None).await.unwrap_err();
    assert_eq!(error.code, Code::ImageTooLarge);
    assert!(error.message.contains("20,000 files"), "{error:?}");
    image.remove().await;
}

#[tokio::test]
async fn engine_a_manifest_that_leads_to_a_device_or_out_is_refused() {
    for (what, entries) in [
        ("zero", vec![("metadata.json", LINK, 0o777, "zero"), ("zero", EntryType::Char, 0o666, "")]),
        ("device", vec![("metadata.json", EntryType::Char, 0o666, "")]),
        ("pipe", vec![("metadata.json", EntryType::Fifo, 0o666, "")]),
        ("root", vec![("metadata.json", LINK, 0o777, "../../..")]),
        ("loop", vec![("metadata.json", LINK, 0o777, "metadata.json")]),
        ("folder", vec![("metadata.json/x", FILE, 0o644, "{}")]),
    ] {
        let image = Image::import(what, &entries).await;
        let folder = tempfile::tempdir().unwrap();
        let error = unpack(&image.engine, &image.name.parse().unwrap(), folder.path(), None).await.unwrap_err();
        assert_eq!(error.code, Code::ManifestUnreadable, "{what}: {error:?}");
        image.remove().await;
    }
}

#[tokio::test]
async fn engine_a_name_that_reads_as_an_option_or_a_path_never_reaches_an_engine() {
    let room = tempfile::tempdir().unwrap();
    let timeline = Timeline::new(room.path().join("session"), room.path().join("kept"), 1 << 20, None);
    let extension_host = ExtensionHost::new(Arc::new(timeline), None, room.path().to_owned());
    for name in ["--config=/tmp/evil", "../info", "x/../../info", "a b", "a\nb", "-"] {
        let error = extension_host.open(ExtensionSource::Image { name: name.into() }, None).await.unwrap_err();
        assert_eq!(error.code, Code::ImageNameInvalid, "{name}");
    }
    let engine = Engine::connect(Address::new("test", given("PORTHOLE_TEST_ENGINE"))).await.unwrap();
    for name in ["--config=/tmp/evil", "../info", "..", "x/json?all=1", "a\nb", ""] {
        assert_eq!(engine.ready(name).await.unwrap_err().code, Code::ContainerNameInvalid, "{name}");
        assert_eq!(engine.mounts(name).await.unwrap_err().code, Code::ContainerNameInvalid, "{name}");
    }
}

#[tokio::test]
async fn engine_a_container_that_is_read_goes_when_nobody_waits_for_it_any_more() {
    let text = "x".repeat(5_000_000);
    let manifest = r#"{"icon": "i", "ui": {"dashboard-tab": {"root": "ui", "src": "a"}}}"#;
    let image =
        Image::import("dropped", &[("metadata.json", FILE, 0o644, manifest), ("ui/a", FILE, 0o644, text.as_str())])
            .await;
    let folder = tempfile::tempdir().unwrap();
    let name = image.name.parse().unwrap();
    // Dropped after each so many steps, until one is done: while it is made, read, and removed.
    for steps in 0.. {
        let mut taking = Box::pin(unpack(&image.engine, &name, folder.path(), None));
        let mut polled = 0;
        let done = std::future::poll_fn(|context| {
            polled += 1;
            match taking.as_mut().poll(context) {
                std::task::Poll::Ready(_) => std::task::Poll::Ready(true),
                std::task::Poll::Pending if polled > steps => std::task::Poll::Ready(false),
                std::task::Poll::Pending => std::task::Poll::Pending,
            }
        })
        .await;
        drop(taking);
        if done {
            break;
        }
    }
    eventually("the containers' end", async || (image.containers().await == 0).then_some(())).await;
    image.remove().await;
}
