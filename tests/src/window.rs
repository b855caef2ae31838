//! The real window, driven through WebDriver.

mod calls;
mod driver;
mod killing;
mod looks;
mod pointer;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{
    Client, Locator,
    actions::{InputSource, KeyAction, KeyActions},
    key::Key,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use self::driver::{Driver, STUCK, connect};
use crate::{eventually, given, outside, ports::Port};

/// What a person waits for without losing patience, and a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an element is given to come to rest, or a press to count.
const REST: Duration = Duration::from_secs(2);
/// Whether an expression becomes true within a second. The page itself looks again and again: a question from here
/// takes four processes some milliseconds, which a test has on two cores for something else.
const LOOKS: &str = "const done = arguments[arguments.length - 1]
    const began = performance.now()
    const look = () => {
      try {
        const is = Boolean(EXPRESSION)
        if (is || performance.now() - began > 1000) return done(is)
      } catch (error) {
        if (!(error instanceof TypeError)) return done(String(error))
        if (performance.now() - began > 1000) return done(false)
      }
      setTimeout(look, 10)
    }
    look()";
/// Whether an element stays in its place for a moment, is enabled and isn't covered.
const RESTS: &str = "const [css, done] = arguments
    const find = () => document.querySelector(css)
    const at = (element) => { const box = element.getBoundingClientRect(); return [box.x, box.y, box.width, box.height] }
    const element = find()
    if (!element) { done(false); return }
    element.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' })
    const before = at(element)
    setTimeout(() => {
      const now = find()
      if (!now || now.matches(':disabled') || at(now).join() !== before.join()) { done(false); return }
      const [x, y, width, height] = before
      const top = document.elementFromPoint(x + width / 2, y + height / 2)
      done(top === null || top === now || now.contains(top) || top.contains(now) || top.closest('label')?.control === now)
    }, 40)";
/// How the ids of items in menus begin, and the button that opens each menu.
const IN_MENUS: &[(&str, &str)] = &[
    ("#page-own", "#page-more"),
    ("#page-close", "#page-more"),
    ("#page-source-", "#page-source"),
    ("#page-engine-", "#page-engine"),
    ("#target-engine-", "#target-engine"),
    ("#page-forget", "#page-permissions"),
    ("#runtime-", "#runtime"),
];
/// How the selectors of what is in the bottom panel begin, and the view that has it.
const IN_VIEWS: &[(&str, &str)] = &[
    ("#page-log", "log"),
    ("#page-clear", "log"),
    ("#console-log", "log"),
    ("#console-clear", "log"),
    ("#console-revoke", "log"),
    ("#timeline", "timeline"),
    ("[data-call", "timeline"),
];
/// Leaves the welcome screen as a click on one of its buttons does.
const COMPOSE: &str = "document.querySelector('#welcome-request')?.click()";
/// A running Porthole with its window.
pub struct App {
    client: Client,
    driver: Driver,
    /// The one that drives the window now, when the first one's web process has ended.
    again: Option<Driver>,
    home: Home,
}

/// A home directory of its own, which may outlive one start of the app.
pub struct Home(tempfile::TempDir);

impl Default for Home {
    fn default() -> Self {
        Self(tempfile::Builder::new().prefix("porthole-home-").tempdir().expect("a home"))
    }
}

impl Home {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Has a program keep its files here.
    pub fn lead(&self, command: &mut Command) {
        for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env(name, self.path().join(name.to_lowercase()));
        }
        command.env("DOCKER_CONFIG", self.path().join("docker"));
    }

    /// What the app and its driver said.
    fn log(&self) -> String {
        fs::read_to_string(self.path().join("stderr.log")).unwrap_or_default()
    }

    /// Where the settings are kept, once there are any.
    pub fn settings(&self) -> PathBuf {
        self.path().join("xdg_config_home/dev.porthole.Porthole/settings.json")
    }
}

impl App {
    /// Opens the window for the first time.
    pub async fn open() -> Self {
        Self::open_in(Home::default(), &[]).await
    }

    /// Opens the window with an existing home or extra environment variables, and shows the composer.
    pub async fn open_in(home: Home, variables: &[(&str, &str)]) -> Self {
        let app = Self::open_welcome_in(home, variables).await;
        app.value(COMPOSE).await;
        app
    }

