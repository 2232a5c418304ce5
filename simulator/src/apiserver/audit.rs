//! What was asked of the API server, for tests and for those who want to know. Bounded.

use std::collections::VecDeque;

use parking_lot::Mutex;

/// Requests that are kept.
const CAPACITY: usize = 20_000;

/// One answered request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Who called.
    pub user: String,
    /// Whom the caller acted as.
    pub impersonated_user: Option<String>,
    /// As the authorizer saw it, such as `patch`.
    pub verb: String,
    /// Such as `pods/log`; a path for requests that are not about objects.
    pub resource: String,
    /// Empty for cluster-wide requests.
    pub namespace: String,
    /// Empty for collections.
    pub name: String,
    /// HTTP status code.
    pub code: u16,
}

/// The newest requests.
#[derive(Debug, Default)]
pub struct Audit(Mutex<VecDeque<AuditEvent>>);

impl Audit {
    pub(super) fn record(&self, event: AuditEvent) {
        let mut events = self.0.lock();
        if events.len() == CAPACITY {
            events.pop_front();
        }
        events.push_back(event);
    }

    /// All that are kept, oldest first.
    pub fn events(&self) -> Vec<AuditEvent> {
        self.0.lock().iter().cloned().collect()
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.0.lock().clear();
    }
}
