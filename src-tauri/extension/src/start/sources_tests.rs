use super::*;

fn found(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<Sources>) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("ext");
    std::fs::create_dir_all(root.join("sub")).unwrap();
    for (name, text) in files {
        std::fs::write(root.join(name), text).unwrap();
    }
    let known = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
    let sources = read(&root, &root.join("compose.yaml"), &known);
    (folder, sources)
}

fn values(sources: &Sources) -> Vec<String> {
    sources.asks.iter().map(|ask| ask.value.clone().unwrap()).collect()
}

#[test]
fn files_of_the_user_are_listed_wherever_they_are_named() {
    let (_folder, sources) = found(&[
        (
            "compose.yaml",
            "include: [{path: sub/a.yaml, env_file: /etc/hostname}]\n\
             services:\n  web: {env_file: [$HOME/.aws/credentials, {path: ok.env, required: false}]}\n  \
             db: {extends: {file: sub/base.yaml, service: b}}\n---\nservices: {web: {env_file: !!str /etc/second}}\n",
        ),
        ("sub/a.yaml", "services: {a: {label_file: ../../outside}}"),
        ("sub/base.yaml", "x: &x {env_file: /etc/base}\nservices: {b: {<<: *x}}"),
        ("ok.env", "A=1"),
    ]);
    let values = values(&sources.unwrap()).join("\n");
    for path in ["/etc/hostname", "/home/me/.aws/credentials", "/outside", "/etc/base", "/etc/second"] {
        assert!(values.contains(path), "{path} in {values}");
    }
    assert!(!values.contains("ok.env"), "{values}");
}

#[test]
fn variables_that_are_asked_for_are_named() {
    let compose = "services: {web: {image: 'x:$TAG', environment: {TOKEN: , A: '${B:-$C}'}}, w: {environment: [KEY, D=1]}}\nsecrets: {s: {environment: SECRET}}";
    let (_folder, sources) = found(&[("compose.yaml", compose)]);
    let names: Vec<String> = sources.unwrap().names.into_iter().collect();
    assert_eq!(names, ["B", "C", "KEY", "SECRET", "TAG", "TOKEN"]);
}

#[test]
fn what_would_be_fetched_or_is_no_plain_file_is_refused_before_compose_is_run() {
    for compose in [
        "include: ['https://example.com/x.git']",
        "include: [{path: 'oci://example.com/x'}]",
        "services: {a: {env_file: /dev/zero}}",
        "services: {a: {extends: {file: '${FILE}', service: b}}}",
    ] {
        let (_folder, sources) = found(&[("compose.yaml", compose), (".env", "FILE=/dev/zero")]);
        assert_eq!(sources.unwrap_err().code, Code::ComposeUnreadable, "{compose}");
    }
}

#[cfg(unix)]
#[test]
fn an_env_file_that_is_a_link_to_the_users_files_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), "services: {a: {}}").unwrap();
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join(".env")).unwrap();
    let error = read(folder.path(), &folder.path().join("compose.yaml"), &BTreeMap::new()).unwrap_err();
    assert_eq!(error.code, Code::ComposeUnreadable);
}

#[test]
fn any_file_that_is_read_counts_for_what_they_are() {
    let digest = |base: &str, env: &str| {
        let compose = "services: {a: {extends: {file: sub/base.yaml, service: b}, env_file: my.env}}";
        found(&[("compose.yaml", compose), ("sub/base.yaml", base), ("my.env", env)]).1.unwrap().digest
    };
    // The folder counts too: one and the same for this comparison.
    let folder = tempfile::tempdir().unwrap();
    let of = |text: &str| {
        std::fs::write(folder.path().join("compose.yaml"), "services: {a: {env_file: my.env}}").unwrap();
        std::fs::write(folder.path().join("my.env"), text).unwrap();
        read(folder.path(), &folder.path().join("compose.yaml"), &BTreeMap::new()).unwrap().digest
    };
    assert_eq!(of("A=1"), of("A=1"));
    assert_ne!(of("A=1"), of("A=2"));
    assert_ne!(digest("services: {}", ""), digest("services: {b: {}}", ""));
}

