//! Manifests beside Dockerfiles, in folders made for each test.

use std::{fs, path::Path};

use crate::{Checked, check_folder};
use porthole_sdk::diagnostic::Severity;
use porthole_sdk::runtime::Runtime;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn checked(files: &[(&str, &str)]) -> Checked {
    check_folder(folder(files).path()).unwrap()
}

const MANIFEST: &str = r#"{
  "icon": "docker.svg",
  "ui": { "dashboard-tab": { "title": "X", "root": "/ui", "src": "index.html?v0.4.0#/volumes" } }
}"#;

fn with(dockerfile: &str, others: &[(&'static str, &'static str)]) -> Checked {
    let mut files = vec![("metadata.json", MANIFEST), ("Dockerfile", dockerfile), ("docker.svg", "<svg/>")];
    files.extend(others);
    checked(&files)
}

#[test]
fn a_healthy_folder_of_sources_has_no_errors() {
    let built = "FROM node AS ui\nCOPY ui /ui\nRUN npm run build\nFROM scratch\nCOPY docker.svg .\nCOPY --from=ui /ui/build ui\n";
    let Checked { diagnostics, paths, .. } = with(built, &[("ui/package.json", "{}")]);
    assert_eq!(diagnostics, []);
    assert_eq!(paths[0].status, "in the image, from `COPY docker.svg .` (line 5 of the Dockerfile)");
    assert!(paths[1].status.starts_with("known when it is built: `RUN npm run build`"), "{paths:?}");
}

#[test]
fn what_is_not_built_yet_is_a_note_with_the_command_that_builds_it() {
    let package = ("ui/package.json", r#"{"scripts": {"build": "vite build"}}"#);
    let Checked { diagnostics, paths, .. } = with("FROM scratch\nCOPY docker.svg .\nCOPY ./ui/build ui\n", &[package]);
    assert_eq!((diagnostics.len(), diagnostics[0].severity), (1, Severity::Note), "{diagnostics:#?}");
    assert_eq!(diagnostics[0].fix, "Build it: `npm run build` in ui.");
    assert_eq!(paths[1].status, "not built yet: `npm run build` in ui");
}

#[test]
fn the_build_of_the_page_is_not_said_to_make_programs_and_icons() {
    let package = r#"{"scripts": {"build": "vite build"}}"#;
    let dockerfile = "FROM scratch\nCOPY docker.svg .\nCOPY cli/bin/tool.exe /windows/tool.exe\nCOPY dist /ui\n";
    let manifest = r#"{
  "icon": "docker.svg",
  "ui": { "dashboard-tab": { "title": "X", "root": "/ui", "src": "index.html" } },
  "host": { "binaries": [{ "windows": [{ "path": "/windows/tool.exe" }] }] }
}"#;
    let files = [("metadata.json", manifest), ("Dockerfile", dockerfile), ("client/package.json", package)];
    let Checked { diagnostics, paths, .. } = checked(&files);
    let fixes: Vec<_> =
        diagnostics.iter().map(|diagnostic| (diagnostic.key(), diagnostic.severity, diagnostic.fix.as_str())).collect();
    let expected = [
        ("icon", Severity::Warning, "Add `docker.svg`, or correct the path in the Dockerfile."),
        ("ui.dashboard-tab.src", Severity::Note, "Build it: `npm run build` in client."),
        ("host.binaries", Severity::Note, "Build it before the image, or correct the path in the Dockerfile."),
    ];
    assert_eq!(fixes, expected, "{diagnostics:#?}");
    assert!(diagnostics[0].summary.starts_with("The image can't be built: `COPY docker.svg .`"), "{diagnostics:#?}");
    assert_eq!(paths[2].status, "not built yet: `cli/bin/tool.exe` doesn't exist");
    // Programs that a package builds are in it.
    let dockerfile = dockerfile.replace("cli/bin", "client/bin");
    let inside = [files[0], ("Dockerfile", dockerfile.as_str()), files[2]];
    let Checked { paths, .. } = checked(&inside);
    assert_eq!(paths[2].status, "not built yet: `npm run build` in client");
}

