//! The commands of the window, made from the core's one list.

use porthole_core::{
    asked::Sdk,
    code::{Form, Pasted},
    endpoint::Endpoint,
    engine::{Container, Context, ContextExtensions},
    error::Error,
    exchange::Request,
    extension::{Misses, OpenExtension, OpenedPage, OwnGone, OwnPage, PackageCommand, ProjectStep, Source, StartPlan},
    finding::Finding,
    opening::Opening,
    output::{Fold, Hit, Query, SavedFile, View, What, Window},
    permission::{CallKind, PendingEnd, Permission, Proposed, ProposedState, Scope},
    received::{Callbacks, Received},
    run::{Command, Signal},
    runtime::Runtime,
    settings::{Composed, Settings},
    target::Target,
    timeline::{Call, Changes, Origin},
};
use tauri::{State, ipc::Invoke};

use crate::answers::Porthole;

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
