//! The docker programs that bring a backend up: each a Run, so that it is seen what they say.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{ExtensionRoot, FileProblem, start::Dockerfile};
use porthole_base::{
    error::{Code, Error, Result},
    reference::{ContainerName, ImageRef},
};
use porthole_engine::{Address, Engine, reaper::Reaper};
use porthole_output::View;
use porthole_process::{Command, Ending, Place, Signal, command_on};
use porthole_sdk::call::{Act, CallId, Origin};
use porthole_timeline::Timeline;

/// How many lines of its output are reported when a program fails.
const LAST: u64 = 12;
/// How long compose may take to read its files.
const SOON: Duration = Duration::from_secs(30);
/// The most bytes of a Dockerfile.
const LARGEST_DOCKERFILE: u64 = 1024 * 1024;

/// What a backend is brought up with.
#[derive(Debug, Clone)]
pub struct BackendDeps {
    /// Where.
    pub engine: Engine,
    /// Where what is run for it is seen.
    pub timeline: Arc<Timeline>,
    /// Who removes what a killed Porthole leaves. Without one, a killed Porthole leaves it.
    pub reaper: Option<Arc<Reaper>>,
    /// Ends what is done with it.
    pub cancelled: CancellationToken,
}

/// In which form compose is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ComposeProgram {
    /// `docker compose`: the plugin.
    Plugin,
    /// `docker-compose`: its own program, the form before that.
    Own,
    /// `podman compose`, which runs one of those that it finds by itself.
    Podman,
}

impl ComposeProgram {
    /// The first that is there.
    ///
    /// # Errors
    /// [`Code::ComposeMissing`], which names them all.
    pub async fn find() -> Result<Self> {
        Self::find_on(&std::env::var_os("PATH").unwrap_or_default()).await
    }

    async fn find_on(path: &OsStr) -> Result<Self> {
        if has_compose("docker", path).await {
            return Ok(Self::Plugin);
        }
        if command_on(path, "docker-compose").is_some() {
            return Ok(Self::Own);
        }
        if has_compose("podman", path).await {
            return Ok(Self::Podman);
        }
        let missing = "Compose not found: tried `docker compose`, `docker-compose` and `podman compose`";
        Err(Error::new(Code::ComposeMissing, missing)
            .hint("The backend is a compose file. Install docker's compose plugin (package docker-compose-plugin or docker-compose-v2)."))
    }

    /// A command of it for an engine.
    pub fn command(self, engine: &Address, args: Vec<String>) -> Command {
        match self {
            Self::Plugin => docker(engine, [vec!["compose".to_owned()], args].concat()),
            Self::Own => Command::new(Place::Host, "docker-compose", [flags(engine), args].concat()),
            Self::Podman => {
                let podman = ["--url", &engine.host, "compose"].map(str::to_owned);
                Command::new(Place::Host, "podman", [podman.to_vec(), args].concat())
            }
        }
    }
}

/// Whether this program has a `compose` that works. One that hangs is passed over.
async fn has_compose(program: &str, path: &OsStr) -> bool {
    let Some(mut asked) = command_on(path, program) else { return false };
    asked.args(["compose", "version"]).kill_on_drop(true);
    // Whatever it writes to a person is of no use here, and not read.
    let null = std::process::Stdio::null;
    let asked = tokio::time::timeout(SOON, asked.stdin(null()).stdout(null()).stderr(null()).status()).await;
    asked.is_ok_and(|asked| asked.is_ok_and(|status| status.success()))
}

/// A command of docker for an engine.
pub fn docker(engine: &Address, args: Vec<String>) -> Command {
    Command::new(Place::Host, "docker", [flags(engine), args].concat())
}