#[test]
fn only_what_is_certainly_not_in_the_image_is_an_error_and_it_names_the_runtime() {
    let Checked { diagnostics, .. } = with("FROM scratch\nCOPY metadata.json .\n", &[]);
    assert_eq!(diagnostics.len(), 2, "{diagnostics:#?}");
    for diagnostic in &diagnostics {
        assert_eq!(diagnostic.severity, Severity::Error);
        assert!(diagnostic.summary.starts_with("Nothing in the Dockerfile provides"), "{diagnostic:?}");
        assert_eq!(diagnostic.effects[0].runtime, Runtime::RancherDesktop);
    }
    // The base image may have it, and so may a folder without a Dockerfile.
    let based = with("FROM nginx:1\nCOPY metadata.json .\n", &[]).diagnostics;
    assert!(
        based.iter().all(
            |diagnostic| diagnostic.severity == Severity::Warning && diagnostic.summary.contains("`nginx:1` might")
        ),
        "{based:#?}"
    );
    let bare = checked(&[("metadata.json", MANIFEST)]).diagnostics;
    assert!(bare.iter().all(|diagnostic| diagnostic.severity == Severity::Warning), "{bare:#?}");
    let unreadable = with("hello\n", &[("ui/index.html", "x")]).diagnostics;
    assert!(
        unreadable.iter().any(|diagnostic| diagnostic.summary.contains("Dockerfile can't be read")),
        "{unreadable:#?}"
    );
    assert!(unreadable.iter().all(|diagnostic| diagnostic.severity != Severity::Error), "{unreadable:#?}");
}

fn binaries(entries: &[(&str, &str)]) -> String {
    let entry = |(platform, path): &(&str, &str)| format!(r#"{{"{platform}": [{{"path": "{path}"}}]}}"#);
    let entries: Vec<String> = entries.iter().map(entry).collect();
    format!(r#"{{"icon": "docker.svg", "host": {{"binaries": [{}]}}}}"#, entries.join(","))
}

#[test]
fn one_cause_is_one_diagnostic_with_a_count() {
    let paths: Vec<String> = (0..300).map(|n| format!("/host/tool{n}")).collect();
    let listed: Vec<(&str, &str)> = paths.iter().map(|path| ("linux", path.as_str())).collect();
    let manifest = binaries(&listed);
    let files = |dockerfile| [("metadata.json", manifest.as_str()), ("docker.svg", ""), ("Dockerfile", dockerfile)];
    let diagnostics = checked(&files("FROM scratch\nCOPY docker.svg .\n")).diagnostics;
    assert_eq!(diagnostics.len(), 1, "{diagnostics:#?}");
    assert!(
        diagnostics[0].summary.contains("the same for 300 files, also `host/tool1`, `host/tool2` and more"),
        "{diagnostics:?}"
    );
    let not_built = checked(&files("FROM scratch\nCOPY docker.svg .\nCOPY build/host /host\n")).diagnostics;
    assert_eq!((not_built.len(), not_built[0].severity), (1, Severity::Note), "{not_built:#?}");
}

#[test]
fn a_compose_file_copied_with_another_ending_is_named() {
    let manifest = r#"{"icon": "docker.svg", "vm": {"composefile": "docker-compose.yml"}}"#;
    let Checked { diagnostics, .. } = checked(&[
        ("metadata.json", manifest),
        ("docker.svg", ""),
        ("docker-compose.yaml", "services: {a: {image: x}}"),
        ("Dockerfile", "FROM scratch\nCOPY docker.svg docker-compose.yaml /\n"),
    ]);
    assert_eq!((diagnostics.len(), diagnostics[0].severity), (1, Severity::Error), "{diagnostics:#?}");
    assert_eq!(diagnostics[0].fix, "The Dockerfile provides `docker-compose.yaml`: use the same name in both.");
}

#[cfg(unix)]
#[test]
fn data_files_need_no_run_bit_and_programs_are_listed_for_their_host() {
    let entries = [
        ("linux", "/host/data.json"),
        ("linux", "/host/run.sh"),
        ("linux", "/windows/tool.exe"),
        ("linux", "/darwin/tool"),
        ("windows", "/windows/tool.exe"),
        ("darwin", "/darwin/tool"),
    ];
    let manifest = binaries(&entries);
    let diagnostics = checked(&[
        ("metadata.json", &manifest),
        ("docker.svg", ""),
        ("host/data.json", "{}"),
        ("host/run.sh", "#!/bin/sh\n"),
        ("windows/tool.exe", "text"),
        ("darwin/tool", "text"),
        ("Dockerfile", "FROM scratch\nCOPY . /\n"),
    ])
    .diagnostics;
    let summary: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.summary.as_str()).collect();
    assert_eq!(
        summary,
        [
            "`/host/run.sh` isn't executable",
            "`/windows/tool.exe` is listed for Linux, but is named like a file for Windows (the same for 2 files, also `/darwin/tool`)",
        ]
    );
    assert!(
        diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Warning),
        "none of them fails for certain"
    );
}

