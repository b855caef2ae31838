use std::{collections::HashMap, fs};

use super::{
    candidates::{Found, Sources, find},
    changes::changed_after,
    makefile::image_names,
    *,
};
use porthole_engine::ListedImage;

#[test]
fn a_makefile_names_the_images_that_it_builds_and_installs() {
    let usual = "IMAGE?=acme/disk-usage\nTAG?=latest\n\nbuild: ## builds\n\tdocker build --tag=$(IMAGE):$(TAG) .\n\
        \ninstall:\n\tdocker extension install -f $(IMAGE):$(TAG)\n";
    assert_eq!(image_names(usual), ["acme/disk-usage:latest"]);
    for (makefile, names) in [
        ("X := a/b # why\nall:\n\t@docker buildx build --push -t \"${X}\" .\n", vec!["a/b"]),
        ("all:\n\tdocker build \\\n\t  --tag a/b:2 .\n", vec!["a/b:2"]),
        ("export X = a/b\nall:\n\tdocker extension update $(X)\n", vec!["a/b"]),
        // Not a name that is known without running make.
        ("X := $(shell git describe)\nall:\n\tdocker build -t a/b:$(X) .\n", vec![]),
        ("all:\n\tdocker build -t $(X) .\n\tdocker build -t a/$@ .\n\tdocker build -t a$\n", vec![]),
        ("X = $(X)\nall:\n\tdocker build -t $(X) .\n", vec![]),
        (
            "A=$(B)$(B)$(B)\nB=$(C)$(C)$(C)\nC=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nall:\n\tdocker build -t $(A) .\n",
            vec![],
        ),
        ("# docker build -t a/b .\nall:\n\tdocker push -t a/b\n", vec![]),
    ] {
        assert_eq!(image_names(makefile), names, "{makefile}");
    }
    let many: String = (0..100).map(|at| format!("\tdocker build -t a/b:{at} .\n")).collect();
    assert_eq!(image_names(&many).len(), 16);
}

fn listed(id: &str, name: &str, labels: &[(&str, &str)]) -> ListedImage {
    let labels = labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect();
    ListedImage { id: format!("sha256:{}", id.repeat(64)), names: vec![name.to_owned()], labels, created: None }
}

const TITLE: (&str, &str) = ("org.opencontainers.image.title", "Disk usage");
const API: (&str, &str) = ("com.docker.desktop.extension.api.version", ">= 0.3.4");
const VENDOR: (&str, &str) = ("org.opencontainers.image.vendor", "Acme");

fn sources(labels: &[(&str, &str)], names: &[&str]) -> Sources {
    let labels: HashMap<String, String> =
        labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect();
    Sources {
        labels,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        usual: "porthole/disk-usage".to_owned(),
        copied: Vec::new(),
    }
}

fn name(found: Option<Found>) -> Option<(String, NamedBy)> {
    found.map(|found| (found.name.to_string(), found.named_by))
}

#[test]
fn the_image_that_the_user_named_is_the_one_and_no_other() {
    let images = [listed("a", "acme/x:latest", &[]), listed("b", "localhost/acme/y:1", &[TITLE, API])];
    let sources = sources(&[TITLE, API], &[]);
    let named = |text: &str| name(find(&images, Some(&text.parse().unwrap()), &sources));
    for known in ["acme/x", "acme/x:latest", "docker.io/acme/x"] {
        assert_eq!(named(known), Some((known.to_owned(), NamedBy::User)), "{known}");
    }
    assert_eq!(named("acme/y:1"), Some(("acme/y:1".to_owned(), NamedBy::User)));
    assert_eq!(named("acme/y"), None);
    assert_eq!(named("acme/z"), None);
}

