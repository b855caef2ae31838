//! A development server that an extension's page comes from in the place of its folder, as
//! `docker extension dev ui-source` has it: the page keeps the server's own origin, so that modules,
//! hot reload and their sockets work as in a browser.

use std::{str::FromStr, time::Duration};

use bytes::Bytes;
use http_body_util::Empty;
use hyper::{Request, Uri, header};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::net::TcpStream;

use porthole_base::error::{Code, Error, Result};

/// A server that builds before it answers is given so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// A development server of this machine, and the page there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    origin: String,
    host: &'static str,
    port: u16,
    path: String,
    /// With its `#`; routes of a page may appear there.
    fragment: String,
}

impl Server {
    /// Where the page is: `http://localhost:3000/`.
    pub fn url(&self) -> String {
        format!("{}{}{}", self.origin, self.path, self.fragment)
    }

    /// The page's origin, as browsers write it: `http://localhost:3000`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Asks for the page once, as the frame will.
    ///
    /// # Errors
    /// [`Code::PageServerSilent`] when nothing listens or answers; [`Code::PageServerNoPage`] when it
    /// answers with something else than a page, or sends the frame away from this machine.
    pub async fn look(&self) -> Result<()> {
        match tokio::time::timeout(PATIENCE, self.ask()).await {
            Ok(answer) => answer,
            Err(_) => Err(self.silent(format!("no response within {} seconds", PATIENCE.as_secs()))),
        }
    }

    async fn ask(&self) -> Result<()> {
        if self.origin.starts_with("https:") {
            // Whether its certificate is good is the web view's to say: it may know one made for this machine.
            return TcpStream::connect((self.host, self.port)).await.map(drop).map_err(|error| self.silent(error));
        }
        let request = Request::get(format!("{}{}", self.origin, self.path))
            // Some servers give their page only to a caller that asks for one.
            .header(header::ACCEPT, "text/html,*/*")
            .body(Empty::<Bytes>::new())
            .map_err(|error| no_page(self, "can't be requested").detail(error))?;
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http::<Empty<Bytes>>();
        let answer = client.request(request).await.map_err(|error| self.silent(innermost(&error)))?;
        let (status, headers) = (answer.status(), answer.headers());
        let header = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
        if status.is_redirection() {
            return match header(header::LOCATION) {
                Some(to) if leads_away(to) => Err(no_page(self, &format!("redirects to another machine: {to}")).hint(
                    "The page must come from this machine: enter that server's address, forwarded to localhost.",
                )),
                _ => Ok(()),
            };
        }
        if !status.is_success() {
            return Err(no_page(self, &format!("responds with {status}"))
                .hint("Enter the page's address as you would open it in a browser."));
        }
        let kind = header(header::CONTENT_TYPE).unwrap_or("no Content-Type");
        if kind.contains("html") {
            return Ok(());
        }
        Err(no_page(self, &format!("responds with {kind} instead of HTML"))
            .hint("Enter the page's address. This may be the address of the backend or of a file."))
    }

    fn silent(&self, why: impl std::fmt::Display) -> Error {
        Error::new(Code::PageServerSilent, format!("No development server responds at {}", self.origin))
            .detail(why)
            .hint("Start it (`npm run dev`): the page loads when it responds.")
    }
}

impl FromStr for Server {
    type Err = Error;

    /// Reads an address as people write it: `http://localhost:3000/`, `localhost:3000`, `3000`.
    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let (text, fragment) = text.find('#').map_or((text, ""), |at| text.split_at(at));
        let port = text.strip_prefix(':').unwrap_or(text);
        let whole = if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("http://localhost:{port}")
        } else if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let invalid = |what: &str| {
            Error::new(Code::PageServerInvalid, format!("`{text}` isn't a development server's address: {what}"))
                .hint("For example: `http://localhost:3000`.")
        };
        let uri: Uri = whole.parse().map_err(|error| invalid("it can't be parsed").detail(error))?;
        let (scheme, usual) = match uri.scheme_str() {
            Some("http") => ("http", 80),
            Some("https") => ("https", 443),
            _ => return Err(invalid("it must start with http:// or https://")),
        };
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(invalid("it must not contain a user name"));
        }
        let host = loopback(uri.host().unwrap_or_default()).ok_or_else(|| {
            invalid("it isn't on this machine")
                .hint("Use localhost or 127.0.0.1. To load the page from another machine, forward its port.")
        })?;
        let port = match uri.authority().map(|authority| authority.as_str().rsplit_once(':')) {
            // What is behind the last colon of `[::1]` isn't a port.
            Some(Some((_, port))) if !port.ends_with(']') => {
                port.parse().ok().filter(|port| *port != 0).ok_or_else(|| invalid("its port isn't valid"))?
            }
            _ => usual,
        };
        let origin = if port == usual { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") };
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { origin, host, port, path, fragment: fragment.to_owned() })
    }
}

