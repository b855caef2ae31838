use std::fs;

use proptest::prelude::*;

use super::*;
use crate::root::ExtensionRoot;

fn folder(files: &[&str]) -> (tempfile::TempDir, ExtensionRoot) {
    let folder = tempfile::tempdir().unwrap();
    for path in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    let root = ExtensionRoot::open(folder.path()).unwrap();
    (folder, root)
}

/// `context PATH`, `not built PATH`, `unknown LINE` or `nothing`.
fn found(dockerfile: &str, files: &[&str], path: &str) -> String {
    let (_folder, context) = folder(files);
    let dockerfile = Dockerfile::read(dockerfile).unwrap();
    match Search::new(&dockerfile, &context).find(path) {
        Provision::Context { path, .. } => format!("context {}", path.display()),
        Provision::NotBuilt { path, .. } => format!("not built {}", path.display()),
        Provision::Unknown { by } => format!("unknown {}", by.line),
        Provision::Nothing { .. } => "nothing".to_owned(),
    }
}

#[test]
fn a_copied_path_is_where_it_was_copied_from() {
    let files = ["metadata.json", "docker.svg", "ui/build/index.html", "ui/build/static/app.js", "bin/linux/tool"];
    for (copy, path, from) in [
        ("COPY metadata.json .", "/metadata.json", "context metadata.json"),
        ("COPY metadata.json docker.svg ./", "docker.svg", "context docker.svg"),
        ("COPY metadata.json /other.json", "other.json", "context metadata.json"),
        ("COPY ./ui/build ui", "ui/index.html", "context ui/build/index.html"),
        ("COPY ui/build/ /ui/", "/ui/static/app.js", "context ui/build/static/app.js"),
        ("COPY --chown=1:1 ui/build /ui", "ui/index.html", "context ui/build/index.html"),
        ("COPY . .", "docker.svg", "context docker.svg"),
        ("COPY . /", "ui/build/index.html", "context ui/build/index.html"),
        ("COPY *.svg /", "docker.svg", "context docker.svg"),
        ("COPY ui/*/index.html /page/", "page/index.html", "context ui/build/index.html"),
        ("COPY [\"metadata.json\", \"/a b/\"]", "/a b/metadata.json", "context metadata.json"),
        ("ADD docker.svg /icon.svg", "icon.svg", "context docker.svg"),
        ("WORKDIR /app\nWORKDIR sub\nCOPY metadata.json .", "app/sub/metadata.json", "context metadata.json"),
        ("ARG DIR=ui/build\nCOPY ${DIR} /ui", "ui/index.html", "context ui/build/index.html"),
        ("ENV DIR=ui/build\nCOPY $DIR /ui", "ui/index.html", "context ui/build/index.html"),
        ("COPY bin/${X:-linux}/tool /host/tool", "host/tool", "context bin/linux/tool"),
        ("COPY bin/linux /host", "host/tool", "context bin/linux/tool"),
        ("COPY \\\n  metadata.json \\\n  .", "metadata.json", "context metadata.json"),
        ("copy metadata.json .", "metadata.json", "context metadata.json"),
    ] {
        assert_eq!(found(&format!("FROM scratch\n{copy}\n"), &files, path), from, "{copy}");
    }
}

#[test]
fn what_is_not_built_yet_is_told_from_what_nothing_provides() {
    let files = ["metadata.json", "ui/src/main.tsx"];
    for (copy, path, from) in [
        ("COPY ui/build ui", "ui/index.html", "not built ui/build"),
        ("COPY docker.svg .", "docker.svg", "not built docker.svg"),
        ("COPY dist/*.js /ui/", "ui/app.js", "not built dist/*.js"),
        ("COPY metadata.json .", "docker.svg", "nothing"),
        ("COPY ui ui", "ui/index.html", "nothing"),
        ("COPY docker-compose.yaml .", "docker-compose.yml", "nothing"),
        ("COPY other /elsewhere", "ui/index.html", "nothing"),
        ("COPY ui/build ui", "../ui/index.html", "nothing"),
    ] {
        assert_eq!(found(&format!("FROM scratch\n{copy}\n"), &files, path), from, "{copy}");
    }
}

