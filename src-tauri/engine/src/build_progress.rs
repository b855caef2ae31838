//! What a build or a pull says of itself: JSON, a line each. BuildKit's own words are in it as protobuf, of which the few
//! fields that are shown are read here (moby `api/services/control/control.proto`).

use std::collections::HashMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::protobuf::fields;
use porthole_base::numbers::count;
use porthole_output::Stream;

/// One line may be as long as this; a step's output comes in many.
const LONGEST: usize = 16 * 1024 * 1024;
/// This many steps are numbered; more are shown without their names.
const STEPS: usize = 10_000;
/// How much is read of the name of a step, of a layer and of its status, in characters: they are repeated.
const LONGEST_NAME: usize = 300;
/// How much is read of an error, in characters.
const LONGEST_ERROR: usize = 4_000;
/// How much tells one step from another, in bytes.
const LONGEST_DIGEST: usize = 200;
/// How often steps are named in one line of the engine. After that only their numbers are written.
const MOST_NAMES: usize = 1_000;

/// Reads progress as it comes.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    line: Vec<u8>,
    steps: HashMap<Vec<u8>, Step>,
    /// The step that wrote output last.
    writing: Option<Vec<u8>>,
    /// How often steps were named since the engine's line began.
    named: usize,
    /// The last status of each layer of a pull.
    layers: HashMap<String, String>,
    /// Why it failed, in the engine's words.
    pub failed: Option<String>,
}

#[derive(Debug)]
struct Step {
    number: usize,
    name: String,
    is_begun: bool,
    is_done: bool,
}

/// What is to be written down.
pub(crate) type Written = Vec<(Stream, Vec<u8>)>;

impl Progress {
    /// Takes some bytes.
    ///
    /// # Errors
    /// Why they are no progress.
    pub fn read(&mut self, mut bytes: &[u8]) -> Result<Written, String> {
        let mut written = Written::new();
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            self.line.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end + 1..];
            self.take(&mut written);
        }
        self.line.extend_from_slice(bytes);
        if self.line.len() > LONGEST {
            return Err(format!("a line of the engine's progress has more than {} bytes", count(LONGEST as u64)));
        }
        Ok(written)
    }

    /// The rest, when nothing more comes.
    pub fn end(&mut self) -> Written {
        let mut written = Written::new();
        self.take(&mut written);
        written
    }

    fn take(&mut self, written: &mut Written) {
        let line = std::mem::take(&mut self.line);
        self.named = 0;
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        // What isn't JSON is shown as it came: nothing that the engine says is lost.
        let Ok(said) = serde_json::from_slice::<Value>(&line) else {
            written.push((Stream::Stdout, [&line, &b"\n"[..]].concat()));
            return;
        };
        let text = |key: &str| said.get(key).and_then(Value::as_str);
        if let Some(stream) = text("stream") {
            written.push((Stream::Stdout, stream.as_bytes().to_vec()));
        }
        if let Some(status) = text("status") {
            self.layer(&cut(text("id").unwrap_or_default(), LONGEST_NAME), &cut(status, LONGEST_NAME), written);
        }
        let failed = said.pointer("/errorDetail/message").and_then(Value::as_str).or(text("error"));
        if let Some(failed) = failed {
            let failed = cut(failed, LONGEST_ERROR);
            written.push((Stream::Stderr, format!("{}\n", failed.trim_end()).into_bytes()));
            self.failed = Some(failed);
        }
        if text("id") == Some("moby.buildkit.trace")
            && let Some(trace) = text("aux").and_then(|aux| BASE64_STANDARD.decode(aux).ok())
        {
            self.trace(&trace, written);
        }
    }

    /// A layer says the same again and again, with another number each time.
    fn layer(&mut self, id: &str, status: &str, written: &mut Written) {
        if self.layers.get(id).is_some_and(|said| said == status) {
            return;
        }
        if self.layers.len() < STEPS {
            self.layers.insert(id.to_owned(), status.to_owned());
        }
        let line = if id.is_empty() { format!("{status}\n") } else { format!("{id}: {status}\n") };
        written.push((Stream::Stdout, line.into_bytes()));
    }

    fn trace(&mut self, trace: &[u8], written: &mut Written) {
        for (number, value) in fields(trace) {
            match number {
                1 => self.step(value, written),
                3 => self.output(value, written),
                _ => {}
            }
        }
    }

    /// `Vertex`: digest 1, name 3, cached 4, started 5, completed 6, error 7.
    fn step(&mut self, vertex: &[u8], written: &mut Written) {
        let (mut digest, mut name, mut error) = (&[][..], String::new(), String::new());
        let (mut cached, mut started, mut completed) = (false, false, false);
        for (number, value) in fields(vertex) {
            match number {
                1 => digest = &value[..value.len().min(LONGEST_DIGEST)],
                3 => name = cut_bytes(value, LONGEST_NAME),
                4 => cached = value != [0],
                5 => started = true,
                6 => completed = true,
                7 => error = cut_bytes(value, LONGEST_ERROR),
                _ => {}
            }
        }
        if self.steps.len() >= STEPS && !self.steps.contains_key(digest) {
            return;
        }
        let number = self.steps.len() + 1;
        let step =
            self.steps.entry(digest.to_vec()).or_insert_with(|| Step { number, name, is_begun: false, is_done: false });
        let mut lines = Vec::new();
        if (started || cached) && !step.is_begun {
            step.is_begun = true;
            lines.push(format!("#{} {}\n", step.number, step.name));
        }
        if completed && !step.is_done {
            let end = match (error.is_empty(), cached) {
                (false, _) => format!("ERROR: {error}"),
                (true, true) => "CACHED".to_owned(),
                (true, false) => "DONE".to_owned(),
            };
            // A step that only passes on another's result completes more than once.
            step.is_done = true;
            lines.push(format!("#{} {end}\n", step.number));
        }
        if !lines.is_empty() {
            self.writing = Some(digest.to_vec());
            written.extend(lines.into_iter().map(|line| (Stream::Stdout, line.into_bytes())));
        }
    }

    /// `VertexLog`: vertex 1, stream 3, msg 4.
    fn output(&mut self, log: &[u8], written: &mut Written) {
        let (mut vertex, mut stream, mut message) = (&[][..], Stream::Stdout, &[][..]);
        for (number, value) in fields(log) {
            match number {
                1 => vertex = &value[..value.len().min(LONGEST_DIGEST)],
                3 if value == [2] => stream = Stream::Stderr,
                4 => message = value,
                _ => {}
            }
        }
        // Steps run at the same time: the step is named whenever the source of the output changes.
        if self.writing.as_deref() != Some(vertex)
            && let Some(step) = self.steps.get(vertex)
        {
            self.named += 1;
            let name = if self.named > MOST_NAMES { "" } else { &step.name };
            written.push((Stream::Stdout, format!("#{} {name}\n", step.number).into_bytes()));
            self.writing = Some(vertex.to_vec());
        }
        written.push((stream, message.to_vec()));
    }
}