/// Both programs take these before anything else.
fn flags(engine: &Address) -> Vec<String> {
    let mut flags = vec!["--host".to_owned(), engine.host.clone()];
    if let Some(tls) = engine.tls.as_ref().filter(|_| engine.is_remote() && !engine.host.starts_with("ssh:")) {
        flags.push(if tls.skip_verify { "--tls" } else { "--tlsverify" }.to_owned());
        for (flag, file) in [("--tlscacert", &tls.ca), ("--tlscert", &tls.cert), ("--tlskey", &tls.key)] {
            if let Some(file) = file {
                flags.extend([flag.to_owned(), file.display().to_string()]);
            }
        }
    }
    flags
}

impl BackendDeps {
    /// Builds an extension's image from the Dockerfile that was read, even if the file has changed since.
    ///
    /// # Errors
    /// [`Code::ImageNotMade`], and those of an engine that is gone.
    pub(super) async fn build(&self, image: &ImageRef, dockerfile: &Dockerfile) -> Result<()> {
        let not_made = not_made(image, "built");
        let private = tempfile::Builder::new().prefix("porthole-").tempdir();
        let private = private.map_err(|error| not_made.clone().detail(error))?;
        let copy = private.path().join("Dockerfile");
        let folder = dockerfile.path.parent().unwrap_or(Path::new("/"));
        // The Dockerfile's own comes before that of the folder.
        let ignore = match &dockerfile.ignore {
            Some(ignore) => Some(ignore.clone()),
            None => {
                let root = ExtensionRoot::open(folder).map_err(|problem| not_made.clone().detail(problem))?;
                beside(&root, ".dockerignore").map_err(|why| not_made.clone().detail(why))?
            }
        };
        let written = std::fs::write(&copy, &dockerfile.text).and_then(|()| match ignore {
            Some(ignore) => std::fs::write(private.path().join("Dockerfile.dockerignore"), ignore),
            None => Ok(()),
        });
        written.map_err(|error| not_made.clone().detail(error))?;
        let folder = folder.display().to_string();
        let args = ["--tag", image, "--file", &copy.display().to_string(), &folder];
        self.perform(Command::new(Place::Engine, "build", args), not_made).await
    }

    /// Has the engine get an image, unless it has it.
    ///
    /// # Errors
    /// As for [`BackendDeps::build`].
    pub(super) async fn pull(&self, image: &ImageRef) -> Result<()> {
        if self.image_id(image).await?.is_some() {
            return Ok(());
        }
        self.perform(Command::new(Place::Engine, "pull", [image.to_string()]), not_made(image, "pulled")).await
    }

