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

/// Regions and rows of controls whose content is wider than they are, where nothing scrolls to the rest of it.
const OVERFLOWS: &str = "[...document.querySelectorAll('header, footer, main, #side, #composer, #detail, #bottom, #welcome, dialog, form, .tools, .bar, .status, .tabs, section')].flatMap((part) => {
    if (part.clientWidth === 0 || part.closest('[hidden], [inert]') || part.scrollWidth <= part.clientWidth + 1) return [];
    const { overflowX } = getComputedStyle(part);
    return overflowX === 'auto' || overflowX === 'scroll' ? [] : [`overflows by ${part.scrollWidth - part.clientWidth}: ${part.outerHTML.slice(0, 120)}`];
})";
/// A window that is almost too small, and the one that opens at first.
const WINDOWS: [(&str, u32, u32); 2] = [("narrow", 700, 600), ("wide", 1440, 900)];
/// A small display, and a usual one, all filled.
const DISPLAYS: [(&str, u32, u32); 2] = [("1024", 1024, 700), ("1920", 1920, 1080)];

pub fn pictures() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")).join("pictures")
}

/// Looks at the window as it is in both themes and two sizes. Ends as it began: wide, with the focus where it was.
pub async fn drawn_right(app: &App, state: &str) {
    look(app, state, "*", WINDOWS).await;
}

/// As [`drawn_right`], while something lies over the window: what is below it may be cut.
pub async fn drawn_right_under(app: &App, state: &str) {
    look(app, state, "dialog", WINDOWS).await;
}

/// As [`drawn_right`] on whole displays, where also no region may have content that is wider than it.
pub async fn drawn_right_on_displays(app: &App, state: &str) {
    let covered = app.value("document.querySelector('dialog') !== null").await == json!(true);
    look(app, state, if covered { "dialog" } else { "*" }, DISPLAYS).await;
}

/// What of the window is looked at is in elements that match `of`.
async fn look(app: &App, state: &str, of: &str, sizes: [(&str, u32, u32); 2]) {
    let mut against = Vec::new();
    let focus = app.value("document.activeElement?.id ?? ''").await;
    let theme = app.value("document.documentElement.dataset.theme").await;
    let cut = CUT_OFF.replace(
        "part.getBoundingClientRect();",
        &format!("part.getBoundingClientRect(); if (!part.closest('{of}')) return [];"),
    );
    for (at, (size, width, height)) in sizes.into_iter().enumerate() {
        app.resize(width, height).await;
        for theme in ["light", "dark"] {
            app.value(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
            let name = format!("{state}-{theme}-{size}.png");
            app.picture(&pictures().join(&name)).await;
            // Each theme and each size is looked at once: colors don't depend on the size.
            if (at == 0) == (theme == "light") {
                against.extend(app.findings_of_axe().await.into_iter().map(|finding| format!("{name}: {finding}")));
            }
        }
        let cut: Vec<String> = serde_json::from_value(app.value(&cut).await).unwrap();
        against.extend(cut.into_iter().map(|cut| format!("{state}, {size}: {cut}")));
        if sizes == DISPLAYS {
            let found: Vec<String> = serde_json::from_value(app.value(OVERFLOWS).await).unwrap();
            against.extend(found.into_iter().map(|found| format!("{state}, {size}: {found}")));
        }
        let scrolls =
            "document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight";
        if app.value(scrolls).await == json!(true) {
            against.push(format!("{state}, {size}: the page itself scrolls"));
        }
    }
    app.value(&format!("document.documentElement.dataset.theme = {theme}")).await;
    app.value(&format!("document.getElementById({focus})?.focus()")).await;
    assert!(against.is_empty(), "{against:#?}");
}
