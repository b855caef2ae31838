//! Which addresses a frame may show, set by the page, a page that it frames, or a redirection.

use porthole_app::PageAccess;
use porthole_engine::this_machine::ThisMachine;
use tauri::Url;

#[cfg(any(test, target_os = "linux"))]
use crate::page_window::OWN;

/// Where the window itself is, while it is developed: `devUrl` in `tauri.conf.json`.
pub const DEVELOPED_AT: &str = "http://localhost:5173";

/// Whether this is an address of the window itself, which no frame may show.
pub fn may_only_be_the_window(url: &Url) -> bool {
    url.scheme() == "tauri" || (tauri::is_dev() && is_of_origin(url, DEVELOPED_AT))
}

/// The address of a window with this label.
#[cfg(any(test, target_os = "linux"))]
pub fn address_of(label: &str) -> String {
    let base = if tauri::is_dev() { DEVELOPED_AT } else { "tauri://localhost" };
    let path = if label == OWN { "index.html?page" } else { "" };
    format!("{base}/{path}")
}

/// Whether this is the address of the window with this label. All else that its scheme has is not.
#[cfg(any(test, target_os = "linux"))]
pub fn is_address_of(url: &Url, label: &str) -> bool {
    let is_page = label == OWN;
    may_only_be_the_window(url)
        && url.host_str() == Some("localhost")
        && matches!(url.path(), "" | "/" | "/index.html")
        && url.query() == is_page.then_some("page")
}

/// Whether a frame may show this. Servers of other machines are left to the page's own policy.
pub fn may_be_shown(url: &Url, access: &PageAccess) -> bool {
    may_be_shown_on(&ThisMachine::now(), url, access)
}

fn may_be_shown_on(machine: &ThisMachine, url: &Url, access: &PageAccess) -> bool {
    match url.scheme() {
        "about" | "blob" | "data" | "console" | "ext" | "tauri" => true,
        "http" | "https" => {
            !url.host_str().is_none_or(|host| machine.is_named_by(host))
                || is_own(url, access)
                || may_only_be_the_window(url)
        }
        // Nothing else has pages: not `file:`, and not the way to the window's commands.
        _ => false,
    }
}

/// Whether it is an address of the page's development server.
pub fn is_of_server(url: &Url, access: &PageAccess) -> bool {
    access.server.as_ref().is_some_and(|server| is_of_origin(url, server.origin()))
}

fn is_own(url: &Url, access: &PageAccess) -> bool {
    let port = url.port_or_known_default();
    is_of_server(url, access) || port.is_some_and(|port| access.ports.contains(&port))
}

fn is_of_origin(url: &Url, origin: &str) -> bool {
    Url::parse(origin).is_ok_and(|origin| url.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::page_window::MAIN;

    #[test]
    fn of_this_machine_only_the_own_server_and_ports_are_shown() {
        let access = PageAccess { server: "http://localhost:3000".parse().ok(), ports: BTreeSet::from([8080]) };
        for (address, shown) in [
            ("http://localhost:3000/x", true),
            ("http://localhost:8080/", true),
            ("http://127.0.0.1:8080/", true),
            ("https://example.org/", true),
            ("about:blank", true),
            ("about:srcdoc", true),
            ("blob:ext://abc/1-2", true),
            ("data:text/html,x", true),
            ("ext://abc/index.html", true),
            // The server was named as `localhost`: another name is another origin.
            ("http://127.0.0.1:3000/", false),
            ("https://localhost:3000/", false),
            ("http://localhost:3001/", false),
            ("http://localhost/", false),
            ("http://LOCALHOST.:3001/", false),
            ("http://x.localhost:3001/", false),
            ("http://127.1:3001/", false),
            ("http://127.9.9.9:3001/", false),
            ("http://2130706433:3001/", false),
            ("http://0:3001/", false),
            ("http://[::1]:3001/", false),
            ("http://[::ffff:127.0.0.1]:3001/", false),
            ("http://[::]:3001/", false),
            ("http://a@localhost:3001/", false),
            ("file:///etc/passwd", false),
            ("ipc://localhost/run", false),
            ("asset://localhost/etc/passwd", false),
            ("ftp://example.org/", false),
            ("mailto:a@example.org", false),
        ] {
            assert_eq!(may_be_shown(&address.parse().unwrap(), &access), shown, "{address}");
        }
        for address in ["http://localhost:3000/", "http://localhost:8080/"] {
            assert!(!may_be_shown(&address.parse().unwrap(), &PageAccess::default()), "{address}");
        }
    }

    /// A server that listens on all addresses answers at that of the network as well.
    #[test]
    fn another_port_of_this_machine_is_not_shown_by_its_address_in_the_network_or_its_name() {
        let machine = ThisMachine { addresses: vec!["192.168.1.5".parse().unwrap()], name: "box".to_owned() };
        let access = PageAccess { server: None, ports: BTreeSet::from([8080]) };
        for (address, shown) in [
            ("http://192.168.1.5:3001/", false),
            ("http://3232235781:3001/", false),
            ("http://[::ffff:192.168.1.5]:3001/", false),
            ("http://box:3001/", false),
            ("http://BOX.local.:3001/", false),
            ("http://192.168.1.5:8080/", true),
            ("http://192.168.1.6:3001/", true),
        ] {
            assert_eq!(may_be_shown_on(&machine, &address.parse().unwrap(), &access), shown, "{address}");
        }
    }

    #[test]
    fn the_windows_own_address_is_the_windows_alone() {
        assert!(may_only_be_the_window(&"tauri://localhost/index.html".parse().unwrap()));
        assert!(!may_only_be_the_window(&"ext://localhost/index.html".parse().unwrap()));
    }

    #[test]
    fn a_window_has_one_address() {
        for (label, own, other) in
            [(MAIN, "tauri://localhost/", "?page"), (OWN, "tauri://localhost/index.html?page", "&more")]
        {
            let is = |address: &str| is_address_of(&address.parse().unwrap(), label);
            assert!(is(own) && is(&format!("{own}#at")) && is(&address_of(label)), "{label}");
            assert!(!is(&format!("{own}{other}")), "{label}");
            for address in
                ["about:blank", "data:text/html,x", "blob:tauri://localhost/1", "tauri://localhost/page.js", "ext://x/"]
            {
                assert!(!is(address), "{label} {address}");
            }
        }
        assert!(is_address_of(&"tauri://localhost".parse().unwrap(), MAIN));
        assert!(is_address_of(&"tauri://localhost/index.html".parse().unwrap(), MAIN));
    }
}