    /// The id of an image that the engine has.
    ///
    /// # Errors
    /// Those of an engine that is gone.
    pub async fn image_id(&self, image: &str) -> Result<Option<String>> {
        self.engine.image_id(image).await.map_err(|error| self.engine.explain(error))
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// `failed` with its last words; [`Code::ProgramNotFound`], [`Code::Cancelled`].
    pub(super) async fn perform(&self, command: Command, failed: Error) -> Result<()> {
        self.ran(command, failed).await.map(drop)
    }

    /// What a program that is soon done writes to stdout.
    ///
    /// # Errors
    /// As for [`BackendDeps::perform`]; `failed` also when it takes long or writes much.
    pub(super) async fn output(&self, command: Command, failed: Error) -> Result<String> {
        let ended = self.cancelled.child_token();
        let deps = Self { cancelled: ended.clone(), ..self.clone() };
        let run = deps.ran(command, failed.clone());
        tokio::pin!(run);
        let id = tokio::select! {
            id = &mut run => id?,
            () = tokio::time::sleep(SOON) => {
                ended.cancel();
                run.await.map_err(|error| if self.cancelled.is_cancelled() { error } else {
                    failed.clone().detail(format!("It was stopped after {} s.", SOON.as_secs()))
                })?
            }
        };
        let window = self.timeline.lines(id, View::Stdout, 0, 0, false).await?;
        self.timeline.exact(id, View::Stdout, 0, window.total).await.map_err(|error| failed.detail(error))
    }

    async fn ran(&self, command: Command, failed: Error) -> Result<CallId> {
        let program = command.program.clone();
        let id = self.timeline.run(Origin::Extension, Ok(self.engine.address().clone()), command);
        let call = tokio::select! {
            call = self.timeline.ended(id) => call?,
            () = self.cancelled.cancelled() => {
                // It may have ended just now.
                let _ = self.timeline.stop(id, Signal::Term).await;
                let _ = self.timeline.ended(id).await;
                return Err(Self::stopped());
            }
        };
        let Act::Run(run) = Arc::unwrap_or_clone(call).act else { return Err(failed) };
        match (run.failure, run.ending) {
            (None, Some(Ending::Exited { code: 0 })) => Ok(id),
            (Some(error), _) if error.code == Code::ProgramNotFound => Err(error
                .detail(failed.message)
                .hint(format!("Install `{program}`: the engine itself doesn't read compose files."))),
            (Some(error), _) if error.code == Code::Cancelled => Err(error),
            (Some(error), _) => Err(failed.detail(error)),
            (None, _) => Err(failed.detail(self.last_words(id).await)),
        }
    }

    /// The error when it was stopped.
    pub(super) fn stopped() -> Error {
        Error::new(Code::Cancelled, "Not started: the backend was stopped before it started")
    }

    async fn last_words(&self, id: CallId) -> String {
        let Ok(window) = self.timeline.lines(id, View::Both, 0, 0, false).await else { return String::new() };
        let from = window.total.saturating_sub(LAST);
        self.timeline.exact(id, View::Both, from, window.total).await.unwrap_or_default().trim_end().to_owned()
    }

    /// Follows the logs of a container from its beginning, as a Run that goes on until it is stopped.
    pub fn follow_logs(&self, container: &ContainerName) -> CallId {
        let engine = self.engine.address().clone();
        let logs = Command::new(Place::Engine, "logs", ["--follow", container]);
        self.timeline.run(Origin::Extension, Ok(engine), logs)
    }
}

fn not_made(image: &str, did: &str) -> Error {
    Error::new(Code::ImageNotMade, format!("The image `{image}` couldn't be {did}"))
}

/// The Dockerfile of a folder, with a look at what else docker's client reads itself: it follows links, and waits for a
/// named pipe.
///
/// # Errors
/// [`Code::ImageNotMade`].
pub(super) fn dockerfile_of(folder: &Path, image: &str) -> Result<Dockerfile> {
    read_dockerfile(folder).map_err(|why| {
        not_made(image, "built")
            .detail(why)
            .hint("Build the image yourself, and enter its name when you open the folder.")
    })
}

fn read_dockerfile(folder: &Path) -> std::result::Result<Dockerfile, String> {
    let root = ExtensionRoot::open(folder).map_err(|problem| format!("{}: {problem}", folder.display()))?;
    let text = root.read_text("Dockerfile", LARGEST_DOCKERFILE).map_err(|problem| match problem {
        FileProblem::Missing => format!("no Dockerfile in {}", folder.display()),
        problem => format!("{}: {problem}", folder.join("Dockerfile").display()),
    })?;
    beside(&root, ".dockerignore")?;
    Ok(Dockerfile { path: root.path().join("Dockerfile"), text, ignore: beside(&root, "Dockerfile.dockerignore")? })
}

/// An ignore file of the folder, where there is one.
fn beside(root: &ExtensionRoot, name: &str) -> std::result::Result<Option<Vec<u8>>, String> {
    match root.read(name, LARGEST_DOCKERFILE) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(FileProblem::Missing) => Ok(None),
        Err(problem) => Err(format!("{}: {problem}", root.path().join(name).display())),
    }
}

/// What every command of compose is given: which project, from which file, with which variables.
#[derive(Debug)]
pub(super) struct ComposeArgs<'a> {
    pub project: &'a str,
    pub folder: &'a Path,
    /// The second one is laid over the first.
    pub files: &'a [PathBuf],
    /// In the place of `.env`, which compose would read by itself.
    pub env_file: &'a Path,
}

