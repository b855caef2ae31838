//! Texts in another charset than UTF-8, and what code gets of them.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::{Evidence, Finding, Part, text::quoted};
use porthole_output::{BodyKind, CharsetBy, Clues, LOOKED_AT, detect};

pub(super) fn body(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.whole_response()?;
    if evidence.body_kind().is_some_and(BodyKind::is_bytes) {
        return None;
    }
    let Seen { name, how, line, becomes } = seen(&evidence.sample.stdout, response.head.header("content-type"))?;
    Some(Finding::error(
        format!("The body is encoded as {name} ({how}), for example {line}."),
        format!(
            "The SDK decodes bodies as UTF-8, whatever the header says, so the code gets {becomes}. Measured with node-fetch (Rancher Desktop), got (Podman Desktop (older)) and Node's fetch (Podman Desktop); inferred for Docker Desktop."
        ),
        "Encode the text as UTF-8 and declare it: `Content-Type: …; charset=utf-8`.",
    ))
}

pub(super) fn output(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence.run()?;
    let parts = [("stdout", &evidence.sample.stdout), ("stderr", &evidence.sample.stderr)];
    let (stream, Seen { name, how, line, becomes }) =
        parts.into_iter().find_map(|(stream, part)| Some((stream, seen(part, None)?)))?;
    Some(Finding::warning(
        format!("{stream} is encoded as {name} ({how}), for example {line}."),
        format!("Output is decoded as UTF-8, so the code gets {becomes}."),
        "Make the program write UTF-8: `WSL_UTF8=1` for wsl.exe, `chcp 65001` for others on Windows, `PYTHONIOENCODING=utf-8` for Python, `LC_ALL=C.UTF-8` elsewhere.",
    ))
}

/// What a text is in, and what becomes of a line of it.
struct Seen {
    name: &'static str,
    how: &'static str,
    line: String,
    becomes: String,
}

fn seen(part: &Part, content_type: Option<&str>) -> Option<Seen> {
    let start = &part.head[..part.head.len().min(LOOKED_AT)];
    let (encoding, by) = detect(Clues { content_type, start })?;
    let (text, _) = encoding.decode_with_bom_removal(start);
    let differs = |line: &&str| !line.trim().is_empty() && String::from_utf8_lossy(&encoded(encoding, line)) != **line;
    let line = text.lines().find(differs)?;
    let how = match by {
        CharsetBy::Header => "declared in its header",
        CharsetBy::Bom => "by its byte order mark",
        CharsetBy::Document => "declared in the document",
        CharsetBy::Looks | CharsetBy::Chosen => "guessed",
    };
    let becomes = quoted(&String::from_utf8_lossy(&encoded(encoding, line)));
    Some(Seen { name: encoding.name(), how, line: quoted(line), becomes })
}

/// A line as it came; encoders of the Encoding Standard write no UTF-16.
fn encoded(encoding: &'static Encoding, line: &str) -> Vec<u8> {
    let units = line.encode_utf16();
    if encoding == UTF_16LE {
        units.flat_map(u16::to_le_bytes).collect()
    } else if encoding == UTF_16BE {
        units.flat_map(u16::to_be_bytes).collect()
    } else {
        encoding.encode(line).0.into_owned()
    }
}
