//! Whether a state of the window is drawn right, and its pictures.

use std::path::{Path, PathBuf};

use porthole_tests::window::App;
use serde_json::json;

/// Buttons, tabs and badges whose text is cut, and controls that stand outside the window where nothing
/// scrolls them into it.
const CUT_OFF: &str =
    "[...document.querySelectorAll('button, [role=tab], .badge, input, .segments')].flatMap((part) => {
    const box = part.getBoundingClientRect();
    if (box.width === 0 || part.closest('.lists, .unseen, [hidden]')) return [];
    const scrolls = part.closest('.panel.scroll, .detail-tabs, .composer, .welcome, dialog .body, dialog .settings') !== null;
    const outside = !scrolls && (box.left < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1);
    const cut = part.tagName !== 'INPUT' && !part.querySelector('.clip') && part.scrollWidth > part.clientWidth + 1;
    return outside || cut ? [`${outside ? 'outside' : 'cut'}: ${part.outerHTML.slice(0, 120)}`] : [];
})";

pub fn pictures() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")).join("pictures")
}

/// Looks at the window as it is in both themes and two sizes. Ends as it began: wide, with the focus where it was.
pub async fn drawn_right(app: &App, state: &str) {
    look(app, state, false).await;
}

/// As [`drawn_right`], while something lies over the window: nothing in it can be clicked, the theme's button neither.
pub async fn drawn_right_under(app: &App, state: &str) {
    look(app, state, true).await;
    app.value("document.documentElement.dataset.theme = 'system'").await;
}

async fn look(app: &App, state: &str, covered: bool) {
    let mut against = Vec::new();
    let focus = app.value("document.activeElement?.id ?? ''").await;
    for (size, width, height) in [("narrow", 700, 600), ("wide", 1440, 900)] {
        app.resize(width, height).await;
        for theme in ["Light", "Dark"] {
            if covered {
                app.value(&format!("document.documentElement.dataset.theme = '{}'", theme.to_lowercase())).await;
            } else {
                app.theme(theme).await;
            }
            let name = format!("{state}-{}-{size}.png", theme.to_lowercase());
            app.picture(&pictures().join(&name)).await;
            against.extend(app.findings_of_axe().await.into_iter().map(|finding| format!("{name}: {finding}")));
            let of = if covered { "dialog" } else { "*" };
            let cut = CUT_OFF.replace(
                "part.getBoundingClientRect();",
                &format!("part.getBoundingClientRect(); if (!part.closest('{of}')) return [];"),
            );
            let cut: Vec<String> = serde_json::from_value(app.value(&cut).await).unwrap();
            against.extend(cut.into_iter().map(|cut| format!("{name}: {cut}")));
            let scrolls = "document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight";
            if app.value(scrolls).await == json!(true) {
                against.push(format!("{name}: the page itself scrolls"));
            }
        }
    }
    app.value(&format!("document.getElementById({focus})?.focus()")).await;
    assert!(against.is_empty(), "{against:#?}");
}
