//! A prompt is answered by what a person does after having seen it: no press that was meant for something else counts.

use porthole_tests::desktop::key;
use serde_json::json;

use crate::{
    page::{in_page, shows},
    person::{Person, Stage},
};

const PROMPTS: &str = include_str!("../../hostile/pages/prompts.js");

/// Longer than a prompt waits before it takes answers, by the window's own clock.
async fn time_to_read(person: &Person) {
    let now = person.app.value("performance.now()").await.as_f64().expect("a time");
    person.app.until("time to read", &format!("performance.now() > {}", now + 1_000.0)).await;
}

/// The prompt is still there when it takes answers, and nothing was run.
async fn still_asks(person: &Person) {
    person.may_answer().await;
    assert!(!person.printed("ran evil").await, "{:?}: it was allowed", person.stage);
    assert!(!person.printed("refused").await, "{:?}: it was denied", person.stage);
    assert_eq!(person.app.value("document.querySelector('#prompt-once') !== null").await, json!(true));
}

/// Empties the page's log.
async fn clear(person: &Person) {
    person.app.value("document.querySelector('#page-clear').click()").await;
    person.app.until("an empty log", "!document.querySelector('#page-log [data-entry]')").await;
}

/// Puts the page's button to where the prompt's own will be, if the page can have it there.
async fn lure(person: &Person, blocks: u32) {
    person.app.resize(1400, 1250).await;
    in_page(&person.app, "window.go('evil'); return true").await;
    person.is_asked().await;
    person.may_answer().await;
    let script = "(() => { const box = document.querySelector('#prompt-once').getBoundingClientRect();
        const frame = document.querySelector('#page-frame').getBoundingClientRect();
        return [box.x + box.width / 2 - frame.x, box.y + box.height / 2 - frame.y, frame.width, frame.height] })()";
    let at = person.app.value(script).await;
    let at = |n: usize| at[n].as_f64().expect("a number");
    let over = at(0) > 0.0 && at(0) < at(2) && at(1) > 0.0 && at(1) < at(3);
    assert!(over, "the prompt's button is not over the page: {} of {}, {} of {}", at(0), at(2), at(1), at(3));
    person.app.decide("deny").await;
    shows(&person.app, "print", "refused").await;
    clear(person).await;
    in_page(&person.app, &format!("window.lure({}, {}, {blocks}); return true", at(0), at(1))).await;
}

async fn a_double_click_allows_nothing(stage: Stage, blocks: u32) {
    let person = Person::before(PROMPTS, stage).await;
    lure(&person, blocks).await;
    for _ in 0..5 {
        person.point_in_page("#lure").await;
        person.desktop.click();
        // Where the page blocks the window, while it does: nothing is drawn by then.
        person.desktop.click_after(if blocks > 0 { 150 } else { 0 });
        person.is_asked().await;
        still_asks(&person).await;
        person.app.decide("deny").await;
        shows(&person.app, "print", "refused").await;
        clear(&person).await;
    }
    let recorded =
        "[...document.querySelectorAll('#timeline [data-call]')].every((row) => row.dataset.outcome === 'failed')";
    if stage != Stage::PageWindow {
        person.app.until("nothing but what was refused", recorded).await;
    }
}

#[tokio::test]
async fn the_second_click_of_a_double_click_allows_nothing() {
    a_double_click_allows_nothing(Stage::Frame, 0).await;
}

#[tokio::test]
async fn the_second_click_of_a_double_click_allows_nothing_in_the_pages_own_window() {
    a_double_click_allows_nothing(Stage::PageWindow, 0).await;
}

#[tokio::test]
async fn the_second_click_of_a_double_click_allows_nothing_of_a_server() {
    a_double_click_allows_nothing(Stage::Server, 0).await;
}

#[tokio::test]
async fn a_click_made_while_the_page_blocks_the_window_allows_nothing() {
    a_double_click_allows_nothing(Stage::Frame, 900).await;
}

#[tokio::test]
async fn clicking_steadily_where_the_answer_will_be_allows_nothing() {
    for stage in [Stage::Frame, Stage::PageWindow] {
        let person = Person::before(PROMPTS, stage).await;
        lure(&person, 0).await;
        person.point_in_page("#lure").await;
        person.desktop.click();
        for _ in 0..12 {
            person.desktop.click_after(250);
        }
        person.is_asked().await;
        still_asks(&person).await;
        if stage == Stage::PageWindow {
            person.app.go_to(false).await;
        }
        person.app.close().await;
    }
}

#[tokio::test]
async fn a_button_that_is_held_from_the_page_over_to_the_prompt_allows_nothing() {
    let person = Person::before(PROMPTS, Stage::Frame).await;
    lure(&person, 0).await;
    person.point_in_page("#lure").await;
    person.desktop.press();
    person.is_asked().await;
    person.point("#prompt-deny").await;
    person.point("#prompt-once").await;
    time_to_read(&person).await;
    person.desktop.release();
    still_asks(&person).await;
    person.click("#prompt-once").await;
    shows(&person.app, "print", "ran evil").await;
    person.app.close().await;
}

