//! Words quoted for the two kinds of shell, so that a program gets them as they are.

use super::FormKind;
use porthole_base::terminal::is_control;

/// The shell that sets the rules for quotes, variables and line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shell {
    /// `sh`, `bash`, `dash`, `zsh`.
    Posix,
    /// PowerShell, which passes arguments on as they are since 7.3.
    Powershell,
}

impl Shell {
    pub fn of(kind: FormKind) -> Self {
        match kind {
            FormKind::CurlPowershell | FormKind::DockerExecPowershell | FormKind::Powershell => Self::Powershell,
            _ => Self::Posix,
        }
    }

    /// A word in the place of an argument, quoted where it must be.
    pub fn quote(self, word: &str) -> String {
        match self {
            Self::Posix if is_plain_for_posix(word) => word.to_owned(),
            Self::Posix => posix_string(word),
            Self::Powershell if is_plain_for_powershell(word) => word.to_owned(),
            Self::Powershell => powershell_string(word),
        }
    }

    /// One command of several lines where it is long: an option is with its value.
    pub fn command(self, parts: &[String]) -> String {
        const LINE: usize = 100;
        let whole = parts.join(" ");
        if whole.chars().count() <= LINE && !whole.contains('\n') {
            return whole;
        }
        parts.join(match self {
            Self::Posix => " \\\n  ",
            Self::Powershell => " `\n  ",
        })
    }
}

fn is_plain(word: &str, others: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

fn is_plain_for_posix(word: &str) -> bool {
    is_plain(word, "_@%+:,./-=") && !word.starts_with('=')
}

/// PowerShell splits `-a.b` and reads a number as one: such words are quoted.
fn is_plain_for_powershell(word: &str) -> bool {
    match word.strip_prefix('-') {
        Some(option) => is_plain(option.trim_start_matches('-'), "-") && !option.starts_with("--"),
        None => word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && is_plain(word, "_+./-"),
    }
}

/// A word for what splits a string as a POSIX shell does, and isn't one: it runs no `printf`. For code, not for a
/// terminal.
pub(super) fn posix_word(word: &str) -> String {
    if is_plain_for_posix(word) { word.to_owned() } else { single_quoted(word) }
}

/// Nothing is special between single quotes; a single quote ends them and comes back by itself.
fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Quoted for a terminal that it's pasted into. What acts on a terminal, the end of a bracketed paste among it, is
/// written by its number: a line break would run what is before it. `printf` is in each shell; `$'…'` isn't in dash.
///
/// A shell takes the line breaks off the end of what `printf` writes, so those are as they are, before the closing
/// quote.
pub(super) fn posix_string(text: &str) -> String {
    if !text.chars().any(is_control) {
        return single_quoted(text);
    }
    let body = text.trim_end_matches('\n');
    let breaks = &text[body.len()..];
    if body.is_empty() { format!("\"{breaks}\"") } else { format!("\"$(printf '{}'){breaks}\"", printf_format(body)) }
}

/// What `printf` writes as this text.
fn printf_format(text: &str) -> String {
    let mut format = String::new();
    for (at, c) in text.char_indices() {
        match c {
            '\n' => format.push_str("\\n"),
            '\r' => format.push_str("\\r"),
            '\t' => format.push_str("\\t"),
            '\\' => format.push_str("\\\\"),
            '%' => format.push_str("%%"),
            // A quote would end the quotes, bash takes `!` for its history, and a first `-` begins an option.
            '\'' | '!' => format.push_str(&octal(c)),
            '-' if at == 0 => format.push_str(&octal(c)),
            c if is_control(c) => format.push_str(&octal(c)),
            c => format.push(c),
        }
    }
    format
}

fn octal(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:03o}")).collect()
}

