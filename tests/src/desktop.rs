//! A display of one test's own with a real pointer and keyboard.
//!
//! What WebDriver clicks and types goes to the web view alone and is not what a person's hand does: a page sees no
//! press before its click, and no key repeats. Here the X server itself makes the events (XTEST), so that they take
//! the way that a person's take. Each test starts a server of its own: there is one pointer and one focus on each.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use x11rb::{
    connection::Connection,
    protocol::{
        xproto::{
            AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt, InputFocus, KEY_PRESS_EVENT,
            KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT, MapState, Window,
        },
        xtest::ConnectionExt as _,
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use crate::{eventually, window::App};

/// The names of keys that have no letter.
pub mod key {
    pub const ENTER: u32 = 0xff0d;
    pub const ESCAPE: u32 = 0xff1b;
    pub const TAB: u32 = 0xff09;
    pub const SPACE: u32 = 0x20;
    pub const RIGHT: u32 = 0xff53;
    pub const DOWN: u32 = 0xff54;
    pub const SHIFT: u32 = 0xffe1;
    pub const CONTROL: u32 = 0xffe3;
}

/// An X server in memory with nothing on it, ended when dropped.
pub struct Desktop {
    server: Child,
    name: String,
    x: RustConnection,
    root: Window,
    /// The names of the keys, by their codes: first alone, then with Shift.
    keys: Vec<(u8, u32, u32)>,
}

impl Default for Desktop {
    fn default() -> Self {
        Self::start()
    }
}

impl Desktop {
    /// Starts the server on a free number.
    pub fn start() -> Self {
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1440x1300x24", "-nolisten", "tcp", "-noreset"]);
        let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("Xvfb");
        let mut number = String::new();
        BufReader::new(server.stdout.as_mut().expect("its stdout")).read_line(&mut number).expect("its number");
        let name = format!(":{}", number.trim());
        let (x, screen) = x11rb::connect(Some(&name)).expect("a connection to Xvfb");
        let root = x.setup().roots[screen].root;
        let keys = keys(&x);
        Self { server, name, x, root, keys }
    }

    /// What the window must be started with to be on this display.
    pub fn variables(&self) -> [(&str, &str); 1] {
        [("DISPLAY", &self.name)]
    }

    /// Gives the keyboard to the window of this title, as a click on its frame does where there is one.
    pub async fn focus(&self, app: &App, title: &str) {
        self.focus_in(app.process(), title).await;
        eventually("the keyboard", async || {
            (app.value("document.hasFocus()").await == serde_json::json!(true)).then_some(())
        })
        .await;
    }

    /// Gives the keyboard to a window of a process, which learns of it later.
    pub async fn focus_in(&self, process: u32, title: &str) {
        let window = eventually("the window", async || self.window(process, title)).await;
        self.x.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME).expect("the focus");
        self.x.sync().expect("the X server");
    }

    /// Moves the pointer to a place in the window of this title.
    pub fn point(&self, app: &App, title: &str, x: f64, y: f64) {
        self.point_in(app.process(), title, x, y);
    }

    /// Moves the pointer to a place in a window of a process.
    pub fn point_in(&self, process: u32, title: &str, x: f64, y: f64) {
        let window = self.window(process, title).expect("the window");
        let at = self.x.translate_coordinates(window, self.root, x as i16, y as i16);
        let at = at.expect("a place").reply().expect("a place");
        self.event(MOTION_NOTIFY_EVENT, 0, at.dst_x, at.dst_y);
    }

    /// Presses the first button of the pointer and lets it go.
    pub fn click(&self) {
        self.press();
        self.release();
    }

    /// Clicks with the button that opens a menu.
    pub fn click_for_menu(&self) {
        self.event(BUTTON_PRESS_EVENT, 3, 0, 0);
        self.event(BUTTON_RELEASE_EVENT, 3, 0, 0);
    }

    /// Presses and lets go after so many milliseconds, which the server counts.
    pub fn click_after(&self, ms: u32) {
        let delayed = self.x.xtest_fake_input(BUTTON_PRESS_EVENT, 1, ms, self.root, 0, 0, 0);
        delayed.expect("an event").check().expect("XTEST");
        self.release();
    }

    /// Two clicks, as fast as they come.
    pub fn double_click(&self) {
        self.click();
        self.click();
    }

    pub fn press(&self) {
        self.event(BUTTON_PRESS_EVENT, 1, 0, 0);
    }

    pub fn release(&self) {
        self.event(BUTTON_RELEASE_EVENT, 1, 0, 0);
    }

    /// Presses a key; held, it repeats as the server has it.
    pub fn key_down(&self, name: u32) {
        self.event(KEY_PRESS_EVENT, self.code(name).0, 0, 0);
    }

    pub fn key_up(&self, name: u32) {
        self.event(KEY_RELEASE_EVENT, self.code(name).0, 0, 0);
    }

    /// Presses a key and lets it go.
    pub fn key(&self, name: u32) {
        let (code, shifted) = self.code(name);
        if shifted {
            self.key_down(key::SHIFT);
        }
        self.event(KEY_PRESS_EVENT, code, 0, 0);
        self.event(KEY_RELEASE_EVENT, code, 0, 0);
        if shifted {
            self.key_up(key::SHIFT);
        }
    }

    /// Presses a key while Control is held.
    pub fn control(&self, letter: char) {
        self.key_down(key::CONTROL);
        self.key(u32::from(letter));
        self.key_up(key::CONTROL);
    }

    /// Types text of the keyboard's own letters.
    pub fn type_text(&self, text: &str) {
        for letter in text.chars() {
            self.key(u32::from(letter));
        }
    }

    fn event(&self, kind: u8, detail: u8, x: i16, y: i16) {
        self.x.xtest_fake_input(kind, detail, 0, self.root, x, y, 0).expect("an event").check().expect("XTEST");
    }

    /// How many menus are open: windows that are shown and that no window manager looks after.
    pub fn menus(&self) -> usize {
        let asked = self.x.query_tree(self.root).ok().and_then(|asked| asked.reply().ok());
        let windows = asked.map(|tree| tree.children).unwrap_or_default();
        let is_menu = |window: &Window| {
            let attributes = self.x.get_window_attributes(*window).ok().and_then(|asked| asked.reply().ok());
            attributes.is_some_and(|one| one.override_redirect && one.map_state == MapState::VIEWABLE)
        };
        windows.into_iter().filter(is_menu).count()
    }

    /// The code of a key, and whether it needs Shift.
    fn code(&self, name: u32) -> (u8, bool) {
        let found = self.keys.iter().find(|(_, plain, _)| *plain == name).map(|(code, ..)| (*code, false));
        let shifted = || self.keys.iter().find(|(.., shifted)| *shifted == name).map(|(code, ..)| (*code, true));
        found.or_else(shifted).unwrap_or_else(|| panic!("no key has the name {name:#x}"))
    }

    /// The window of a process that is shown under this title.
    fn window(&self, process: u32, title: &str) -> Option<Window> {
        let windows = self.x.query_tree(self.root).ok()?.reply().ok()?.children;
        windows.into_iter().find(|window| {
            self.number(*window, b"_NET_WM_PID") == Some(process)
                && self.text(*window, b"_NET_WM_NAME").is_some_and(|found| found == title || is_main(title, &found))
                && self.is_shown(*window)
        })
    }

    fn is_shown(&self, window: Window) -> bool {
        let attributes = self.x.get_window_attributes(window).ok().and_then(|asked| asked.reply().ok());
        attributes.is_some_and(|attributes| attributes.map_state == MapState::VIEWABLE)
    }

    fn number(&self, window: Window, name: &[u8]) -> Option<u32> {
        self.property(window, name)?.value32()?.next()
    }

    fn text(&self, window: Window, name: &[u8]) -> Option<String> {
        String::from_utf8(self.property(window, name)?.value).ok()
    }

    fn property(&self, window: Window, name: &[u8]) -> Option<x11rb::protocol::xproto::GetPropertyReply> {
        let atom = self.x.intern_atom(false, name).ok()?.reply().ok()?.atom;
        self.x.get_property(false, window, atom, AtomEnum::ANY, 0, 1024).ok()?.reply().ok()
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn keys(x: &RustConnection) -> Vec<(u8, u32, u32)> {
    let (first, last) = (x.setup().min_keycode, x.setup().max_keycode);
    let mapping = x.get_keyboard_mapping(first, last - first + 1).expect("the keys").reply().expect("the keys");
    let each = mapping.keysyms.chunks(usize::from(mapping.keysyms_per_keycode));
    (first..=last).zip(each).map(|(code, names)| (code, names[0], names.get(1).copied().unwrap_or_default())).collect()
}

/// The main window's title begins with what it inspects and what is running.
fn is_main(wanted: &str, found: &str) -> bool {
    wanted == "Porthole" && found.ends_with(" \u{2014} Porthole")
}
