//! Empties a namespace that is being deleted, then lets it go.
//!
//! Upstream: `pkg/controller/namespace/deletion/namespaced_resources_deleter.go`.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;

use super::Controller;
use super::queue::{Key, WorkQueue};
use crate::status::Result;
use crate::store::resource::{ALL, NAMESPACES};
use crate::store::{Change, ChangeType, DeleteOptions, Resource, Store};

pub(super) struct NamespaceController {
    store: Arc<Store>,
    queue: WorkQueue,
    /// Namespaces that are being deleted.
    terminating: BTreeSet<String>,
}

impl NamespaceController {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            queue: WorkQueue::default(),
            terminating: BTreeSet::new(),
        }
    }

    /// Asks for the deletion of everything in it; whether nothing is left.
    fn empty(&self, namespace: &str) -> Result<bool> {
        let mut empty = true;
        for resource in ALL.iter().copied().filter(|resource| is_stored(resource)) {
            let (objects, _) = self.store.list_values(resource, Some(namespace));
            for object in objects {
                if object["metadata"]["deletionTimestamp"].is_string() {
                    empty = false;
                    continue;
                }
                let name = object["metadata"]["name"].as_str().unwrap_or("");
                let deleted = self.store.delete_value(
                    resource,
                    namespace,
                    name,
                    &DeleteOptions::background(),
                );
                match deleted {
                    Ok(crate::store::Deleted::Gone(_)) => {}
                    Ok(crate::store::Deleted::Marked(_)) => empty = false,
                    Err(error) if error.is_not_found() => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(empty)
    }
}

/// Not what only its own server holds, such as metrics.
fn is_stored(resource: &Resource) -> bool {
    resource.namespaced && !resource.read_only
}

impl Controller for NamespaceController {
    fn name(&self) -> &'static str {
        "namespace"
    }

    fn observe(&mut self, change: &Change) {
        if *change.resource == NAMESPACES {
            if change.change_type == ChangeType::Deleted {
                self.terminating.remove(change.name());
            } else if change.object["metadata"]["deletionTimestamp"].is_string() {
                self.terminating.insert(change.name().to_owned());
                self.queue.add(Key::of(change));
            }
        } else if change.change_type == ChangeType::Deleted
            && self.terminating.contains(change.namespace())
        {
            self.queue.add(Key::new("", change.namespace()));
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        if !self.terminating.contains(&key.name) || !self.empty(&key.name)? {
            return Ok(());
        }
        self.store.modify::<Namespace>("", &key.name, |namespace| {
            if let Some(spec) = &mut namespace.spec {
                spec.finalizers = None;
            }
        })?;
        Ok(())
    }
}