/// The name that a page of this machine has in its origin. The window's policy knows two: what listens
/// on every address, or on IPv6 alone, is `localhost` as well.
fn loopback(host: &str) -> Option<&'static str> {
    match host.to_ascii_lowercase().as_str() {
        "localhost" | "[::1]" | "[::]" | "0.0.0.0" => Some("localhost"),
        "127.0.0.1" => Some("127.0.0.1"),
        _ => None,
    }
}

fn leads_away(to: &str) -> bool {
    let whole = if to.starts_with("//") { format!("http:{to}") } else { to.to_owned() };
    whole.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(|host| loopback(host).is_none()))
}

fn no_page(server: &Server, what: &str) -> Error {
    Error::new(Code::PageServerNoPage, format!("{} {what}", server.url()))
}

/// The client's own words are `client error (Connect)`: what the operating system says is within.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    #[test]
    fn an_address_is_read_as_people_write_it() {
        for (text, url, origin) in [
            ("http://localhost:3000", "http://localhost:3000/", "http://localhost:3000"),
            (" HTTP://LocalHost:3000/ ", "http://localhost:3000/", "http://localhost:3000"),
            (
                "localhost:5173/ui/index.html?a=1#/volumes",
                "http://localhost:5173/ui/index.html?a=1#/volumes",
                "http://localhost:5173",
            ),
            ("3000", "http://localhost:3000/", "http://localhost:3000"),
            (":3000", "http://localhost:3000/", "http://localhost:3000"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("http://localhost", "http://localhost/", "http://localhost"),
            ("http://localhost:80/#/a", "http://localhost/#/a", "http://localhost"),
            ("https://localhost:443", "https://localhost/", "https://localhost"),
            ("http://[::1]:3000/", "http://localhost:3000/", "http://localhost:3000"),
            ("http://[::1]", "http://localhost/", "http://localhost"),
            ("http://0.0.0.0:3000", "http://localhost:3000/", "http://localhost:3000"),
        ] {
            let server: Server = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((server.url().as_str(), server.origin()), (url, origin), "{text}");
        }
    }

    #[test]
    fn what_is_not_of_this_machine_is_refused() {
        for text in [
            "http://example.org:3000",
            "http://192.168.1.7:3000",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "http://localhost@example.org:3000",
            "http://example.org#@localhost",
            "http://me:secret@localhost:3000",
            "file:///etc/passwd",
            "javascript://localhost/%0aalert(1)",
            "tauri://localhost/",
            "http://localhost:99999",
            "http://localhost:0",
            "http://localhost:x",
            "http://local host",
            "",
        ] {
            let error = text.parse::<Server>().unwrap_err();
            assert_eq!(error.code, Code::PageServerInvalid, "{text}");
            assert!(error.hint.is_some(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_of_this_machine(text in "(https?://)?[a-z0-9.@:\\[\\]#/%\\\\-]{0,24}(localhost|127\\.0\\.0\\.1)?[a-z0-9.@:#/\\\\-]{0,12}") {
            if let Ok(server) = text.parse::<Server>() {
                let rest = server.origin().split_once("://").unwrap().1;
                let host = rest.split(':').next().unwrap();
                prop_assert!(["localhost", "127.0.0.1"].contains(&host), "{}", server.origin());
                prop_assert_eq!(server.url().parse::<Server>().unwrap(), server);
            }
        }
    }

    /// What a server that says this to one request is found to be.
    async fn looked_at(answer: &'static str) -> Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server: Server = listener.local_addr().unwrap().to_string().parse().unwrap();
        let answers = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                asked.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let found = server.look().await;
        answers.await.unwrap();
        found
    }

    #[tokio::test]
    async fn a_server_with_a_page_is_told_from_one_without() {
        for answer in [
            "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 302 Found\r\nlocation: /ui/\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 302 Found\r\nlocation: http://localhost:4000/\r\ncontent-length: 0\r\n\r\n",
        ] {
            looked_at(answer).await.unwrap_or_else(|error| panic!("{answer}: {error}"));
        }
        for (answer, says) in [
            ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 0\r\n\r\n", "application/json"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "no Content-Type"),
            ("HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n", "404"),
            ("HTTP/1.1 302 Found\r\nlocation: //example.org/x\r\ncontent-length: 0\r\n\r\n", "example.org"),
        ] {
            let error = looked_at(answer).await.unwrap_err();
            assert_eq!(error.code, Code::PageServerNoPage, "{answer}");
            assert!(error.message.contains(says), "{}", error.message);
        }
    }

    #[tokio::test]
    async fn where_nothing_listens_or_speaks_http_there_is_no_server() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        for scheme in ["http", "https"] {
            let error = format!("{scheme}://{free}").parse::<Server>().unwrap().look().await.unwrap_err();
            assert_eq!(error.code, Code::PageServerSilent);
            assert!(error.message.contains(&free.to_string()), "{}", error.message);
            assert!(error.detail.unwrap().to_lowercase().contains("refused"));
        }
        assert_eq!(looked_at("SSH-2.0-OpenSSH\r\n\r\n").await.unwrap_err().code, Code::PageServerSilent);
    }
}