#[test]
fn what_only_a_build_tells_is_unknown() {
    for (text, path, line) in [
        ("FROM alpine\nRUN make ui\n", "ui/index.html", 2),
        ("FROM alpine\nADD https://example.com/x.svg /icon.svg\n", "icon.svg", 2),
        ("FROM alpine\nADD page.tar.gz /ui\n", "ui/index.html", 2),
        ("FROM alpine\nCOPY --from=nginx:1 /usr/share/nginx/html /ui\n", "ui/index.html", 2),
        ("FROM alpine\nARG WHERE\nCOPY ${WHERE} /ui\n", "ui/index.html", 3),
        (
            "FROM node AS b\nCOPY . /src\nRUN npm run build\nFROM scratch\nCOPY --from=b /src/dist /ui\n",
            "ui/index.html",
            3,
        ),
        ("FROM node AS b\nRUN npm run build\nFROM b\n", "ui/index.html", 2),
    ] {
        assert_eq!(found(text, &["a"], path), format!("unknown {line}"), "{text}");
    }
}

#[test]
fn what_a_stage_may_have_from_its_image_is_unknown() {
    // A stage without an instruction of its own, as for `COPY --from=` with an image whose tag is an argument.
    for (text, path, found_as) in [
        (
            "ARG TAG=1\nFROM acme/app:$TAG AS app\nFROM scratch\nCOPY --from=app /public /ui\n",
            "ui/index.html",
            "unknown 4",
        ),
        (
            "FROM acme/app AS app\nFROM app AS more\nFROM scratch\nCOPY --from=more /public /ui\n",
            "ui/index.html",
            "unknown 4",
        ),
        ("FROM acme/app AS app\nFROM scratch\nCOPY --from=app /public /ui\n", "icon.svg", "nothing"),
        ("FROM scratch AS app\nFROM scratch\nCOPY --from=app /public /ui\n", "ui/index.html", "nothing"),
        (
            "FROM acme/app AS app\nCOPY ui/build /public\nFROM scratch\nCOPY --from=app /public /ui\n",
            "ui/index.html",
            "not built ui/build",
        ),
    ] {
        assert_eq!(found(text, &["a"], path), found_as, "{text}");
    }
}

#[test]
fn what_decides_about_a_path_is_what_names_it_rather_than_the_last_command() {
    let text = "FROM node AS page
RUN npm run build
FROM golang AS tools
RUN build -o /out/linux/tool && mv /out/linux/tool .
RUN build -o /out/darwin/tool
RUN <<EOT ash
build -o /out/windows/tool.exe
EOT
FROM alpine
RUN fetch /linux/other
COPY --from=tools /out /
COPY --from=tools /bin/service /service
COPY --from=page /ui/build /ui
RUN chmod 555 /all
";
    for (path, line) in [
        ("ui/index.html", 2),
        ("linux/tool", 4),
        ("darwin/tool", 5),
        ("windows/tool.exe", 6),
        ("linux/other", 10),
        ("all", 14),
        // Nothing names it: the last command may have made it.
        ("icon.svg", 6),
    ] {
        assert_eq!(found(text, &["a"], path), format!("unknown {line}"), "{path}");
    }
}

#[test]
fn a_path_is_followed_through_the_stages_it_was_copied_from() {
    let files = ["ui/public/index.html", "docker.svg"];
    for text in [
        "FROM node AS builder\nWORKDIR /ui\nCOPY ui/public /ui/build\nFROM scratch\nCOPY --from=builder /ui/build ui\n",
        "FROM node AS builder\nCOPY ui/public /b\nFROM scratch\nCOPY --from=0 /b /ui\n",
        "FROM scratch AS files\nCOPY ui/public /ui\nFROM files\n",
        "ARG BASE=files\nFROM scratch AS files\nCOPY ui/public /ui\nFROM ${BASE}\n",
    ] {
        assert_eq!(found(text, &files, "/ui/index.html"), "context ui/public/index.html", "{text}");
    }
    // Only the last stage is the image.
    let text = "FROM scratch AS a\nCOPY docker.svg /\nFROM scratch\n";
    assert_eq!(found(text, &files, "docker.svg"), "nothing");
}

