//! What a command wrote, and what of it reaches the code.

use super::{
    Evidence, Finding,
    body::{broken_at, changed_number},
    charset, json,
    text::{first_line, many, names, others, quoted, quoted_bytes, size},
};
use crate::{runtime::Runtime, sdk_call::CliTarget};

/// Node's default `maxBuffer` of `child_process.exec`, in bytes for each stream.
const NODE_LIMIT: u64 = 1024 * 1024;

pub(super) fn only_stderr(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence.exited().filter(|code| *code == 0)?;
    let (stdout, stderr) = (&evidence.sample.stdout, &evidence.sample.stderr);
    if stdout.counts.bytes > 0 || stderr.counts.bytes == 0 {
        return None;
    }
    let began = first_line(&stderr.head).unwrap_or_else(|| "white space".to_owned());
    Some(Finding::warning(
        format!("The command succeeded but wrote only to stderr: {began}"),
        "`result.stdout` is an empty string. Code that reads it shows nothing, and code that treats any stderr output as a failure discards a valid result.",
        "Read `result.stderr` for this program (`java -version`, `nginx -v` and `ssh -V` write there), or use an option that makes it write to stdout.",
    ))
}

pub(super) fn stderr_with_success(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence.exited().filter(|code| *code == 0)?;
    let (stdout, stderr) = (&evidence.sample.stdout, &evidence.sample.stderr);
    if stdout.counts.bytes == 0 || stderr.counts.bytes == 0 {
        return None;
    }
    let began = first_line(&stderr.head).unwrap_or_else(|| "white space".to_owned());
    Some(Finding::note(
        format!("The command succeeded (exit code 0) and wrote {} to stderr: {began}", size(stderr.counts.bytes)),
        "Programs write progress and warnings to stderr. `if (result.stderr) throw …` treats this as a failure.",
        "Detect failures by the rejection or by the exit code in `onClose`, never by whether stderr is empty.",
    ))
}

pub(super) fn over_limit(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence.asking().filter(|asking| asking.stream.is_none())?;
    let sizes = [("stdout", evidence.sample.stdout.counts.bytes), ("stderr", evidence.sample.stderr.counts.bytes)];
    evidence.run()?;
    let (stream, bytes) = sizes.into_iter().find(|(_, bytes)| *bytes > NODE_LIMIT)?;
    Some(
        Finding::warning(
            format!("The command wrote {} to {stream}.", size(bytes)),
            "On Docker Desktop a plain `exec` may stop at 1,048,576 bytes, Node's default limit (inferred): the command is killed, and the promise rejects with `maxBuffer length exceeded`. Other runtimes have no known limit and keep all output in memory.",
            "Use `exec` with a `stream`, or make the command write less with a filter, a limit or a count.",
        )
        .on([Runtime::DockerDesktop]),
    )
}

pub(super) fn character_cut(evidence: &Evidence<'_>) -> Option<Finding> {
    let asking = evidence.asking().filter(|asking| asking.stream.is_some())?;
    let cuts = [evidence.sample.stdout.cuts(), evidence.sample.stderr.cuts()].concat();
    let first = cuts.first()?;
    let more = if cuts.len() > 1 { format!(", and {} more", cuts.len() - 1) } else { String::new() };
    let (runtimes, impact) = match asking.whose {
        CliTarget::Vm => (
            others(&[Runtime::DockerDesktop]),
            "Rancher Desktop decodes each chunk separately, so the character becomes two or more U+FFFD. Podman Desktop passes `Uint8Array`s; code that decodes each one separately gets the same result.",
        ),
        CliTarget::Host | CliTarget::Docker => (
            vec![Runtime::PodmanDesktop, Runtime::PodmanDesktopOlder, Runtime::RancherDesktop],
            "A runtime that decodes each chunk separately turns the character into U+FFFD (inferred for commands on the host).",
        ),
    };
    Some(
        Finding::warning(
            format!("The character {} is split between two chunks at byte {}{more}.", quoted(&first.character.to_string()), first.offset),
            impact,
            "Make the program write whole lines and use `splitOutputLines`. Decode `Uint8Array`s with one `TextDecoder` and `{ stream: true }`.",
        )
        .on(runtimes),
    )
}

pub(super) fn last_line_lost(evidence: &Evidence<'_>) -> Option<Finding> {
    let asking = evidence.asking().filter(|asking| asking.stream.is_some_and(|stream| stream.split_lines))?;
    evidence.run().filter(|run| run.failure.is_none())?;
    // On the host Podman Desktop splits stdout; in a container it splits nothing, and loses nothing.
    let on_podman = asking.whose != CliTarget::Vm;
    let sample = evidence.sample;
    let parts = [("stdout", &sample.stdout, on_podman), ("stderr", &sample.stderr, false)];
    let (stream, part, on_podman) =
        parts.into_iter().find(|(_, part, _)| part.counts.bytes > 0 && !part.tail.ends_with(b"\n"))?;
    let last = part.tail.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut runtimes = vec![Runtime::RancherDesktop];
    if on_podman {
        runtimes.extend(Runtime::PODMAN);
    }
    Some(
        Finding::warning(
            format!("The last line of {stream} doesn't end with a newline: {}", quoted_bytes(last)),
            format!("With `splitOutputLines`, `onOutput` never gets this line on {}.", names(&runtimes)),
            "Make the program end its last line (`echo` instead of `printf`), or split the chunks in your code.",
        )
        .on(runtimes),
    )
}

pub(super) fn not_text(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence.run()?;
    if charset::output(evidence).is_some() {
        return None;
    }
    let sample = evidence.sample;
    let parts = [("stdout", &sample.stdout), ("stderr", &sample.stderr)];
    let (stream, part, at) =
        parts.into_iter().find_map(|(stream, part)| Some((stream, part, broken_at(&part.head, part.is_whole())?)))?;
    Some(Finding::warning(
        format!("{stream} isn't valid UTF-8 at byte {at} ({:#04x}).", part.head[at]),
        "Your code gets strings in which each invalid byte is U+FFFD, so a file, image or archive can't be restored from them.",
        "Encode it with `base64` and decode it in your code, or copy the file with `docker cp`.",
    ))
}

pub(super) fn bad_json_line(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence.run()?;
    let part = &evidence.sample.stdout;
    let lines = json::lines(&part.head, part.is_whole());
    // Mostly JSON, a line each: then the rest was meant to be.
    if lines.good < 2 || lines.good < lines.bad {
        return None;
    }
    let first = lines.first?;
    let others = if lines.bad > 1 {
        format!(" (also invalid: {})", many(lines.bad as u64 - 1, "more line"))
    } else {
        String::new()
    };
    Some(Finding::warning(
        format!("Line {} of stdout isn't valid JSON, unlike the other lines.", first.line),
        format!(
            "The error is near {} (column {}): {}{others}. `result.parseJsonLines()` throws at this line, so the valid lines are lost too.",
            quoted_bytes(&first.near),
            first.column,
            first.why
        ),
        "Write logs to stderr, or use `result.lines()` and parse each line in its own `try`.",
    ))
}

pub(super) fn number_not_exact(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence.run()?;
    let part = &evidence.sample.stdout;
    if !json::begins(&part.head) {
        return None;
    }
    // Code parses one value, or one value per line.
    let lines = json::lines(&part.head, part.is_whole());
    let is_json = json::problem(&part.head, part.is_whole()).is_none() || lines.good > lines.bad;
    is_json.then(|| changed_number(&part.head, part.is_whole(), "stdout"))?
}
