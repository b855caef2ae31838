//! The pointer in the window, with keys held and any button.

use std::time::Duration;

use fantoccini::{
    Locator,
    actions::{
        Actions, InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MOUSE_BUTTON_RIGHT, MouseActions, PointerAction,
    },
    elements::Element,
    key::Key,
};

use super::App;

impl App {
    async fn rested(&self, css: &str) -> Element {
        self.until(css, &format!("document.querySelector({css:?})")).await;
        self.rests(css).await;
        self.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    async fn move_to(&self, css: &str) -> PointerAction {
        PointerAction::MoveToElement { element: self.rested(css).await, duration: None, x: 0.0, y: 0.0 }
    }

    /// Clicks on an element with a key held.
    pub async fn click_with(&self, held: Key, css: &str) {
        let to = self.move_to(css).await;
        let down = PointerAction::Down { button: MOUSE_BUTTON_LEFT };
        let up = PointerAction::Up { button: MOUSE_BUTTON_LEFT };
        let mouse = MouseActions::new("mouse".into());
        let mouse = mouse.then(to).then(PointerAction::Pause { duration: Duration::ZERO }).then(down).then(up);
        let value = char::from(held);
        let pause = || KeyAction::Pause { duration: Duration::ZERO };
        let keys = KeyActions::new("keyboard".into()).then(pause()).then(KeyAction::Down { value });
        let keys = keys.then(pause()).then(pause()).then(KeyAction::Up { value });
        let both = Actions::from(keys).and(mouse.then(PointerAction::Pause { duration: Duration::ZERO }));
        self.client.perform_actions(both).await.expect("a click with a key");
    }

    /// Moves the pointer over an element.
    pub async fn hover(&self, css: &str) {
        let to = self.move_to(css).await;
        self.client.perform_actions(MouseActions::new("mouse".into()).then(to)).await.expect("a pointer");
    }

    /// Opens the context menu of an element.
    pub async fn open_menu_of(&self, css: &str) {
        let mouse = MouseActions::new("mouse".into()).then(self.move_to(css).await);
        let mouse = mouse.then(PointerAction::Down { button: MOUSE_BUTTON_RIGHT });
        let mouse = mouse.then(PointerAction::Up { button: MOUSE_BUTTON_RIGHT });
        self.client.perform_actions(mouse).await.expect("a click");
        self.until("the menu", "document.querySelector('[role=menu] [role^=menuitem]')").await;
    }

    /// Clicks twice on an element.
    pub async fn click_twice(&self, css: &str) {
        let mut mouse = MouseActions::new("mouse".into()).then(self.move_to(css).await);
        for _ in 0..2 {
            mouse = mouse.then(PointerAction::Down { button: MOUSE_BUTTON_LEFT });
            mouse = mouse.then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        }
        self.client.perform_actions(mouse).await.expect("two clicks");
    }

    /// Drags an element by so many pixels.
    pub async fn drag(&self, css: &str, x: i64) {
        let mouse = MouseActions::new("mouse".into()).then(self.move_to(css).await);
        let mouse = mouse.then(PointerAction::Down { button: MOUSE_BUTTON_LEFT });
        let mouse = mouse.then(PointerAction::MoveBy { duration: None, x: x as f64, y: 0.0 });
        let mouse = mouse.then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(mouse).await.expect("a drag");
    }

    /// Drags an element onto another one.
    pub async fn drag_onto(&self, css: &str, onto: &str) {
        let (from, to) = (self.move_to(css).await, self.move_to(onto).await);
        let mouse = MouseActions::new("mouse".into()).then(from);
        let mouse = mouse.then(PointerAction::Down { button: MOUSE_BUTTON_LEFT });
        // A drag begins with a small move.
        let mouse = mouse.then(PointerAction::MoveBy { duration: None, x: 0.0, y: 10.0 }).then(to);
        let mouse = mouse.then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(mouse).await.expect("a drag");
    }
}
