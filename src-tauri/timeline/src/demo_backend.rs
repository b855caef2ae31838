//! The demo backend on a free port, for tests.

use porthole_demo::accept;
use porthole_http::endpoint::Endpoint;
use tokio::{net::TcpListener, task::JoinSet};

/// A running demo backend. It ends with this value.
pub(crate) struct DemoBackend {
    endpoint: Endpoint,
    _accepting: JoinSet<()>,
}

impl DemoBackend {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(async move || listener.accept().await.map(|(stream, _)| stream), |_| ()));
        Self { endpoint: Endpoint::Tcp { host: "127.0.0.1".to_owned(), port }, _accepting: accepting }
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}
