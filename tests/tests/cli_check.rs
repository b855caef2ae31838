//! `porthole-cli check` as scripts use it.

#![cfg(unix)]

use std::{fs, process::Command};

use porthole_tests::given;
use serde_json::Value;

fn check(args: &[&str]) -> (i32, String) {
    let output = Command::new(given("PORTHOLE_CLI"))
        .arg("check")
        .args(args)
        .env("DOCKER_HOST", "unix:///no/such/engine.sock")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

#[test]
fn a_manifest_is_checked_with_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let manifest = folder.path().join("metadata.json");
    let (code, text) = check(&[path]);
    assert!(code == 3 && text.contains("Can't read"), "{code} {text}");
    fs::write(&manifest, "{\n  \"icon\": \"icon.svg\",\n  \"vm\": { \"image\": \"${DESKTOP_PLUGIN_IMAGE}\" }\n}\n")
        .unwrap();
    let (code, text) = check(&[path]);
    // Without a Dockerfile nobody knows what the image holds.
    assert!(code == 0 && text.contains("metadata.json:2:11: icon (warning)"), "{code} {text}");
    fs::write(folder.path().join("Dockerfile"), "FROM scratch\nCOPY metadata.json /\n").unwrap();
    let (code, text) = check(&[path]);
    assert!(code == 1 && text.contains("metadata.json:2:11: icon (error)"), "{code} {text}");
    fs::write(folder.path().join("Dockerfile"), "FROM scratch\nCOPY . /\n").unwrap();
    fs::write(folder.path().join("icon.svg"), "<svg/>").unwrap();
    let (code, text) = check(&[path]);
    assert!(
        code == 0 && text.contains("in the image, from `COPY . /`") && text.contains("0 findings, 0 errors"),
        "{code} {text}"
    );
    fs::write(&manifest, "{ \"icon\": \"icon.svg\", \"provider\": \"acme\", \"vm\": {} ").unwrap();
    let (code, text) = check(&[path]);
    assert!(code == 3 && text.contains("line 1"), "{code} {text}");
    fs::write(&manifest, "{ \"icon\": \"icon.svg\", \"provider\": \"acme\", \"vm\": {} }").unwrap();
    let (code, text) = check(&["--json", path]);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &told["manifest"]["unknown"][0]), (0, &Value::from("provider")));
    let expected = serde_json::json!({
        "code": "key-outdated", "severity": "note", "summary": "`provider` belongs to an older format",
        "impact": "", "effects": [], "fix": told["remarks"][0]["fix"], "runtimes": [],
        "location": { "line": 1, "column": 23, "key": "provider" },
    });
    assert_eq!(told["remarks"][0], expected);
}

#[test]
fn the_image_that_is_named_is_looked_into_or_it_is_said_why_not() {
    use porthole_tests::built_image::{Fake, LONG_AGO, folder};
    let folder = folder();
    let path = folder.path().to_str().unwrap();
    let fake = Fake::new("acme/x:1", LONG_AGO);
    let at = |host: &str, args: &[&str]| {
        let mut command = Command::new(given("PORTHOLE_CLI"));
        let output = command.arg("check").args(args).arg(path).env("DOCKER_HOST", host).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (said, complained) = at(&fake.address(), &["--image", "acme/x:1"]);
    assert_eq!(complained, "");
    let line = "Checked in the image acme/x:1, created 2001-09-09 01:46 UTC; Dockerfile was changed after that\n";
    assert!(said.contains(line) && said.contains("icon.svg: in the image `acme/x:1`\n"), "{said}");
    let (told, _) = at(&fake.address(), &["--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["image"]["name"], &told["image"]["named_by"]), (&"acme/x:1".into(), &"labels".into()));
    // Without an engine nothing changes, and only who names an image is told.
    let gone = "unix:///no/such/engine.sock";
    let (said, complained) = at(gone, &[]);
    assert!(!said.contains("Checked in") && said.contains("known when it is built") && complained.is_empty(), "{said}");
    let (said, complained) = at(gone, &["--image", "acme/x:1"]);
    assert!(said.contains("known when it is built") && complained.starts_with("porthole-cli: "), "{complained}");
    let (_, complained) = at(&fake.address(), &["--image", "acme/other"]);
    assert!(complained.contains("Image not found: `acme/other`"), "{complained}");
}
