//! The line with which a program is started on Windows, where it gets its arguments as one text and splits it itself. The
//! standard library writes the same lines, but can't start a program in a console of another than this process.

#[cfg(windows)]
use std::path::PathBuf;
use std::{ffi::OsString, io, path::Path};

use super::{Command, shell_line::verbatim_line};
#[cfg(windows)]
use super::{host::is_batch_file, resolve::Resolved};
#[cfg(windows)]
use porthole_base::win32;

/// What an argument of a batch file may have outside of quotes, besides letters and digits of ASCII and other characters
/// than those of ASCII.
const PLAIN: &str = r"#$*+-./:?@\_";
/// Takes the place of `%`, which would begin the name of a variable: the empty part of a variable that is always there, and
/// the `%` after it.
const PERCENT: &str = "%%cd:~,%";

/// The program that the system starts for a command, and its line. A batch file is read by `cmd`.
#[cfg(windows)]
pub(super) fn of(resolved: &Resolved, command: &Command) -> io::Result<(PathBuf, OsString)> {
    let program = &resolved.program;
    if is_batch_file(program) {
        let line = of_batch_file(program, &command.args)?;
        return Ok((win32::system_directory()?.join("cmd.exe"), line));
    }
    Ok((program.clone(), of_program(program, command)))
}

fn of_program(program: &Path, command: &Command) -> OsString {
    let mut line = OsString::from("\"");
    line.push(program);
    line.push("\"");
    let (arguments, verbatim) = match verbatim_line(command) {
        Some((options, verbatim)) => (options, Some(verbatim)),
        None => (command.args.as_slice(), None),
    };
    for argument in arguments {
        line.push(" ");
        line.push(quoted(argument));
    }
    if let Some(verbatim) = verbatim {
        line.push(format!(" \"{verbatim}\""));
    }
    line
}

/// An argument from which C's runtime library makes the same text again.
fn quoted(argument: &str) -> String {
    let quotes = argument.is_empty() || argument.contains([' ', '\t']);
    wrapped(argument, quotes, |text, backslashes| {
        // Two backslashes before a quote are read as one, and one before it makes it a part of the text.
        text.push_str(&"\\".repeat(backslashes + 1));
        text.push('"');
    })
}

/// # Errors
/// [`io::ErrorKind::InvalidInput`] for what `cmd` would read as the end of an argument, as in the standard library.
fn of_batch_file(script: &Path, arguments: &[String]) -> io::Result<OsString> {
    let invalid = |text: &str| io::Error::new(io::ErrorKind::InvalidInput, text.to_owned());
    let name = script.to_string_lossy();
    if name.contains('"') || name.ends_with('\\') {
        return Err(invalid("the name of the batch file is invalid"));
    }
    if arguments.iter().any(|argument| argument.contains(['\r', '\n'])) {
        return Err(invalid("an argument of the batch file is invalid"));
    }
    // With `/c` the first quote and the last one are taken away.
    let mut line = OsString::from("cmd.exe /e:ON /v:OFF /d /c \"\"");
    line.push(script);
    line.push("\"");
    for argument in arguments {
        line.push(" ");
        line.push(batch_argument(argument));
    }
    line.push("\"");
    Ok(line)
}

/// An argument in which `cmd` sees no commands, redirections or variables.
fn batch_argument(argument: &str) -> String {
    let is_plain = |each: char| match each.is_ascii() {
        true => each.is_ascii_alphanumeric() || PLAIN.contains(each),
        false => !each.is_control(),
    };
    // A batch file that quotes its arguments itself would have its own quote taken away by a backslash at the end.
    let quotes = argument.is_empty() || argument.ends_with('\\') || !argument.chars().all(is_plain);
    let quoted = wrapped(argument, quotes, |text, backslashes| {
        text.push_str(&"\\".repeat(backslashes));
        text.push_str("\"\"");
    });
    quoted.replace('%', PERCENT)
}