    /// Opens the window in a home that was used before, or with variables of its own.
    pub async fn open_welcome_in(home: Home, variables: &[(&str, &str)]) -> Self {
        let port = Port::default();
        let mut command = Command::new("WebKitWebDriver");
        command
            .arg(format!("--port={}", port.number()))
            .arg("--host=127.0.0.1")
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            // With this one set WebKitGTK 2.50 never answers when it is asked for a picture.
            .env_remove("WEBKIT_DISABLE_DMABUF_RENDERER")
            .stdout(Stdio::null());
        home.lead(&mut command);
        command.envs(variables.iter().copied());
        let log = fs::File::create(home.path().join("stderr.log")).expect("a log");
        let driver = Driver(command.stderr(log).spawn().expect("WebKitWebDriver"), port);
        let capabilities = json!({ "webkitgtk:browserOptions": { "binary": given("PORTHOLE_APP"), "args": [] } });
        let client = connect(&driver, &home, capabilities).await;
        let app = Self { client, driver, again: None, home };
        app.until("the first drawing", "document.documentElement.dataset.ready === 'true'").await;
        app
    }

    /// Opens the window for the first time, as it is before anything was done in it.
    pub async fn open_welcome() -> Self {
        Self::open_welcome_in(Home::default(), &[]).await
    }

    /// Drives the window that is there after its web process ended, and WebDriver's session with it: the
    /// app listens on for another driver where it listened for the first one.
    pub async fn drive_again(&mut self) {
        let environment = fs::read_to_string(format!("/proc/{}/environ", self.process())).expect("its environment");
        let target = environment.split('\0').find_map(|variable| variable.strip_prefix("WEBKIT_INSPECTOR_SERVER="));
        let port = Port::default();
        let mut command = Command::new("WebKitWebDriver");
        command.args([
            &format!("--port={}", port.number()),
            "--host=127.0.0.1",
            &format!("--target={}", target.expect("where")),
        ]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let driver = Driver(command.spawn().expect("WebKitWebDriver"), port);
        self.client = connect(&driver, &self.home, json!({})).await;
        self.again = Some(driver);
        self.until("the first drawing", "document.documentElement.dataset.ready === 'true'").await;
        self.value(COMPOSE).await;
    }

    /// Goes to the page's own window, or back to the main one: what is asked then is asked there.
    pub async fn go_to(&self, own: bool) {
        eventually("the window", async || {
            for handle in self.client.windows().await.ok()? {
                // One that was just closed may still be named.
                if self.client.switch_to_window(handle).await.is_err() {
                    continue;
                }
                let there = self.client.execute("return location.search === '?page'", vec![]).await;
                if there.is_ok_and(|there| there == json!(own)) {
                    return Some(());
                }
            }
            None
        })
        .await;
        self.until("the first drawing", "document.documentElement.dataset.ready === 'true'").await;
    }

    /// Closes the window as its owner does, waits until the app has ended, and gives the home back.
    pub async fn close(self) -> Home {
        let Self { client, driver, again, home } = self;
        let app = driver.app().expect("the app");
        outside::close(app, "Porthole");
        let mut asked = Instant::now();
        eventually("the app ends with its window", async || {
            // On a busy machine a message to a window gets lost: whoever closes it would click again.
            if asked.elapsed() > Duration::from_secs(5) {
                let there = outside::titles(app);
                eprintln!("asked again: {there:?} were there");
                if !there.is_empty() {
                    outside::close(app, "Porthole");
                }
                asked = Instant::now();
            }
            has_ended(app).then_some(())
        })
        .await;
        drop((client, again, driver));
        home
    }

    /// What WebDriver can do.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The value of an expression in the page.
    pub async fn value(&self, expression: &str) -> Value {
        let script = format!("return ({expression})");
        match timeout(STUCK, self.client.execute(&script, vec![])).await {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => panic!("{expression}: {error}"),
            Err(_) => panic!("{expression}: {}", self.driver.why_stuck(&self.home)),
        }
    }

    /// Waits until an expression in the page is true. While it reads from an element that isn't there, it isn't.
    pub async fn until(&self, what: &str, expression: &str) {
        let began = Instant::now();
        while !self.comes(expression).await {
            if began.elapsed() > PATIENCE {
                let shown = self.value("document.body.innerText").await;
                let log = self.home.log();
                panic!("never came: {what} ({expression})\nthe window shows: {shown}\nstderr: {log}");
            }
        }
    }

    /// Whether an expression in the page becomes true within a second.
    async fn comes(&self, expression: &str) -> bool {
        let script = LOOKS.replace("EXPRESSION", expression);
        match timeout(STUCK, self.client.execute_async(&script, vec![])).await {
            Ok(Ok(Value::Bool(came))) => came,
            Ok(Ok(thrown)) => panic!("{expression}: {thrown}"),
            // The page that looked was loaded again.
            Ok(Err(error)) if error.is_javascript_error() => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                false
            }
            Ok(Err(error)) => panic!("{expression}: {error}"),
            Err(_) => panic!("{expression}: {}", self.driver.why_stuck(&self.home)),
        }
    }

