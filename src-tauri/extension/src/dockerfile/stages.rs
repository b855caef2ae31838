//! A parsed Dockerfile as stages with steps that put something into the image.

use std::collections::BTreeSet;

use parse_dockerfile::{Command, CopyInstruction, Flag, Instruction as Parsed, Source, UnescapedString};

use super::{Instruction, variables::Variables};

/// One stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stage {
    pub base: From,
    /// The base as it is written.
    pub image: String,
    /// No image is below it and the stages that it is built on.
    pub from_scratch: bool,
    pub steps: Vec<Step>,
    /// Its labels in order; one with a value that only the build knows has none.
    pub labels: Vec<(String, Option<String>)>,
}

/// What files are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum From {
    /// The build context: the folder.
    Context,
    /// Another stage, by its number.
    Stage(usize),
    /// Nothing: `scratch`.
    Nothing,
    /// An image, or something that the build decides.
    Elsewhere,
}

/// What changes the files of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Copy(Copy),
    /// A command, which may make any file.
    Run {
        by: Instruction,
        /// The words of all that it runs: names of files and folders are among them.
        words: BTreeSet<String>,
    },
}

/// `COPY` or `ADD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copy {
    pub from: From,
    /// Paths in what it copies from; none for one that only the build knows.
    pub sources: Vec<Option<String>>,
    /// The absolute path in the image; none when only the build knows.
    pub to: Option<String>,
    /// `to` is a directory, whatever is copied.
    pub into_directory: bool,
    pub by: Instruction,
}

pub(super) fn read(text: &str, parsed: &parse_dockerfile::Dockerfile<'_>) -> Vec<Stage> {
    let mut global = Variables::of_platform();
    for arg in parsed.global_args() {
        global.arg(&arg.arguments.value, &Variables::of_platform());
    }
    let mut names: Vec<Option<String>> = Vec::new();
    let mut stages: Vec<Stage> = Vec::new();
    for stage in parsed.stages() {
        let reader = Reader { text, names: &names };
        let base = match global.filled(&stage.from.image.value) {
            Some(image) => reader.named(&image),
            None => From::Elsewhere,
        };
        let (steps, labels) = reader.steps(stage.instructions, &global);
        names.push(stage.from.as_.as_ref().map(|(_, name)| name.value.to_lowercase()));
        let from_scratch = match base {
            From::Nothing => true,
            From::Stage(number) => stages.get(number).is_some_and(|base| base.from_scratch),
            From::Context | From::Elsewhere => false,
        };
        stages.push(Stage { base, image: stage.from.image.value.to_string(), from_scratch, steps, labels });
    }
    stages
}

struct Reader<'a> {
    text: &'a str,
    /// Those of the stages before.
    names: &'a [Option<String>],
}

