//! A Call for each rule about commands, and for those about what the Runtimes make of a Call.

use super::{cases::Case, fixtures::*};
use crate::{
    sdk_call::{CliTarget, SdkCall, SdkExec},
    sdk_result::{End, SdkOutcome, Text, Value},
};
use porthole_base::error::Code;
use porthole_output::Stream;
use porthole_process::{EnvMode, EnvVar, Signal};

/// Something for each of them.
pub(super) fn runs() -> Vec<Fixture> {
    let big = "x".repeat(1_200_000);
    let ids = "{\"id\": 9007199254740993}\n{\"id\": 2}\n";
    let mut in_other = exec(CliTarget::Vm, &[], None);
    in_other.container = Some("db".into());
    let line = SdkExec { line: true, cmd: "true".into(), ..exec(CliTarget::Host, &[], None) };
    let thrown = || SdkOutcome::Thrown { value: Value::error_of("TypeError", "x") };
    vec![
        (
            "program-with-spaces",
            Case::vm("ls -l", &[]).refused(Code::ProgramNotFound, "x"),
            &["`ls -l`", "Docker Desktop"],
        ),
        (
            "program-with-spaces",
            Case::host("/opt/My App/tool", &[]).exits(0),
            &["On Docker Desktop and Podman Desktop (older) a shell splits it"],
        ),
        (
            "program-missing",
            Case::vm("nope", &[]).ended(127).refused(Code::ProgramNotFound, "OCI runtime exec failed: nope"),
            &["`nope`", "exit code 127", "on stdout", "`OCI runtime exec failed: nope`", "resolves"],
        ),
        (
            "program-missing",
            Case::vm("nope", &[]).refused(Code::ProgramNotFound, "exec failed: nope"),
            &["no exit code (`exec failed: nope`)", "Podman Desktop with empty output"],
        ),
        (
            "program-missing",
            Case::vm("nope", &[]).streaming().refused(Code::ProgramNotFound, "exec failed: nope"),
            &["no exit code", "`onClose(1)`"],
        ),
        (
            "program-missing",
            Case::vm("nope", &[])
                .ended(127)
                .refused(Code::ProgramNotFound, "crun: not found")
                .wrote("", "crun: not found\n"),
            &["`nope`", "on stderr", "crun"],
        ),
        (
            "program-missing",
            Case::host("nope", &[]).refused(Code::ProgramNotFound, "ENOENT"),
            &["127", "ENOENT", "host.binaries"],
        ),
        (
            "program-not-executable",
            Case::vm("/x", &[]).refused(Code::ProgramNotExecutable, "permission denied"),
            &["chmod", "permission denied"],
        ),
        (
            "program-not-executable",
            // By its code alone, whatever its words are.
            Case::host("/x.sh", &[]).refused(Code::ScriptCarriageReturn, "ENOENT"),
            &["dos2unix", "eol=lf"],
        ),
        (
            "script-carriage-return",
            Case::vm("sh", &["-c", "/x.sh"])
                .exits(126)
                .wrote("", "sh: /x.sh: /bin/sh^M: bad interpreter: No such file or directory\n"),
            &["first line ends in a carriage return", "bad interpreter", "dos2unix"],
        ),
        (
            "script-carriage-return",
            Case::host("/x.sh", &[]).exits(127).wrote("", "/usr/bin/env: 'bash\\r': No such file or directory\n"),
            &["`/usr/bin/env: 'bash", "eol=lf"],
        ),
        (
            "exit-126",
            Case::vm("sh", &["/x.sh"]).exits(126).wrote("", "sh: /x.sh: Permission denied\n"),
            &["126", "`sh: /x.sh: Permission denied`", "chmod"],
        ),
        (
            "exit-127",
            Case::vm("sh", &["/x.sh"]).exits(127).wrote("", "sh: jq: not found\n"),
            &["127", "`sh: jq: not found`", "PATH"],
        ),
        ("exit-of-signal", Case::vm("worker", &[]).exits(137), &["137", "128 + 9", "SIGKILL", "memory", "OOMKilled"]),
        ("exit-of-signal", Case::vm("worker", &[]).exits(139), &["128 + 11", "SIGSEGV", "crashed"]),
        ("exit-of-signal", Case::vm("worker", &[]).exits(143), &["128 + 15", "SIGTERM", "docker stop"]),
        (
            "ended-by-signal",
            Case::host("worker", &[]).dies(11, "SIGSEGV").wrote("", "before the crash\n"),
            &["SIGSEGV ended", "`before the crash`", "code: null"],
        ),
        ("ended-by-signal", Case::host("worker", &[]).streaming().dies(9, "SIGKILL"), &["onClose(null)", "memory"]),
        (
            "shell-operator",
            Case::host("cat", &["/x", "|", "wc", ">", "y"]).exits(0),
            &["`|` and `>`", "`cat`", "Docker Desktop and Podman Desktop", "On Rancher Desktop"],
        ),
        (
            "shell-operator",
            Case::vm("cat", &["/x", "&&", "ls"]).streaming().exits(1),
            &["`&&`", "no runtime uses a shell"],
        ),
        (
            "shell-operator",
            Case::host("/bin/sh", &["-c", "cat /x | wc"])
                .asked(SdkCall::Exec(exec(CliTarget::Host, &["/x", "|", "wc"], None)))
                .exits(0),
            &["The arguments of `cat` contain shell operators: `|`"],
        ),
        (
            "shell-expansion",
            Case::vm("ls", &["$HOME", "*.txt"]).exits(0),
            &["`$HOME` and `*.txt`", "On Docker Desktop"],
        ),
        ("shell-expansion", Case::vm("ls", &["~/data"]).streaming().exits(0), &["`~/data`", "without shell expansion"]),
        (
            "argument-split",
            Case::host("sh", &["-c", "exit 3"]).exits(3),
            &["`exit 3`", "without `stream`", "Docker Desktop and Podman Desktop"],
        ),
        ("argument-split", Case::vm("printf", &["it's", ""]).exits(0), &["`it's` and ``"]),
        (
            "quotes-kept",
            Case::vm("ps", &["--format", "\"{{.ID}} x\""]).exits(0),
            &["In the container, no shell removes the quotes on Podman Desktop"],
        ),
        (
            "quotes-kept",
            Case::host("ps", &["'a b'"]).streaming().exits(0),
            &["With callbacks, no shell removes the quotes on Docker Desktop and Podman Desktop"],
        ),
        (
            "cwd-ignored",
            Case::host("ls", &[]).command(|command| command.cwd = Some("/data".into())).exits(0),
            &["`/data`", "Podman Desktop ignores"],
        ),
        (
            "env-ignored",
            Case::vm("ls", &[])
                .command(|command| command.env = vec![EnvVar { name: "A".into(), value: "1".into() }])
                .exits(0),
            &["`A`", "Rancher Desktop"],
        ),
        (
            "env-not-replaceable",
            Case::host("ls", &[]).command(|command| command.env_mode = EnvMode::Replace).exits(0),
            &["env -i"],
        ),
        (
            "env-not-replaceable",
            Case::vm("ls", &[]).command(|command| command.env_mode = EnvMode::Replace),
            &["don't set variables in the container", "env -i"],
        ),
        (
            "user-not-offered",
            Case::vm("id", &[]).command(|command| command.user = Some("1000".into())).exits(0),
            &["`1000`"],
        ),
        (
            "container-not-offered",
            Case::vm("cat", &[]).asked(SdkCall::Exec(in_other)).exits(0),
            &["`db`", "first service"],
        ),
        (
            "plain-not-stoppable",
            Case::host("sleep", &["9"]).stopped(Signal::Term).dies(15, "SIGTERM"),
            &["SIGTERM", "close()"],
        ),
        (
            "signal-not-offered",
            Case::host("sleep", &["9"]).streaming().stopped(Signal::Kill).dies(9, "SIGKILL"),
            &["SIGKILL", "SIGTERM"],
        ),
        (
            "close-differs",
            Case::host("sleep", &["9"]).streaming().stopped(Signal::Term).dies(15, "SIGTERM"),
            &["Rancher Desktop", "no effect"],
        ),
        (
            "only-stderr",
            Case::host("nginx", &["-v"]).exits(0).wrote("", "nginx version: 1\n"),
            &["`nginx version: 1`", "result.stdout"],
        ),
        (
            "stderr-with-success",
            Case::host("curl", &["x"]).exits(0).wrote("ok\n", "warn: slow\n"),
            &["11 bytes", "`warn: slow`"],
        ),
        ("output-over-limit", Case::host("seq", &["9"]).exits(0).wrote(&big, ""), &["1.2 MB to stdout", "inferred"]),
        (
            "character-cut",
            Case::vm("cat", &["x"])
                .streaming()
                .piece(Stream::Stdout, b"caf\xc3")
                .piece(Stream::Stdout, b"\xa9\n")
                .exits(0),
            &["`é`", "byte 4", "Uint8Array"],
        ),
        (
            "last-line-lost",
            Case::vm("printf", &["a"]).split().exits(0).wrote("one\ntwo", ""),
            &["stdout", "`two`", "on Rancher Desktop."],
        ),
        (
            "last-line-lost",
            Case::host("printf", &["a"]).split().exits(0).wrote("two", ""),
            &["Rancher Desktop and Podman Desktop"],
        ),
        (
            "output-charset",
            Case::host("wsl.exe", &["--list"]).exits(0).wrote(b"N\0A\0M\0E\0\r\0\n\0", ""),
            &["stdout", "UTF-16LE", "guessed", r"`N\u{0}A", "WSL_UTF8"],
        ),
        (
            "output-not-text",
            Case::host("cat", &["x.png"]).exits(0).wrote(b"ab\xff\xfe", ""),
            &["stdout", "byte 2 (0xff)"],
        ),
        (
            "bad-json-line-in-output",
            Case::host("docker", &["ps"]).exits(0).wrote("{\"a\":1}\n{\"a\":2}\nWARNING\n", ""),
            &["Line 3", "`WARNING`", "parseJsonLines"],
        ),
        (
            "number-not-exact-in-output",
            Case::host("docker", &["ps"]).exits(0).wrote(ids, ""),
            &["stdout", "`9007199254740993`"],
        ),
        (
            "settles-differently",
            Case::vm("false", &[]).exits(1).receives([rejected(&["code"]), rejected(&["code"]), resolved(object(&[]))]),
            &["Rejects on Docker Desktop and Rancher Desktop and resolves on Podman Desktop", "treats every exit code"],
        ),
        (
            "settles-differently",
            Case::get("/x").json("{}").receives([resolved(object(&[])), SdkOutcome::Never, resolved(object(&[]))]),
            &["never settles on Rancher Desktop"],
        ),
        (
            "function-missing",
            Case::host("true", &[]).exits(0).called("ddClient.execHostCmd", SdkCall::Exec(line)).receives([
                resolved(object(&[])),
                thrown(),
                thrown(),
            ]),
            &[
                "`ddClient.execHostCmd` is missing on Rancher Desktop and Podman Desktop",
                "`ddClient.extension.host.cli.exec`",
            ],
        ),
        (
            "no-on-close",
            Case::host("sleep", &["9"]).streaming().exits(0).receives([
                closes(Value::Null),
                SdkOutcome::Streamed { end: End::Silent },
                closes(Value::Null),
            ]),
            &["on Rancher Desktop", "no callback"],
        ),
        (
            "no-on-close",
            Case::host("sleep", &["9"]).streaming().exits(0).receives([
                closes(Value::Null),
                SdkOutcome::Streamed { end: End::Error { error: text("SIGKILL") } },
                closes(Value::Null),
            ]),
            &["`onError` is called"],
        ),
        (
            "close-code-differs",
            Case::vm("false", &[]).streaming().exits(3).receives([
                closes(number("3")),
                closes(number("3")),
                closes(number("0")),
            ]),
            &["3 on Docker Desktop and Rancher Desktop", "0 on Podman Desktop"],
        ),
        (
            "error-without-code",
            Case::host("false", &[]).exits(1).receives([
                rejected(&["code"]),
                rejected(&["code"]),
                rejected(&["stderr"]),
            ]),
            &["no `code` on Podman Desktop"],
        ),
        (
            "error-without-code",
            Case::get("/x").answered(404, &[], "").receives([
                rejected(&["statusCode"]),
                rejected(&["statusCode"]),
                rejected(&["message"]),
            ]),
            &["error.statusCode"],
        ),
        (
            "value-differs",
            Case::get("/x").json("{}").receives([
                resolved(Value::Json(Text::default())),
                resolved(text("{}")),
                resolved(text("{}")),
            ]),
            &["Returns text on Rancher Desktop and Podman Desktop", "parsed JSON"],
        ),
    ]
}
