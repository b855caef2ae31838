//! What an engine does itself, as a Run: it builds and pulls images, and follows the logs of a container. Nothing is
//! started on this machine for it.

use std::path::Path;

use bollard::errors::Error as ApiError;
use bytes::Bytes;
use futures_util::{Stream as Frames, StreamExt};
use http_body_util::BodyExt;
use hyper::Method;

use crate::{BuildContext, BuildSession, Engine, IgnoreFile, Progress, Registries, Reply, registry_of, segment};
use porthole_base::{
    error::{Code, Error, Result},
    random::random_id,
    reference::{ContainerName, ImageRef},
};
use porthole_output::Stream;
use porthole_output::record::{Clock, Gate, Record, until};
use porthole_process::{Command, Ending, RunEvent, Signal, Started, Stops};

/// A request to an engine. A [`Command`] describes it: `build`, `pull` and `logs` with the arguments that docker's
/// command has for it.
#[derive(Debug, PartialEq, Eq)]
enum Job {
    Build { image: ImageRef, dockerfile: String, folder: String },
    Pull { image: ImageRef },
    Logs { container: ContainerName },
}

impl Job {
    fn of(command: &Command) -> Result<Self> {
        let args: Vec<&str> = command.args.iter().map(String::as_str).collect();
        match (command.program.as_str(), args.as_slice()) {
            ("build", ["--tag", image, "--file", dockerfile, folder]) => Ok(Self::Build {
                image: ImageRef::new(*image)?,
                dockerfile: (*dockerfile).to_owned(),
                folder: (*folder).to_owned(),
            }),
            ("pull", [image]) => Ok(Self::Pull { image: ImageRef::new(*image)? }),
            ("logs", ["--follow", container]) => Ok(Self::Logs { container: ContainerName::new(*container)? }),
            _ => Err(Error::new(
                Code::CommandInvalid,
                "Unsupported engine command: only build, pull and logs are available",
            )),
        }
    }
}

/// Has an engine do something and records what it says of it. The last event is `Closed` or `Failed`.
pub(super) async fn run_on_engine(
    engine: &Engine,
    command: &Command,
    mut stops: Stops,
    record: &mut dyn Record<RunEvent>,
) {
    let clock = Clock::start();
    let ended = async {
        let job = Job::of(command)?;
        let (reply, session) = stops.unless_stopped(begin(engine, &job)).await?;
        record.event(RunEvent::Started { at_us: clock.now_us(), started: Started::default() });
        let reading = match &job {
            Job::Logs { .. } => {
                Reading::Logs(Pieces { is_framed: is_framed(engine, &job, &reply).await, rest: Vec::new() })
            }
            _ => Reading::Progress(Box::default()),
        };
        let ending = follow(engine, reply, reading, &mut stops, clock, record).await;
        // A build's session lasts as long as the build.
        drop(session);
        ending
    };
    match ended.await {
        Ok(ending) => {
            record.event(RunEvent::Ended { at_us: clock.now_us(), ending });
            record.event(RunEvent::Closed { at_us: clock.now_us() });
        }
        Err(error) => record.event(RunEvent::Failed { at_us: clock.now_us(), error }),
    }
}

async fn begin(engine: &Engine, job: &Job) -> Result<(Reply, Option<BuildSession>)> {
    match job {
        Job::Logs { container } => {
            let path = format!("/containers/{}/logs", segment(container));
            let query = [("follow", "1"), ("stdout", "1"), ("stderr", "1")];
            let asked = engine.ask(Method::GET, &path, &query, &[], bollard::body_full(Bytes::new())).await;
            match asked {
                Ok(reply) => Ok((reply, None)),
                Err(error) => Err(engine.explain_about(error, container).await),
            }
        }
        Job::Pull { image } => {
            let sign_in = Registries::of_this_process().header_for(registry_of(image)).await;
            let headers: Vec<_> = sign_in.iter().map(|header| ("X-Registry-Auth", header.as_str())).collect();
            // Without a tag an engine pulls all of them.
            let is_exact = image.contains('@') || image.rsplit('/').next().is_some_and(|name| name.contains(':'));
            let from = if is_exact { image.to_string() } else { format!("{image}:latest") };
            let query = [("fromImage", from.as_str())];
            let asked =
                engine.ask(Method::POST, "/images/create", &query, &headers, bollard::body_full(Bytes::new())).await;
            Ok((asked.map_err(|error| engine.explain(error))?, None))
        }
        Job::Build { image, dockerfile, folder } => build(engine, image, dockerfile, folder).await,
    }
}

