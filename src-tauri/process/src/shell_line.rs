//! The line that a command hands to a shell, and the programs that it names.
//!
//! Only the shell itself knows what a line starts. A line is *clear* when it consists of plain commands, whose programs
//! can be told from its words; anything else in it (a variable, `cd`, a function, …) makes it unclear, and nothing is
//! said about it that may be wrong.

use std::path::Path;

use super::{Command, loading::loads_code};

/// The line of a command that hands one to `cmd` as Node does (`/d /s /c`), and the options before it. With `/s` `cmd`
/// takes all that is between the first quote and the last one as it is.
#[cfg(any(windows, test))]
pub(super) fn verbatim_line(command: &Command) -> Option<(&[String], &str)> {
    let name = command.program.rsplit(['/', '\\']).next()?.to_ascii_lowercase();
    let (line, options) = command.args.split_last()?;
    let is = |option: &str, text: &str| option.eq_ignore_ascii_case(text);
    let runs = options.last().is_some_and(|last| is(last, "/c") || is(last, "/k"));
    let verbatim = options.iter().any(|option| is(option, "/s"));
    (matches!(name.as_str(), "cmd" | "cmd.exe") && runs && verbatim).then_some((options, line))
}

/// Programs of one line that are named.
const MOST_NAMES: usize = 12;
/// Words of a line that are looked at.
const MOST_WORDS: usize = 2_000;

const POSIX_SHELLS: &[&str] = &[
    "sh", "bash", "dash", "zsh", "ksh", "mksh", "oksh", "lksh", "pdksh", "ash", "yash", "rbash", "rksh", "rzsh", "posh",
];

/// Shells with their own language.
const OTHER_SHELLS: &[&str] =
    &["fish", "csh", "tcsh", "nu", "elvish", "xonsh", "cmd", "powershell", "pwsh", "rc", "es"];

/// Programs that start what their arguments name or contain.
const STARTERS: &[&str] = &[
    "env",
    "sudo",
    "doas",
    "su",
    "runuser",
    "pkexec",
    "nice",
    "ionice",
    "chrt",
    "taskset",
    "nohup",
    "timeout",
    "setsid",
    "stdbuf",
    "chroot",
    "unshare",
    "nsenter",
    "setpriv",
    "capsh",
    "time",
    "xargs",
    "parallel",
    "find",
    "fd",
    "watch",
    "script",
    "flock",
    "strace",
    "ltrace",
    "gdb",
    "busybox",
    "toybox",
    "systemd-run",
    "dbus-run-session",
    "xterm",
    "make",
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "sed",
    "vi",
    "vim",
    "nvim",
    "ex",
    "ed",
    "python",
    "pypy",
    "perl",
    "ruby",
    "node",
    "nodejs",
    "deno",
    "bun",
    "php",
    "lua",
    "luajit",
    "tclsh",
    "expect",
    "osascript",
    "open",
    "start",
    "npx",
    "npm",
    "uv",
    "ssh",
    "screen",
    "tmux",
    "ld",
    "ld-linux-x86-64.so",
];

/// Programs that are many, by the name that they are called by or by their first argument.
const MULTI_CALL: &[&str] = &["busybox", "toybox"];

/// Words by which a shell does something that changes what others mean, or starts something itself.
const CHANGES: &[&str] = &[
    ".",
    "source",
    "eval",
    "exec",
    "command",
    "builtin",
    "alias",
    "unalias",
    "cd",
    "chdir",
    "pushd",
    "popd",
    "set",
    "shopt",
    "enable",
    "hash",
    "export",
    "declare",
    "typeset",
    "local",
    "readonly",
    "trap",
    "if",
    "then",
    "elif",
    "else",
    "fi",
    "for",
    "while",
    "until",
    "do",
    "done",
    "case",
    "esac",
    "select",
    "function",
    "coproc",
    "unset",
    "read",
    "return",
    "shift",
    "let",
    "autoload",
    "noglob",
    "nocorrect",
    "repeat",
    "foreach",
    "!",
    "[[",
    "{",
    "}",
];

/// Words that a shell acts on itself, without a program.
const BUILT_IN: &[&str] = &[":", "[", "echo", "exit", "false", "printf", "pwd", "test", "true", "umask", "wait"];

/// What is known of the programs that a command starts by means of its arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShellLine {
    /// The line, where the program is a shell that gets one.
    pub text: Option<String>,
    /// It may start other programs than those that are named.
    pub unclear: bool,
    /// The words in the place of a program.
    names: Vec<String>,
}

impl ShellLine {
    /// Of a command, with its program's file if that is known.
    pub fn of(command: &Command, real: Option<&Path>) -> Self {
        let args: Vec<&str> = command.args.iter().map(String::as_str).collect();
        let asked = stem(Path::new(&command.program));
        let is_multi_call = |name: &Option<String>| name.as_deref().is_some_and(|name| MULTI_CALL.contains(&name));
        let mut real = real.and_then(stem);
        // A program of many is the one that it was called as.
        let of_many = is_multi_call(&real) && !is_multi_call(&asked);
        if of_many {
            real = None;
        }
        let names: Vec<String> = [asked, real].into_iter().flatten().collect();
        let mut line = interpreted(&names, &args);
        // Its own commands come before those of the PATH.
        line.unclear |= of_many && is_in(POSIX_SHELLS, &names);
        line
    }