    /// Waits until an element is there and can be clicked, and clicks on it. What is in a menu is reached through the
    /// menu's button.
    pub async fn click(&self, css: &str) {
        self.bring(css).await;
        if let Some((_, menu)) = IN_MENUS.iter().find(|(item, _)| css.starts_with(item)) {
            self.press(menu).await;
        }
        self.press(css).await;
    }

    /// Shows the view of the bottom panel that has this element, where it has two.
    async fn bring(&self, css: &str) {
        if let Some((_, view)) = IN_VIEWS.iter().find(|(part, _)| css.starts_with(part)) {
            self.value(&format!("document.querySelector('#bottom-{view}')?.click()")).await;
        }
    }

    async fn press(&self, css: &str) {
        let began = Instant::now();
        loop {
            self.until(css, &format!("document.querySelector({})", json!(css))).await;
            self.rests(css).await;
            // It may have been replaced meanwhile.
            let Ok(element) = self.client.find(Locator::Css(css)).await else { continue };
            let Ok(clicked) = timeout(STUCK, element.click()).await else {
                panic!("a click on {css}: {}", self.driver.why_stuck(&self.home));
            };
            match clicked {
                Ok(()) => return,
                Err(error) if began.elapsed() > PATIENCE => panic!("{css} cannot be clicked: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Waits until an element stays in its place, is enabled and has nothing over it. WebDriver asks for none of
    /// this: it clicks where the element just was, and a click that hits nothing succeeds. What a test clicks although
    /// it is disabled is clicked after a while.
    async fn rests(&self, css: &str) {
        let began = Instant::now();
        while began.elapsed() < REST {
            match self.client.execute_async(RESTS, vec![json!(css)]).await {
                Ok(Value::Bool(true)) => return,
                Ok(_) => {}
                Err(error) => panic!("{css}: {error}"),
            }
        }
    }

    /// Answers the permission prompt as a person does, when it takes answers: `deny`, `once`, `session`, `always`.
    pub async fn decide(&self, answer: &str) {
        self.decide_on("#prompt", answer).await;
    }

    /// Answers a question that lies over the window, when it takes answers.
    pub async fn decide_on(&self, question: &str, answer: &str) {
        self.press_guarded(question, &format!("{question}-{answer}")).await;
    }

    /// Presses a button of what is guarded against presses that were meant for something else, until a press counted.
    /// When the window loses the keyboard just then, as it does beside other windows, the guard starts anew.
    pub async fn press_guarded(&self, question: &str, button: &str) {
        let there = format!("document.querySelector({})", json!(question));
        let enabled = format!(
            "{there}?.dataset.armed === 'true' && document.querySelector({})?.getAttribute('aria-disabled') === 'false'",
            json!(button)
        );
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            // What is longer than the question can't be allowed before its end was in view.
            self.until("the question", &there).await;
            self.value(&format!("{there}?.querySelector('.body')?.scrollTo(0, 1e6)")).await;
            self.until(&format!("{button} takes a press"), &enabled).await;
            let before = self.value(&format!("{there}?.dataset.answers")).await;
            self.click(button).await;
            let counted = format!("{there}?.dataset.answers !== {before}");
            let pressed = Instant::now();
            while pressed.elapsed() < REST {
                if self.value(&counted).await == json!(true) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        panic!("no press of {button} counted");
    }

    /// The arguments in the prompt, as they are drawn.
    pub async fn prompted_args(&self) -> Vec<String> {
        let texts = "[...document.querySelectorAll('#prompt-args .box')].map((arg) => arg.innerText)";
        serde_json::from_value(self.value(texts).await).expect("a list")
    }

    /// Puts text into a field in place of what is there. Keys go to whatever has the keyboard: where the text didn't
    /// arrive it is typed once more.
    pub async fn fill(&self, css: &str, text: &str) {
        let (field, typed) = (format!("document.querySelector({})", json!(css)), json!(text));
        let arrived = format!("({field}?.value ?? {typed}) === {typed}");
        for _ in 0..2 {
            self.click(css).await;
            self.chord(&[Key::Control], 'a').await;
            self.chord(&[], Key::Delete.into()).await;
            let rest = self.paste_most(&field, text).await;
            let field = self.client.find(Locator::Css(css)).await.expect("a field");
            if !rest.is_empty() {
                field.send_keys(rest).await.expect("typed text");
            }
            if self.value(&arrived).await == json!(true) {
                return;
            }
        }
    }

    /// Puts all but the end of a long text into a plain field at once, and gives the end, which is typed: a key takes
    /// 25 ms.
    async fn paste_most<'t>(&self, field: &str, text: &'t str) -> &'t str {
        let Some((at, _)) = text.char_indices().rev().nth(2).filter(|(at, _)| *at > 2) else { return text };
        let (most, rest) = text.split_at(at);
        let paste = format!(
            "{field} === document.activeElement && {field}.matches('input, textarea')
                && document.execCommand('insertText', false, {})",
            json!(most)
        );
        if self.value(&paste).await == json!(true) { rest } else { text }
    }

    /// The text of an element; empty where there is none.
    pub async fn text(&self, css: &str) -> String {
        self.bring(css).await;
        let text = self.value(&format!("document.querySelector({})?.innerText ?? ''", json!(css))).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Presses a key with others held: the Actions API lets them go again.
    pub async fn chord(&self, held: &[Key], key: char) {
        let mut keys = KeyActions::new("keyboard".into());
        for held in held {
            keys = keys.then(KeyAction::Down { value: char::from(*held) });
        }
        keys = keys.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        for held in held.iter().rev() {
            keys = keys.then(KeyAction::Up { value: char::from(*held) });
        }
        self.client.perform_actions(keys).await.expect("pressed keys");
    }

    /// Gives an element with a tooltip the focus as the Tab key does: what a script focuses after a click shows none. A
    /// popover that is closing takes the focus back once more.
    pub async fn focus_by_keys(&self, css: &str) {
        self.until("nothing lies over the window", "!document.querySelector('[data-layer]')").await;
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            self.value(&format!("document.querySelector({}).focus()", json!(css))).await;
            self.chord(&[Key::Shift], Key::Tab.into()).await;
            self.chord(&[], Key::Tab.into()).await;
            let tried = Instant::now();
            while tried.elapsed() < REST {
                if self.value("document.querySelector('.tooltip') !== null").await == json!(true) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        panic!("{css} shows no tooltip");
    }

    /// Opens the form in which the target is changed.
    pub async fn edit_target(&self) {
        self.click("#target-button").await;
        self.click("#target-connect").await;
    }

    /// Makes this the target's endpoint.
    pub async fn set_target(&self, endpoint: &str) {
        self.edit_target().await;
        self.fill("#target-endpoint", endpoint).await;
        self.click("#target-apply").await;
        self.until("the target is applied", "!document.querySelector('#target-endpoint')").await;
    }

    /// Makes a container the target's, chosen from the list.
    pub async fn choose_container(&self, name: &str) {
        self.edit_target().await;
        self.click(&format!("label.container[data-tooltip^=\"{name} \"]")).await;
        self.click("#target-apply").await;
        self.until("the target is applied", "!document.querySelector('#target-apply')").await;
    }

    /// Puts a text into a field at once, for texts that are too long to type.
    pub async fn put(&self, css: &str, text: &str) {
        let script = "const [css, text] = arguments;
            const field = document.querySelector(css);
            Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value').set.call(field, text);
            field.dispatchEvent(new InputEvent('input', { bubbles: true }))";
        self.client
            .execute(script, vec![json!(css), json!(text)])
            .await
            .unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// The answer of a script with `await` in it.
    pub async fn answer(&self, script: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async () => {{ {script} }})().then(done, (error) => done('threw ' + (error?.message ?? JSON.stringify(error))))"
        );
        self.client.execute_async(&script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error:?}"))
    }

    /// Loads the page again, as a person does with the menu or a key.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page again");
        self.until("the first drawing", "document.documentElement.dataset.ready === 'true'").await;
        self.value(COMPOSE).await;
    }

    /// The process of the app.
    pub fn process(&self) -> u32 {
        self.driver.app().expect("the app")
    }

    /// The home of this start.
    pub fn home(&self) -> &Home {
        &self.home
    }
}

/// Gone, or dead and not yet waited for.
fn has_ended(process: u32) -> bool {
    fs::read(format!("/proc/{process}/cmdline")).map(|line| line.is_empty()).unwrap_or(true)
}
