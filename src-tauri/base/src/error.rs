//! One error type for everything that can go wrong, with a closed set of codes.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What went wrong, as a closed set: the page and scripts decide on this, never on text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// The text is not an endpoint in any accepted form.
    EndpointInvalid,
    /// The socket path is longer than the operating system can bind or connect to.
    EndpointPathTooLong,
    /// Nothing exists at the socket path.
    EndpointMissing,
    /// The path exists and is not a socket.
    EndpointNotSocket,
    /// The socket exists and this user may not open it.
    EndpointDenied,
    /// The address exists and nothing listens there.
    EndpointRefused,
    /// The host name of the endpoint does not resolve.
    EndpointUnknownHost,
    /// This operating system has no such kind of endpoint.
    EndpointUnsupported,
    /// Another program listens on an address that Porthole was to listen on.
    AddressInUse,
    /// The address can't be listened on for another reason.
    ListenFailed,

    /// Method, path, query or a header cannot be put on the wire as written.
    RequestInvalid,
    /// The file named as the request body cannot be read.
    BodyFileUnreadable,
    /// Connecting failed in another way.
    ConnectFailed,
    /// No connection within the connect timeout.
    ConnectTimeout,
    /// The connection broke while the request was being sent.
    SendFailed,
    /// The backend closed the connection before it answered.
    ClosedBeforeResponse,
    /// What came back is not HTTP.
    BadResponse,
    /// The response goes past a limit: of its head, its length or its time.
    ResponseTooLarge,
    /// The connection ended in the middle of the response body.
    BodyCut,
    /// The whole exchange took longer than its timeout.
    TimedOut,
    /// The user cancelled it.
    Cancelled,

    /// A tap can't listen at its address, or can't take a connection.
    TapUnavailable,
    /// The backend's own socket can't be moved aside, or not back.
    TapMoveFailed,
    /// The client of a tap closed its connection before the exchange was complete.
    ClientClosed,
    /// What the client of a tap sent is not HTTP.
    RequestUnreadable,
    /// A part of a connection passed a tap unrecorded.
    RecordingCut,

    /// The command is empty or holds a NUL byte.
    CommandInvalid,
    /// The system has no pseudo-terminal for a command.
    TerminalUnavailable,
    /// No such program.
    ProgramNotFound,
    /// The program exists and cannot be executed.
    ProgramNotExecutable,
    /// The program is a script with a carriage return at the end of its first line, so that its interpreter isn't
    /// found.
    ScriptCarriageReturn,
    /// A batch file of Windows can't be given an argument: `cmd` would read it as something else.
    BatchArgumentInvalid,
    /// A path leads through `/proc`, where it is another file for each process.
    PathThroughProc,
    /// The working directory is missing or is not a directory.
    CwdInvalid,
    /// What a command is to read can't be read.
    StdinUnreadable,
    /// The operating system refused to start the process for another reason.
    SpawnFailed,
    /// The signal could not be delivered.
    StopFailed,

    /// A docker context or `DOCKER_HOST` cannot be used as it is written.
    EngineAddressInvalid,
    /// No engine answers at its address.
    EngineUnavailable,
    /// The engine refused the call for another reason: the status gives its class.
    EngineRefused,
    /// The engine's response isn't what its API promises.
    EngineUnexpected,
    /// The engine went away in the middle.
    EngineLost,
    /// The engine can't tell any more how a command ended, and still responds.
    CommandLost,
    /// The helper container that carries connections into another container doesn't work.
    HelperFailed,
    /// The engine knows no such container.
    ContainerNotFound,
    /// The container exists and is not running.
    ContainerNotRunning,
    /// The container is paused.
    ContainerPaused,

    /// The limit of open files is reached, of this process or of the system.
    TooManyOpenFiles,
    /// The output could not be written to its file.
    SpillFailed,
    /// The output could not be read from its file.
    OutputUnreadable,
    /// Standard output or standard error of the command line could not be written.
    StdoutFailed,
    /// Outputs take as much of the disk as they may.
    QuotaReached,
    /// The body says that it is JSON and is not.
    NotJson,
    /// The view doesn't have the requested line, or doesn't have it yet.
    LineNotFound,
    /// A bracket was to be folded on a line where none opens.
    NoBracket,
    /// More brackets were to be folded than are kept.
    TooManyFolds,
    /// A path in JSON isn't valid; [`Error::position`] tells where.
    PathInvalid,
    /// A path compares a value that is too large to be compared.
    PathTooLarge,
    /// The selection is too large to copy as one text.
    CopyTooLarge,
    /// The value is too large to hand to code.
    ValueTooLarge,
    /// The regular expression cannot be read.
    SearchInvalid,
    /// The body is broken: not all of it could be decoded.
    DecodingFailed,
    /// Decoding gave more than Porthole keeps.
    DecodingLimit,
    /// The body is in a content encoding that Porthole doesn't decode.
    CodingUnsupported,
    /// There is no charset of this name.
    CharsetUnknown,
    /// There is no search, or it has nothing there.
    SearchMissing,
    /// A file of this name is there already.
    FileExists,
    /// The file that the user chose cannot be written.
    SaveFailed,
    /// No program could be started to open a file.
    OpenFailed,
    /// The path to save to isn't absolute, or is that of a folder.
    SavePathInvalid,
    /// A call couldn't be pinned, or what came later couldn't be added to it.
    PinFailed,
    /// A pinned call of an earlier start can't be read.
    PinnedUnreadable,
    /// A session file can't be read.
    SessionUnreadable,
    /// The file isn't a session, or was changed or cut.
    SessionInvalid,
    /// The session is in a later version of the format.
    SessionTooNew,
    /// The session has more calls, or larger facts, than fit into one.
    SessionTooLarge,
    /// Another program writes the session file, and doesn't finish.
    SessionInUse,
    /// The session file changed since it was read.
    SessionChanged,
    /// The file isn't an HTTP archive (HAR), or not one that can be read.
    HarInvalid,
    /// The history can't be opened, read or written.
    HistoryFailed,
    /// The history's database was damaged; it was set aside.
    HistoryDamaged,
    /// Another Porthole uses the history.
    HistoryInUse,
    /// Files that Porthole needs for its own work can't be created among the temporary ones.
    TemporaryFilesFailed,
    /// The operating system provides no random bytes, so that nothing can get an id.
    RandomUnavailable,
    /// The engine has no such image.
    ImageNotFound,
    /// The text isn't an image name that an engine takes.
    ImageNameInvalid,
    /// The text isn't a container name that an engine takes.
    ContainerNameInvalid,
    /// What the engine sent of an image isn't an archive that can be read.
    ArchiveUnreadable,
    /// The extension's files can't be written to the folder that its image is unpacked to.
    UnpackFailed,
    /// The image holds more than an extension may have.
    ImageTooLarge,
    /// The project's scripts are too long to be shown completely before they run.
    ScriptsTooLong,
    /// There is no manifest there, or nothing can be made of it.
    ManifestUnreadable,
    /// The extension has no page, or its files are not there.
    PageMissing,
    /// The extension's backend is not up, or listens nowhere.
    BackendDown,
    /// No extension is open.
    ExtensionClosed,
    /// The extension's page was ended: it kept the window from answering.
    PageEnded,
    /// The extension's page was disconnected: it sent something invalid, or more than is taken.
    PageCutOff,
    /// The demo backend can't listen.
    DemoFailed,
    /// The process that drew the window ended, and another was begun.
    WindowLost,
    /// The text is no development server of this machine.
    PageServerInvalid,
    /// No development server answers there.
    PageServerSilent,
    /// What answers there has no page.
    PageServerNoPage,
    /// Another program than before listens in the place of the development server.
    PageServerChanged,
    /// The extension's image could not be built or pulled.
    ImageNotMade,
    /// There is no compose program: `docker compose`, `docker-compose`, `podman compose`.
    ComposeMissing,
    /// Nothing can be made of the compose file.
    ComposeUnreadable,
    /// Compose did not bring the services up, or not down.
    ComposeFailed,
    /// What would be started is not what was shown.
    StartPlanChanged,
    /// A page's project is not what was shown of it.
    ProjectChanged,
    /// The backend's container ended before it listened.
    BackendEnded,
    /// The pasted line is no request and no command that can be read.
    PasteUnknown,
    /// A rule of a session names no path or has no valid pattern.
    RuleInvalid,
    /// A runtime refuses the call before anything runs.
    RuntimeRefuses,
    /// Nothing was done: such calls of this extension are only recorded.
    RecordedOnly,
    /// Nothing was run: the user denied it.
    NotAllowed,
    /// The extension has no backend.
    BackendMissing,
    /// There is no such pending call, or it was decided already.
    PendingNotFound,
    /// The prompt is not shown, or not long enough to be read.
    PromptTooNew,
    /// The prompt does not offer this.
    ScopeNotOffered,
    /// A program is no longer the one that was in the prompt.
    ProgramChanged,
    /// Too many calls of the page wait for the user already.
    TooManyPending,
    /// A mock's session has no such command.
    NotRecorded,
    /// There is no such Call.
    CallNotFound,
    /// What was removed can't be put back any more.
    RemovalOver,
    /// A draft uses a variable that the active environment doesn't have.
    VariableUnknown,
    /// A description of an API is too large, isn't JSON or YAML, or isn't OpenAPI.
    RoutesUnreadable,
    /// There is no description of an API where one is usually found, or it was replaced meanwhile.
    RoutesNotFound,
    /// The settings file cannot be read or written.
    SettingsFailed,
    /// The data directory can't be used, so that nothing is kept for the next start.
    DataDirUnusable,
    /// There is no home directory to keep anything in.
    HomeMissing,
    /// Another Porthole uses the data directory.
    AlreadyRunning,
    /// A part of Porthole ended without a result: this is a defect of Porthole.
    Internal,
    /// No window can be opened: there is no display, or it doesn't answer.
    DisplayUnavailable,
}

