//! Arguments and the shell: which Runtimes have one between the code and the program.

use super::{
    Asking, Evidence, Finding,
    text::{listed, names, others, quoted},
};
use crate::runtime::Runtime;
use porthole_base::error::Code;

/// Arguments that a shell interprets as operators.
const OPERATORS: &[&str] = &["|", "||", "&&", "&", ";", ">", ">>", "<", "<<", "2>", "2>&1", "&>", "1>&2", ">&2"];
/// Programs that have their own patterns, scripts or templates.
const TAKE_PATTERNS: &[&str] = &[
    "grep", "egrep", "fgrep", "rg", "sed", "awk", "gawk", "find", "jq", "yq", "expr", "printf", "perl", "python",
    "python3", "node", "psql", "mysql", "sqlite3",
];

pub(super) fn program_with_spaces(evidence: &Evidence<'_>) -> Option<Finding> {
    let asking =
        evidence.asking().filter(|asking| !asking.line && asking.program.trim().contains(char::is_whitespace))?;
    let summary = format!("The program name contains a space: {}.", quoted(asking.program));
    let fix = "Pass only the program as the first argument of `exec` and each argument as a list item: `exec(\"ls\", [\"-l\", \"/data\"])`.";
    let shells = asking.shells();
    let missing =
        evidence.run().and_then(|run| run.failure.as_ref()).is_some_and(|error| error.code == Code::ProgramNotFound);
    if missing {
        let impact = match shells.as_slice() {
            [] => "With callbacks no runtime uses a shell to split it, so a program with this whole name is looked up and not found.".to_owned(),
            some => format!("On {} a shell splits it. On other runtimes, and on all of them with `stream`, a program with this whole name is looked up and not found.", names(some)),
        };
        return Some(Finding::error(summary, impact, fix));
    }
    if shells.is_empty() {
        return None;
    }
    let impact = format!(
        "On {} a shell splits it at the space: the first part is the program, the rest becomes arguments.",
        names(&shells)
    );
    Some(Finding::warning(summary, impact, fix).on(shells))
}

pub(super) fn operator(evidence: &Evidence<'_>) -> Option<Finding> {
    let asking = evidence.asking().filter(|asking| !asking.is_shell())?;
    let operators: Vec<String> =
        asking.words().into_iter().filter(|word| OPERATORS.contains(word)).map(quoted).collect();
    if operators.is_empty() {
        return None;
    }
    let (shells, program) = (asking.shells(), quoted(asking.name()));
    let summary = format!("The arguments of {program} contain shell operators: {}.", listed(&operators));
    let fix = "Pass the commands as one script to a shell, with callbacks: `exec(\"sh\", [\"-c\", \"a | b\"], { stream })`, or run a script file in the image. Docker documents chaining commands in one `exec` as unsupported.";
    if shells.is_empty() {
        let impact = format!(
            "With callbacks no runtime uses a shell: {program} gets them as normal arguments, and nothing is chained or redirected."
        );
        return Some(Finding::error(summary, impact, fix));
    }
    let impact = format!(
        "On {} a plain `exec` runs through a shell (Docker Desktop: reported), which interprets them. On {}, and on all runtimes with `stream`, {program} gets them as arguments.",
        names(&shells),
        names(&others(&shells))
    );
    Some(Finding::warning(summary, impact, fix))
}

pub(super) fn expansion(evidence: &Evidence<'_>) -> Option<Finding> {
    let asking = evidence.asking()?;
    let shells = asking.shells();
    let told: Vec<String> = asking
        .args
        .iter()
        .filter(|arg| !OPERATORS.contains(&arg.as_str()) && outer_quotes(arg) != Some('\''))
        // Reported by `split` instead.
        .filter(|arg| shells.is_empty() || !is_split(arg))
        .filter(|arg| if shells.is_empty() { is_left_to_a_shell(&asking, arg) } else { changed_by_a_shell(arg) })
        .map(|arg| quoted(arg))
        .collect();
    if told.is_empty() {
        return None;
    }
    let program = quoted(asking.program);
    if shells.is_empty() {
        return Some(Finding::note(
            format!("{program} got {} without shell expansion.", listed(&told)),
            "With callbacks no runtime uses a shell, so variables, `~`, command substitution and file patterns aren't expanded.",
            "Insert the value in your code, or run a shell: `exec(\"sh\", [\"-c\", \"…\"], { stream })`.",
        ));
    }
    let impact = format!(
        "On {} a plain `exec` runs through a shell (Docker Desktop: reported), which interprets `$`, backticks, `~`, `*`, `;`, `|`, `&`, `<`, `>` and parentheses before {program} starts. On {}, and on all runtimes with `stream`, {program} gets the text unchanged.",
        names(&shells),
        names(&others(&shells))
    );
    Some(
        Finding::warning(
            format!("A shell would change the arguments {} of {program}.", listed(&told)),
            impact,
            "Use `exec` with a `stream`: then the program gets the arguments unchanged on every runtime.",
        )
        .on(shells),
    )
}