#[test]
fn an_image_of_another_extension_is_never_taken_for_the_folders() {
    let found = |images: &[ListedImage], labels: &[(&str, &str)], names: &[&str]| {
        name(find(images, None, &sources(labels, names)))
    };
    let all = [TITLE, API, VENDOR];
    let own = [listed("a", "acme/x:latest", &all)];
    assert_eq!(found(&own, &all, &["acme/x:latest"]), Some(("acme/x:latest".to_owned(), NamedBy::Makefile)));
    // Its name alone says nothing: anything may be called that in a stranger's Makefile.
    let other = [listed("a", "acme/x:latest", &[("org.opencontainers.image.title", "Another"), API])];
    assert_eq!(found(&other, &all, &["acme/x:latest"]), None);
    assert_eq!(found(&own, &[], &["acme/x:latest"]), None);
    let built = [listed("a", "porthole/disk-usage:latest", &[TITLE])];
    assert_eq!(found(&built, &all, &[]), Some(("porthole/disk-usage".to_owned(), NamedBy::Porthole)));
    // By labels: all of them, and both of those that tell an extension.
    assert_eq!(found(&own, &all, &[]), Some(("acme/x:latest".to_owned(), NamedBy::Labels)));
    assert_eq!(found(&own, &[TITLE, API], &[]), Some(("acme/x:latest".to_owned(), NamedBy::Labels)));
    assert_eq!(found(&own, &[TITLE], &[]), None);
    assert_eq!(found(&[listed("a", "acme/x:latest", &[TITLE, API])], &all, &[]), None);
    // Two versions: which one is the folder's isn't known, under two names of one it is.
    let two = [listed("a", "acme/x:1", &all), listed("b", "acme/x:2", &all)];
    assert_eq!(found(&two, &all, &[]), None);
    assert_eq!(found(&two, &all, &["acme/x:1", "acme/x:2"]), None);
    assert_eq!(found(&two, &all, &["acme/x:2"]), Some(("acme/x:2".to_owned(), NamedBy::Makefile)));
    let same = [listed("a", "acme/x:1", &all), listed("a", "acme/x:latest", &all)];
    assert_eq!(found(&same, &all, &[]), Some(("acme/x:1".to_owned(), NamedBy::Labels)));
}

#[test]
fn a_folder_says_what_its_image_is_called_and_labelled() {
    let folder = tempfile::tempdir().unwrap();
    let dockerfile = "FROM node AS base\nLABEL a=1 b=\"two words\"\nFROM other AS ui\nCOPY ui/*/src /x\nFROM base\n\
        ARG V=3\nLABEL b=$V c=${UNKNOWN} d=4 \\\n  e=5\nLABEL f g h\nCOPY metadata.json ./icons /\nCOPY --from=ui /x /ui\n";
    fs::write(folder.path().join("Makefile"), "all:\n\tdocker build -t a/b .\n").unwrap();
    let root = ExtensionRoot::open(folder.path()).unwrap();
    let sources = Sources::read(&root, Some(&Dockerfile::read(dockerfile).unwrap()));
    let mut labels: Vec<_> = sources.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    labels.sort();
    assert_eq!(labels, ["a=1", "b=3", "d=4", "e=5", "f=g h"]);
    assert_eq!(sources.copied, ["ui", "metadata.json", "icons"]);
    assert_eq!(sources.names, ["a/b"]);
    assert!(sources.usual.starts_with("porthole/"));
}

#[test]
fn a_change_after_the_image_was_created_is_found_in_what_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, after: u64| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = fs::File::create(path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000 + after)).unwrap();
    };
    let created = UNIX_EPOCH + Duration::from_secs(1_000);
    let root = ExtensionRoot::open(folder.path()).unwrap();
    let copied = ["ui".to_owned(), "metadata.json".to_owned(), "gone".to_owned()];
    let changed = || changed_after(&root, &copied, created);
    for path in ["Dockerfile", "metadata.json", "ui/src/a.ts"] {
        // The image's time is to the second.
        write(path, 1);
    }
    write("README.md", 100);
    write("ui/node_modules/x/index.js", 100);
    write("ui/.git/HEAD", 100);
    assert_eq!(changed(), None);
    write("ui/src/b.ts", 2);
    assert_eq!(changed().as_deref(), Some("ui/src/b.ts"));
    write("metadata.json", 2);
    assert_eq!(changed().as_deref(), Some("metadata.json"));
    write("Dockerfile", 2);
    assert_eq!(changed().as_deref(), Some("Dockerfile"));
}

#[test]
fn a_time_is_written_in_utc() {
    for (seconds, text) in [
        (1, "1970-01-01 00:00"),
        (951_782_399, "2000-02-28 23:59"),
        (951_782_400, "2000-02-29 00:00"),
        (1_709_251_199, "2024-02-29 23:59"),
        (1_735_689_599, "2024-12-31 23:59"),
        (4_107_542_399, "2100-02-28 23:59"),
        (4_107_542_400, "2100-03-01 00:00"),
    ] {
        assert_eq!(in_utc(UNIX_EPOCH + Duration::from_secs(seconds)), text);
    }
}