impl Reader<'_> {
    /// What `FROM` or `--from` names: a stage before, by name or number, or an image.
    fn named(&self, name: &str) -> From {
        if name == "scratch" {
            return From::Nothing;
        }
        let by_name = self.names.iter().rposition(|stage| stage.as_deref() == Some(name.to_lowercase().as_str()));
        let by_number = || name.parse().ok().filter(|number| *number < self.names.len());
        by_name.or_else(by_number).map_or(From::Elsewhere, From::Stage)
    }

    fn steps(&self, instructions: &[Parsed<'_>], global: &Variables) -> (Vec<Step>, Vec<(String, Option<String>)>) {
        let mut variables = Variables::of_platform();
        // A base image may have another one, which is rarely relied on.
        let mut directory = Some("/".to_owned());
        let (mut steps, mut labels) = (Vec::new(), Vec::new());
        for instruction in instructions {
            match instruction {
                Parsed::Arg(arg) => variables.arg(&arg.arguments.value, global),
                Parsed::Env(env) => variables.env(&env.arguments.value),
                Parsed::Label(label) => labels.extend(variables.assigned(&label.arguments.value)),
                Parsed::Workdir(to) => {
                    let to = variables.filled(to.arguments.value.trim());
                    directory = to.zip(directory).map(|(to, from)| joined(&from, &to));
                }
                Parsed::Copy(CopyInstruction { options, src, dest, copy, .. }) => {
                    steps.push(self.copy(copy.span.start, options, src, dest, (&variables, directory.as_deref())));
                }
                Parsed::Add(add) => {
                    let place = (&variables, directory.as_deref());
                    steps.push(self.copy(add.add.span.start, &add.options, &add.src, &add.dest, place));
                }
                Parsed::Run(run) => {
                    let words = match &run.arguments {
                        Command::Shell(line) => line.value.to_string(),
                        Command::Exec(words) => {
                            words.value.iter().map(|word| word.value.to_string()).collect::<Vec<_>>().join(" ")
                        }
                        _ => String::new(),
                    };
                    let document = if run.here_docs.is_empty() { "" } else { "<<… " };
                    let by = self.instruction(run.run.span.start, &format!("RUN {document}{words}"));
                    let documents = run.here_docs.iter().map(|document| document.value.as_ref());
                    let words = std::iter::once(words.as_str()).chain(documents).flat_map(words_of).collect();
                    steps.push(Step::Run { by, words });
                }
                _ => {}
            }
        }
        (steps, labels)
    }

    fn copy(
        &self,
        at: usize,
        options: &[Flag<'_>],
        sources: &[Source<'_>],
        to: &UnescapedString<'_>,
        (variables, directory): (&Variables, Option<&str>),
    ) -> Step {
        let is_add = self.text.get(at..).is_some_and(|text| text.to_ascii_uppercase().starts_with("ADD"));
        let from = options.iter().find(|flag| flag.name.value == "from");
        let from = match from.map(|flag| flag.value.as_ref().and_then(|name| variables.filled(&name.value))) {
            None => From::Context,
            Some(Some(name)) => self.named(&name),
            Some(None) => From::Elsewhere,
        };
        let path = |source: &Source<'_>| match source {
            Source::Path(path) => variables.filled(&path.value).filter(|path| !(is_add && is_fetched(path))),
            _ => None,
        };
        let written = |source: &Source<'_>| match source {
            Source::Path(path) => path.value.to_string(),
            _ => "<<…".to_owned(),
        };
        let words: Vec<String> = sources.iter().map(written).chain([to.value.to_string()]).collect();
        let keyword = if is_add { "ADD" } else { "COPY" };
        let flag = options.iter().find(|flag| flag.name.value == "from").and_then(|flag| flag.value.as_ref());
        let flag = flag.map(|name| format!(" --from={}", name.value)).unwrap_or_default();
        let to = variables.filled(&to.value);
        let into_directory = sources.len() > 1
            || to.as_ref().is_some_and(|to| to.ends_with('/') || matches!(to.as_str(), "." | ".." | "./"));
        Step::Copy(Copy {
            from,
            sources: sources.iter().map(path).collect(),
            to: to.zip(directory).map(|(to, from)| joined(from, &to)),
            into_directory,
            by: self.instruction(at, &format!("{keyword}{flag} {}", words.join(" "))),
        })
    }

    fn instruction(&self, at: usize, text: &str) -> Instruction {
        /// What is shown of a long command, in characters.
        const LONGEST: usize = 100;
        let line = self.text.get(..at).unwrap_or_default().matches('\n').count() as u32 + 1;
        let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut shown: String = one_line.chars().take(LONGEST).collect();
        if shown.len() < one_line.len() {
            shown.push('…');
        }
        Instruction { line, text: shown }
    }
}

/// The words of a script, as far as they could be names of files and folders.
fn words_of(script: &str) -> impl Iterator<Item = String> {
    let ends = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@'));
    script.split(ends).filter(|word| !word.is_empty()).map(str::to_owned)
}

/// `ADD` fetches addresses and unpacks archives: what is in them is not known here.
fn is_fetched(path: &str) -> bool {
    let archive = [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz", ".tbz2", ".tar.zst"];
    path.contains("://") || path.starts_with("git@") || archive.iter().any(|end| path.ends_with(end))
}

/// An absolute path, without dots and without a slash at its end.
fn joined(from: &str, to: &str) -> String {
    let whole = if to.starts_with('/') { to.to_owned() } else { format!("{from}/{to}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