/// A shell that the argument comes to without quotes changes it or acts on it.
fn changed_by_a_shell(arg: &str) -> bool {
    let inside_double = outer_quotes(arg) == Some('"');
    let special: &[char] =
        if inside_double { &['$', '`'] } else { &['$', '`', '*', '?', ';', '|', '&', '<', '>', '(', ')', '\n'] };
    arg.contains(special) || (!inside_double && (arg.starts_with('~') || (arg.starts_with('#'))))
}

/// It was most likely written for a shell that is not there.
fn is_left_to_a_shell(asking: &Asking<'_>, arg: &str) -> bool {
    if asking.is_shell() || TAKE_PATTERNS.contains(&asking.name()) {
        return false;
    }
    let variable = arg
        .match_indices('$')
        .any(|(at, _)| arg[at + 1..].starts_with(|c: char| c.is_ascii_uppercase() || c == '{' || c == '('));
    let home = arg == "~" || arg.starts_with("~/");
    // In a path, and not in a template or an option of the program.
    let files = arg.contains('*')
        && !arg.starts_with('-')
        && !arg.contains(['{', '(', '|', ' '])
        && (arg.contains(['/', '.']) || arg == "*");
    variable || home || files || (arg.len() > 2 && arg.starts_with('`') && arg.ends_with('`'))
}

fn outer_quotes(arg: &str) -> Option<char> {
    let quote = arg.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    (arg.len() > 1 && arg.ends_with(quote)).then_some(quote)
}

/// A shell takes it apart, or takes something off it.
fn is_split(arg: &str) -> bool {
    let bare = outer_quotes(arg).is_none();
    bare && (arg.is_empty() || arg.contains(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '\\')))
}

/// Trap 6 of the facts: the same list is one argument with callbacks and several without.
pub(super) fn split(evidence: &Evidence<'_>) -> Option<Finding> {
    let asking = evidence.asking()?;
    let shells = asking.shells();
    let told: Vec<String> = asking.args.iter().filter(|arg| is_split(arg)).map(|arg| quoted(arg)).collect();
    if told.is_empty() || shells.is_empty() {
        return None;
    }
    let program = quoted(asking.program);
    let noun = if told.len() == 1 { "argument" } else { "arguments" };
    let impact = format!(
        "On {} a shell gets the program and its arguments joined with spaces (Docker Desktop: reported): spaces then split arguments, quotes and backslashes are removed, empty arguments disappear, and `$`, `;`, `|` and similar characters are interpreted. With `stream` each argument reaches {program} unchanged.",
        names(&shells)
    );
    Some(
        Finding::warning(
            format!("A shell would split or change the {noun} {}.", listed(&told)),
            impact,
            "Use `exec` with a `stream`, which no runtime passes to a shell. Quotes in the list help only without `stream`; with it they become part of the argument.",
        )
        .on(shells),
    )
}

pub(super) fn quotes(evidence: &Evidence<'_>) -> Option<Finding> {
    let asking = evidence.asking()?;
    let told: Vec<String> =
        asking.args.iter().filter(|arg| outer_quotes(arg).is_some()).map(|arg| quoted(arg)).collect();
    // Rancher Desktop takes one pair off by itself.
    let keeps: Vec<Runtime> =
        others(&asking.shells()).into_iter().filter(|runtime| *runtime != Runtime::RancherDesktop).collect();
    if told.is_empty() || keeps.is_empty() {
        return None;
    }
    let form = if asking.stream.is_some() { "With callbacks" } else { "In the container" };
    Some(
        Finding::warning(
            format!("The arguments contain quotes: {}.", listed(&told)),
            format!("{form}, no shell removes the quotes on {}: they are part of the argument. Rancher Desktop removes them itself.", names(&keeps)),
            if asking.stream.is_some() { "Remove the quotes." } else { "Remove the quotes and use `exec` with a `stream`." },
        )
        .on(keeps),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_changes_and_what_it_leaves() {
        for arg in ["$HOME", "a;b", "*.txt", "~/x", "`id`", "a|b", "{{.ID}} > x", "\"$A\"", "#x", "(a)"] {
            assert!(changed_by_a_shell(arg), "{arg}");
        }
        for arg in ["plain", "--format={{.ID}}", "a=b", "100%", "x~", "a#b", "\"a;b\"", ""] {
            assert!(!changed_by_a_shell(arg), "{arg}");
        }
    }

    #[test]
    fn quotes_are_outer_ones_when_both_are_there() {
        assert_eq!(
            ["'a'", "\"a b\"", "'a\"", "'", "''", "a", ""].map(outer_quotes),
            [Some('\''), Some('"'), None, None, Some('\''), None, None]
        );
    }
}
