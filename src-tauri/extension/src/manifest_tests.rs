use proptest::prelude::*;

use super::*;
use crate::{Checked, check, check_folder};

const WHOLE: &str = r#"{
  "icon": "icon.svg",
  "ui": {
    "dashboard-tab": { "title": "Volumes", "root": "/ui", "src": "index.html", "backend": { "socket": "backend.sock" } }
  },
  "vm": { "composefile": "compose.yaml", "exposes": { "socket": "backend.sock" } },
  "host": {
    "binaries": [
      { "darwin": [{ "path": "/darwin/tool" }], "windows": [{ "path": "/windows/tool.exe" }], "linux": [{ "path": "/linux/tool" }] }
    ]
  }
}
"#;

fn wrongs(text: &str) -> Vec<(u32, String, String)> {
    let Checked { diagnostics, .. } = check(text).unwrap();
    let place = |found: &Diagnostic| found.location.clone().unwrap();
    diagnostics.into_iter().map(|found| (place(&found).line, place(&found).key, found.summary)).collect()
}

/// The one remark about a key in a manifest that is otherwise in order.
fn says(text: &str, key: &str, words: &str) {
    let found = wrongs(text);
    let about: Vec<_> = found.iter().filter(|(_, about, _)| about == key).collect();
    assert_eq!(about.len(), 1, "{key} in {found:#?}");
    assert!(about[0].2.contains(words), "{words} in {found:#?}");
}

#[test]
fn a_manifest_in_order_is_read_whole_with_nothing_said_against_it() {
    let Checked { manifest, diagnostics, .. } = check(WHOLE).unwrap();
    assert_eq!(diagnostics, []);
    let tab = manifest.tab.unwrap();
    assert_eq!(tab.root.unwrap().text, "/ui");
    assert_eq!(tab.socket.unwrap().text, "backend.sock");
    assert_eq!(manifest.backend.unwrap().composefile.unwrap().text, "compose.yaml");
    let programs: Vec<_> =
        manifest.binaries.iter().map(|binary| (binary.platform, binary.path.text.as_str())).collect();
    assert_eq!(
        programs,
        [
            (Platform::Darwin, "/darwin/tool"),
            (Platform::Windows, "/windows/tool.exe"),
            (Platform::Linux, "/linux/tool")
        ]
    );
    assert_eq!(manifest.unknown, [] as [&str; 0]);
}

#[test]
fn what_a_strict_parser_refuses_is_read_and_said() {
    for text in [
        "{ // a comment\n \"icon\": \"i.svg\", \"vm\": {} }",
        "{ \"icon\": \"i.svg\", \"vm\": {}, }",
        "{ \"icon\": \"i.svg\" \"vm\": {} }",
        "{ 'icon': 'i.svg', \"vm\": {} }",
        "\u{feff}{ \"icon\": \"i.svg\", \"vm\": {} }",
    ] {
        let Checked { manifest, diagnostics, .. } = check(text).unwrap();
        assert_eq!(manifest.icon.unwrap().text, "i.svg", "{text}");
        assert!(
            diagnostics.iter().any(|diagnostic| diagnostic.summary.contains("isn't strict JSON")),
            "{text}: {diagnostics:?}"
        );
    }
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    for (text, place) in [("", "isn't a JSON object"), ("[]", "isn't a JSON object"), ("{\n  \"icon\": }", "line 2")] {
        let error = check(text).unwrap_err();
        assert_eq!(error.code, Code::ManifestUnreadable);
        assert!(error.message.contains(place), "{text}: {error}");
    }
    assert_eq!(check_folder(std::path::Path::new("/nonexistent")).unwrap_err().code, Code::ManifestUnreadable);
}