#[test]
fn the_last_instruction_for_a_path_counts() {
    let text = "FROM alpine\nRUN true\nCOPY docker.svg /icon.svg\n";
    assert_eq!(found(text, &["docker.svg"], "icon.svg"), "context docker.svg");
}

#[test]
fn an_instruction_is_told_by_its_line_and_on_one_line() {
    let (_folder, context) = folder(&["a"]);
    let dockerfile = Dockerfile::read("# a comment\nFROM scratch\n\nCOPY --chmod=755 a \\\n  /b\n").unwrap();
    let Provision::Context { by, .. } = Search::new(&dockerfile, &context).find("b") else {
        panic!("not found");
    };
    assert_eq!(by, Instruction { line: 4, text: "COPY a /b".into() });
}

#[test]
fn stages_that_copy_from_each_other_many_times_end_soon() {
    let mut text = "FROM scratch AS s0\nCOPY b /b/\n".to_owned();
    for stage in 1..60 {
        text += &format!("FROM scratch AS s{stage}\n{}", format!("COPY --from=s{} / /\n", stage - 1).repeat(10));
    }
    assert!(found(&text, &["b"], "x").starts_with("unknown"));
}

#[test]
fn all_paths_that_are_looked_for_share_the_steps() {
    let mut text = "FROM scratch AS s0\nCOPY b /b/\n".to_owned();
    for stage in 1..60 {
        text += &format!("FROM scratch AS s{stage}\n{}", format!("COPY --from=s{} / /\n", stage - 1).repeat(10));
    }
    let (_folder, context) = folder(&["b"]);
    let dockerfile = Dockerfile::read(&text).unwrap();
    let mut search = Search::new(&dockerfile, &context);
    search.find("x");
    let steps = search.steps();
    for path in ["a", "c", "d", "e", "f", "g"] {
        search.assume(Some(path));
        assert!(matches!(search.find("x"), Provision::Unknown { .. }));
    }
    assert!(search.steps() < steps + 10_000, "{steps} steps, then {}", search.steps());
}

#[test]
fn each_source_of_an_instruction_is_a_step() {
    let text = format!("FROM scratch\nCOPY {} /a/\n", "b ".repeat(400_000));
    let (_folder, context) = folder(&["x"]);
    let dockerfile = Dockerfile::read(&text).unwrap();
    let search = Search::new(&dockerfile, &context);
    assert!(matches!(search.find("a/b/x"), Provision::Unknown { .. }));
    assert!((300_000..310_000).contains(&search.steps()));
}

#[test]
fn what_is_no_dockerfile_says_why() {
    for text in ["", "hello", "COPY a b", "FROM"] {
        assert!(!Dockerfile::read(text).unwrap_err().is_empty(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_fail_or_go_on_for_ever(
        lines in prop::collection::vec(prop_oneof![
            Just("FROM scratch AS a".to_owned()), Just("FROM a".to_owned()), Just("FROM b AS b".to_owned()),
            Just("COPY --from=a / /".to_owned()), Just("COPY --from=0 x* /y/".to_owned()), Just("COPY . .".to_owned()),
            Just("WORKDIR ../${X:-${Y}}".to_owned()), Just("ARG X=${X".to_owned()), Just("ENV A=b C".to_owned()),
            Just("ADD [\"a\"".to_owned()), Just("RUN <<EOF".to_owned()), "[A-Z]{2,6} [ -~]{0,20}", any::<String>(),
        ], 0..12),
        path in "[a./*]{0,8}",
    ) {
        let (_folder, context) = folder(&["a", "x/y"]);
        if let Ok(dockerfile) = Dockerfile::read(&lines.join("\n")) {
            let _ = Search::new(&dockerfile, &context).find(&path);
        }
    }
}
