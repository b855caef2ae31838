//! Puts Porthole's client into an extension's page, where it runs before any script of the page.

/// Where a page finds the client. A file of the page's own of this name is not served.
pub const CLIENT: &str = "/__porthole__/client.js";

/// The page with the client as its first element, which is given `facts` as an attribute.
///
/// It is right behind the doctype, which must stay first: a parser makes `html` and `head` around
/// it, and gives an `<html>` tag's attributes to the element that is there by then. So it is first
/// wherever the page's own tags are, or are not.
pub(super) fn with_client(page: &[u8], facts: &str) -> Vec<u8> {
    let at = behind_doctype(page);
    let script = format!("<script src=\"{CLIENT}\" data-facts=\"{}\"></script>", escaped(facts));
    [page.get(..at).unwrap_or_default(), script.as_bytes(), page.get(at..).unwrap_or_default()].concat()
}

/// Where the doctype ends; where it would begin when there is none.
fn behind_doctype(page: &[u8]) -> usize {
    let mut at = if page.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    loop {
        let rest = page.get(at..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let rest = rest.get(blank..).unwrap_or_default();
        if let Some(comment) = rest.strip_prefix(b"<!--") {
            // A comment without an end is all of the page: there is nothing to come before.
            let Some(end) = memchr::memmem::find(comment, b"-->") else { return at };
            at += blank + 4 + end + 3;
            continue;
        }
        let is_doctype = rest.get(..9).is_some_and(|word| word.eq_ignore_ascii_case(b"<!doctype"));
        return match memchr::memchr(b'>', rest) {
            Some(end) if is_doctype => at + blank + end + 1,
            _ => at,
        };
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_client_stands_behind_the_doctype_whatever_is_before_it() {
        for (page, before) in [
            ("<!doctype html><html><head>", "<!doctype html>"),
            ("\u{feff}<!DOCTYPE html>\n<html>", "\u{feff}<!DOCTYPE html>"),
            (" <!-- <head> <!doctype x> -->\n<!doctype html><p>", " <!-- <head> <!doctype x> -->\n<!doctype html>"),
            ("<html><head>", ""),
            ("<!-- a --><script>1</script>", "<!-- a -->"),
            ("<!-- never ends", ""),
            ("<!doctype never ends", ""),
            ("", ""),
        ] {
            let made = String::from_utf8(with_client(page.as_bytes(), "{}")).unwrap();
            assert!(made.starts_with(&format!("{before}<script src=")), "{page}: {made}");
        }
    }

    #[test]
    fn facts_cannot_leave_their_attribute() {
        let made = String::from_utf8(with_client(b"", "\"><script>&")).unwrap();
        assert!(made.contains("data-facts=\"&quot;&gt;&lt;script&gt;&amp;\">"), "{made}");
    }

    proptest! {
        #[test]
        fn the_page_itself_stays_as_it_is(page in proptest::collection::vec(any::<u8>(), 0..200), facts in ".{0,40}") {
            let made = with_client(&page, &facts);
            let script = with_client(b"", &facts);
            let at = memchr::memmem::find(&made, &script).unwrap();
            prop_assert_eq!([&made[..at], &made[at + script.len()..]].concat(), page);
        }
    }
}