/// A text in quotes, where it needs them: each quote in it is written by `quote`, which gets the number of backslashes
/// before it, and backslashes before the last quote are doubled.
fn wrapped(text: &str, quotes: bool, quote: impl Fn(&mut String, usize)) -> String {
    let mut written = String::from(if quotes { "\"" } else { "" });
    let mut backslashes = 0;
    for each in text.chars() {
        match each {
            '"' => quote(&mut written, backslashes),
            _ => written.push(each),
        }
        backslashes = if each == '\\' { backslashes + 1 } else { 0 };
    }
    if quotes {
        written.push_str(&"\\".repeat(backslashes));
        written.push('"');
    }
    written
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Place;

    /// The arguments of a line, as C's runtime library splits it.
    fn split(line: &str) -> Vec<String> {
        let (mut arguments, mut current, mut inside) = (Vec::new(), None::<String>, false);
        let mut rest = line.chars().peekable();
        while let Some(each) = rest.next() {
            match each {
                ' ' | '\t' if !inside => arguments.extend(current.take()),
                '\\' => {
                    let mut backslashes = 1;
                    while rest.next_if_eq(&'\\').is_some() {
                        backslashes += 1;
                    }
                    let text = current.get_or_insert_default();
                    let before_quote = rest.peek() == Some(&'"');
                    text.push_str(&"\\".repeat(if before_quote { backslashes / 2 } else { backslashes }));
                    if before_quote && backslashes % 2 == 1 {
                        rest.next();
                        text.push('"');
                    }
                }
                '"' => {
                    current.get_or_insert_default();
                    inside = !inside;
                }
                _ => current.get_or_insert_default().push(each),
            }
        }
        arguments.extend(current);
        arguments
    }

    fn line_of(program: &str, arguments: &[&str]) -> String {
        let command = Command::new(Place::Host, program, arguments.iter().copied());
        of_program(Path::new(program), &command).into_string().unwrap()
    }

    proptest! {
        #[test]
        fn a_program_gets_the_arguments_that_were_named(arguments in proptest::collection::vec(r#"[ab \t"\\%ä]{0,8}"#, 0..5)) {
            let named: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let found = split(&line_of(r"C:\Program Files\a.exe", &named));
            prop_assert_eq!(&found[0], r"C:\Program Files\a.exe");
            prop_assert_eq!(&found[1..], &arguments[..]);
        }

        /// Outside of quotes `cmd` starts another program at `&`; a quote that is doubled stays inside.
        #[test]
        fn an_argument_of_a_batch_file_has_nothing_for_cmd_outside_of_quotes(argument in r#"[a "\\%&|<>^()!]{0,12}"#) {
            let written = batch_argument(&argument);
            let outside = written.split('"').step_by(2).collect::<String>().replace(PERCENT, "");
            prop_assert!(outside.chars().all(|each| each.is_ascii_alphanumeric() || PLAIN.contains(each)), "{}", written);
            prop_assert_eq!(written.matches('"').count() % 2, 0);
            prop_assert_eq!(written.replace(PERCENT, "").contains('%'), false);
        }
    }

    #[test]
    fn a_line_for_cmd_is_written_as_it_is() {
        let line = line_of(r"C:\cmd.exe", &["/d", "/s", "/c", r#"echo "a  b" & dir"#]);
        assert_eq!(line, r#""C:\cmd.exe" /d /s /c "echo "a  b" & dir""#);
        assert_eq!(line_of(r"C:\cmd.exe", &["/c", "a b"]), r#""C:\cmd.exe" /c "a b""#);
    }

    #[test]
    fn a_batch_file_is_read_by_cmd() {
        let of = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
            of_batch_file(Path::new(r"C:\a b\tool.cmd"), &arguments).map(|line| line.into_string().unwrap())
        };
        let begin = r#"cmd.exe /e:ON /v:OFF /d /c ""C:\a b\tool.cmd""#;
        assert_eq!(of(&[]).unwrap(), format!("{begin}\""));
        assert_eq!(
            of(&["x", "", "a&b", r#"say "hi""#, r"end\", "%PATH%"]).unwrap(),
            format!(r#"{begin} x "" "a&b" "say ""hi""" "end\\" "%%cd:~,%PATH%%cd:~,%""#) + "\""
        );
        for argument in ["a\nb", "a\rb"] {
            assert_eq!(of(&[argument]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
        let error = of_batch_file(Path::new("a\".bat"), &[]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
