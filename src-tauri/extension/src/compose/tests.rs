use std::fs;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::ExtensionRoot;
use porthole_sdk::diagnostic::{Diagnostic, Severity};

/// Files of an extension, of which the first is the compose file.
struct Folder(tempfile::TempDir, String);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join("ext").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder, files[0].0.to_owned())
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("ext").canonicalize().unwrap()
    }

    fn read(&self) -> Configuration {
        let root = ExtensionRoot::open(&self.root()).unwrap();
        let environment = [(OWN_IMAGE, "acme/x:1"), ("SET", "set"), ("HOME", "/home/me")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        read(Input { source: ComposeSource::Folder(&root), file: Path::new(&self.1), environment, has_socket: true })
    }
}

/// The services, and what is refused.
fn of(files: &[(&str, &str)]) -> (Json, Vec<String>) {
    let read = Folder::new(files).read();
    let summary =
        read.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).map(said).collect();
    (read.json()["services"].clone(), summary)
}

/// All that is said but of the rules for installed extensions.
fn all(files: &[(&str, &str)]) -> Vec<String> {
    let said = Folder::new(files).read().diagnostics.iter().map(said).collect::<Vec<_>>();
    said.into_iter().filter(|said| !said.contains("No service runs the extension's own image")).collect()
}

fn said(diagnostic: &Diagnostic) -> String {
    let at = diagnostic.location.as_ref().unwrap();
    format!("{}:{} {}: {}", at.file.as_deref().unwrap_or_default(), at.line, at.key, diagnostic.summary)
}

const NO_ERRORS: [String; 0] = [];

#[test]
fn included_files_have_a_folder_and_variables_of_their_own() {
    let (services, summary) = of(&[
        (
            "compose.yaml",
            "include:\n  - sub/a.yaml\n  - path: [b.yaml, b2.yaml]\n    project_directory: sub\n    env_file: my.env\nservices:\n  web: {image: x, depends_on: [a, b]}\n",
        ),
        ("sub/a.yaml", "services: {a: {image: 'a:$TAG', volumes: ['./data:/data'], env_file: a.env}}"),
        ("sub/.env", "TAG=of-sub\nSET=no"),
        ("sub/a.env", "A=1\nB=$SET"),
        ("sub/data/x", ""),
        ("b.yaml", "services: {b: {image: 'b:$TAG', volumes: ['./data:/data']}}"),
        ("b2.yaml", "services: {b: {environment: {OVER: 1}}}"),
        ("my.env", "TAG=of-mine"),
        (".env", "ROOT=1"),
    ]);
    assert_eq!(summary, NO_ERRORS);
    assert_eq!(services["a"]["image"], "a:of-sub");
    assert_eq!(services["a"]["environment"], json!({"A": "1", "B": "set"}));
    assert!(services["a"]["volumes"][0]["source"].as_str().unwrap().replace('\\', "/").ends_with("/ext/sub/data"));
    assert_eq!((&services["b"]["image"], &services["b"]["environment"]), (&json!("b:of-mine"), &json!({"OVER": "1"})));
    assert!(services["b"]["volumes"][0]["source"].as_str().unwrap().replace('\\', "/").ends_with("/ext/sub/data"));
}

#[test]
fn the_services_of_included_files_come_after_the_files_own() {
    let folder = Folder::new(&[
        ("compose.yaml", "include: [a.yaml]\nservices: {web: {image: x}}"),
        ("a.yaml", "services: {a: {image: x}, web2: {image: x}}"),
    ]);
    assert!(folder.read().services.iter().eq(["web", "a", "web2"]));
    let only = Folder::new(&[("compose.yaml", "include: [a.yaml]"), ("a.yaml", "services: {a: {image: x}}")]);
    assert!(only.read().services.iter().eq(["a"]));
}

