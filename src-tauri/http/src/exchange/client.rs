//! The HTTP clients through which Runtimes ask a backend: what they add to a request, which redirects they follow, and
//! which codings of a body they undo. Measured with node-fetch 2.7.0, got 13.0.0 and the `fetch` of Node 20.20 and, for
//! `zstd`, 24.11: Podman Desktop got Node 24 (Electron 40, its pull request 15119) before it took `fetch` (18777).

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use url::Url;

use super::{Body, Header, Request, target};
use crate::endpoint::Endpoint;

/// An HTTP client of a Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum HttpClient {
    /// node-fetch 2.7, of Rancher Desktop up to 1.20.
    NodeFetch,
    /// got 13 and 14, of the older Podman Desktop.
    Got,
    /// Node's own `fetch`, of Podman Desktop.
    Fetch,
}

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This response isn't followed: it is the final one.
    Final,
    /// Another request to the same backend.
    Same(Box<Request>),
    /// To another server. Porthole doesn't go there.
    Elsewhere,
    /// The client followed as many as it does.
    TooMany,
    /// Its address can't be read.
    Invalid,
}

const NODE_FETCH: [(&str, &str); 3] = [
    ("Accept", "*/*"),
    ("User-Agent", "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)"),
    ("Accept-Encoding", "gzip,deflate"),
];

const GOT: [(&str, &str); 2] =
    [("user-agent", "got (https://github.com/sindresorhus/got)"), ("accept-encoding", "gzip, deflate, br")];

const FETCH: [(&str, &str); 5] = [
    ("accept", "*/*"),
    ("accept-language", "*"),
    ("sec-fetch-mode", "cors"),
    ("user-agent", "node"),
    ("accept-encoding", "gzip, deflate"),
];

impl HttpClient {
    const ALL: [Self; 3] = [Self::NodeFetch, Self::Got, Self::Fetch];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NodeFetch => "node-fetch",
            Self::Got => "got",
            Self::Fetch => "fetch",
        }
    }

    fn additions(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::NodeFetch => &NODE_FETCH,
            Self::Got => &GOT,
            Self::Fetch => &FETCH,
        }
    }

    /// Sends this request as the client does: with its own headers where the code set none of that name, following the
    /// redirects that it follows.
    pub fn sends(self, mut request: Request) -> Request {
        for (name, value) in self.additions() {
            if !request.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name)) {
                request.headers.push(Header { name: (*name).to_owned(), value: (*value).to_owned() });
            }
        }
        request.client = Some(self);
        request
    }

    /// How many redirects it follows.
    fn most(self) -> usize {
        match self {
            Self::NodeFetch | Self::Fetch => 20,
            Self::Got => 10,
        }
    }

    /// Whether it undoes this coding of a body.
    pub fn decodes(self, coding: &str) -> bool {
        match self {
            Self::NodeFetch => matches!(coding, "gzip" | "x-gzip" | "deflate" | "x-deflate" | "br"),
            Self::Got => matches!(coding, "gzip" | "deflate" | "br"),
            Self::Fetch => matches!(coding, "gzip" | "x-gzip" | "deflate" | "br" | "zstd"),
        }
    }

    /// Whether it takes a compressed body that ends too early for a whole one: its zlib flushes what it has.
    pub fn takes_cut(self, coding: &str) -> bool {
        match self {
            Self::NodeFetch => coding.ends_with("gzip"),
            Self::Got => false,
            Self::Fetch => true,
        }
    }

    /// Whether it looks for a `Location` with this status.
    pub fn redirects(self, status: u16) -> bool {
        match self {
            Self::NodeFetch | Self::Fetch => matches!(status, 301..=303 | 307 | 308),
            Self::Got => matches!(status, 300..=304 | 307 | 308),
        }
    }

    /// What it does after a response with this status and `Location`, when it followed `before` redirects already.
    pub fn next(
        self,
        request: &Request,
        endpoint: &Endpoint,
        (status, location): (u16, Option<&str>),
        before: usize,
    ) -> Next {
        let Some(location) = location.filter(|_| self.redirects(status)) else { return Next::Final };
        let mut next = match led_to(request, endpoint, location, before >= self.most()) {
            Ok(next) => next,
            Err(other) => return other,
        };
        let becomes_get = match self {
            Self::NodeFetch => status == 303 || matches!(status, 301 | 302) && request.method == "POST",
            Self::Got => status == 303 && !matches!(request.method.as_str(), "GET" | "HEAD"),
            Self::Fetch => {
                status == 303 && !matches!(request.method.as_str(), "GET" | "HEAD")
                    || matches!(status, 301 | 302) && request.method == "POST"
            }
        };
        if becomes_get {
            if self == Self::Fetch {
                next.headers.retain(|header| !header.name.eq_ignore_ascii_case("content-type"));
            // The others keep the Content-Type of the body that is no longer sent.
            } else if let Some(content_type) = request.body.content_type()
                && !next.headers.iter().any(|header| header.name.eq_ignore_ascii_case("content-type"))
            {
                next.headers.push(Header { name: "Content-Type".into(), value: content_type.into() });
            }
            "GET".clone_into(&mut next.method);
            next.body = Body::None;
            next.headers.retain(|header| !header.name.eq_ignore_ascii_case("content-length"));
        }
        Next::Same(Box::new(next))
    }
}