async fn build(
    engine: &Engine,
    image: &ImageRef,
    dockerfile: &str,
    folder: &str,
) -> Result<(Reply, Option<BuildSession>)> {
    let explain = |error: ApiError| engine.explain(error);
    let unread = |path: &Path, error: std::io::Error| {
        Error::new(Code::ImageNotMade, format!("{} can't be read", path.display()))
            .detail(error)
            .hint("Start the backend again: Porthole then rereads the file.")
    };
    let path = Path::new(dockerfile);
    let text = tokio::fs::read(path).await.map_err(|error| unread(path, error))?;
    // A caller that asks for the build has put it there: the Dockerfile's own, or that of the folder.
    let path_of_ignore = format!("{dockerfile}.dockerignore");
    let ignore = match tokio::fs::read(&path_of_ignore).await {
        Ok(bytes) => read_ignore(bytes).await?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => IgnoreFile::default(),
        Err(error) => return Err(unread(Path::new(&path_of_ignore), error)),
    };
    // No file of the folder has this name: it is the private folder's of this build.
    let private = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let name = format!(".{private}.dockerfile");
    let context = BuildContext { folder: folder.into(), ignore, dockerfile: (name.clone(), text) };
    let mut query = vec![("t", &**image), ("dockerfile", &name), ("rm", "1"), ("forcerm", "1")];
    // Podman and engines before BuildKit have the classic one.
    let has_buildkit = engine.has_buildkit().await.map_err(explain)?;
    let session =
        if has_buildkit { Some(BuildSession::open(engine, random_id()?).await.map_err(explain)?) } else { None };
    if let Some(session) = &session {
        query.extend([("version", "2"), ("session", &session.id)]);
    }
    let sign_ins = if has_buildkit { None } else { Registries::of_this_process().header_for_all().await };
    let mut headers = vec![("Content-Type", "application/x-tar")];
    headers.extend(sign_ins.iter().map(|header| ("X-Registry-Config", header.as_str())));
    let body = bollard::body_try_stream(context.stream());
    let reply = engine.ask_at_length(Method::POST, "/build", &query, &headers, body).await.map_err(explain)?;
    Ok((reply, session))
}

async fn read_ignore(bytes: Vec<u8>) -> Result<IgnoreFile> {
    let read = tokio::task::spawn_blocking(move || IgnoreFile::read(&String::from_utf8_lossy(&bytes))).await;
    let unread = Error::new(Code::ImageNotMade, "The build's ignore file can't be read");
    match read {
        Ok(Ok(ignore)) => Ok(ignore),
        Ok(Err(too_large)) => Err(unread.detail(too_large).hint("Shorten .dockerignore.")),
        Err(error) => Err(unread.detail(error)),
    }
}