#[test]
fn each_oddity_is_said_once_at_its_place() {
    let with = |from: &str, to: &str| {
        assert!(WHOLE.contains(from), "{from}");
        WHOLE.replace(from, to)
    };
    says(&with("  \"icon\": \"icon.svg\",\n", ""), "icon", "no `icon`");
    says(&with("\"composefile\":", "\"image\": \"${DESKTOP_PLUGIN_IMAGE}\", \"composefile\":"), "vm.image", "Both");
    says(&with("\"composefile\": \"compose.yaml\",", ""), "vm.exposes.socket", "neither");
    says(&with("\"compose.yaml\"", "\"deploy/stack.yaml\""), "vm.composefile", "stack.yaml");
    says(&with("\"composefile\": \"compose.yaml\"", "\"image\": \"acme/x:1\""), "vm.image", "acme/x:1");
    for image in ["--config=/tmp/evil", "../info", "acme/X", "a b", "a\\u0000b", "${OTHER}", "-${DESKTOP_PLUGIN_IMAGE}"]
    {
        let named = with("\"composefile\": \"compose.yaml\"", &format!("\"image\": \"{image}\""));
        says(&named, "vm.image", "isn't an image name");
    }
    says(&with("\"exposes\": { \"socket\": \"backend.sock\" }", "\"exposes\": {}"), "vm", "no socket");
    says(
        &with("\"exposes\": { \"socket\": \"backend.sock\" }", "\"exposes\": { \"socket\": \"other.sock\" }"),
        "ui.dashboard-tab.backend.socket",
        "other.sock",
    );
    says(&with("\"root\": \"/ui\", ", ""), "ui.dashboard-tab.root", "no `root`");
    says(&with(", \"src\": \"index.html\"", ""), "ui.dashboard-tab.src", "no `src`");
    says(&with("\"title\": \"Volumes\"", "\"titel\": \"Volumes\""), "ui.dashboard-tab.titel", "Unknown key");
    says(&with("\"icon\":", "\"name\": \"Volumes\", \"icon\":"), "name", "older format");
    says(&with("\"icon\": \"icon.svg\"", "\"icon\": 7"), "icon", "a number");
    says(&with("\"dashboard-tab\"", "\"tab\""), "ui.tab", "dashboard-tab");
    says(&with("\"path\": \"/linux/tool\"", "\"file\": \"x\""), "host.binaries[0].linux[0]", "no `path`");
    says(&with("\"linux\":", "\"freebsd\":"), "host.binaries[0].freebsd", "Unknown key");
    says(
        &with("\"composefile\": \"compose.yaml\"", "\"composefile\": \"compose.yaml\", \"exposes\": {}"),
        "vm.exposes",
        "Duplicate key",
    );
    says(
        "{\"icon\":\"i\",\"ui\":{\"dashboard-tab\":{\"title\":\"x\",\"root\":\"ui\",\"src\":\"i.html\"},\"backend\":{\"socket\":\"b.sock\"}},\"vm\":{\"image\":\"${DESKTOP_PLUGIN_IMAGE}\",\"exposes\":{\"socket\":\"b.sock\"}}}",
        "ui.backend",
        "outside the tab",
    );
    says(
        "{\"icon\":\"i\",\"ui\":{\"dashboard-tab\":{\"root\":\"ui\",\"src\":\"i.html\",\"backend\":{\"socket\":\"b.sock\"}}}}",
        "ui.dashboard-tab.backend.socket",
        "no `vm` section",
    );
    says("{\"icon\":\"i\"}", "", "no page");
}

#[test]
fn keys_that_a_newer_runtime_knows_are_not_unknown() {
    let text = WHOLE.replace("\"host\": {", "\"host\": { \"x-rd-install\": [\"i\"], \"x-rd-shutdown\": [\"s\"],");
    assert_eq!(wrongs(&text), []);
    let text = WHOLE.replace("compose.yaml", "stack.yaml");
    let diagnostics = check(&text).unwrap().diagnostics;
    assert_eq!(
        (diagnostics.len(), diagnostics[0].severity),
        (1, Severity::Note),
        "only old ones of Rancher Desktop don't find it"
    );
}

#[test]
fn unknown_keys_are_found_also_in_backend_and_exposes() {
    let text = WHOLE.replace("{ \"socket\": \"backend.sock\" }", "{ \"socket\": \"backend.sock\", \"port\": 1 }");
    for key in ["ui.dashboard-tab.backend.port", "vm.exposes.port"] {
        says(&text, key, "Unknown key");
    }
}

#[test]
fn what_rancher_desktop_takes_for_a_tab_without_a_root_is_an_error() {
    let backend = "{\"icon\":\"i\",\"ui\":{\"dashboard-tab\":{\"title\":\"x\",\"root\":\"ui\",\"src\":\"i.html\"},\"backend\":{\"socket\":\"b\"}},\"vm\":{}}";
    let second = "{\"icon\":\"i\",\"ui\":{\"dashboard-tab\":{\"title\":\"x\",\"root\":\"ui\",\"src\":\"i.html\"},\"other\":{\"src\":\"b\"}}}";
    for (text, key) in [(backend, "ui.backend"), (second, "ui.other")] {
        let diagnostics = check(text).unwrap().diagnostics;
        let diagnostic = diagnostics.iter().find(|diagnostic| diagnostic.key() == key).unwrap();
        assert_eq!((diagnostic.severity, diagnostic.effects[0].runtime), (Severity::Error, Runtime::RancherDesktop));
    }
    let with_root = second.replace("{\"src\":\"b\"}", "{\"root\":\"b\"}");
    let diagnostics = check(&with_root).unwrap().diagnostics;
    assert!(diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Note), "{diagnostics:#?}");
}

#[test]
fn a_tab_without_a_title_is_named() {
    says(&WHOLE.replace("\"title\": \"Volumes\", ", ""), "ui.dashboard-tab.title", "no `title`");
    says(&WHOLE.replace("Volumes", " "), "ui.dashboard-tab.title", "no `title`");
}

#[test]
fn a_key_that_nearly_is_one_is_named() {
    for (summary, right) in [("Linux", "linux"), ("Darwin", "darwin")] {
        let diagnostics =
            check(&WHOLE.replace(&format!("\"{right}\""), &format!("\"{summary}\""))).unwrap().diagnostics;
        assert_eq!((diagnostics.len(), diagnostics[0].severity), (1, Severity::Warning));
        assert!(diagnostics[0].fix.contains(&format!("`{right}`")), "{diagnostics:?}");
    }

    let diagnostics = check("{\"icon\":\"i\",\"vm\":{\"composeFile\":\"compose.yaml\"}}").unwrap().diagnostics;
    let unknown = diagnostics.iter().find(|diagnostic| diagnostic.key() == "vm.composeFile").unwrap();
    assert!(unknown.fix.contains("`composefile`"), "{unknown:?}");
}

