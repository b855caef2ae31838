//! Work that waits for the disk.

use porthole_base::error::{Code, Error, Result};

/// Does it on a thread that may wait.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.map_err(|error| Error::new(Code::PageMissing, "The extension couldn't be read").detail(error))?
}
