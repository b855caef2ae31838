//! How the window looks: its size, its theme, its picture, and what axe finds.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::App;

/// Whether pictures are taken (`PORTHOLE_PICTURES=1`). Each takes a machine without a graphics card some seconds.
fn takes_pictures() -> bool {
    std::env::var_os("PORTHOLE_PICTURES").is_some_and(|asked| asked == "1")
}

impl App {
    /// Makes the window this large.
    pub async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.expect("another size");
        self.until("the new width", &format!("Math.abs(innerWidth - {width}) < 40")).await;
    }

    /// Waits until the page is drawn as it is, and takes a picture of it if pictures are taken: one that is taken before the
    /// next drawing has the one before.
    pub async fn picture(&self, path: &Path) -> PathBuf {
        let drawn = "const done = arguments[arguments.length - 1];
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))";
        self.client.execute_async(drawn, vec![]).await.expect("a drawing");
        if takes_pictures() {
            let picture = self.client.screenshot().await.expect("a picture");
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, picture).expect("a file");
        }
        path.to_owned()
    }

    /// What axe has to say against the page as it is: `rule: element` each.
    pub async fn findings_of_axe(&self) -> Vec<String> {
        if self.value("window.axe === undefined").await == json!(true) {
            let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
            let source = fs::read_to_string(axe).expect("axe-core in ui/node_modules");
            // A tooltip belongs to its element, wherever it is in the document: its own rule for landmarks knows dialogs only.
            let configure = "axe.configure({ checks: [{ id: 'region', options:
                { regionMatcher: 'dialog, [role=dialog], [role=alertdialog], svg, [role=tooltip]' } }] })";
            self.client.execute(&format!("{source}; window.axe = axe; {configure}"), vec![]).await.expect("axe");
        }
        let run = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then(
                (found) => done(found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)}`))),
                (error) => done([String(error)]))";
        let found = self.client.execute_async(run, vec![]).await.expect("axe's answer");
        serde_json::from_value(found).expect("a list")
    }

    /// Chooses `System`, `Light` or `Dark` from the theme button's menu.
    pub async fn theme(&self, name: &str) {
        self.click("#theme-button").await;
        let at = ["System", "Light", "Dark"].iter().position(|known| *known == name).expect("a theme") + 1;
        self.click(&format!("[role=menuitemradio]:nth-of-type({at})")).await;
        let chosen = json!(name.to_lowercase());
        let gone = "!document.querySelector('[role=menuitemradio]')";
        self.until("the theme", &format!("document.documentElement.dataset.theme === {chosen} && {gone}")).await;
    }
}
