//! The names of all rules.

use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

macro_rules! codes {
    ($($variant:ident = $name:literal,)*) => {
        /// Which rule found a problem, as a closed set. The names never change: people search for them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
        pub enum DiagnosticCode {
            $(#[allow(missing_docs)] #[serde(rename = $name)] $variant,)*
        }

        impl DiagnosticCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name, for example `exit-126`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

codes! {
    // Calls: `sdk/src/diagnostics/`.
    SocketPathTooLong = "socket-path-too-long",
    SocketPathLost = "socket-path-lost",
    NobodyListens = "nobody-listens",
    SocketHangUp = "socket-hang-up",
    NotHttp = "not-http",
    HttpRefused = "http-refused",
    BodyCut = "body-cut",
    BytesAfterResponse = "bytes-after-response",
    ConnectionUpgraded = "connection-upgraded",
    SocketPathTooLongOnMacos = "socket-path-too-long-on-macos",
    ProgramWithSpaces = "program-with-spaces",
    ProgramMissing = "program-missing",
    ProgramNotExecutable = "program-not-executable",
    ScriptCarriageReturn = "script-carriage-return",
    Exit126 = "exit-126",
    Exit127 = "exit-127",
    ExitOfSignal = "exit-of-signal",
    EndedBySignal = "ended-by-signal",
    EventStream = "event-stream",
    HtmlForJson = "html-for-json",
    NotJson = "not-json",
    BadJsonLine = "bad-json-line",
    BodyCharset = "body-charset",
    BodyNotText = "body-not-text",
    BodyTooLarge = "body-too-large",
    BodyCompressed = "body-compressed",
    NumberNotExact = "number-not-exact",
    BodyDeliveredWhole = "body-delivered-whole",
    FalsyBody = "falsy-body",
    EmptyBody = "empty-body",
    ErrorBodyLost = "error-body-lost",
    Redirect = "redirect",
    AnswerHidden = "answer-hidden",
    TrailersHidden = "trailers-hidden",
    InformationalHidden = "informational-hidden",
    HeadEmpty = "head-empty",
    MethodNotOffered = "method-not-offered",
    HeadersNeedRequest = "headers-need-request",
    DataNeedsRequest = "data-needs-request",
    ObjectNotEncoded = "object-not-encoded",
    FalsyDataDropped = "falsy-data-dropped",
    ShellOperator = "shell-operator",
    ShellExpansion = "shell-expansion",
    ArgumentSplit = "argument-split",
    QuotesKept = "quotes-kept",
    CwdIgnored = "cwd-ignored",
    EnvIgnored = "env-ignored",
    EnvNotReplaceable = "env-not-replaceable",
    UserNotOffered = "user-not-offered",
    ContainerNotOffered = "container-not-offered",
    PlainNotStoppable = "plain-not-stoppable",
    SignalNotOffered = "signal-not-offered",
    CloseDiffers = "close-differs",
    OnlyStderr = "only-stderr",
    StderrWithSuccess = "stderr-with-success",
    OutputOverLimit = "output-over-limit",
    CharacterCut = "character-cut",
    LastLineLost = "last-line-lost",
    OutputCharset = "output-charset",
    OutputNotText = "output-not-text",
    BadJsonLineInOutput = "bad-json-line-in-output",
    NumberNotExactInOutput = "number-not-exact-in-output",
    FunctionMissing = "function-missing",
    SettlesDifferently = "settles-differently",
    NoOnClose = "no-on-close",
    CloseCodeDiffers = "close-code-differs",
    ErrorWithoutCode = "error-without-code",
    ValueDiffers = "value-differs",
    // Manifests and the files that they name: `porthole-extension`.
    IconMissing = "icon-missing",
    ImageAndComposefile = "image-and-composefile",
    ImageOrComposefileMissing = "image-or-composefile-missing",
    ComposeFileName = "compose-file-name",
    ImageNotOwn = "image-not-own",
    ImageNameInvalid = "image-name-invalid",
    SocketNameInvalid = "socket-name-invalid",
    SocketMissing = "socket-missing",
    BackendMissing = "backend-missing",
    SocketsDiffer = "sockets-differ",
    TabRootMissing = "tab-root-missing",
    TabSrcMissing = "tab-src-missing",
    TabTitleMissing = "tab-title-missing",
    ManifestEmpty = "manifest-empty",
    ManifestNotStrict = "manifest-not-strict",
    SecondTab = "second-tab",
    BackendOutsideTab = "backend-outside-tab",
    TabName = "tab-name",
    TooManyPrograms = "too-many-programs",
    ProgramPathMissing = "program-path-missing",
    DuplicateKey = "duplicate-key",
    WrongType = "wrong-type",
    KeyOutdated = "key-outdated",
    KeyMisspelled = "key-misspelled",
    KeyUnknown = "key-unknown",
    ProblemsNotShown = "problems-not-shown",
    SocketPathLongOnMacos = "socket-path-long-on-macos",
    DockerfileUnreadable = "dockerfile-unreadable",
    ImageFileNotBuilt = "image-file-not-built",
    ImageFileUnbuildable = "image-file-unbuildable",
    ImageFileMissing = "image-file-missing",
    ImageFileOutside = "image-file-outside",
    ImageFileUnreadable = "image-file-unreadable",
    ImageFileIsDirectory = "image-file-is-directory",
    ImageFileLeftOut = "image-file-left-out",
    ProgramIsDirectory = "program-is-directory",
    ProgramOfOtherPlatform = "program-of-other-platform",
    ProgramOfOtherProcessor = "program-of-other-processor",
    ProgramWithoutExecutePermission = "program-without-execute-permission",
    // Compose files: `porthole-extension`, `compose/`.
    ComposeInvalid = "compose-invalid",
    ComposeUnreadable = "compose-unreadable",
    ComposeNotChecked = "compose-not-checked",
    ComposeLimit = "compose-limit",
    ComposeFileMissing = "compose-file-missing",
    ComposeVariableUnset = "compose-variable-unset",
    ComposeNameDuplicate = "compose-name-duplicate",
    ComposeContextNotDirectory = "compose-context-not-directory",
    ComposeMountSourceMissing = "compose-mount-source-missing",
    ComposeServiceInProfile = "compose-service-in-profile",
    OwnImageUnused = "own-image-unused",
    PortPublished = "port-published",
    ServiceBuilt = "service-built",
    ServicePulled = "service-pulled",
    SocketsMountOwn = "sockets-mount-own",
    MountInDockerDesktopOnly = "mount-in-docker-desktop-only",
    ExternalNotCreated = "external-not-created",
    // Code, before it runs: `ui/src/language/`, which finds them.
    BodyOnly = "body-only",
    BodyTruth = "body-truth",
    Deprecated = "deprecated",
    EmptyLine = "empty-line",
    ExitCodeAbsent = "exit-code-absent",
    ExitCodeTruth = "exit-code-truth",
    ShellCharacters = "shell-characters",
    ShellJoined = "shell-joined",
    SpawnPlace = "spawn-place",
    StreamAwaited = "stream-awaited",
    StreamUnended = "stream-unended",
    StreamsSwapped = "streams-swapped",
    Syntax = "syntax",
    Types = "types",
    Jsx = "jsx",
    NotAvailable = "not-available",
}

impl fmt::Display for DiagnosticCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_rules_have_one_name_and_json_has_the_name() {
        let names: HashSet<&str> = DiagnosticCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), DiagnosticCode::ALL.len());
        for code in DiagnosticCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(code.name().chars().all(is_plain), "{code}");
        }
    }
}
