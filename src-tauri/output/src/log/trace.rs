//! Which lines are a stack trace: of Java, Python, Node, Go and Rust. Lines come one by one, and each is decided by what
//! came before it.

use super::Level;

/// What a line is to the lines before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// It belongs to the line before.
    pub continues: bool,
    /// It is a frame of a stack.
    pub frame: bool,
    /// It begins a trace, or makes one of the line that it belongs to: an error unless that has a level.
    pub traces: bool,
    /// The empty line before it belongs to the trace as well.
    pub joins_blank: bool,
    /// It is an empty line that may be within a trace.
    pub may_join: bool,
}

const LINE: Step = Step { continues: true, frame: false, traces: false, joins_blank: false, may_join: false };
const FRAME: Step = Step { frame: true, traces: true, ..LINE };
const HEAD: Step = Step { continues: false, traces: true, ..LINE };
const NEW: Step = Step { continues: false, ..LINE };

/// Where in which language's trace the last line was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// There is no line that another could belong to.
    #[default]
    Apart,
    /// A line that isn't known to be of a trace, and how severe it is.
    Line(Option<Level>),
    /// The line with an exception, or a frame, as Java and Node write them.
    Exception,
    /// The properties of an error, which Node writes behind the frames.
    Properties,
    Python,
    /// The exception at the end of a traceback.
    PythonEnd,
    /// Between two tracebacks, behind the sentence that says so.
    PythonBetween,
    GoPanic,
    Goroutine,
    /// The message of a panic.
    RustPanic {
        message: bool,
    },
    RustFrames,
    /// The causes of an error, as anyhow writes them.
    Causes,
}

/// Follows the lines of one stream.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tracker {
    state: State,
    /// The last line was empty, and the trace may go on behind it.
    blank: bool,
}

impl Tracker {
    /// Decides about the next line, which has this level.
    pub fn next(&mut self, text: &str, level: Option<Level>) -> Step {
        let text = text.trim_end();
        let behind_blank = std::mem::take(&mut self.blank);
        if text.is_empty() {
            if !behind_blank && self.goes_on_behind_blank() {
                self.blank = true;
                return Step { may_join: true, ..NEW };
            }
            self.state = State::Apart;
            return NEW;
        }
        if behind_blank {
            if let Some(state) = self.resumes(text) {
                self.state = state;
                return Step { joins_blank: true, ..LINE };
            }
            self.state = State::Apart;
        }
        if let Some((state, step)) = self.goes_on(text, level) {
            self.state = state;
            return step;
        }
        if let Some(state) = begins(text) {
            // What a logger writes of an exception is behind its message. A crash behind a warning has nothing to do with it,
            // but Java's loggers write the exceptions of warnings as well.
            let behind = match self.state {
                State::Line(Some(Level::Error)) => level.is_none(),
                State::Line(Some(Level::Warning)) => level.is_none() && state == State::Exception,
                _ => false,
            };
            self.state = state;
            return if behind { Step { traces: true, ..LINE } } else { HEAD };
        }
        // What Go's HTTP server writes has no level.
        let panics = level.is_none() && text.contains(" panic");
        self.state = State::Line(if panics { Some(Level::Error) } else { level });
        NEW
    }

    fn goes_on_behind_blank(&self) -> bool {
        use State::{Causes, Exception, GoPanic, Goroutine, PythonBetween, PythonEnd};
        matches!(self.state, Exception | PythonEnd | PythonBetween | GoPanic | Goroutine | Causes)
    }

    /// Whether this line continues the trace, after an empty one.
    fn resumes(&self, text: &str) -> Option<State> {
        let begins = |some: &[&str]| some.iter().any(|one| text.starts_with(one));
        match self.state {
            State::PythonEnd => begins(&["During handling of the above", "The above exception was the direct"])
                .then_some(State::PythonBetween),
            State::PythonBetween => is_traceback(text).then_some(State::Python),
            State::GoPanic | State::Goroutine => is_goroutine(text).then_some(State::Goroutine),
            State::Exception | State::Causes => causes(text),
            _ => None,
        }
    }

    fn goes_on(&self, text: &str, level: Option<Level>) -> Option<(State, Step)> {
        if self.state == State::Apart {
            return None;
        }
        self.in_state(text, level).or_else(|| generic(text, self.state))
    }