/// The same request to where a redirect leads.
///
/// # Errors
/// Why it isn't followed.
fn led_to(request: &Request, endpoint: &Endpoint, location: &str, too_many: bool) -> Result<Request, Next> {
    let host = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("host"));
    let authority = host.map_or_else(|| endpoint.authority(), |header| header.value.clone());
    let base = target(request).ok().and_then(|path| Url::parse(&format!("http://{authority}{path}")).ok());
    let base = base.ok_or(Next::Invalid)?;
    let to = base.join(location).map_err(|_| Next::Invalid)?;
    if too_many {
        return Err(Next::TooMany);
    }
    if to.origin() != base.origin() {
        return Err(Next::Elsewhere);
    }
    let path = to[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
    Ok(Request { path, query: Vec::new(), ..request.clone() })
}

/// How many redirects *Follow redirects* follows.
const MOST_FOLLOWED: usize = 10;

impl Request {
    /// Where a response with this status and `Location` leads, when `before` redirects were followed already.
    pub fn next(&self, endpoint: &Endpoint, (status, location): (u16, Option<&str>), before: usize) -> Next {
        match (self.client, location) {
            (Some(client), _) => client.next(self, endpoint, (status, location), before),
            (None, Some(location)) if self.follow_redirects && matches!(status, 301..=303 | 307 | 308) => {
                match led_to(self, endpoint, location, before >= MOST_FOLLOWED) {
                    Ok(next) => Next::Same(Box::new(next.redirected(status))),
                    Err(other) => other,
                }
            }
            _ => Next::Final,
        }
    }

    /// With the method and body that RFC 9110 and the Fetch standard have after this status: 303 asks with GET, 301 and
    /// 302 do so after a POST, 307 and 308 repeat the request.
    fn redirected(mut self, status: u16) -> Self {
        let becomes_get = match status {
            303 => !matches!(self.method.as_str(), "GET" | "HEAD"),
            301 | 302 => self.method == "POST",
            _ => false,
        };
        if becomes_get {
            "GET".clone_into(&mut self.method);
            self.body = Body::None;
            let of_body = ["content-type", "content-length", "content-encoding", "transfer-encoding"];
            self.headers.retain(|header| !of_body.iter().any(|name| header.name.eq_ignore_ascii_case(name)));
        }
        self
    }
}