/// An error as it crosses every boundary: what failed and where, and what to try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Which of the known ways to fail this is.
    pub code: Code,
    /// What failed and where, in one sentence.
    pub message: String,
    /// The words of the layer below, as they came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub detail: Option<String>,
    /// What to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hint: Option<String>,
    /// The HTTP status of the engine's response, where that is what failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub status: Option<u16>,
    /// Where in a text it is, in characters from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub position: Option<u32>,
}

impl Error {
    /// An error with no detail and no hint yet.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: None, hint: None, status: None, position: None }
    }

    /// It says that nothing was done because the user decided so.
    pub fn is_skipped(&self) -> bool {
        matches!(self.code, Code::RecordedOnly | Code::NotAllowed | Code::ProgramChanged)
    }

    /// Adds the words of the layer below, if it has any.
    #[must_use]
    pub fn detail(mut self, detail: impl std::fmt::Display) -> Self {
        self.detail = Some(detail.to_string()).filter(|text| !text.is_empty());
        self
    }

    /// Adds where in a text it is.
    #[must_use]
    pub fn position(mut self, position: u32) -> Self {
        self.position = Some(position);
        self
    }

    /// Adds the HTTP status of an engine's response.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Several as one: the first, with what the others say as the rest of what to try.
    pub fn joined(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        errors.into_iter().reduce(|first, next| {
            let mut hint = first.hint.clone().unwrap_or_default();
            for text in [Some(next.message), next.detail, next.hint].into_iter().flatten() {
                let end = if text.ends_with('.') { "" } else { "." };
                hint.push_str(&format!(" {text}{end}"));
            }
            first.hint(hint.trim_start().to_owned())
        })
    }

    /// Adds what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What every fallible function returns.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_errors_are_one_that_says_all() {
        let first = Error::new(Code::DataDirUnusable, "A").detail("why").hint("Do a.");
        let second = Error::new(Code::SettingsFailed, "B").detail("because");
        let joined = Error::joined([first.clone(), second]).unwrap();
        assert_eq!((joined.code, joined.detail.as_deref()), (Code::DataDirUnusable, Some("why")));
        assert_eq!(joined.hint.as_deref(), Some("Do a. B. because."));
        assert_eq!(Error::joined([first.clone()]), Some(first));
        assert_eq!(Error::joined([]), None);
    }
}
