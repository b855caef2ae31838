//! A `docker exec` line that is run does what a Run in the container does.

#![cfg(unix)]

use std::process::{Command as Process, Stdio};

use porthole_engine::target::Target;
use porthole_process::{Ending, EnvVar};
use porthole_sdk::{
    code::{FormKind, forms, paste},
    draft::Draft,
};
use porthole_tests::{containers::running, given};

/// Tells its arguments, directory, user and variables, and ends with 3.
const SHOW: &str = r#"printf '%s\0' "$@" "$(pwd)" "$(id -u)" "$WORD" "${EMPTY-unset}"; cat; echo err >&2; exit 3"#;

#[tokio::test]
async fn a_docker_line_that_is_run_does_what_a_run_does() {
    let container = running().await;
    let odd = [
        "",
        " ",
        "a b",
        "it's",
        "\"q\"",
        "\\",
        "a\\",
        "$HOME",
        "`id`",
        "!!",
        "a\nb",
        "\t",
        "é",
        "😀",
        "-",
        "--",
        "-it",
        "@x",
        "%41",
        "*",
        "~",
        "#",
        "&",
        ";",
        "|",
        "\r\n",
        "\u{1b}[1m",
    ];
    let long = "long 'x' ".repeat(2_000);
    let args = [&["-c", SHOW, "sh"][..], &odd, &[&long]].concat();
    for word in odd {
        let mut command = container.command("sh", &args);
        let var = |name: &str, value: &str| EnvVar { name: name.into(), value: value.into() };
        command.env = vec![var("WORD", "first"), var("WORD", word), var("EMPTY", "")];
        if word.len() % 2 == 0 {
            command.cwd = Some("/data".into());
            command.user = Some("author".into());
        }
        let (run, kept) = container.run(command.clone()).await;
        assert_eq!(run.ending, Some(Ending::Exited { code: 3 }));
        let all = forms(&Draft::Command(command.clone()), &Target::demo());
        let line = &all.iter().find(|form| form.kind == FormKind::DockerExec).unwrap().text;
        let output = Process::new("sh")
            .args(["-c", line])
            .env("DOCKER_HOST", given("PORTHOLE_TEST_ENGINE"))
            .env_remove("DOCKER_CONTEXT")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{line} {output:?}");
        assert_eq!((&kept.stdout, &kept.stderr), (&output.stdout, &output.stderr), "{line}");
        assert_eq!(paste(line).unwrap().composed, Draft::Command(command));
    }
}
