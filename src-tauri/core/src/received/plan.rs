//! What a Runtime makes of what was asked, before anything happens.

use super::{Delivery, Does, Plan, Value};
use crate::{asked::Asked, runtime::Runtime, target::Target};

/// What a Runtime does when code asks for this, with the target in the extension's place.
pub fn plan(_asked: &Asked, _runtime: Runtime, _target: &Target) -> Plan {
    Plan {
        does: Does::Refuses { outcome: Delivery::Rejected { value: Value::Undefined } },
        rules: Vec::new(),
        on_host: false,
    }
}