#[tokio::test]
async fn keys_typed_into_the_pages_form_answer_nothing() {
    for stage in [Stage::Frame, Stage::PageWindow] {
        let person = Person::before(PROMPTS, stage).await;
        person.click_in_page("#own").await;
        person.app.until("the page has the keyboard", "document.activeElement?.id === 'page-frame'").await;
        person.desktop.type_text("yes");
        for _ in 0..5 {
            // Not Tab: until the prompt is there it leads out of the page, and the next keys press the window's own buttons.
            for name in [key::ENTER, key::SPACE, key::ESCAPE, u32::from('y')] {
                person.desktop.key(name);
            }
        }
        person.is_asked().await;
        still_asks(&person).await;
    }
}

#[tokio::test]
async fn keys_typed_on_at_leisure_allow_nothing() {
    let person = Person::before(PROMPTS, Stage::Frame).await;
    person.click_in_page("#own").await;
    person.app.until("the page has the keyboard", "document.activeElement?.id === 'page-frame'").await;
    person.desktop.type_text("yes");
    person.is_asked().await;
    let now = async || person.app.value("performance.now()").await.as_f64().expect("a time");
    let end = now().await + 3_000.0;
    while now().await < end {
        for name in [u32::from(' '), u32::from('a'), key::ENTER] {
            person.desktop.key(name);
            person.app.value("1").await;
        }
    }
    still_asks(&person).await;
    person.app.close().await;
}

#[tokio::test]
async fn a_held_enter_answers_nothing_and_a_new_one_does() {
    let person = Person::before(PROMPTS, Stage::Frame).await;
    person.click_in_page("#own").await;
    person.app.until("the page has the keyboard", "document.activeElement?.id === 'page-frame'").await;
    person.desktop.key_down(key::ENTER);
    person.is_asked().await;
    person.app.value("addEventListener('keydown', ({ key }) => (window.seen ??= []).push(key), true)").await;
    let repeats = |more: &str| format!("window.seen?.filter((key) => key === 'Enter').length > {more}");
    time_to_read(&person).await;
    person.app.until("it repeats", &repeats("5")).await;
    // Tab leads to the button, with Enter still held: what a key does to repeat ends with the next one.
    person.desktop.key(key::TAB);
    person.app.until("the button", "document.activeElement?.id === 'prompt-deny'").await;
    assert!(!person.printed("refused").await && !person.printed("ran evil").await);
    person.desktop.key_up(key::ENTER);
    still_asks(&person).await;
    person.desktop.key(key::ENTER);
    shows(&person.app, "print", "refused").await;
    person.app.close().await;
}

#[tokio::test]
async fn a_double_click_on_a_harmless_prompt_does_not_allow_the_next() {
    let person = Person::before(PROMPTS, Stage::Frame).await;
    in_page(&person.app, "window.go('harmless'); return true").await;
    person.is_asked().await;
    // Calls that are made together are asked about in the order in which they were planned.
    in_page(&person.app, "window.go('evil'); return true").await;
    person
        .app
        .until("the others", "document.querySelector('#prompt-waiting')?.innerText === '1 more call is waiting'")
        .await;
    person.may_answer().await;
    person.point("#prompt-once").await;
    person.desktop.double_click();
    shows(&person.app, "print", "ran harmless").await;
    person.app.until("the next", "document.querySelector('#prompt-args')?.innerText.includes('evil')").await;
    // A button that was let go over the page's frame, while no prompt was there, counts as held until the pointer moves.
    person.point("#prompt-args").await;
    still_asks(&person).await;
    // A person who has seen it may allow it.
    person.click("#prompt-once").await;
    shows(&person.app, "print", "ran evil").await;
    person.app.close().await;
}

#[tokio::test]
async fn a_page_that_reloads_does_not_put_another_prompt_under_the_pointer() {
    let person = Person::before(PROMPTS, Stage::Frame).await;
    in_page(&person.app, "window.go('harmless'); return true").await;
    person.is_asked().await;
    person.may_answer().await;
    person.point("#prompt-once").await;
    in_page(&person.app, "setTimeout(window.again); return true").await;
    person
        .app
        .until("it was withdrawn", "document.querySelector('#prompt')?.innerText.includes('was withdrawn')")
        .await;
    // Where the answer was there is nothing that answers.
    person.desktop.double_click();
    person.may_answer().await;
    assert_eq!(person.app.value("document.querySelector('#prompt-once')").await, json!(null));
    person.point("#prompt-close").await;
    person.desktop.double_click();
    person.app.until("the next", "document.querySelector('#prompt-args')?.innerText.includes('evil')").await;
    person.point("#prompt-args").await;
    still_asks(&person).await;
    person.desktop.key(key::ESCAPE);
    shows(&person.app, "print", "refused").await;
    person.app.close().await;
}
