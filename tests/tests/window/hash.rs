//! Pages that keep their route in the address.

use porthole_tests::eventually;
use serde_json::json;

use crate::{
    page::{in_page, shows},
    person::{Person, STAGES},
};

#[tokio::test]
async fn a_page_that_sets_its_hash_goes_on_being_heard() {
    let script = "addEventListener('hashchange', () => console.log('at ' + location.hash))
        window.go = (to) => { location.hash = to; setTimeout(() => console.log('still at ' + to), 3000) }
        console.log('ready')";
    for stage in STAGES {
        let person = Person::before(script, stage).await;
        for to in ["#/volumes", "#/images"] {
            in_page(&person.app, &format!("window.go('{to}'); return true")).await;
            shows(&person.app, "print", &format!("at {to}")).await;
            // Longer than a client that is gone is waited for.
            shows(&person.app, "print", &format!("still at {to}")).await;
        }
        let log = person.log().await;
        assert!(!log.contains("navigated away"), "{stage:?}: {log}");
        // What is really gone is heard no longer.
        in_page(&person.app, "location.href = 'about:blank'; return true").await;
        eventually("it left", async || person.log().await.contains("navigated away").then_some(())).await;
        assert_eq!(person.app.value("document.querySelectorAll('#page-frame').length").await, json!(1));
        person.app.close().await;
    }
}
