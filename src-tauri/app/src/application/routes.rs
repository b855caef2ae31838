//! The routes of a backend, from a document that describes them.

use std::{
    path::PathBuf,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio_util::sync::CancellationToken;

use crate::{application::Application, blocking::blocking, host::Host};
use porthole_base::error::{Code, Error, Result};
use porthole_extension::routes::{self, ApiDocument, LARGEST, Routes};
use porthole_http::exchange::{self, Engines, ExchangeEvent, Request};
use porthole_output::{Stream, record::Record};

/// How long the backend may take for each of its paths.
const PATIENCE_MS: u32 = 5_000;
/// Numbers the documents.
static DOCUMENTS: AtomicU32 = AtomicU32::new(1);

impl<H: Host> Application<H> {
    pub async fn open_routes(&self, path: String) -> Result<Routes> {
        let path = self.path(path.trim());
        let from = path.display().to_string();
        let content = blocking(move || read_file(&path)).await?;
        self.take_routes(content, from).await
    }

    pub async fn find_routes(&self) -> Result<Routes> {
        if let Some(open) = self.extension_host.open_now() {
            let folder = PathBuf::from(&open.extension.root);
            if let Some((path, content)) = blocking(move || routes::in_extension(&folder)).await? {
                return self.take_routes(content, path).await;
            }
        }
        let endpoint = self.target.borrow().1.clone()?;
        let connections = self.timeline.connections();
        for path in routes::AT_BACKEND {
            let mut request = Request::new("GET", path);
            request.timeout_ms = Some(PATIENCE_MS);
            let mut answer = Collected::default();
            let cancel = CancellationToken::new();
            exchange::send_to(&endpoint, Engines::Allowed, &request, &connections, &cancel, &mut answer).await;
            match answer {
                Collected { status: Some(200), error: None, body } => {
                    match self.take_routes(body, path.to_owned()).await {
                        // A page for every path isn't a description.
                        Err(error) if error.code == Code::RoutesUnreadable => {}
                        done => return done,
                    }
                }
                Collected { status: None, error: Some(error), .. } => return Err(error),
                _ => {}
            }
        }
        let paths = routes::AT_BACKEND.join(", ");
        Err(Error::new(Code::RoutesNotFound, "No OpenAPI document found")
            .detail(format!("Neither in the open extension's folder nor at the backend's {paths}"))
            .hint("Open the file with the document."))
    }

    pub async fn routes(&self) -> Result<Option<Routes>> {
        Ok(self.document().map(|document| document.routes().clone()))
    }

    pub async fn route(&self, document: u32, number: u32) -> Result<Request> {
        let open = self.document().filter(|open| open.routes().document == document);
        let open = open.ok_or_else(|| {
            Error::new(Code::RoutesNotFound, "Another document was opened meanwhile").hint("Choose the route again.")
        })?;
        open.request(number)
    }

    pub async fn close_routes(&self) -> Result<()> {
        *self.routes.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    fn document(&self) -> Option<Arc<ApiDocument>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn take_routes(&self, content: Vec<u8>, from: String) -> Result<Routes> {
        let number = DOCUMENTS.fetch_add(1, Ordering::Relaxed);
        let document = blocking(move || ApiDocument::read(&content, &from, number)).await?;
        let routes = document.routes().clone();
        *self.routes.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(document));
        Ok(routes)
    }
}

/// A file that the user chose: a regular one, up to a size.
fn read_file(path: &std::path::Path) -> Result<Vec<u8>> {
    use std::io::Read;
    let failed = |why: String| Error::new(Code::RoutesUnreadable, format!("{} can't be read: {why}", path.display()));
    // Opening a pipe would wait for its other end.
    let found = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if !found.is_file() {
        return Err(failed("it isn't a regular file".to_owned()));
    }
    let mut content = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    file.take(LARGEST + 1).read_to_end(&mut content).map_err(|error| failed(error.to_string()))?;
    Ok(content)
}

/// A response in memory, up to the size of a document.
#[derive(Debug, Default)]
struct Collected {
    status: Option<u16>,
    body: Vec<u8>,
    error: Option<Error>,
}

impl Record<ExchangeEvent> for Collected {
    fn event(&mut self, event: ExchangeEvent) {
        match event {
            ExchangeEvent::Answered { response, .. } => self.status = Some(response.status),
            ExchangeEvent::Failed { failure, .. } => self.error = Some(failure.error),
            _ => {}
        }
    }

    fn chunk(&mut self, _: Stream, _: u64, bytes: &[u8]) -> Result<()> {
        if (self.body.len() + bytes.len()) as u64 > LARGEST {
            let limit = LARGEST / 1_000_000;
            return Err(Error::new(Code::RoutesUnreadable, format!("The OpenAPI document is larger than {limit} MB")));
        }
        self.body.extend_from_slice(bytes);
        Ok(())
    }
}