#[test]
fn a_service_is_laid_over_the_one_that_it_extends() {
    let (services, summary) = of(&[
        (
            "compose.yaml",
            "services:\n  base: {image: b, ports: ['80:80'], environment: {A: 1, B: 1}}\n  web:\n    extends: base\n    environment: [B=2]\n  far:\n    extends: {file: sub/base.yaml, service: deep}\n    command: !reset null\n    ports: !override ['1:1']\n",
        ),
        (
            "sub/base.yaml",
            "services:\n  deep: {extends: {service: deepest}, build: ., env_file: d.env, command: run, ports: ['9:9']}\n  deepest: {extends: {file: ../other.yaml, service: o}, restart: always}\n",
        ),
        ("sub/d.env", "D=1"),
        ("sub/Dockerfile", "FROM scratch"),
        ("other.yaml", "services: {o: {labels: {l: '1'}, image: ignored}}"),
    ]);
    assert_eq!(summary, NO_ERRORS);
    assert_eq!(services["web"]["environment"], json!({"A": "1", "B": "2"}));
    assert_eq!((&services["web"]["image"], &services["web"]["ports"][0]["target"]), (&json!("b"), &json!(80)));
    let far = &services["far"];
    assert!(far["build"]["context"].as_str().unwrap().replace('\\', "/").ends_with("/ext/sub"));
    assert_eq!((&far["environment"], &far["restart"]), (&json!({"D": "1"}), &json!("always")));
    assert_eq!(far["labels"], json!({"l": "1"}));
    assert_eq!(far.get("command"), None);
    assert_eq!(far["ports"].as_array().unwrap().len(), 1);
    assert_eq!(far.get("extends"), None);
}

#[test]
fn circles_are_refused_with_their_place() {
    assert_eq!(
        all(&[
            ("compose.yaml", "include:\n  - a.yaml\n"),
            ("a.yaml", "include: [compose.yaml]\nservices: {a: {image: x}}")
        ]),
        ["a.yaml:1 include: `compose.yaml` includes itself"]
    );
    let (_, summary) = of(&[("compose.yaml", "services:\n  a: {image: x, extends: b}\n  b: {image: x, extends: a}\n")]);
    assert_eq!(summary, ["compose.yaml:3 services.b.extends: The service `a` extends itself through other services"]);
    let (_, summary) = of(&[
        ("compose.yaml", "services: {a: {image: x, extends: {file: b.yaml, service: b}}}"),
        ("b.yaml", "services: {b: {extends: {file: compose.yaml, service: a}}}"),
    ]);
    assert!(summary.len() == 1 && summary[0].contains("extends itself"), "{summary:?}");
}

#[test]
fn a_file_that_a_default_name_is_laid_over_by_is_read_and_no_other() {
    let over = ("compose.override.yaml", "services: {web: {command: over, ports: ['127.0.0.1:1:1']}}");
    let (services, _) = of(&[("compose.yaml", "services: {web: {image: x, command: base}}"), over]);
    assert_eq!((&services["web"]["command"], &services["web"]["image"]), (&json!(["over"]), &json!("x")));
    let (services, _) = of(&[("backend.yaml", "services: {web: {image: x, command: base}}"), over]);
    assert_eq!(services["web"]["command"], json!(["base"]));
}

#[test]
fn services_in_profiles_are_not_started_and_may_be_broken() {
    let folder = Folder::new(&[(
        "compose.yaml",
        "services:\n  web: {image: x}\n  debug:\n    profiles: [debug]\n    env_file: no.env\n",
    )]);
    let read = folder.read();
    assert!(read.services.iter().eq(["web"]) && !read.refused);
    let said: Vec<String> = read.diagnostics.iter().map(said).collect();
    assert!(
        said.contains(
            &"compose.yaml:4 services.debug.profiles: The service `debug` isn't started: it is in a profile".to_owned()
        ),
        "{said:?}"
    );
    let (_, summary) = of(&[("compose.yaml", "services: {a: {image: x, profiles: [p]}}")]);
    assert_eq!(summary, ["compose.yaml:1 services: Compose would start no service: every service is in a profile"]);
}

