//! The end of an app that nobody closed.

use super::{App, Home, has_ended};
use crate::{eventually, outside};

impl App {
    /// Kills the app, and gives the home back.
    pub async fn kill(self) -> Home {
        let Self { client, driver, again, home } = self;
        let app = driver.app().expect("the app");
        outside::kill(app);
        eventually("the app has ended", async || has_ended(app).then_some(())).await;
        drop((client, again, driver));
        home
    }
}