/// The beginning of a text.
fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn cut_bytes(text: &[u8], longest: usize) -> String {
    // No character has more than four bytes.
    cut(&String::from_utf8_lossy(&text[..text.len().min(4 * longest + 4)]), longest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protobuf::field;

    fn text(written: &Written) -> String {
        written.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect()
    }

    fn traced(message: &[u8]) -> Vec<u8> {
        let aux = BASE64_STANDARD.encode(message);
        format!("{}\n", serde_json::json!({ "id": "moby.buildkit.trace", "aux": aux })).into_bytes()
    }

    #[test]
    fn the_classic_builder_and_podman_write_their_own_words() {
        let mut progress = Progress::default();
        let first = progress.read(b"{\"stream\":\"Step 1/2 : FROM scratch\\n\"}\r\n{\"status\":\"Pulling\",\"id\":\"a\"}\n{\"status\":\"Pulling\",\"id\":\"a\",\"progress\":\"2\"}\n{\"sta").unwrap();
        assert_eq!(text(&first), "Step 1/2 : FROM scratch\na: Pulling\n");
        let second = progress.read(b"tus\":\"Done\",\"id\":\"a\"}\nwhat is this\n{\"aux\":{\"ID\":\"x\"}}\n").unwrap();
        assert_eq!(text(&second), "a: Done\nwhat is this\n");
        let last = progress.read(b"{\"errorDetail\":{\"message\":\"no\"},\"error\":\"no\"}").unwrap();
        assert_eq!((text(&last), progress.failed.as_deref()), (String::new(), None));
        assert_eq!(progress.end(), [(Stream::Stderr, b"no\n".to_vec())]);
        assert_eq!(progress.failed.as_deref(), Some("no"));
    }

    #[test]
    fn buildkits_steps_are_numbered_and_their_output_is_told_apart() {
        let vertex = |digest: &str, name: &str, more: &[u8]| {
            field(1, &[field(1, digest.as_bytes()), field(3, name.as_bytes()), more.to_vec()].concat())
        };
        let log = |digest: &str, stream: u8, words: &str| {
            field(3, &[field(1, digest.as_bytes()), vec![3 << 3, stream], field(4, words.as_bytes())].concat())
        };
        let (started, completed) = (field(5, &[8, 1]), field(6, &[8, 2]));
        let mut progress = Progress::default();
        let mut told = Written::new();
        for message in [
            [vertex("a", "[1/2] FROM x", &[]), vertex("b", "[2/2] RUN y", &started)].concat(),
            log("b", 1, "out\n"),
            vertex("a", "[1/2] FROM x", &[&started[..], &[4 << 3, 1], &completed].concat()),
            log("b", 2, "err\n"),
            vertex("b", "[2/2] RUN y", &[&started[..], &completed, &field(7, b"exit code: 3")].concat()),
        ] {
            told.extend(progress.read(&traced(&message)).unwrap());
        }
        let expected = "#2 [2/2] RUN y\nout\n#1 [1/2] FROM x\n#1 CACHED\n#2 [2/2] RUN y\nerr\n#2 ERROR: exit code: 3\n";
        assert_eq!(text(&told), expected);
        assert!(told.contains(&(Stream::Stderr, b"err\n".to_vec())));
    }

    #[test]
    fn a_long_name_is_not_written_again_and_again() {
        let long = "x".repeat(1_000_000);
        let vertex = |digest: &str| {
            let all = [field(1, digest.as_bytes()), field(3, long.as_bytes()), field(5, &[8, 1])];
            field(1, &all.concat())
        };
        let log = |digest: &str| field(3, &[field(1, digest.as_bytes()), field(4, b"o")].concat());
        let mut progress = Progress::default();
        let begun = progress.read(&traced(&[vertex("a"), vertex("b")].concat())).unwrap();
        assert!(text(&begun).starts_with(&format!("#1 {}…\n#2 ", "x".repeat(LONGEST_NAME))));
        // Few bytes of the engine, which name another step each time.
        let told = traced(&[log("a"), log("b")].concat().repeat(50_000));
        let written = text(&progress.read(&told).unwrap());
        assert!(written.len() < told.len(), "{} bytes became {}", told.len(), written.len());
    }

    #[test]
    fn what_is_kept_of_steps_and_layers_has_an_end() {
        let long = "é".repeat(100_000);
        let said = |json: serde_json::Value| format!("{json}\n").into_bytes();
        let mut progress = Progress::default();
        let pulled = progress.read(&said(serde_json::json!({ "id": long, "status": long }))).unwrap();
        assert_eq!(text(&pulled).chars().count(), 2 * LONGEST_NAME + 5);
        let failed = progress.read(&said(serde_json::json!({ "error": long }))).unwrap();
        assert_eq!(text(&failed).chars().count(), LONGEST_ERROR + 2);
        assert_eq!(progress.failed.as_ref().map(|failed| failed.chars().count()), Some(LONGEST_ERROR + 1));
        let vertex = [field(1, long.as_bytes()), field(3, long.as_bytes()), field(7, long.as_bytes())].concat();
        progress.read(&traced(&field(1, &vertex))).unwrap();
        progress.read(&traced(&field(3, &field(1, long.as_bytes())))).unwrap();
        let kept = progress.steps.iter().map(|(digest, step)| digest.len() + step.name.len()).sum::<usize>()
            + progress.layers.iter().map(|(id, said)| id.len() + said.len()).sum::<usize>()
            + progress.writing.iter().map(Vec::len).sum::<usize>();
        assert!(kept < 3_000, "{kept}");
        for n in 0..STEPS + 10 {
            progress.read(&said(serde_json::json!({ "id": n.to_string(), "status": "x" }))).unwrap();
            progress.read(&traced(&field(1, &field(1, n.to_string().as_bytes())))).unwrap();
        }
        assert_eq!((progress.steps.len(), progress.layers.len()), (STEPS, STEPS));
    }

    #[test]
    fn an_endless_line_is_an_error() {
        let mut progress = Progress::default();
        let piece = vec![b'x'; 1024 * 1024];
        assert!((0..20).any(|_| progress.read(&piece).is_err()));
    }

    proptest! {
        #[test]
        fn no_trace_is_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut progress = Progress::default();
            let _ = progress.read(&traced(&bytes));
            let _ = progress.read(&bytes);
            let _ = progress.end();
        }
    }
}