#[test]
fn what_does_not_exist_is_named_with_file_line_and_key() {
    let said = all(&[
        (
            "deploy/compose.yaml",
            "include:\n  - more.yaml\n  - gone.yaml\nservices:\n  web:\n    image: x\n    env_file:\n      - a.env\n      - {path: b.env, required: false}\n      - path: c.env\n    extends:\n      file: base.yaml\n      service: b\n    build:\n      context: ../src\n    label_file: l.txt\n    volumes:\n      - ./data:/data\n      - type: bind\n        source: ./conf\n        target: /conf\n        bind: {create_host_path: false}\nsecrets:\n  s:\n    file: s.txt\nconfigs:\n  c: {file: ../c.txt}\n",
        ),
        ("deploy/more.yaml", "services:\n  db:\n    image: x\n    env_file: db.env\n"),
    ]);
    for expected in [
        "deploy/compose.yaml:3 include: `deploy/gone.yaml` doesn't exist",
        "deploy/compose.yaml:8 services.web.env_file: `deploy/a.env` doesn't exist",
        "deploy/compose.yaml:10 services.web.env_file: `deploy/c.env` doesn't exist",
        "deploy/compose.yaml:12 services.web.extends: `deploy/base.yaml` doesn't exist",
        "deploy/compose.yaml:15 services.web.build.context: `src` doesn't exist",
        "deploy/compose.yaml:16 services.web.label_file: `deploy/l.txt` doesn't exist",
        "deploy/compose.yaml:18 services.web.volumes: `deploy/data` doesn't exist: the engine creates an empty directory of that name",
        "deploy/compose.yaml:20 services.web.volumes: `deploy/conf` doesn't exist",
        "deploy/compose.yaml:25 secrets.s.file: `deploy/s.txt` doesn't exist",
        "deploy/compose.yaml:27 configs.c.file: `c.txt` doesn't exist",
        "deploy/more.yaml:4 services.db.env_file: `deploy/db.env` doesn't exist",
    ] {
        assert!(said.iter().any(|said| said == expected), "{expected}\n{said:#?}");
    }
    assert!(!said.iter().any(|said| said.contains("/b.env`")), "{said:#?}");
}

#[test]
fn names_that_nothing_defines_are_found() {
    let (_, summary) = of(&[(
        "compose.yaml",
        "services:\n  web:\n    image: x\n    depends_on:\n      - db\n      - debug\n    networks: [back]\n    volumes:\n      - data:/data\n    secrets: [s]\n    configs: [{source: c}]\n    extends: {service: no}\n    network_mode: service:none\n  debug: {image: x, profiles: [p]}\n  empty: {}\n",
    )]);
    for expected in [
        "compose.yaml:5 services.web.depends_on: The service `web` refers to the service `db`, which isn't defined",
        "compose.yaml:6 services.web.depends_on: The service `web` refers to the service `debug`, which isn't defined",
        "compose.yaml:7 services.web.networks: The service `web` refers to the network `back`, which isn't defined",
        "compose.yaml:9 services.web.volumes: The service `web` refers to the volume `data`, which isn't defined",
        "compose.yaml:10 services.web.secrets: The service `web` refers to the secret `s`, which isn't defined",
        "compose.yaml:11 services.web.configs: The service `web` refers to the config `c`, which isn't defined",
        "compose.yaml:12 services.web.extends: Service to extend not found in `compose.yaml`: `no`",
        "compose.yaml:13 services.web.network_mode: The service `web` refers to the service `none`, which isn't defined",
    ] {
        assert!(summary.iter().any(|said| said == expected), "{expected}\n{summary:#?}");
    }
    let (_, summary) = of(&[("compose.yaml", "services:\n  empty: {}\n")]);
    assert_eq!(summary, ["compose.yaml:2 services.empty: The service `empty` has neither an image nor a build"]);
}