    /// What continues a trace only where the language is known.
    fn in_state(&self, text: &str, level: Option<Level>) -> Option<(State, Step)> {
        let inner = text.trim_start();
        let indented = inner.len() < text.len();
        match self.state {
            State::Python if indented => {
                let frame = inner.starts_with("File \"");
                Some((State::Python, Step { frame, ..LINE }))
            }
            State::Python => (level.is_none() || is_named(text)).then_some((State::PythonEnd, LINE)),
            State::Properties if indented && is_frame(inner) => Some((State::Properties, FRAME)),
            State::Properties if text == "}" => Some((State::Exception, LINE)),
            State::Properties => indented.then_some((State::Properties, LINE)),
            State::GoPanic | State::Goroutine if is_goroutine(text) => Some((State::Goroutine, LINE)),
            State::GoPanic => {
                (text.starts_with("[signal ") || text.starts_with("\tpanic: ")).then_some((State::GoPanic, LINE))
            }
            State::Goroutine if text.starts_with('\t') => {
                Some((State::Goroutine, Step { frame: has_place(inner), ..LINE }))
            }
            State::Goroutine => {
                let is_function = (text.ends_with(')') && text.contains('(') && !indented)
                    || text.starts_with("created by ")
                    || text.ends_with("frames elided...");
                is_function.then_some((State::Goroutine, LINE))
            }
            State::RustPanic { .. } | State::RustFrames if is_backtrace(text) => Some((State::RustFrames, LINE)),
            State::RustPanic { .. } | State::RustFrames if text.starts_with("note: ") => Some((self.state, LINE)),
            State::RustPanic { message: true } => Some((State::RustPanic { message: false }, LINE)),
            State::RustPanic { message: false } => indented.then_some((self.state, LINE)),
            State::RustFrames if indented => {
                Some((State::RustFrames, Step { frame: inner.starts_with(|c: char| c.is_ascii_digit()), ..LINE }))
            }
            State::Causes if indented => Some((State::Causes, LINE)),
            _ => None,
        }
    }
}

/// What continues a trace after any line.
fn generic(text: &str, state: State) -> Option<(State, Step)> {
    let inner = text.trim_start();
    let indented = inner.len() < text.len();
    if indented && is_frame(inner) {
        let state = if text.ends_with(" {") { State::Properties } else { State::Exception };
        return Some((state, FRAME));
    }
    let traced = state == State::Exception;
    let is_cause = ["Caused by: ", "Suppressed: ", "Wrapped by: "].iter().any(|one| inner.starts_with(one));
    if is_cause && (indented || traced) {
        return Some((State::Exception, LINE));
    }
    let is_rest = inner.starts_with("... ")
        && [" more", "frames omitted", "stack trace ..."].iter().any(|end| inner.ends_with(end));
    if indented && traced && (is_rest || inner.starts_with("[cause]: ")) {
        return Some((State::Exception, LINE));
    }
    None
}

/// The state behind a line that begins a trace.
fn begins(text: &str) -> Option<State> {
    if is_traceback(text) {
        return Some(State::Python);
    }
    if text.starts_with("panic: ") || text.starts_with("fatal error: ") {
        return Some(State::GoPanic);
    }
    if is_goroutine(text) {
        return Some(State::Goroutine);
    }
    if text.starts_with("thread '") && text.contains(" panicked at ") {
        return Some(State::RustPanic { message: text.ends_with(':') });
    }
    is_exception(text).then_some(State::Exception)
}

fn is_traceback(text: &str) -> bool {
    text.trim_start_matches([' ', '+', '|']).starts_with("Traceback (most recent call last):")
        || text.trim_start_matches([' ', '+', '|']).starts_with("Exception Group Traceback (most")
}

/// `goroutine 18 [running]:`
fn is_goroutine(text: &str) -> bool {
    text.strip_prefix("goroutine ").is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains(" [") && rest.ends_with("]:")
    })
}

fn is_backtrace(text: &str) -> bool {
    text.eq_ignore_ascii_case("stack backtrace:")
}

fn causes(text: &str) -> Option<State> {
    if is_backtrace(text) {
        return Some(State::RustFrames);
    }
    (text == "Caused by:" || text == "Location:").then_some(State::Causes)
}

/// `at f (file:1:2)`, `at a.b.C.m(C.java:12)`, `at file:///x.js:1:2`
fn is_frame(inner: &str) -> bool {
    inner.strip_prefix("at ").is_some_and(|rest| {
        rest.starts_with(|c: char| !c.is_whitespace())
            && (rest.contains('(') || has_place(rest) || rest.contains("<anonymous>"))
    })
}

/// Whether there is `:` with a number behind it.
fn has_place(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| pair[0] == b':' && pair[1].is_ascii_digit())
}

/// A line of the form `Name: text` or `package.Name`.
fn is_named(text: &str) -> bool {
    let name = text.split(':').next().unwrap_or_default();
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.".contains(c))
}

/// `java.io.IOException: text`, `TypeError [CODE]: text`, `Exception in thread "main" …`, `Uncaught Error: text`
fn is_exception(text: &str) -> bool {
    if text.starts_with("Exception in thread \"") {
        return true;
    }
    let text = text.strip_prefix("Uncaught ").unwrap_or(text);
    let end = text.find(|c: char| !(c.is_alphanumeric() || "_$.".contains(c))).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let is_name = ["Exception", "Error", "Throwable"].iter().any(|end| name.ends_with(end))
        && name.starts_with(|c: char| c.is_alphabetic());
    is_name
        && (rest.is_empty()
            || rest.starts_with(": ")
            || rest == ":"
            || (rest.starts_with(" [") && rest.contains("]: ")))
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
