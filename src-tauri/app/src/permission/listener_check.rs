//! Looks again and again who listens for the page of a development server.

use std::{sync::Arc, time::Duration};

use tokio::{
    runtime::Handle,
    task::AbortHandle,
    time::{MissedTickBehavior, interval},
};

use porthole_extension::Watch;
use porthole_timeline::aside;

const EVERY: Duration = Duration::from_secs(1);

/// A task that looks, and ends with this value.
#[derive(Debug)]
pub(super) struct ListenerCheck(AbortHandle);

impl ListenerCheck {
    /// Looks also while no call comes: another program may listen for a while, and give the page its code. A change
    /// is not forgotten.
    pub fn at(watch: &Arc<Watch>) -> Option<Self> {
        let watch = Arc::clone(watch);
        let task = async move {
            let mut tick = interval(EVERY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tick.tick().await;
                let watch = Arc::clone(&watch);
                let look = move || {
                    watch.look_at_listeners();
                    Ok(())
                };
                // It can't be looked any more when the runtime ends.
                if aside(look).await.is_err() {
                    return;
                }
            }
        };
        Some(Self(Handle::try_current().ok()?.spawn(task).abort_handle()))
    }
}

impl Drop for ListenerCheck {
    fn drop(&mut self) {
        self.0.abort();
    }
}