#[test]
fn variables_have_their_values_their_defaults_and_their_errors() {
    let (services, summary) = of(&[
        (
            "compose.yaml",
            "services:\n  web:\n    image: ${DESKTOP_PLUGIN_IMAGE}\n    environment:\n      A: ${FROM_ENV}/${SET}\n      FROM_ENV:\n      NOT_SET:\n      C: $$HOME\n      COMPOSE_PROFILES:\n    privileged: '${P:-false}'\n    scale: \"${N:-2}\"\n",
        ),
        (".env", "FROM_ENV=env\nSET=no\nCOMPOSE_PROFILES=p"),
    ]);
    assert_eq!(summary, NO_ERRORS);
    let web = &services["web"];
    assert_eq!(web["image"], "acme/x:1");
    assert_eq!(
        web["environment"],
        json!({"A": "env/set", "FROM_ENV": "env", "NOT_SET": null, "C": "$$HOME", "COMPOSE_PROFILES": null})
    );
    assert_eq!((&web["privileged"], &web["scale"]), (&json!(false), &json!(2)));
    let (_, summary) = of(&[(
        "compose.yaml",
        "services:\n  web:\n    image: x:${TAG:?set a tag}\n    command: ${}\n    tty: maybe\n",
    )]);
    assert_eq!(
        summary,
        [
            "compose.yaml:3 services.web.image: The required variable `TAG` has no value: set a tag",
            "compose.yaml:4 services.web.command: `${}` has a variable in a form that compose doesn't support",
            "compose.yaml:5 services.web.tty: `maybe` isn't a valid value of `services.web.tty`",
        ]
    );
    assert_eq!(
        all(&[("compose.yaml", "services:\n  web:\n    image: x:$TAG\n    working_dir: $HOME\n")]),
        ["compose.yaml:3 : The variable `TAG` has no value: compose uses an empty string"]
    );
}

#[test]
fn what_is_not_read_is_said_and_not_guessed() {
    let said = all(&[
        (
            "compose.yaml",
            "include:\n  - oci://example.com/x\nmodels: {m: {model: x}}\nmade_up: 1\nx-mine: 1\nservices:\n  web:\n    image: x\n    provider: {type: p}\n    made_up_too: 1\n    x-own: 1\n    build: {context: 'https://example.com/x.git', made_up: 1}\n    extends: {file: 'git@example.com:x', service: b}\n    env_file: [{path: a.env, format: toml}]\n",
        ),
        ("a.env", "A=1"),
    ]);
    for expected in [
        "compose.yaml:2 include: Not checked: `oci://example.com/x`, which compose downloads",
        "compose.yaml:3 models: Not checked: the key `models`",
        "compose.yaml:4 made_up: Not checked: the key `made_up`",
        "compose.yaml:9 services.web.provider: Not checked: the key `provider`",
        "compose.yaml:10 services.web.made_up_too: Not checked: the key `made_up_too`",
        "compose.yaml:12 services.web.build.made_up: Not checked: the key `made_up`",
        "compose.yaml:13 services.web.extends: Not checked: `git@example.com:x`, which compose downloads",
        "compose.yaml:14 services.web.env_file: Not checked: the format `toml` of an env file",
    ] {
        assert!(said.iter().any(|said| said == expected), "{expected}\n{said:#?}");
    }
    assert!(!said.iter().any(|said| said.contains("x-")), "{said:#?}");
}

#[test]
fn files_of_the_machine_are_named_and_block_compose() {
    for named in ["../../secret.env", "/etc/passwd", "~/.aws/credentials", "x/../../../secret.env", "$HOME/x"] {
        for compose in [
            format!("services: {{web: {{image: x, env_file: '{named}'}}}}"),
            format!("services: {{web: {{image: x, env_file: [{{path: '{named}'}}]}}}}"),
            format!("services: {{web: {{image: x, label_file: ['{named}']}}}}"),
            format!("services: {{web: {{image: x, extends: {{file: '{named}', service: x}}}}}}"),
            format!("include: ['{named}']"),
            format!("include: [{{path: '{named}'}}]"),
            format!("include: [{{path: gone.yaml, env_file: ['{named}']}}]"),
            format!("include: [{{path: gone.yaml, project_directory: '{named}'}}]"),
            format!("x: &x {{image: x, env_file: '{named}'}}\nservices: {{web: {{<<: *x}}}}"),
        ] {
            let folder = Folder::new(&[("deploy/compose.yaml", &compose)]);
            fs::write(folder.0.path().join("secret.env"), "A=1").unwrap();
            let read = folder.read();
            let said: Vec<String> = read.diagnostics.iter().map(said).collect();
            assert!(read.refused && said.iter().any(|said| said.contains("leads out")), "{compose}: {said:?}");
            // A path that a variable decides is asked about before compose is run.
            assert_eq!(read.blocked, !named.starts_with('$'), "{compose}");
        }
    }
}

