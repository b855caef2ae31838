use porthole_process::{Command, EnvVar, Signal, login_shell};

use super::*;

fn empty(place: Place) -> Command {
    Command::new(place, "", [] as [&str; 0])
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_has_the_users_shell_and_says_to_programs_what_it_understands() {
    let (_folder, application) = application().await;
    let dumb = EnvVar { name: "TERM".into(), value: "dumb".into() };
    for (env, kind) in [(Vec::new(), "xterm-256color"), (vec![dumb], "dumb")] {
        let id = application.terminal_open(Command { env, ..empty(Place::Host) }).await.unwrap();
        let Act::Run(run) = application.call(id).await.unwrap().act else { panic!() };
        assert_eq!(run.command.program, login_shell());
        let found: Vec<_> = run.command.env.iter().map(|variable| variable.value.as_str()).collect();
        assert_eq!((found, run.command.terminal.is_some()), (vec![kind], true));
        application.stop(id, Signal::Kill).await.unwrap();
        application.ended(id).await.unwrap();
    }
    application.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_terminal_nothing_is_begun() {
    let (_folder, application) = application().await;
    for (place, code) in [
        (Place::Engine, Code::CommandInvalid),
        (Place::Container { name: String::new() }, Code::ContainerNotFound),
        (Place::Container { name: "../x".into() }, Code::ContainerNameInvalid),
    ] {
        assert_eq!(application.terminal_open(empty(place)).await.unwrap_err().code, code);
    }
    assert!(application.changes(0).await.unwrap().calls.is_empty());
    application.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_links_of_the_web_are_opened() {
    let (_folder, application) = application().await;
    for link in ["file:///etc/passwd", "javascript:alert(1)", "ssh://host", "https:", "/bin/sh", "", "vscode://x"] {
        let error = application.open_link(link.into()).await.unwrap_err();
        assert_eq!(error.code, Code::OpenFailed, "{link}");
    }
    application.close().await;
}

/// An extension's page, also one in its own window, may ask for these.
macro_rules! of_pages {
    ($($(#[doc = $doc:literal])* $name:ident($($arg:ident: $ty:ty),*) -> $answer:ty $(, $also:ident)?;)*) => {
        const OF_PAGES: &[(&str, &[&str])] = &[$((stringify!($name), &[$(stringify!($also))?])),*];
    };
}
crate::commands!(of_pages);

#[test]
fn a_page_can_neither_open_a_terminal_nor_type_into_one() {
    let of_terminals: Vec<_> = OF_PAGES.iter().filter(|(name, _)| name.starts_with("terminal_")).collect();
    assert_eq!(of_terminals.len(), 4);
    assert!(of_terminals.iter().all(|(_, of_pages)| of_pages.is_empty()), "{of_terminals:?}");
}
