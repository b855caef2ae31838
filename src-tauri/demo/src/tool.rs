//! The commands of a container that has no other program: what an extension's page asks of a shell and its friends.

use std::{
    env, fs,
    io::{self, Write},
    thread::sleep,
    time::Duration,
};

use serde_json::json;

const HELP: &str = "\
demo                    Serve on $DEMO_SOCKET, or /run/guest-services/backend.sock
demo serve PATH         Serve on this socket
demo healthy            Exit with 0 if something is listening there
demo ls [PATH...]       List a directory; names of directories end with a slash
demo echo WORD...       Print the words, separated by spaces
demo args WORD...       Print each argument as received, one per line
demo env                Print the environment variables, sorted
demo pwd                Print the working directory
demo count N [MS]       Print N lines, MS milliseconds apart (200), some of them to stderr
demo json               Print one JSON object
demo json-lines [N]     Print N JSON objects, one per line (5)
demo exit CODE          Print one line to each stream, then exit with this code
";

/// Runs a command; its exit code. An error means that its output couldn't be written.
pub fn run(word: &str, rest: &[&str], out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    match (word, rest) {
        ("help" | "--help", _) => out.write_all(HELP.as_bytes())?,
        ("ls", []) => return ls(&["."], out, err),
        ("ls", paths) => return ls(paths, out, err),
        ("echo", words) => writeln!(out, "{}", words.join(" "))?,
        ("args", words) => {
            for (at, word) in words.iter().enumerate() {
                writeln!(out, "{}: [{word}]", at + 1)?;
            }
        }
        ("env", []) => {
            let mut all: Vec<_> = env::vars_os().collect();
            all.sort();
            for (name, value) in all {
                writeln!(out, "{}={}", name.to_string_lossy(), value.to_string_lossy())?;
            }
        }
        ("pwd", []) => writeln!(out, "{}", env::current_dir()?.display())?,
        ("count", [n]) => return count(n, "200", out, err),
        ("count", [n, ms]) => return count(n, ms, out, err),
        ("json", []) => writeln!(out, "{}", object(1))?,
        ("json-lines", []) => return json_lines("5", out, err),
        ("json-lines", [n]) => return json_lines(n, out, err),
        ("exit", [code]) => {
            let Ok(code) = code.parse() else { return wrong(err, &format!("`{code}` isn't an exit code")) };
            writeln!(out, "ending with {code}")?;
            writeln!(err, "a line on stderr")?;
            return Ok(code);
        }
        _ => return wrong(err, &format!("unknown command `{}`", [&[word], rest].concat().join(" "))),
    }
    Ok(0)
}

/// The exit code for invalid arguments.
fn wrong(err: &mut dyn Write, why: &str) -> io::Result<u8> {
    writeln!(err, "demo: {why}; see `demo help`")?;
    Ok(2)
}

fn ls(paths: &[&str], out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let mut code = 0;
    for path in paths {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => {
                writeln!(err, "demo ls: {path}: {error}")?;
                code = 1;
                continue;
            }
        };
        let mut names: Vec<String> = entries
            .flatten()
            .map(|entry| {
                let slash = if entry.file_type().is_ok_and(|kind| kind.is_dir()) { "/" } else { "" };
                format!("{}{slash}", entry.file_name().to_string_lossy())
            })
            .collect();
        names.sort();
        for name in names {
            writeln!(out, "{name}")?;
        }
    }
    Ok(code)
}

fn count(n: &str, ms: &str, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let (Ok(n), Ok(ms)) = (n.parse::<u64>(), ms.parse()) else { return wrong(err, "count takes numbers") };
    for at in 1..=n {
        if at > 1 {
            sleep(Duration::from_millis(ms));
        }
        writeln!(out, "step {at} of {n}")?;
        if at % 4 == 0 {
            writeln!(err, "warning: step {at} was slow")?;
        }
    }
    Ok(0)
}

fn json_lines(n: &str, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let Ok(n) = n.parse::<u64>() else { return wrong(err, "json-lines takes a number") };
    (1..=n).try_for_each(|at| writeln!(out, "{}", object(at))).map(|()| 0)
}

fn object(id: u64) -> serde_json::Value {
    const NAMES: [&str; 4] = ["pg data", "redis", "uploads", "søk"];
    let name = NAMES.get(((id + 3) % 4) as usize).copied().unwrap_or_default();
    json!({ "id": id, "name": name, "size": id * 4096, "labels": ["demo"] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(words: &[&str]) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(words[0], &words[1..], &mut out, &mut err).unwrap();
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn words_arrive_as_they_are() {
        assert_eq!(ran(&["echo", "two words", "'q'"]).1, "two words 'q'\n");
        assert_eq!(ran(&["args", "two words", ""]).1, "1: [two words]\n2: []\n");
        assert_eq!(ran(&["echo"]).1, "\n");
    }

    #[test]
    fn directories_are_listed_and_those_that_are_missing_are_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("a file"), "").unwrap();
        let path = folder.path().display().to_string();
        assert_eq!(ran(&["ls", &path]), (0, "a file\nsub/\n".to_owned(), String::new()));
        let (code, out, err) = ran(&["ls", "/no/such/place", &path]);
        assert_eq!((code, out.as_str()), (1, "a file\nsub/\n"), "the others are listed all the same");
        assert!(err.contains("/no/such/place"), "{err}");
    }

    #[test]
    fn counting_writes_to_both_streams() {
        let (code, out, err) = ran(&["count", "8", "0"]);
        assert_eq!((code, out.lines().count(), err.lines().count()), (0, 8, 2));
        assert!(out.ends_with("step 8 of 8\n"), "{out}");
        assert_eq!(ran(&["count", "0"]), (0, String::new(), String::new()));
    }

    #[test]
    fn json_is_json_also_line_by_line() {
        let one: serde_json::Value = serde_json::from_str(&ran(&["json"]).1).unwrap();
        assert_eq!(one["name"], "pg data");
        let lines = ran(&["json-lines", "6"]).1;
        let ids: Vec<_> = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()).collect();
        assert_eq!(ids.iter().map(|one| one["id"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn an_exit_code_is_the_one_asked_for() {
        assert_eq!(ran(&["exit", "3"]), (3, "ending with 3\n".to_owned(), "a line on stderr\n".to_owned()));
        assert_eq!(ran(&["exit", "0"]).0, 0);
    }

    #[test]
    fn what_is_not_understood_ends_with_2_and_says_so() {
        for words in [&["exit", "256"][..], &["count", "many"], &["dance", "now"], &["env", "x"], &["json-lines", "x"]]
        {
            let (code, out, err) = ran(words);
            assert_eq!((code, out.as_str()), (2, ""), "{words:?}");
            assert!(err.contains("demo help"), "{err}");
        }
    }

    #[test]
    fn the_help_names_every_command() {
        let help = ran(&["help"]).1;
        for word in ["serve", "healthy", "ls", "echo", "args", "env", "pwd", "count", "json", "json-lines", "exit"] {
            assert!(help.contains(&format!("demo {word} ")), "{word}");
        }
        assert!(ran(&["env"]).1.contains("PATH="));
        assert_eq!(ran(&["pwd"]).1.trim_end(), env::current_dir().unwrap().display().to_string());
    }
}
