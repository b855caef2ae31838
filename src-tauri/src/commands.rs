//! The commands of the window, made from the one list in `porthole-app`: each is the application's method with the same name.

use porthole_app::{
    PathKind, ReplayChoices, StoredPlaces,
    bootstrap::Bootstrap,
    dropped::Dropped,
    page_window::{PageWindowClosed, PageWindowState},
    permission::{GrantedContent, PendingEnd, Proposed, ProposedState},
    settings::Settings,
};
use porthole_base::error::Error;
use porthole_engine::{Container, Context, ContextExtensions, target::Target};
use porthole_extension::{
    ExtensionSource, Misses, OpenExtension, OpenedPage, PackageCommand, ProjectStep, StartPlan, routes::Routes,
};
use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_output::{
    BodyKind, Filtered, Fold, Hit, JsonNode, LogQuery, LogSummary, Query, SaveContent, SavedFile, View, Window,
};
use porthole_process::{Command, Signal, TerminalSize};
use porthole_sdk::{
    code::{Form, Pasted},
    diagnostic::Diagnostic,
    draft::Draft,
    permission::{CallKind, Permission, Scope},
    runtime::Runtime,
    sdk_call::Sdk,
    sdk_result::{Callbacks, SdkResult},
    variables::UsedVariable,
};
use porthole_timeline::{
    Call, Changes, HistoryFilter, HistoryFrom, HistoryList, HistoryNames, Origin, Preview, TapPlace, TerminalPiece,
    compare::{Rules, ShownComparison},
    replay::ReplayList,
    session::{ExportFormat, ExportPreview, SessionRules, redact::RedactOptions},
};
use tauri::{State, ipc::Invoke};

use crate::host::Porthole;

macro_rules! handlers {
    ($($(#[doc = $doc:literal])* $name:ident($($arg:ident: $ty:ty),*) -> $answer:ty $(, $also:ident)?;)*) => {
        $(
            $(#[doc = $doc])*
            #[tauri::command]
            async fn $name(porthole: State<'_, Porthole>, $($arg: $ty),*) -> Result<$answer, Error> {
                porthole.$name($($arg),*).await
            }
        )*

        /// Answers the window's calls.
        pub fn handler() -> impl Fn(Invoke) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$($name),*]
        }
    };
}

porthole_app::commands!(handlers);
