//! `porthole-cli check` as scripts use it.

#![cfg(unix)]

use std::{fs, process::Command};

use porthole_tests::given;
use serde_json::Value;

fn check(args: &[&str]) -> (i32, String) {
    let output = Command::new(given("PORTHOLE_CLI")).arg("check").args(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

#[test]
fn a_manifest_is_checked_with_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let manifest = folder.path().join("metadata.json");
    let (code, text) = check(&[path]);
    assert!(code == 3 && text.contains("cannot read"), "{code} {text}");
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
        code == 0 && text.contains("in the image, from `COPY . /`") && text.contains("0 diagnostics, 0 errors"),
        "{code} {text}"
    );
    fs::write(&manifest, "{ \"icon\": \"icon.svg\", \"provider\": \"acme\", \"vm\": {} ").unwrap();
    let (code, text) = check(&[path]);
    assert!(code == 3 && text.contains("line 1"), "{code} {text}");
    fs::write(&manifest, "{ \"icon\": \"icon.svg\", \"provider\": \"acme\", \"vm\": {} }").unwrap();
    let (code, text) = check(&["--json", path]);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &told["manifest"]["unknown"][0]), (0, &Value::from("provider")));
}