/// The headers without those that clients add.
pub fn without_additions(headers: &[Header]) -> impl Iterator<Item = &Header> {
    let added = |header: &&Header| {
        let own = |(name, value): &(&str, &str)| header.name == *name && header.value == *value;
        !HttpClient::ALL.iter().any(|client| client.additions().iter().any(own))
    };
    headers.iter().filter(added)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(client: HttpClient, method: &str, status: u16, location: &str) -> Next {
        let mut request = client.sends(Request::new(method, "/a/b?x=1"));
        if matches!(method, "POST" | "PUT") {
            request.body = Body::Json { text: "{}".into() };
        }
        client.next(&request, &Endpoint::Unix("/run/b.sock".into()), (status, Some(location)), 0)
    }

    fn line(next: &Next) -> String {
        match next {
            Next::Same(request) => {
                format!("{} {}{}", request.method, request.path, if request.body == Body::None { "" } else { " body" })
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn redirects_are_followed_only_where_it_was_chosen_and_only_to_the_same_backend() {
        let endpoint = Endpoint::Unix("/run/b.sock".into());
        let next = |method: &str, follows: bool, status: u16, location: &str, before: usize| {
            let body = if method == "GET" { Body::None } else { Body::Json { text: "{}".into() } };
            let headers = vec![Header { name: "content-type".into(), value: "a/b".into() }];
            let request = Request { body, headers, follow_redirects: follows, ..Request::new(method, "/a/b?x=1") };
            let next = request.next(&endpoint, (status, Some(location)), before);
            match &next {
                Next::Same(request) => format!("{} +{}", line(&next), request.headers.len()),
                _ => line(&next),
            }
        };
        for (method, status, expected) in [
            ("GET", 301, "GET /a/c +1"),
            ("POST", 301, "GET /a/c +0"),
            ("PUT", 302, "PUT /a/c body +1"),
            ("PUT", 303, "GET /a/c +0"),
            ("POST", 307, "POST /a/c body +1"),
            ("POST", 308, "POST /a/c body +1"),
            ("POST", 304, "Final"),
        ] {
            assert_eq!(next(method, true, status, "c", 9), expected, "{method} {status}");
        }
        assert_eq!(next("GET", false, 302, "c", 0), "Final");
        assert_eq!(next("GET", true, 302, "c", 10), "TooMany");
        assert_eq!(next("GET", true, 302, "http://example.com/c", 0), "Elsewhere");
        assert_eq!(next("GET", true, 302, "http://[", 0), "Invalid");
    }

    #[test]
    fn each_client_follows_as_measured() {
        use HttpClient::{Fetch, Got, NodeFetch};
        for (client, method, status, expected) in [
            (NodeFetch, "POST", 301, "GET /end"),
            (NodeFetch, "POST", 302, "GET /end"),
            (NodeFetch, "PUT", 302, "PUT /end body"),
            (NodeFetch, "PUT", 303, "GET /end"),
            (NodeFetch, "DELETE", 302, "DELETE /end"),
            (NodeFetch, "HEAD", 303, "GET /end"),
            (NodeFetch, "POST", 307, "POST /end body"),
            (NodeFetch, "GET", 300, "Final"),
            (NodeFetch, "GET", 304, "Final"),
            (Got, "POST", 301, "POST /end body"),
            (Got, "PUT", 303, "GET /end"),
            (Got, "HEAD", 303, "HEAD /end"),
            (Got, "GET", 300, "GET /end"),
            (Got, "GET", 304, "GET /end"),
            (Got, "POST", 308, "POST /end body"),
            (Got, "GET", 200, "Final"),
            (Fetch, "POST", 301, "GET /end"),
            (Fetch, "POST", 302, "GET /end"),
            (Fetch, "PUT", 302, "PUT /end body"),
            (Fetch, "DELETE", 303, "GET /end"),
            (Fetch, "HEAD", 303, "HEAD /end"),
            (Fetch, "PUT", 308, "PUT /end body"),
            (Fetch, "GET", 300, "Final"),
            (Fetch, "GET", 304, "Final"),
        ] {
            assert_eq!(line(&next(client, method, status, "/end#part")), expected, "{client:?} {method} {status}");
        }
    }

    #[test]
    fn a_location_is_read_against_the_request() {
        for (location, expected) in [
            ("c", "GET /a/c"),
            ("../c?y=2", "GET /c?y=2"),
            ("?y=2", "GET /a/b?y=2"),
            ("http://localhost/c", "GET /c"),
            ("//localhost/c", "GET /c"),
            ("//other/c", "Elsewhere"),
            ("http://localhost:81/c", "Elsewhere"),
            ("https://localhost/c", "Elsewhere"),
            ("file:///etc/passwd", "Elsewhere"),
            ("http://[x", "Invalid"),
        ] {
            assert_eq!(line(&next(HttpClient::NodeFetch, "GET", 302, location)), expected, "{location}");
        }
    }

    #[test]
    fn a_loop_ends_and_a_body_that_is_not_sent_leaves_its_type() {
        let request = HttpClient::Got.sends(Request::new("GET", "/loop"));
        let endpoint = Endpoint::Unix("/run/b.sock".into());
        let after = |before| HttpClient::Got.next(&request, &endpoint, (302, Some("/loop")), before);
        assert!(matches!(after(9), Next::Same(_)));
        assert_eq!(after(10), Next::TooMany);
        let Next::Same(fetched) = next(HttpClient::Fetch, "POST", 303, "/end") else { panic!("not followed") };
        assert!(!fetched.headers.iter().any(|header| header.name.eq_ignore_ascii_case("content-type")));
        let Next::Same(next) = next(HttpClient::NodeFetch, "POST", 303, "/end") else { panic!("not followed") };
        assert!(next.headers.iter().any(|header| header.name == "Content-Type" && header.value == "application/json"));
    }

    #[test]
    fn a_client_adds_what_the_code_did_not_set() {
        let mut request = Request::new("GET", "/");
        request.headers.push(Header { name: "accept".into(), value: "text/plain".into() });
        let sent = HttpClient::NodeFetch.sends(request.clone());
        let names: Vec<&str> = sent.headers.iter().map(|header| header.name.as_str()).collect();
        assert_eq!(names, ["accept", "User-Agent", "Accept-Encoding"]);
        assert!(without_additions(&sent.headers).eq(&request.headers));
    }
}
