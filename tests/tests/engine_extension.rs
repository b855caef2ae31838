//! Extensions in images of a real engine.

use std::fs;

use bollard::{
    Docker,
    query_parameters::{
        BuildImageOptionsBuilder, CreateImageOptionsBuilder, ListContainersOptionsBuilder, RemoveImageOptionsBuilder,
    },
};
use futures_util::TryStreamExt;
use porthole_base::error::Code;
use porthole_engine::{Address, Engine};
use porthole_extension::{NamedBy, check_folder, check_with_image, unpack};
use porthole_tests::given;

const MANIFEST: &str = r#"{
  "icon": "/assets/icon.svg",
  "ui": { "dashboard-tab": { "title": "T", "root": "/ui", "src": "index.html" } },
  "vm": { "composefile": "backend/compose.yaml", "exposes": { "socket": "b.sock" } },
  "host": { "binaries": [{ "linux": [{ "path": "/host/tool" }, { "path": "/host/gone" }] }] }
}"#;

/// Files as an archive, each with its mode.
fn archive(files: &[(&str, u32, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, mode, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(*mode);
        header.set_cksum();
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap()
}

/// Imports an image that holds these files.
async fn import(docker: &Docker, name: &str, files: &[(&str, u32, &str)]) {
    let options = CreateImageOptionsBuilder::default().from_src("-").repo(&format!("{name}:1")).build();
    let root = bollard::body_full(archive(files).into());
    docker.create_image(Some(options), Some(root), None).try_collect::<Vec<_>>().await.unwrap();
}

/// Builds an image: Podman doesn't give an imported one more than one label.
async fn build(docker: &Docker, name: &str, files: &[(&str, u32, &str)]) {
    let options = BuildImageOptionsBuilder::default().t(&format!("{name}:1")).build();
    let context = bollard::body_full(archive(files).into());
    docker.build_image(options, None, Some(context)).try_collect::<Vec<_>>().await.unwrap();
}

/// No container that an image was read through is there any more. The image goes.
async fn nothing_is_left(docker: &Docker, name: &str) {
    let filters = [("label".to_owned(), vec!["dev.porthole.reading".to_owned()])].into();
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let left = docker.list_containers(Some(options)).await.unwrap();
    let id = docker.inspect_image(&format!("{name}:1")).await.unwrap().id;
    assert!(left.iter().all(|left| left.image_id != id), "a container is left");
    remove(docker, name).await;
}

async fn remove(docker: &Docker, name: &str) {
    let options = RemoveImageOptionsBuilder::default().force(true).build();
    docker.remove_image(&format!("{name}:1"), Some(options), None).await.unwrap();
}

async fn engine() -> (Engine, Docker) {
    let host = given("PORTHOLE_TEST_ENGINE");
    let engine = Engine::connect(Address::new("test", host.clone())).await.unwrap();
    (engine, Docker::connect_with_host(&host).unwrap().negotiate_version().await.unwrap())
}

#[tokio::test]
async fn engine_what_a_manifest_names_is_taken_out_of_its_image() {
    let (engine, docker) = engine().await;
    let name = format!("porthole-test-extension-{}", std::process::id());
    let files = [
        ("metadata.json", 0o644, MANIFEST),
        ("assets/icon.svg", 0o644, "<svg/>"),
        ("assets/other.svg", 0o644, "not named"),
        ("ui/index.html", 0o644, "<!doctype html>"),
        ("ui/assets/app.js", 0o644, "1"),
        ("backend/compose.yaml", 0o644, "services: {web: {image: '${DESKTOP_PLUGIN_IMAGE}'}}"),
        ("backend/backend.env", 0o644, "A=1"),
        ("host/tool", 0o755, "#!/bin/sh\n"),
    ];
    import(&docker, &name, &files).await;
    let folder = tempfile::tempdir().unwrap();
    unpack(&engine, &format!("{name}:1").parse().unwrap(), folder.path(), None).await.unwrap();
    for (path, mode, text) in files.iter().filter(|(path, ..)| !path.contains("other")) {
        assert_eq!(fs::read_to_string(folder.path().join(path)).unwrap(), *text, "{path}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777, *mode, "{path}");
        }
    }
    assert!(!folder.path().join("assets/other.svg").exists());
    let wrong: Vec<_> =
        check_folder(folder.path()).unwrap().diagnostics.into_iter().map(|diagnostic| diagnostic.summary).collect();
    assert_eq!(wrong, ["`host/gone` isn't in this folder, and the folder has no Dockerfile"]);
    nothing_is_left(&docker, &name).await;
}

#[tokio::test]
async fn engine_an_image_that_is_no_extension_or_not_there_is_said() {
    let (engine, docker) = engine().await;
    let name = format!("porthole-test-plain-{}", std::process::id());
    import(&docker, &name, &[("etc/hosts", 0o644, "")]).await;
    let folder = tempfile::tempdir().unwrap();
    let error = unpack(&engine, &format!("{name}:1").parse().unwrap(), folder.path(), None).await.unwrap_err();
    assert_eq!(error.code, Code::ManifestUnreadable);
    let error =
        unpack(&engine, &"porthole-test-no-such-image:1".parse().unwrap(), folder.path(), None).await.unwrap_err();
    assert_eq!(error.code, Code::ImageNotFound, "{error:?}");
    remove(&docker, &name).await;
}

#[tokio::test]
async fn engine_a_folders_paths_are_checked_in_the_image_that_it_builds() {
    let (engine, docker) = engine().await;
    let name = format!("porthole-test-built-{}", std::process::id());
    let labels = format!("org.opencontainers.image.title={name} com.docker.desktop.extension.api.version=1");
    let folder = tempfile::tempdir().unwrap();
    let manifest =
        r#"{"icon": "icon.svg", "ui": {"dashboard-tab": {"title": "T", "root": "/ui", "src": "index.html"}}}"#;
    fs::write(folder.path().join("metadata.json"), manifest).unwrap();
    let dockerfile = format!("FROM scratch\nLABEL {labels}\nCOPY metadata.json /\nADD https://example.com/ui.tar /\n");
    fs::write(folder.path().join("Dockerfile"), dockerfile).unwrap();
    let built = format!("FROM scratch\nLABEL {labels}\nCOPY ui /ui\n");
    build(&docker, &name, &[("Dockerfile", 0o644, &built), ("ui/index.html", 0o644, "x")]).await;
    let scratch = tempfile::tempdir().unwrap();
    let checked = check_with_image(folder.path(), None, &engine, scratch.path(), None).await.unwrap().unwrap();
    let image = checked.image.unwrap();
    assert_eq!((image.name.as_ref(), image.named_by), (format!("{name}:1").as_str(), NamedBy::Labels));
    assert!(image.created.is_some() && image.changed.is_none(), "{image:?}");
    let statuses: Vec<_> = checked.paths.iter().map(|path| path.status.clone()).collect();
    assert_eq!(statuses, [format!("not in the image `{name}:1`"), format!("in the image `{name}:1`")]);
    // The command line looks into it by itself, and says which one it was.
    let check = |host: &str| {
        let mut command = std::process::Command::new(given("PORTHOLE_CLI"));
        let output = command.arg("check").arg(folder.path()).env("DOCKER_HOST", host).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let said = check(&given("PORTHOLE_TEST_ENGINE"));
    assert!(said.contains(&format!("Checked in the image {name}:1, created ")), "{said}");
    assert!(said.contains(&format!("/ui/index.html: in the image `{name}:1`")), "{said}");
    let alone = check("unix:///no/such/engine.sock");
    assert!(alone.contains("/ui/index.html: known when it is built: `ADD"), "{alone}");
    nothing_is_left(&docker, &name).await;
}
