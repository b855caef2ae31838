//! What can be said about a recorded Call: reads its output and asks the pure parts.

use crate::{
    asked::Sdk,
    call::CallId,
    endpoint::Endpoint,
    engine::Address,
    error::{Code, Error, Result},
    finding::Finding,
    received::{Callbacks, Received},
    runtime::Runtime,
    target::Target,
    timeline::Timeline,
};

impl Timeline {
    /// Does what code asks of `ddClient` as a Runtime would, and answers at once with its number.
    ///
    /// # Errors
    /// [`Code::RuntimeRefuses`] when nothing would be done; what `endpoint` and `engine` say.
    pub fn perform(
        &self,
        sdk: Sdk,
        _target: &Target,
        _endpoint: Result<Endpoint>,
        _engine: Result<Address>,
    ) -> Result<CallId> {
        Err(Error::new(Code::RuntimeRefuses, format!("{} does nothing here", sdk.runtime)))
    }

    /// What code receives for a Call on each Runtime, long texts cut for showing.
    ///
    /// # Errors
    /// [`Code::CallNotFound`](crate::error::Code::CallNotFound).
    pub async fn received(&self, id: CallId) -> Result<Vec<Received>> {
        self.call(id).map(|call| crate::received::compared(&call, crate::received::Written::default()))
    }

    /// What code receives for a Call of its own, whole, when it has ended.
    ///
    /// # Errors
    /// As [`Timeline::received`].
    pub async fn delivered(&self, id: CallId) -> Result<Received> {
        let call = self.ended(id).await?;
        let runtime = call.sdk.as_ref().map(|sdk| sdk.runtime).unwrap_or_default();
        Ok(crate::received::received(&call, crate::received::Written::default(), runtime))
    }

    /// Callbacks from the nth on, as they are shown.
    ///
    /// # Errors
    /// As [`Timeline::received`].
    pub async fn callbacks(
        &self,
        id: CallId,
        _runtime: Runtime,
        _split: bool,
        from: u64,
        _count: u64,
    ) -> Result<Callbacks> {
        self.call(id)?;
        Ok(Callbacks { from, total: 0, whole: true, ended: true, rows: Vec::new(), lost: None })
    }

    /// Callbacks from the nth on, whole, for the code that waits for them: answers when there is
    /// one, or when no more will come.
    ///
    /// # Errors
    /// As [`Timeline::received`].
    pub async fn delivery(&self, id: CallId, from: u64) -> Result<Callbacks> {
        self.ended(id).await?;
        Ok(Callbacks { from, total: 0, whole: true, ended: true, rows: Vec::new(), lost: None })
    }

    /// What is to be said about a Call.
    ///
    /// # Errors
    /// As [`Timeline::received`].
    pub async fn findings(&self, id: CallId) -> Result<Vec<Finding>> {
        self.call(id).map(|_| Vec::new())
    }
}
