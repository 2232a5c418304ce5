//! Past states, from the present one and the log of what happened since. For lists of an exact version and for the
//! later pages of a list.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Resource, Store, text};

impl Store {
    /// The objects of a kind as they were at a version; `None` when the log no longer knows it.
    pub fn list_values_at(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        version: u64,
    ) -> Option<Vec<Arc<Value>>> {
        let state = self.state.lock();
        let mut then: BTreeMap<(String, String), Arc<Value>> = state
            .objects
            .list(resource, namespace)
            .map(|object| (place(object), Arc::clone(object)))
            .collect();
        // What happened since is undone, the last first.
        for change in state.log.since(version)?.iter().rev() {
            let elsewhere = namespace.is_some_and(|namespace| change.namespace() != namespace);
            if change.resource != resource || elsewhere {
                continue;
            }
            let key = place(&change.object);
            match &change.old {
                Some(old) => then.insert(key, Arc::clone(old)),
                None => then.remove(&key),
            };
        }
        Some(then.into_values().collect())
    }
}

fn place(object: &Value) -> (String, String) {
    (text(object, "namespace"), text(object, "name"))
}