#[cfg(unix)]
#[test]
fn pipes_devices_and_links_out_are_named_at_once_also_those_of_an_included_file() {
    use std::os::unix::fs::symlink;
    let pipe = |path: &Path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let folder = Folder::new(&[
        ("deploy/compose.yaml", "include: [other.yaml, pipe.yaml]\nservices: {web: {image: x, env_file: zero.env}}"),
        ("deploy/other.yaml", "services: {x: {image: x, env_file: [pipe.env, link.env]}}"),
    ]);
    let inner = folder.root().join("deploy");
    fs::write(folder.0.path().join("secret.env"), "A=1").unwrap();
    for name in ["pipe.yaml", "pipe.env", ".env"] {
        pipe(&inner.join(name));
    }
    symlink("/dev/zero", inner.join("zero.env")).unwrap();
    symlink("../../secret.env", inner.join("link.env")).unwrap();
    let read = folder.read();
    let said: Vec<String> = read.diagnostics.iter().map(said).collect();
    for expected in [
        "`deploy/.env` can't be read: it's a named pipe, not a regular file",
        "`deploy/pipe.env` can't be read: it's a named pipe, not a regular file",
        "`deploy/link.env` can't be read: the path or a link leads out of the extension",
        "`deploy/pipe.yaml` can't be read: it's a named pipe, not a regular file",
        "`deploy/zero.env` can't be read: the path or a link leads out of the extension",
    ] {
        assert!(said.iter().any(|said| said.ends_with(expected)), "{expected}\n{said:#?}");
    }
    assert!(read.blocked);
}

#[test]
fn many_files_many_services_and_deep_ones_come_to_an_end_that_is_reported() {
    let many: Vec<String> = (0..1000).map(|n| format!("x{n}.yaml")).collect();
    let names_files = format!("include: [{}]", many.join(","));
    let chain: String = (0..500).map(|n| format!("  s{n}: {{extends: s{}}}\n", n + 1)).collect();
    let chain = format!("services:\n{chain}  s500: {{image: x}}\n");
    let large = format!("x: &x [{}]\nservices: {{a: {{image: x, command: *x}}}}", "a,".repeat(30_000));
    let copies: String = (0..20).map(|n| format!("  c{n}: {{extends: {{file: large.yaml, service: a}}}}\n")).collect();
    let ranges: String = (1..200).map(|n| format!("'127.0.0.{n}:1-4000:1-4000', ")).collect();
    let ports = format!("services: {{a: {{image: x, ports: [{ranges}]}}}}");
    let deep = "[".repeat(500_000);
    for (compose, other, why) in [
        (names_files.as_str(), "", "more than 200 files"),
        (&chain, "", "more than 32 levels deep"),
        (&format!("services:\n{copies}"), &large, "more than 500,000 values"),
        (&ports, "", "too many"),
        ("include: [large.yaml]", &deep, "can't be read at line 1"),
    ] {
        let read = Folder::new(&[("compose.yaml", compose), ("large.yaml", other)]).read();
        let said: Vec<String> = read.diagnostics.iter().map(said).collect();
        assert!(read.blocked && said.iter().any(|said| said.contains(why)), "{why}: {said:#?}");
        assert!(read.diagnostics.len() <= 110, "{}", read.diagnostics.len());
    }
}

