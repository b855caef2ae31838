//! The image that a folder builds, on an engine of the test's own: what is asked of it, and what of its responses is believed.

use std::{fs, path::Path, sync::Arc};

use porthole_base::error::Code;
use porthole_engine::{Address, Engine};
use porthole_extension::{ExtensionHost, ExtensionSource, NamedBy, OpenExtension, check_with_image};
use porthole_sdk::diagnostic::Severity;
use porthole_tests::{
    built_image::{DOCKERFILE, Fake, IN_THE_FUTURE, LONG_AGO, folder},
    eventually,
};
use porthole_timeline::Timeline;

#[tokio::test]
async fn a_folders_paths_are_judged_by_its_image_and_nothing_is_started_for_that() {
    let (folder, scratch) = (folder(), tempfile::tempdir().unwrap());
    let fake = Fake::new("acme/x:1", IN_THE_FUTURE);
    let engine = Engine::connect(Address::new("fake", fake.address())).await.unwrap();
    let checked = check_with_image(folder.path(), None, &engine, scratch.path(), None).await.unwrap().unwrap();
    let image = checked.image.unwrap();
    assert_eq!((image.name.as_ref(), image.named_by), ("acme/x:1", NamedBy::Labels));
    assert_eq!((image.created.as_deref(), image.changed), (Some("2096-10-02 07:06"), None));
    let statuses: Vec<_> = checked.paths.iter().map(|path| path.status.as_str()).collect();
    assert_eq!(statuses, ["in the image `acme/x:1`", "not in the image `acme/x:1`", "in the image `acme/x:1`"]);
    let found: Vec<_> =
        checked.diagnostics.iter().map(|diagnostic| (diagnostic.severity, diagnostic.summary.as_str())).collect();
    assert_eq!(
        found,
        [
            (Severity::Error, "The image `acme/x:1` has no `ui/index.html`"),
            (Severity::Warning, "`/host/tool` isn't executable"),
        ]
    );
    // Only what tells what a file is was written.
    assert!(fs::metadata(scratch.path().join("host/tool")).unwrap().len() <= 4096);
    let asked = fake.asked();
    let does = |what: &str| asked.iter().any(|line| line.contains(what));
    assert!(does("POST /containers/create") && does("DELETE /containers/porthole-reading-"), "{asked:#?}");
    assert!(!does("/start") && !does("/exec") && !does("/attach"), "{asked:#?}");
}

#[tokio::test]
async fn an_image_that_is_older_than_its_sources_is_said_to_be() {
    let (folder, scratch) = (folder(), tempfile::tempdir().unwrap());
    let fake = Fake::new("acme/x:1", LONG_AGO);
    let engine = Engine::connect(Address::new("fake", fake.address())).await.unwrap();
    let name = "acme/x:1".parse().unwrap();
    let checked = check_with_image(folder.path(), Some(&name), &engine, scratch.path(), None).await.unwrap().unwrap();
    let image = checked.image.unwrap();
    assert_eq!((image.created.as_deref(), image.changed.as_deref()), (Some("2001-09-09 01:46"), Some("Dockerfile")));
    assert_eq!(image.named_by, NamedBy::User);
    assert!(
        checked.diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Warning),
        "{:#?}",
        checked.diagnostics
    );
    let other = "acme/other:1".parse().unwrap();
    let error = check_with_image(folder.path(), Some(&other), &engine, scratch.path(), None).await.unwrap_err();
    assert_eq!(error.code, Code::ImageNotFound);
    // Another title: it isn't this folder's image, and nothing of it is read.
    fs::write(folder.path().join("Dockerfile"), DOCKERFILE.replace("title=X", "title=Y")).unwrap();
    let before = fake.asked().len();
    assert!(check_with_image(folder.path(), None, &engine, scratch.path(), None).await.unwrap().is_none());
    assert!(fake.asked()[before..].iter().all(|line| !line.contains("/containers/create")));
}

fn extension_host(directory: &Path) -> ExtensionHost {
    let (session, kept) = (directory.join("session"), directory.join("kept"));
    fs::create_dir(&session).unwrap();
    ExtensionHost::new(Arc::new(Timeline::new(session.clone(), kept, 1 << 20, None)), None, session)
}

#[tokio::test]
async fn a_folder_is_opened_before_its_image_is_looked_into_and_the_report_follows() {
    let (folder, directory) = (folder(), tempfile::tempdir().unwrap());
    let fake = Fake::new("acme/x:1", IN_THE_FUTURE);
    let extension_host = extension_host(directory.path());
    let source = || ExtensionSource::Folder { path: folder.path().to_owned(), image: None };
    // An address that is a path names an engine by its socket.
    let open = extension_host.open(source(), Some(fake.address())).await.unwrap();
    assert_eq!((open.extension.built_image.as_ref(), open.extension.diagnostics.as_slice()), (None, [].as_slice()));
    let has_image = |open: &OpenExtension| open.extension.built_image.is_some();
    let open = eventually("the report", async || extension_host.open_now().filter(has_image)).await;
    assert_eq!(open.extension.diagnostics.len(), 2, "{:#?}", open.extension.diagnostics);
    // What was taken out of the image is gone, and so is the container.
    let left: Vec<_> =
        fs::read_dir(directory.path().join("session")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("image-")), "{left:?}");
    assert!(fake.asked().iter().any(|line| line.starts_with("DELETE ")));
    // Without an engine the report is the Dockerfile's.
    let open = extension_host.open(source(), Some("unix:///no/such/engine.sock".to_owned())).await.unwrap();
    assert_eq!(open.extension.built_image, None);
    extension_host.close().await.unwrap();
}