/// Between single quotes only those are doubled: all that PowerShell takes for one, the typographic too.
/// What acts on a terminal is written by its number.
pub(super) fn powershell_string(text: &str) -> String {
    if !text.chars().any(is_control) {
        let mut quoted = String::from("'");
        for c in text.chars() {
            quoted.push(c);
            if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
                quoted.push(c);
            }
        }
        quoted.push('\'');
        return quoted;
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("`n"),
            '\r' => quoted.push_str("`r"),
            '\t' => quoted.push_str("`t"),
            '"' | '`' | '$' | '\u{201c}'..='\u{201e}' => quoted.extend(['`', c]),
            c if is_control(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    quoted.push_str(&format!("$([char]{unit})"));
                }
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Why a system would not start a program with these words: Linux bounds each of them, Windows all together.
pub(super) fn too_long<'a>(shell: Shell, words: impl IntoIterator<Item = &'a str>) -> Option<&'static str> {
    let mut lengths = words.into_iter().map(str::len);
    match shell {
        Shell::Posix => lengths
            .any(|length| length > LONGEST_ARGUMENT)
            .then_some("One argument is longer than 131,071 bytes, which Linux doesn't pass to a program."),
        // Quotes and a space, too.
        Shell::Powershell => (lengths.map(|length| length + 3).sum::<usize>() > LONGEST_LINE)
            .then_some("It is longer than Windows allows for a command line."),
    }
}

/// Linux passes no single argument longer than this to a program, its closing NUL included.
pub(super) const LONGEST_ARGUMENT: usize = 128 * 1024 - 1;
/// Windows passes no command line longer than this.
const LONGEST_LINE: usize = 32_767;

/// What an older PowerShell does to these arguments, where it does something.
pub(super) fn powershell_notes<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let lost = |word: &str| word.is_empty() || word.contains('"') || (word.ends_with('\\') && word.contains(' '));
    let note = "Needs PowerShell 7.3 or later (`pwsh`). Older versions, including Windows PowerShell 5.1, drop double \
                quotes and empty arguments when they start a program.";
    arguments.into_iter().any(lost).then(|| note.to_owned()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_posix_shell_gets_single_quotes_only_where_they_are_needed() {
        for (word, quoted) in [
            ("a", "a"),
            ("-n", "-n"),
            ("A=b", "A=b"),
            ("=ls", "'=ls'"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
            ("~", "'~'"),
            ("a\nb", r#""$(printf 'a\nb')""#),
            ("a\n\n", "\"$(printf 'a')\n\n\""),
            ("\n", "\"\n\""),
            ("\u{1b}[201~\nid\n", "\"$(printf '\\033[201~\\nid')\n\""),
            ("-\u{9b}it's 5% \\!", r#""$(printf '\055\302\233it\047s 5%% \\\041')""#),
            ("gpj\u{202e}exe", r#""$(printf 'gpj\342\200\256exe')""#),
            ("!1", "'!1'"),
            ("é", "'é'"),
            (r"a\b", r"'a\b'"),
        ] {
            assert_eq!(Shell::Posix.quote(word), quoted);
        }
    }

    #[test]
    fn powershell_gets_what_its_documents_say_of_quotes() {
        for (word, quoted) in [
            ("a", "a"),
            ("-X", "-X"),
            ("--max-time", "--max-time"),
            ("--", "'--'"),
            ("--%", "'--%'"),
            ("-a.b", "'-a.b'"),
            ("1.0", "'1.0'"),
            ("", "''"),
            ("it's", "'it''s'"),
            ("it\u{2019}s", "'it\u{2019}\u{2019}s'"),
            ("$x `n \"q\"", "'$x `n \"q\"'"),
            ("a\n\"$x`\u{201d}", "\"a`n`\"`$x```\u{201d}\""),
            ("\u{1b}[1m", "\"$([char]27)[1m\""),
            ("\u{202e}x\u{e0041}", "\"$([char]8238)x$([char]56128)$([char]56385)\""),
            ("a,b", "'a,b'"),
            ("@x", "'@x'"),
        ] {
            assert_eq!(Shell::Powershell.quote(word), quoted);
        }
    }

    #[test]
    fn what_no_system_would_start_is_told() {
        let (argument, line) = ("x".repeat(LONGEST_ARGUMENT), "x".repeat(20_000));
        assert_eq!(too_long(Shell::Posix, [argument.as_str(), argument.as_str()]), None);
        assert!(too_long(Shell::Posix, [format!("{argument}x").as_str()]).is_some());
        assert_eq!(too_long(Shell::Powershell, [line.as_str()]), None);
        assert!(too_long(Shell::Powershell, [line.as_str(), line.as_str()]).is_some());
    }

    #[test]
    fn an_older_powershell_is_warned_of_only_where_it_loses_something() {
        assert!(powershell_notes(["a b", "it's", "$x"]).is_empty());
        for word in ["", "{\"a\":1}", "C:\\my files\\"] {
            assert_eq!(powershell_notes([word]).len(), 1, "{word}");
        }
    }
}