/// Whether a container's output comes in frames that tell its streams apart. Engines say so since 1.42.
async fn is_framed(engine: &Engine, job: &Job, reply: &Reply) -> bool {
    let told = reply.headers().get(hyper::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    match (told, job) {
        (Some(kind), _) if kind.contains("multiplexed-stream") => true,
        (Some(kind), _) if kind.contains("raw-stream") => false,
        (_, Job::Logs { container }) => {
            let found = engine.container(container).await.unwrap_or_default();
            found.pointer("/Config/Tty").and_then(serde_json::Value::as_bool) != Some(true)
        }
        _ => false,
    }
}

enum Reading {
    Progress(Box<Progress>),
    Logs(Pieces),
}

impl Reading {
    fn read(&mut self, bytes: &[u8]) -> std::result::Result<Vec<(Stream, Vec<u8>)>, String> {
        match self {
            Self::Progress(progress) => progress.read(bytes),
            Self::Logs(pieces) => pieces.read(bytes),
        }
    }

    /// The rest, and whether all went well.
    fn end(&mut self) -> (Vec<(Stream, Vec<u8>)>, bool) {
        match self {
            Self::Progress(progress) => {
                let rest = progress.end();
                (rest, progress.failed.is_none())
            }
            Self::Logs(pieces) => (vec![(Stream::Stdout, std::mem::take(&mut pieces.rest))], true),
        }
    }
}

/// A container's output: as it is, or in frames of a stream's number and a length.
struct Pieces {
    is_framed: bool,
    rest: Vec<u8>,
}

impl Pieces {
    fn read(&mut self, bytes: &[u8]) -> std::result::Result<Vec<(Stream, Vec<u8>)>, String> {
        /// Engines send up to 32 KiB, and one line of a log at most.
        const LONGEST: usize = 16 * 1024 * 1024;
        if !self.is_framed {
            return Ok(vec![(Stream::Stdout, bytes.to_vec())]);
        }
        self.rest.extend_from_slice(bytes);
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some(&[kind, _, _, _, a, b, c, d]) = self.rest.get(at..at + 8) {
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            if kind > 2 || length > LONGEST {
                return Err("invalid frame in the container's log stream".to_owned());
            }
            let Some(piece) = self.rest.get(at + 8..at + 8 + length) else { break };
            let stream = if kind == 2 { Stream::Stderr } else { Stream::Stdout };
            found.push((stream, piece.to_vec()));
            at += 8 + length;
        }
        self.rest.drain(..at);
        Ok(found)
    }
}

/// Reads to the end, or until it is stopped. Closing the connection stops the engine.
async fn follow(
    engine: &Engine,
    reply: Reply,
    mut reading: Reading,
    stops: &mut Stops,
    clock: Clock,
    record: &mut dyn Record<RunEvent>,
) -> Result<Ending> {
    let mut body = std::pin::pin!(frames(reply));
    let gate = Gate::default();
    loop {
        let full = gate.full(record);
        let may_read = full.is_none();
        tokio::select! {
            () = until(full), if !may_read => {}
            bytes = body.next(), if may_read => {
                let (written, ended) = match bytes {
                    Some(Ok(bytes)) => (reading.read(&bytes).map_err(odd)?, None),
                    Some(Err(error)) => return Err(engine.explain(error.into())),
                    None => {
                        let (rest, is_good) = reading.end();
                        (rest, Some(i64::from(!is_good)))
                    }
                };
                for (stream, bytes) in written.iter().filter(|(_, bytes)| !bytes.is_empty()) {
                    record.chunk(*stream, clock.now_us(), bytes)?;
                }
                if let Some(code) = ended {
                    return Ok(Ending::Exited { code });
                }
            }
            stop = stops.next() => {
                let signal: Signal = stop.signal;
                record.event(RunEvent::StopSent { at_us: clock.now_us(), signal });
                stop.answer(Ok(()));
                return Ok(Ending::Signaled { signal: signal.number(), name: format!("SIG{}", signal.short_name()) });
            }
        }
    }
}

fn frames(reply: Reply) -> impl Frames<Item = std::result::Result<Bytes, hyper::Error>> {
    reply.into_body().into_data_stream()
}

fn odd(why: String) -> Error {
    Error::new(Code::EngineUnexpected, "The engine sent an unexpected response").detail(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use porthole_process::Place;

    #[test]
    fn only_what_an_engine_does_is_asked_of_it() {
        let job = |program: &str, args: &[&str]| Job::of(&Command::new(Place::Engine, program, args.iter().copied()));
        assert_eq!(job("logs", &["--follow", "web"]), Ok(Job::Logs { container: "web".parse().unwrap() }));
        assert_eq!(job("pull", &["acme/x:1"]), Ok(Job::Pull { image: "acme/x:1".parse().unwrap() }));
        assert!(matches!(job("build", &["--tag", "x", "--file", "/f", "/d"]), Ok(Job::Build { .. })));
        for (program, args, code) in [
            ("rm", &["web"][..], Code::CommandInvalid),
            ("logs", &["web"], Code::CommandInvalid),
            ("logs", &["--follow", "../info"], Code::ContainerNameInvalid),
            ("pull", &["--all"], Code::ImageNameInvalid),
            ("build", &["--tag", "../x", "--file", "/f", "/d"], Code::ImageNameInvalid),
        ] {
            assert_eq!(job(program, args).unwrap_err().code, code, "{program} {args:?}");
        }
    }

    #[test]
    fn frames_are_taken_apart_wherever_they_are_cut() {
        let sent = [&[1, 0, 0, 0, 0, 0, 0, 3][..], b"out", &[2, 0, 0, 0, 0, 0, 0, 2], b"er", &[1, 0, 0]].concat();
        for cut in 0..sent.len() {
            let mut pieces = Pieces { is_framed: true, rest: Vec::new() };
            let mut found = pieces.read(&sent[..cut]).unwrap();
            found.extend(pieces.read(&sent[cut..]).unwrap());
            assert_eq!(found, [(Stream::Stdout, b"out".to_vec()), (Stream::Stderr, b"er".to_vec())]);
        }
        for odd in [&b"plain text"[..], &[1, 0, 0, 0, 0xff, 0, 0, 0]] {
            assert!(Pieces { is_framed: true, rest: Vec::new() }.read(odd).is_err());
        }
        let mut raw = Pieces { is_framed: false, rest: Vec::new() };
        assert_eq!(raw.read(b"plain").unwrap(), [(Stream::Stdout, b"plain".to_vec())]);
    }
}
