//! The commands of the window, made from the core's one list: each is the application's method with the same name.

use porthole_core::{
    bootstrap::Bootstrap,
    code::{Form, Pasted},
    diagnostics::Diagnostic,
    endpoint::Endpoint,
    engine::{Container, Context, ContextExtensions},
    error::Error,
    exchange::Request,
    extension::{
        ExtensionSource, Misses, OpenExtension, OpenedPage, PackageCommand, PageWindowClosed, PageWindowState,
        ProjectStep, StartPlan,
    },
    output::{Fold, Hit, Query, SaveContent, SavedFile, View, Window},
    permission::{CallKind, PendingEnd, Permission, Proposed, ProposedState, Scope},
    run::{Command, Signal},
    runtime::Runtime,
    sdk_call::Sdk,
    sdk_result::{Callbacks, SdkResult},
    settings::{Draft, Settings},
    target::Target,
    timeline::{Call, Changes, Origin},
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

porthole_core::commands!(handlers);