#[test]
fn a_chain_of_files_that_include_each_other_is_followed_so_far() {
    let names: Vec<(String, String)> =
        (0..40).map(|n| (format!("f{n}.yaml"), format!("include: [f{}.yaml]", n + 1))).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let (_, summary) = of(&files);
    assert!(summary[0].contains("more than 16 levels deep"), "{summary:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_compose_file_makes_the_reader_fail_or_loop(
        text in "(include|services|extends|file|service|env_file|path|build|ports|volumes|profiles|a|b|compose.yaml|o.yaml|:|: |- |\\{|\\}|\\[|\\]|&x |\\*x|<<|!reset |!override |, |'|\\$\\{A|\\}|80:80|\\./x:/y| |\n|\n  |\n    ){0,40}",
        other in "(services: |include: |extends: |a|b|: |\\{|\\}|\\[|\\]|, |compose.yaml|file: |service: |\n|  ){0,24}",
    ) {
        let _ = Folder::new(&[("compose.yaml", &text), ("o.yaml", &other)]).read();
    }

    #[test]
    fn no_model_of_odd_values_makes_the_reader_fail(
        kind in "(services|volumes|networks|secrets|configs|include)",
        key in "(build|ports|volumes|depends_on|env_file|extends|environment|networks|secrets|devices|label_file|profiles|healthcheck|deploy|logging|links|image)",
        value in prop::sample::select(vec!["", "5", "x", "true", "[]", "{}", "[5]", "[[]]", "[{}]", "{a: }", "{a: 5}", "{a: {}}", "[{path: }]", "{file: o.yaml}", "{file: 5, service: 5}", "{context: }", "[{source: 5, target: }]", "!reset x", "!override {a: 1}", "*x"]),
    ) {
        let text = format!("x: &x {{a: [1]}}\n{kind}: {{a: {{image: x, {key}: {value}}}, b: {{image: y, extends: a}}}}\n");
        let _ = Folder::new(&[("compose.yaml", &text), ("o.yaml", "services: {a: {image: x}}")]).read();
    }
}

/// What `docker compose config --format json` of 2.40.3 makes of the projects in `tests/compose`, recorded by `record.sh`
/// there, is what Porthole makes of them.
#[test]
fn projects_are_read_as_compose_itself_reads_them() {
    let projects = dunce::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/compose")).unwrap();
    let (mut count, mut summary) = (0, Vec::new());
    for entry in fs::read_dir(&projects).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let recorded = fs::read_to_string(folder.with_extension("json")).unwrap();
        let mut expected: Json = serde_json::from_str(&recorded).unwrap();
        let root = ExtensionRoot::open(&folder).unwrap();
        let environment = [(OWN_IMAGE, "acme/x:1"), ("HOME", "/home/me")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let file = DEFAULTS.into_iter().find(|name| folder.join(name).exists()).unwrap();
        let own =
            read(Input { source: ComposeSource::Folder(&root), file: Path::new(file), environment, has_socket: true });
        let mut text = own.json().to_string();
        let mut folder_text = folder.to_str().unwrap().to_owned();
        if cfg!(windows) {
            text = text.replace(r"\\", "/");
            folder_text = folder_text.replace('\\', "/");
        }
        let text = text.replace(&folder_text, "ROOT");
        let mut found: Json = serde_json::from_str(&text).unwrap();
        comparable(&mut expected);
        comparable(&mut found);
        if found != expected {
            summary.push(format!("{}\n found    {found}\n expected {expected}", folder.display()));
        }
        count += 1;
    }
    assert!(summary.is_empty(), "{}", summary.join("\n"));
    assert!(count >= 5, "only {count} projects were compared");
}

/// Without what only says the same in other words: names that follow from the project's and the key, defaults that are
/// empty, and numbers that are texts.
fn comparable(model: &mut Json) {
    fn of(value: &mut Json) {
        let is_empty = |value: &Json| value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
        match value {
            Json::Object(map) => {
                map.values_mut().for_each(of);
                map.retain(|_, value| !is_empty(value));
            }
            Json::Array(list) => list.iter_mut().for_each(of),
            Json::Number(number) => *value = Json::String(number.to_string()),
            _ => {}
        }
    }
    for kind in ["networks", "volumes", "secrets", "configs"] {
        for (key, entry) in model.get_mut(kind).and_then(Json::as_object_mut).into_iter().flatten() {
            if entry["name"] == json!(format!("shapes_{key}")) {
                entry["name"] = Json::Null;
            }
        }
    }
    model["name"] = Json::Null;
    of(model);
}