#[test]
fn a_folder_that_is_an_unpacked_image_is_judged_by_what_it_holds() {
    use crate::{ExtensionRoot, FileSource, check_in};
    let folder = folder(&[("metadata.json", MANIFEST), ("docker.svg", ""), ("Dockerfile", "FROM scratch\n")]);
    let root = ExtensionRoot::open(folder.path()).unwrap();
    let diagnostics = check_in(FileSource::Image(&root), Path::new("metadata.json")).unwrap().diagnostics;
    assert_eq!((diagnostics.len(), diagnostics[0].severity), (1, Severity::Error));
    assert_eq!(diagnostics[0].summary, "The image has no `ui/index.html`");
}

/// The report on a folder with what is in its image.
fn inside(dockerfile: &str, in_image: &[(&str, &str)], is_outdated: bool) -> Checked {
    use crate::{ExtensionRoot, FileSource, check_in, files::InsideImage};
    let sources = folder(&[("metadata.json", MANIFEST), ("Dockerfile", dockerfile), ("docker.svg", "<svg/>")]);
    let image = folder(in_image);
    let (sources, image) = (ExtensionRoot::open(sources.path()).unwrap(), ExtensionRoot::open(image.path()).unwrap());
    let inside = InsideImage { name: "acme/x:1", root: &image, is_outdated };
    check_in(FileSource::Built(&sources, inside), Path::new("metadata.json")).unwrap()
}

fn statuses(checked: &Checked) -> Vec<&str> {
    checked.paths.iter().map(|path| path.status.as_str()).collect()
}

const WHOLE: &[(&str, &str)] = &[("docker.svg", "<svg/>"), ("ui/index.html", "x")];

#[test]
fn what_only_a_build_tells_is_known_by_the_image() {
    let dockerfile = "FROM node AS ui\nRUN npm run build\nFROM scratch\nCOPY --from=ui / /\n";
    let checked = inside(dockerfile, WHOLE, false);
    assert_eq!(checked.diagnostics, []);
    assert_eq!(statuses(&checked), ["in the image `acme/x:1`", "in the image `acme/x:1`"]);
    let checked = inside(dockerfile, &WHOLE[..1], false);
    assert_eq!(statuses(&checked), ["in the image `acme/x:1`", "not in the image `acme/x:1`"]);
    assert_eq!(
        (checked.diagnostics.len(), checked.diagnostics[0].severity),
        (1, Severity::Error),
        "{:#?}",
        checked.diagnostics
    );
    assert_eq!(checked.diagnostics[0].summary, "The image `acme/x:1` has no `ui/index.html`");
    // An older image doesn't tell what the next one has.
    let checked = inside(dockerfile, &WHOLE[..1], true);
    assert_eq!(checked.diagnostics[0].severity, Severity::Warning);
    assert!(checked.diagnostics[0].fix.starts_with("Build the image again"), "{:#?}", checked.diagnostics);
}

#[test]
fn what_the_dockerfile_says_of_the_next_image_stays_where_the_image_cannot_tell() {
    // The image is older than this Dockerfile, which provides no page.
    let nothing = "FROM scratch\nCOPY docker.svg /\n";
    let checked = inside(nothing, WHOLE, true);
    assert_eq!(
        (checked.diagnostics.len(), checked.diagnostics[0].severity),
        (1, Severity::Error),
        "{:#?}",
        checked.diagnostics
    );
    assert!(checked.diagnostics[0].summary.starts_with("Nothing in the Dockerfile provides"));
    assert_eq!(statuses(&checked), ["in the image `acme/x:1`", "in the image `acme/x:1`"]);
    assert_eq!(inside(nothing, WHOLE, false).diagnostics, []);
    let not_built = "FROM scratch\nCOPY docker.svg /\nCOPY ui/build ui\n";
    let checked = inside(not_built, &WHOLE[..1], false);
    assert_eq!(
        (checked.diagnostics.len(), checked.diagnostics[0].severity),
        (1, Severity::Note),
        "{:#?}",
        checked.diagnostics
    );
    assert!(checked.paths[1].status.starts_with("not in the image `acme/x:1`; not built yet: "), "{:?}", checked.paths);
    // Copied by the Dockerfile, and yet not there: another Dockerfile, or an older state.
    let checked = inside("FROM scratch\nCOPY docker.svg /\nCOPY docker.svg /ui/index.html\n", &WHOLE[..1], false);
    assert_eq!(
        (checked.diagnostics.len(), checked.diagnostics[0].severity),
        (1, Severity::Warning),
        "{:#?}",
        checked.diagnostics
    );
}