#[test]
fn a_socket_must_be_a_short_file_name() {
    for (socket, words) in [("", "empty"), ("/run/guest-services/b.sock", "a path"), (&"long".repeat(30), "bytes")] {
        let text = format!(
            "{{\"icon\":\"i\",\"vm\":{{\"image\":\"${{DESKTOP_PLUGIN_IMAGE}}\",\"exposes\":{{\"socket\":\"{socket}\"}}}}}}"
        );
        says(&text, "vm.exposes.socket", words);
    }
}

#[test]
#[cfg(unix)]
fn files_that_are_missing_not_runnable_or_of_another_host_are_found() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::write(root.join("metadata.json"), WHOLE).unwrap();
    for file in ["icon.svg", "ui/index.html", "compose.yaml", "darwin/tool", "linux/tool"] {
        std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
        std::fs::write(root.join(file), "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(root.join(file), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    std::fs::write(root.join("compose.yaml"), "services: {web: {image: '${DESKTOP_PLUGIN_IMAGE}'}}").unwrap();
    std::fs::create_dir_all(root.join("windows/tool.exe")).unwrap();
    let found = |root: &std::path::Path| -> Vec<String> {
        check_folder(root).unwrap().diagnostics.into_iter().map(|diagnostic| diagnostic.summary).collect()
    };
    assert_eq!(found(root), ["`/windows/tool.exe` is a directory"]);
    std::fs::remove_dir(root.join("windows/tool.exe")).unwrap();
    std::fs::write(root.join("windows/tool.exe"), "MZ").unwrap();
    assert_eq!(found(&root.join("metadata.json")), [""; 0]);
    std::fs::set_permissions(root.join("linux/tool"), std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::remove_file(root.join("ui/index.html")).unwrap();
    std::fs::write(root.join("darwin/tool"), b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0").unwrap();
    let summary = found(root);
    assert_eq!(summary.len(), 3, "{summary:#?}");
    assert!(
        summary[0].contains("ui/index.html")
            && summary[1].contains("for Linux")
            && summary[2].contains("isn't executable"),
        "{summary:#?}"
    );
    std::fs::write(root.join("metadata.json"), WHOLE.replace("/linux/tool", "../../etc/passwd")).unwrap();
    assert!(found(root).iter().any(|summary| summary.contains("leads out")));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = check(&text);
    }

    #[test]
    fn any_json_is_read_or_refused(at in 0..WHOLE.len(), with in "[\\[\\]{}:,\"0-9a-z ]{0,6}", cut in 0..30usize) {
        let end = (at + cut).min(WHOLE.len());
        let _ = check(&format!("{}{with}{}", &WHOLE[..at], &WHOLE[end..]));
    }
}

#[test]
fn a_manifest_with_very_many_faults_is_read_in_a_moment_and_names_two_hundred() {
    let began = std::time::Instant::now();
    let keys: Vec<String> = (0..60_000).map(|n| format!("\"k{n}\":0")).collect();
    let text = format!("{{\"icon\":\"i.svg\",\n{}}}", keys.join(",\n"));
    let Checked { manifest, diagnostics, .. } = check(&text).unwrap();
    let last = diagnostics.iter().find(|diagnostic| diagnostic.summary.contains("more problems")).unwrap();
    assert_eq!(
        (last.summary.as_str(), last.location.as_ref().unwrap().line, last.severity),
        ("59800 more problems are not shown", 60_001, Severity::Note)
    );
    assert!(diagnostics.len() <= 200 + 1 + 13 && manifest.unknown.len() <= 200, "{}", diagnostics.len());
    assert_eq!(
        diagnostics
            .iter()
            .find(|diagnostic| diagnostic.key() == "k7")
            .and_then(|diagnostic| diagnostic.location.as_ref())
            .map(|at| (at.line, at.column)),
        Some((9, 1))
    );
    let entry = "{\"linux\":[{\"path\":\"/x\"}]}";
    let text = format!("{{\"host\":{{\"binaries\":[{}]}}}}", vec![entry; 20_000].join(","));
    let Checked { manifest, diagnostics, .. } = check(&text).unwrap();
    assert_eq!(manifest.binaries.len(), 1_000);
    assert_eq!(diagnostics.iter().filter(|diagnostic| diagnostic.summary.contains("Only the first 1000")).count(), 1);
    // Those that were left out count as much as the worst of them.
    let text = format!("{{\"host\":{{\"binaries\":[{}]}}}}", vec!["{\"linux\":[{}]}"; 300].join(","));
    let Checked { diagnostics, .. } = check(&text).unwrap();
    assert!(
        diagnostics
            .iter()
            .any(|diagnostic| diagnostic.summary.contains("100 more") && diagnostic.severity == Severity::Error)
    );
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}
