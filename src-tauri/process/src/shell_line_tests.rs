use super::*;
use crate::Place;

fn of(program: &str, args: &[&str]) -> ShellLine {
    ShellLine::of(&Command::new(Place::Host, program, args.iter().copied()), None)
}

fn names(line: &str) -> (Vec<String>, bool) {
    let read = ShellLine::read(line);
    (read.names, read.unclear)
}

#[test]
fn a_backslash_inside_double_quotes_does_not_hide_what_follows_the_quotes() {
    // The quotes end after `\"`, so `tool` is a command.
    assert_eq!(names(r#"git --version "a\""; tool; git "b""#), (vec!["git".into(), "tool".into()], false));
    assert_eq!(names(r#"git "a\\"; tool"#), (vec!["git".into(), "tool".into()], false));
    assert_eq!(names(r#"git "a\b;c" 'd\'; tool"#), (vec!["git".into(), "tool".into()], false));
    assert_eq!(names("gi\\\nt x"), (vec!["git".into()], false));
}

#[test]
fn plain_commands_are_clear() {
    for line in [
        "git status",
        "git log --format='%H $x' | head -n 3 && echo \"done; yes\"",
        "A=1 git status > out.txt 2>&1; ls *.txt",
        "> out git status",
        "docker ps -a --filter name=x -q\nls",
    ] {
        let (names, unclear) = names(line);
        assert!(!unclear, "{line}");
        assert!(["git", "docker"].contains(&names[0].as_str()), "{line}: {names:?}");
    }
}

#[test]
fn a_line_that_may_start_something_else_is_unclear() {
    for line in [
        "cd dir; ./git",
        "PATH=/x git status",
        "LD_PRELOAD=/x.so git status",
        "git $x",
        "git \"$(tool)\"",
        "git `tool`",
        "eval tool",
        ". ./file",
        "source file",
        "git() { tool; }; git",
        "alias git=tool",
        "exec /tmp/prog",
        "env git status",
        "gi? status",
        "~/git",
        "{git,x}",
        "if git status; then tool; fi",
        "git status <<< x",
        "git 'status",
        "git # \n tool",
        "sh -c tool",
        "export X=1; git",
        "a[0]=1 git",
        "ls | cat | tr a b | sort | uniq | head | tail | wc | cut | rev | tac | nl | paste; tool",
    ] {
        assert!(ShellLine::read(line).unclear, "{line}");
    }
    assert!(names("exec /tmp/prog").0.contains(&"/tmp/prog".to_owned()));
    assert!(ShellLine::read(&"x ".repeat(MOST_WORDS + 1)).unclear);
}

#[test]
fn the_line_is_what_the_shell_takes_as_its_line() {
    for (args, line) in [
        (&["-c", "id"][..], Some("id")),
        (&["-c", "--", "id"], Some("id")),
        (&["-c", "-e", "tool"], Some("tool")),
        (&["-ec", "tool", "name"], Some("tool")),
        (&["-ce", "tool"], Some("tool")),
        (&["-o", "pipefail", "-c", "tool"], Some("tool")),
        (&["-co", "pipefail", "tool"], Some("tool")),
        (&["--norc", "-c", "tool"], Some("tool")),
        (&["-norc", "-c", "tool"], Some("tool")),
        (&["--init-file", "file", "-c", "tool"], Some("tool")),
        (&["--init-file", "-c", "-i"], None),
        (&["-norc", "tool"], None),
        (&["file", "-c", "x"], None),
        (&["--", "-c", "x"], None),
        (&[], None),
    ] {
        let read = of("bash", args);
        assert_eq!(read.text.as_deref(), line, "{args:?}");
        assert!(line.is_some() || read.unclear, "{args:?}");
    }
    assert!(of("bash", &["--init-file", "file", "-c", "tool"]).unclear);
    assert!(!of("bash", &["-c", "--", "id"]).unclear);
}

#[test]
fn a_shell_is_known_by_its_file_and_behind_programs_that_start_it() {
    assert_eq!(of("rbash", &["-c", "tool"]).text.as_deref(), Some("tool"));
    assert_eq!(of("/usr/bin/bash5.2", &["-c", "tool"]).text.as_deref(), Some("tool"));
    assert_eq!(of("fish", &["-c", "tool"]).text.as_deref(), Some("tool"));
    assert!(of("fish", &["-c", "tool"]).unclear);
    let renamed = Command::new(Place::Host, "tool", ["-c", "id"]);
    assert_eq!(ShellLine::of(&renamed, Some(Path::new("/usr/bin/bash"))).text.as_deref(), Some("id"));
    for (program, args, line) in [
        ("env", &["-S", "bash -c 'tool'"][..], "bash -c 'tool'"),
        ("env", &["-Sbash -c tool"], "bash -c tool"),
        ("env", &["-i", "--split-string=bash -c tool"], "bash -c tool"),
        ("env", &["A=1", "bash", "-c", "tool"], "tool"),
        ("sudo", &["-u", "me", "/bin/sh", "-ec", "tool"], "tool"),
        ("busybox", &["sh", "-c", "tool"], "tool"),
        ("cmd.exe", &["/C", "tool", "x"], "tool x"),
    ] {
        let read = of(program, args);
        assert_eq!(read.text.as_deref(), Some(line), "{program} {args:?}");
        assert!(read.unclear, "{program} {args:?}");
    }
    assert_eq!(of("git", &["sh", "-c", "tool"]), ShellLine::default());
    let in_busybox = |program: &str| {
        let command = Command::new(Place::Host, program, ["-c", "id"]);
        ShellLine::of(&command, Some(Path::new("/bin/busybox")))
    };
    assert_eq!(in_busybox("ls"), ShellLine::default());
    assert!(in_busybox("sh").unclear && in_busybox("sh").text.as_deref() == Some("id"));
    assert!(of("python3", &["-c", "x"]).unclear);
}

#[test]
fn variables_that_load_code_are_known() {
    for name in
        ["LD_PRELOAD", "BASH_ENV", "GIT_EXEC_PATH", "NODE_OPTIONS", "PYTHONSTARTUP", "PATH", "Path", "BASH_FUNC_git%%"]
    {
        assert!(loads_code(name), "{name}");
    }
    for name in ["LANG", "TOKEN", "TERM", "FOO", "A"] {
        assert!(!loads_code(name), "{name}");
    }
}

/// Node hands a line over like this on Windows.
#[test]
fn only_a_line_that_cmd_takes_as_it_is_is_one_of_cmd() {
    let line = |program: &str, args: &[&str]| {
        let command = Command::new(Place::Host, program, args.iter().copied());
        verbatim_line(&command).map(|(options, line)| (options.len(), line.to_owned()))
    };
    let echo = Some((3, "echo \"a\"".to_owned()));
    for program in ["cmd.exe", "CMD", r"C:\Windows\System32\cmd.exe", "c:/windows/system32/CMD.EXE"] {
        assert_eq!(line(program, &["/d", "/s", "/c", "echo \"a\""]), echo, "{program}");
    }
    assert_eq!(line("cmd.exe", &["/D", "/S", "/C", "echo \"a\""]), echo);
    for other in [&["/d", "/c", "echo"][..], &["/s", "/c", "echo", "a"], &["/s", "echo"], &["/s", "/c"], &[]] {
        assert_eq!(line("cmd.exe", other), None, "{other:?}");
    }
    assert_eq!(line("notcmd.exe", &["/d", "/s", "/c", "echo"]), None);
}