    /// The words that name a program, and the others that name one by this rule, as behind `sudo`.
    pub(super) fn names(&self, is_program: impl Fn(&str) -> bool) -> Vec<String> {
        let Some(text) = &self.text else { return Vec::new() };
        let mut names = self.names.clone();
        for word in words(text).0.into_iter().flatten() {
            if names.len() < MOST_NAMES && !names.contains(&word.text) && is_program(&word.text) {
                names.push(word.text);
            }
        }
        names
    }
}

/// What a program is known by: its file's name without an extension or a version.
fn stem(program: &Path) -> Option<String> {
    let name = program.file_name()?.to_str()?.to_ascii_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    Some(if plain.is_empty() { name } else { plain }.to_owned())
}

fn is_in(list: &[&str], names: &[String]) -> bool {
    names.iter().any(|name| list.contains(&name.as_str()))
}

fn interpreted(names: &[String], args: &[&str]) -> ShellLine {
    if is_in(POSIX_SHELLS, names) {
        return posix(args);
    }
    if is_in(OTHER_SHELLS, names) {
        return ShellLine { text: after_option(args), unclear: true, names: Vec::new() };
    }
    if !is_in(STARTERS, names) {
        return ShellLine::default();
    }
    let split = if is_in(&["env"], names) { split_string(args) } else { None };
    let text = split.or_else(|| {
        let named = |arg: &str| stem(Path::new(arg)).filter(|name| is_shell(name));
        let (at, shell) = args.iter().enumerate().find_map(|(at, arg)| Some((at, named(arg)?)))?;
        interpreted(&[shell], &args[at + 1..]).text
    });
    match text {
        Some(text) => ShellLine { unclear: true, ..ShellLine::read(&text) },
        None => ShellLine { text: None, unclear: true, names: Vec::new() },
    }
}

fn is_shell(name: &str) -> bool {
    POSIX_SHELLS.contains(&name) || OTHER_SHELLS.contains(&name)
}

/// Options of bash that are words, also with a single hyphen.
const LONG: &[&str] = &[
    "debug",
    "debugger",
    "dump-po-strings",
    "dump-strings",
    "help",
    "login",
    "noediting",
    "noprofile",
    "norc",
    "posix",
    "pretty-print",
    "protected",
    "restricted",
    "verbose",
    "version",
    "wordexp",
];

/// The line among the arguments of a shell as POSIX describes it: what follows its options, when `c` is one of them.
fn posix(args: &[&str]) -> ShellLine {
    let mut args = args.iter();
    let (mut takes_line, mut other_files) = (false, false);
    let operand = loop {
        let Some(arg) = args.next() else { break None };
        let long = arg.trim_start_matches('-');
        match *arg {
            "--" | "-" => break args.next(),
            _ if matches!(long, "init-file" | "rcfile") && arg.starts_with('-') => {
                other_files = true;
                args.next();
            }
            _ if arg.starts_with("--") || (arg.starts_with('-') && LONG.contains(&long)) => {
                other_files |= long == "login" || long.contains('=');
            }
            _ if arg.len() > 1 && arg.starts_with(['-', '+']) => {
                takes_line |= arg.starts_with('-') && arg.contains('c');
                other_files |= arg.contains(['i', 'l', 's']);
                // Each takes the name of an option.
                for _ in arg.chars().filter(|c| matches!(c, 'o' | 'O')) {
                    args.next();
                }
            }
            _ => break Some(arg),
        }
    };
    match operand.filter(|_| takes_line) {
        Some(line) => {
            let line = ShellLine::read(line);
            ShellLine { unclear: line.unclear || other_files, ..line }
        }
        // It reads commands from somewhere else.
        None => ShellLine { text: None, unclear: true, names: Vec::new() },
    }
}

/// The line of a shell that isn't one of those: what follows the option for it.
fn after_option(args: &[&str]) -> Option<String> {
    const OPTIONS: &[&str] = &["/c", "/k", "/s", "-c", "--command", "--commands", "-command", "-encodedcommand", "-e"];
    for (at, arg) in args.iter().enumerate() {
        let lower = arg.to_ascii_lowercase();
        if let Some((option, line)) = arg.split_once('=').filter(|_| lower.starts_with("--command")) {
            return Some(line.to_owned()).filter(|_| !option.is_empty());
        }
        let is_cluster = lower.starts_with('-') && !lower.starts_with("--") && lower.len() < 5 && lower.ends_with('c');
        if OPTIONS.contains(&lower.as_str()) || is_cluster {
            return Some(args[at + 1..].join(" ")).filter(|line| !line.is_empty());
        }
    }
    None
}