#[test]
fn a_leading_tilde_is_the_home_folder_without_a_slash_too() {
    let home = std::env::home_dir().unwrap();
    let (_folder, sources) = found(&[("compose.yaml", "services: {a: {env_file: ['~.not-there/x', '~/not-there']}}")]);
    let values = values(&sources.unwrap());
    for name in [".not-there/x", "not-there"] {
        assert!(values.contains(&format!("env_file: {}", home.join(name).display())), "{values:?}");
    }
    let (_folder, sources) =
        found(&[("compose.yaml", "services: {a: {env_file: '~../../../../../../../../dev/zero'}}")]);
    assert_eq!(sources.unwrap_err().code, Code::ComposeUnreadable);
}

#[test]
fn variables_of_an_included_files_env_files_change_no_path_unseen() {
    for (env_file, name) in [("sub/my.env", "sub/my.env"), ("sub/none.env", "sub/.env")] {
        let compose = format!("include: [{{path: sub/a.yaml, env_file: {env_file}}}]");
        for (text, refused) in [("FILE=/dev/zero", true), ("OTHER=1", false)] {
            let (_folder, sources) = found(&[
                ("compose.yaml", &compose),
                ("sub/a.yaml", "services: {a: {env_file: '${FILE:-ok.env}'}}"),
                (name, text),
            ]);
            assert_eq!(sources.is_err(), refused, "{env_file} {text}: {sources:?}");
        }
    }
}

#[test]
fn tags_that_hide_a_text_are_refused() {
    for compose in [
        "services: {a: {env_file: !!binary L2V0Yy9wYXNzd2Q=}}",
        "services: {a: {env_file: !!binary 'L2V0Yy9wYXNzd2Q='}}",
        "services: {a: {!!binary ZW52X2ZpbGU=: /etc/passwd}}",
        "services: {a: {env_file: !mine /etc/passwd}}",
        "services: {a: !mine {env_file: x}}",
        "services: {a: !!set {env_file: x}}",
    ] {
        let (_folder, sources) = found(&[("compose.yaml", compose)]);
        assert_eq!(sources.unwrap_err().code, Code::ComposeUnreadable, "{compose}");
    }
    let compose = "services: {a: {ports: !reset [], environment: !override {A: !!str 1}}}";
    assert!(found(&[("compose.yaml", compose)]).1.is_ok());
}

#[test]
fn a_file_that_is_named_very_often_is_read_once_and_many_are_refused() {
    let list = |one: &dyn Fn(usize) -> String| {
        let named: Vec<String> = (0..20_000).map(one).collect();
        format!("services: {{a: {{env_file: [{}]}}}}", named.join(","))
    };
    let big = "A".repeat(1024 * 1024);
    let same = list(&|_| "b.env".to_owned());
    let began = std::time::Instant::now();
    assert!(found(&[("compose.yaml", &same), ("b.env", &big)]).1.is_ok());
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let (_folder, sources) = found(&[("compose.yaml", &list(&|n| format!("{n}.e")))]);
    assert!(sources.unwrap_err().message.contains("exceeds the limit on the number of files"));
}

#[test]
fn files_that_are_too_long_together_are_refused() {
    let names: Vec<String> = (0..17).map(|n| format!("{n}.env")).collect();
    let compose = format!("services: {{a: {{env_file: [{}]}}}}", names.join(","));
    let big = "A".repeat(1024 * 1024);
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), big.as_str())).collect();
    files.push(("compose.yaml", &compose));
    assert_eq!(found(&files).1.unwrap_err().code, Code::ComposeUnreadable);
}

#[test]
fn bytes_that_move_from_one_file_to_the_next_are_other_files() {
    let folder = tempfile::tempdir().unwrap();
    let compose = folder.path().join("compose.yaml");
    std::fs::write(&compose, "services: {a: {env_file: [a.env, b.env]}}").unwrap();
    let of = |a: &str, b: &str| {
        std::fs::write(folder.path().join("a.env"), a).unwrap();
        std::fs::write(folder.path().join("b.env"), b).unwrap();
        read(folder.path(), &compose, &BTreeMap::new()).unwrap().digest
    };
    assert_ne!(of("A=1\nB=2", ""), of("A=1\n", "B=2"));
}
