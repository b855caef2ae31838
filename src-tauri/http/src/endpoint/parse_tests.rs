use std::path::Path;

use proptest::prelude::*;

use super::*;

fn reads(text: &str) -> String {
    let pasted = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    format!("{}{}", pasted.endpoint, pasted.path.map(|path| format!(" {path}")).unwrap_or_default())
}

#[test]
fn accepts_what_people_paste() {
    for (text, expected) in [
        ("unix:///run/a.sock", "unix:///run/a.sock"),
        ("unix:/run/a.sock", "unix:///run/a.sock"),
        ("UNIX:///run/a.sock", "unix:///run/a.sock"),
        ("  /run/a.sock\n", "unix:///run/a.sock"),
        ("/run/with space:and colon.sock", "unix:///run/with space:and colon.sock"),
        ("http://unix:/run/a.sock:/volumes?x=1", "unix:///run/a.sock /volumes?x=1"),
        ("http://unix:/run/a.sock:/go?to=http://x:/y", "unix:///run/a.sock /go?to=http://x:/y"),
        ("http://unix:/run/a.sock:", "unix:///run/a.sock"),
        ("http://unix:/run/a.sock", "unix:///run/a.sock"),
        ("http+unix://%2Frun%2Fa.sock/volumes", "unix:///run/a.sock /volumes"),
        ("unix+http://%2frun%2fa.sock", "unix:///run/a.sock"),
        ("npipe:////./pipe/ext", "npipe:////./pipe/ext"),
        (r"npipe:\\.\pipe\ext", "npipe:////./pipe/ext"),
        (r"\\.\pipe\ext", "npipe:////./pipe/ext"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://localhost/hello", "http://localhost:80 /hello"),
        ("http://[::1]:9000/", "http://[::1]:9000"),
        ("tcp://127.0.0.1:2375", "http://127.0.0.1:2375"),
        ("localhost:3000", "http://localhost:3000"),
        ("container:3000", "http://container:3000"),
        ("container://web_1/run/a.sock", "container://web_1/run/a.sock"),
        (" CONTAINER://0a1b2c/run/guest-services/a b:c.sock\n", "container://0a1b2c/run/guest-services/a b:c.sock"),
    ] {
        assert_eq!(reads(text), expected, "{text}");
    }
}

#[test]
fn refuses_with_a_reason() {
    for (text, why) in [
        ("", "empty"),
        ("unix://run/a.sock", "absolute"),
        ("unix://", "absolute"),
        ("./a.sock", "absolute"),
        ("run/a.sock", "absolute"),
        ("http+unix://%00a", "NUL"),
        ("http+unix://%ff", "UTF-8"),
        ("a\nb", "line break"),
        ("https://localhost:1", "plain HTTP"),
        ("ftp://x/", "isn't a supported scheme"),
        ("tcp://localhost", "port"),
        ("tcp://localhost:0", "port"),
        ("http://localhost:70000", "port"),
        ("http://:80", "host name"),
        ("http://a b:80", "host name"),
        ("http://user:pw@host:80", "Authorization"),
        ("http://[nonsense]:80", "IPv6"),
        ("http://[::1]9999", "IPv6"),
        ("npipe://x", "pipe"),
        ("container:", "container://NAME"),
        ("container:web/run/a.sock", "container://NAME"),
        ("container:///run/a.sock", "container://NAME"),
        ("container://web", "path in the container is missing"),
        ("container://web/run/", "directory"),
        ("container://-web/run/a.sock", "isn't a container name"),
        ("container://we b/run/a.sock", "isn't a container name"),
        ("container://web:80/run/a.sock", "isn't a container name"),
    ] {
        let error = read(text).expect_err(text);
        assert_eq!(error.code, Code::EndpointInvalid, "{text}");
        assert!(error.message.contains(why), "{text}: {error}");
        assert!(error.hint.is_some());
    }
}

#[test]
fn home_is_expanded() {
    let home = std::env::home_dir().expect("a home directory");
    let Endpoint::Unix(path) = read("~/a.sock").expect("a path").endpoint else { panic!("not a socket") };
    assert_eq!(path, home.join("a.sock"));
}

fn path() -> impl Strategy<Value = String> {
    "(/[a-zA-Z0-9._ :%+-]{1,12}){1,5}"
}

proptest! {
    /// What is printed is read again as the same endpoint.
    #[test]
    fn printed_form_reads_back(
        endpoint in prop_oneof![
            path().prop_map(|p| Endpoint::Unix(p.trim_end().into())),
            "[a-zA-Z0-9._-]{1,20}".prop_map(Endpoint::Npipe),
            ("[a-z][a-z0-9-]{0,10}(\\.[a-z]{1,5})?", 1u16..).prop_map(|(host, port)| Endpoint::Tcp { host, port }),
            ("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,20}", path())
                .prop_map(|(container, path)| {
                    // What ends with a slash is no socket; a name of spaces alone is gone with the end.
                    let path = format!("{}s", path.trim_end());
                    Endpoint::Container { container: container.parse().unwrap(), path }
                }),
            "[a-zA-Z0-9][a-zA-Z0-9_.+-]{0,20}".prop_map(|name| Endpoint::Engine { name }),
            (any::<std::net::Ipv6Addr>(), 1u16..).prop_map(|(a, port)| Endpoint::Tcp { host: a.to_string(), port }),
        ],
    ) {
        prop_assert_eq!(endpoint.to_string().parse::<Endpoint>(), Ok(endpoint));
    }

    /// The percent-encoded form carries any path.
    #[test]
    fn encoded_form_carries_any_path(path in path(), request in "(/[a-z0-9]{1,8}){1,3}") {
        let encoded = percent_encoding::utf8_percent_encode(&path, percent_encoding::NON_ALPHANUMERIC);
        let pasted = read(&format!("http+unix://{encoded}{request}"));
        let expected = Pasted { endpoint: Endpoint::Unix(Path::new(&path).into()), path: Some(request) };
        prop_assert_eq!(pasted, Ok(expected));
    }

    /// No text is a panic, and every refusal has its code.
    #[test]
    fn any_text_gets_an_answer(text in any::<String>()) {
        if let Err(error) = read(&text) {
            prop_assert_eq!(error.code, Code::EndpointInvalid);
        }
    }

    /// Texts near the grammar, where a slip would hide.
    #[test]
    fn near_forms_get_an_answer(text in "(unix|http|http\\+unix|tcp|npipe|container|engine)?:?/{0,4}[a-z.%:/\\[\\]@0-9]{0,20}") {
        if let Ok(pasted) = read(&text) {
            prop_assert_eq!(pasted.endpoint.to_string().parse::<Endpoint>(), Ok(pasted.endpoint));
        }
    }
}