/// The text that `env -S` makes a command of.
fn split_string(args: &[&str]) -> Option<String> {
    args.iter().enumerate().take_while(|(_, arg)| !is_plain_word(arg)).find_map(|(at, arg)| {
        if let Some(text) = arg.strip_prefix("--split-string=") {
            return Some(text.to_owned());
        }
        let cluster = arg.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        match cluster.and_then(|rest| rest.split_once('S')) {
            Some((before, _)) if before.contains(['u', 'C', 'a']) => None,
            Some((_, "")) => args.get(at + 1).map(|text| (*text).to_owned()),
            Some((_, text)) => Some(text.to_owned()),
            None => (*arg == "--split-string").then(|| args.get(at + 1).map(|text| (*text).to_owned())).flatten(),
        }
    })
}

/// The program itself, behind which there are no more options of `env`.
fn is_plain_word(arg: &str) -> bool {
    is_shell(&stem(Path::new(arg)).unwrap_or_default())
}

impl ShellLine {
    /// Reads a line.
    fn read(line: &str) -> Self {
        let (words, mut unclear) = words(line);
        let mut names: Vec<String> = Vec::new();
        let mut starts = true;
        for word in words {
            let Some(Word { text, special, target }) = word else {
                starts = true;
                continue;
            };
            // A redirection may appear before the program.
            if target || !std::mem::replace(&mut starts, false) {
                continue;
            }
            if let Some((name, _)) = text.split_once('=').filter(|(name, _)| is_name(name)) {
                unclear |= loads_code(name);
                starts = true;
                continue;
            }
            unclear |= special || text.contains('=');
            let stem = stem(Path::new(&text)).unwrap_or_default();
            if CHANGES.contains(&text.as_str()) {
                unclear = true;
                // The next one may be a program.
                starts = true;
                continue;
            }
            if is_shell(&stem) || STARTERS.contains(&stem.as_str()) {
                unclear = true;
                starts = true;
            }
            if BUILT_IN.contains(&text.as_str()) || names.contains(&text) {
                continue;
            }
            if names.len() == MOST_NAMES {
                unclear = true;
                break;
            }
            names.push(text);
        }
        Self { text: Some(line.to_owned()), unclear, names }
    }
}

/// A word of a line, without its quotes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Word {
    text: String,
    /// It has characters outside quotes that the shell may replace.
    special: bool,
    /// It is the file of a redirection.
    target: bool,
}

/// The words of a line, with nothing where a new command begins; and whether there is more to it than words.
#[expect(clippy::too_many_lines, reason = "one state machine over the characters")]
fn words(line: &str) -> (Vec<Option<Word>>, bool) {
    let mut words: Vec<Option<Word>> = Vec::new();
    let mut unclear = false;
    let mut word: Option<Word> = None;
    let mut target = false;
    let mut quote: Option<char> = None;
    let mut chars = line.chars().peekable();
    let end = |word: &mut Option<Word>, target: &mut bool, words: &mut Vec<Option<Word>>| {
        if let Some(word) = word.take() {
            words.push(Some(Word { target: std::mem::take(target), ..word }));
        }
    };
    while let Some(c) = chars.next() {
        if words.len() >= MOST_WORDS {
            return (words, true);
        }
        match (c, quote) {
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            ('\\', None | Some('"')) => match chars.peek().copied() {
                // A line that continues.
                Some('\n') => drop(chars.next()),
                Some(next) if quote.is_none() || matches!(next, '$' | '`' | '"' | '\\') => {
                    word.get_or_insert_default().text.push(next);
                    chars.next();
                }
                _ => word.get_or_insert_default().text.push('\\'),
            },
            ('$' | '`', None | Some('"')) => {
                unclear = true;
                word.get_or_insert_default().text.push(c);
                if c == '`' || chars.peek() == Some(&'(') {
                    end(&mut word, &mut target, &mut words);
                    words.push(None);
                }
            }
            (' ' | '\t', None) => end(&mut word, &mut target, &mut words),
            ('|' | '&' | ';' | '\n' | '(' | ')', None) => {
                unclear |= matches!(c, '(' | ')') || (c == '&' && chars.peek() == Some(&'>'));
                end(&mut word, &mut target, &mut words);
                words.push(None);
            }
            ('<' | '>', None) => {
                // The number of a stream is right before it.
                if word.as_ref().is_some_and(|word| word.text.chars().all(|c| c.is_ascii_digit())) {
                    word = None;
                }
                end(&mut word, &mut target, &mut words);
                while let Some(next @ ('<' | '>' | '&' | '|' | '-')) = chars.peek().copied() {
                    unclear |= next == '<' || next == '-';
                    chars.next();
                }
                target = true;
            }
            (c, None) => {
                unclear |= c == '#' && word.is_none();
                let word = word.get_or_insert_default();
                word.special |= matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '~' | '!' | '^' | '#' | '%');
                word.text.push(c);
            }
            (c, Some(_)) => word.get_or_insert_default().text.push(c),
        }
    }
    unclear |= quote.is_some();
    end(&mut word, &mut target, &mut words);
    (words, unclear)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
#[path = "shell_line_tests.rs"]
mod tests;