impl ComposeArgs<'_> {
    pub fn with(&self, words: &[&str]) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        let mut args = vec!["--project-name".to_owned(), self.project.to_owned()];
        let files = self.files.iter().map(|file| ("--file", file.as_path()));
        for (flag, path) in
            [("--project-directory", self.folder), ("--env-file", self.env_file)].into_iter().chain(files)
        {
            args.extend([flag.to_owned(), text(path)]);
        }
        args.extend(words.iter().map(|word| (*word).to_owned()));
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use porthole_engine::Tls;

    #[cfg(unix)]
    #[tokio::test]
    async fn compose_is_a_plugin_or_a_program_of_its_own_or_said_to_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        let found = async || ComposeProgram::find_on(folder.path().as_os_str()).await;
        let program = |name: &str, script: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        };
        // A docker without the plugin is no better than none.
        for _ in 0..2 {
            let error = found().await.unwrap_err();
            assert_eq!(error.code, Code::ComposeMissing);
            assert!(error.message.contains("`docker compose`") && error.message.contains("`docker-compose`"));
            program("docker", "exit 1");
        }
        program("podman", "exit 1");
        assert_eq!(found().await.unwrap_err().code, Code::ComposeMissing);
        program("podman", "exit 0");
        assert_eq!(found().await.unwrap(), ComposeProgram::Podman);
        program("docker-compose", "exit 0");
        assert_eq!(found().await.unwrap(), ComposeProgram::Own);
        program("docker", "exit 0");
        assert_eq!(found().await.unwrap(), ComposeProgram::Plugin);
    }

    #[cfg(unix)]
    #[test]
    fn a_dockerfile_must_be_a_file_of_the_folder() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        assert!(read_dockerfile(folder.path()).unwrap_err().contains("no Dockerfile"));
        std::fs::write(place("Dockerfile"), "FROM scratch").unwrap();
        assert_eq!(read_dockerfile(folder.path()).unwrap().text, "FROM scratch");
        nix::unistd::mkfifo(&place(".dockerignore"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(read_dockerfile(folder.path()).unwrap_err().contains("named pipe"));
        std::fs::remove_file(place(".dockerignore")).unwrap();
        for target in ["/dev/zero", "/etc/passwd", "../x"] {
            std::fs::remove_file(place("Dockerfile")).unwrap();
            symlink(target, place("Dockerfile")).unwrap();
            let why = read_dockerfile(folder.path()).unwrap_err();
            assert!(why.contains("leads out"), "{target}: {why}");
        }
    }

    #[test]
    fn docker_is_told_the_engine_and_how_to_speak_to_it() {
        let near = Address::new("default", "unix:///d.sock");
        assert_eq!(docker(&near, vec!["ps".into()]).args, ["--host", "unix:///d.sock", "ps"]);
        let tls = |skip_verify| Tls { ca: Some("/ca".into()), skip_verify, ..Tls::default() };
        let far = |tls| Address { tls: Some(tls), ..Address::new("far", "tcp://h:1") };
        let args = ComposeProgram::Own.command(&far(tls(false)), vec!["up".into()]).args;
        assert_eq!(args, ["--host", "tcp://h:1", "--tlsverify", "--tlscacert", "/ca", "up"]);
        let command = ComposeProgram::Plugin.command(&far(tls(true)), vec!["up".into()]);
        assert_eq!(command.program, "docker");
        assert_eq!(command.args, ["--host", "tcp://h:1", "--tls", "--tlscacert", "/ca", "compose", "up"]);
        let ssh = Address { tls: Some(tls(false)), ..Address::new("far", "ssh://h") };
        assert_eq!(docker(&ssh, vec![]).args, ["--host", "ssh://h"]);
    }
}
