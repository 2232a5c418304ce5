//! Empties a namespace that is being deleted, tells what is left in it, then lets it go.
//!
//! Upstream: `pkg/controller/namespace/namespace_controller.go`, `deletion/namespaced_resources_deleter.go` and
//! `deletion/status_condition_utils.go`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, NamespaceCondition};
use serde_json::Value;
use tokio::time::Duration;

use super::Controller;
use super::queue::{Key, WorkQueue};
use crate::status::Result;
use crate::store::resource::{ALL, NAMESPACES, PODS};
use crate::store::{Change, ChangeType, DeleteOptions, Resource, Store};

/// Until the first look at a namespace that is being deleted (`namespaceDeletionGracePeriod`).
const GRACE: Duration = Duration::from_secs(5);
/// How long finalizers are taken to need (`finalizerEstimateSeconds`).
const FINALIZERS_S: i64 = 15;

pub(super) struct NamespaceController {
    store: Arc<Store>,
    queue: WorkQueue,
    /// Namespaces that are being deleted.
    terminating: BTreeSet<String>,
}

/// What could not be deleted at once.
#[derive(Debug, Default)]
struct Left {
    /// Instances by `resource.group`.
    resources: BTreeMap<String, usize>,
    /// Instances by finalizer.
    finalizers: BTreeMap<String, usize>,
    estimate_s: i64,
}

impl Left {
    fn add(&mut self, resource: &Resource, object: &Value) {
        let name = format!("{}.{}", resource.plural, resource.group);
        *self.resources.entry(name).or_default() += 1;
        let finalizers = object["metadata"]["finalizers"].as_array();
        for finalizer in finalizers.into_iter().flatten().filter_map(Value::as_str) {
            *self.finalizers.entry(finalizer.to_owned()).or_default() += 1;
            self.estimate_s = self.estimate_s.max(FINALIZERS_S);
        }
        if *resource == PODS {
            let grace = &object["metadata"]["deletionGracePeriodSeconds"];
            self.estimate_s = self.estimate_s.max(grace.as_i64().unwrap_or(0));
        }
    }

    /// The conditions of the namespace while it waits.
    fn conditions(&self) -> [(&'static str, bool, &'static str, String); 5] {
        let list = |what: &str, counts: &BTreeMap<String, usize>, verb: &str| {
            let counts: Vec<String> = counts
                .iter()
                .map(|(name, count)| format!("{name} {verb} {count} resource instances"))
                .collect();
            format!("{what}: {}", counts.join(", "))
        };
        let finalizers = if self.finalizers.is_empty() {
            (
                false,
                "ContentHasNoFinalizers",
                "All content-preserving finalizers finished".to_owned(),
            )
        } else {
            let what = "Some content in the namespace has finalizers remaining";
            (
                true,
                "SomeFinalizersRemain",
                list(what, &self.finalizers, "in"),
            )
        };
        [
            (
                "NamespaceDeletionDiscoveryFailure",
                false,
                "ResourcesDiscovered",
                "All resources successfully discovered".to_owned(),
            ),
            (
                "NamespaceDeletionGroupVersionParsingFailure",
                false,
                "ParsedGroupVersions",
                "All legacy kube types successfully parsed".to_owned(),
            ),
            (
                "NamespaceDeletionContentFailure",
                false,
                "ContentDeleted",
                "All content successfully deleted, may be waiting on finalization".to_owned(),
            ),
            (
                "NamespaceContentRemaining",
                true,
                "SomeResourcesRemain",
                list("Some resources are remaining", &self.resources, "has"),
            ),
            (
                "NamespaceFinalizersRemaining",
                finalizers.0,
                finalizers.1,
                finalizers.2,
            ),
        ]
    }
}

impl NamespaceController {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            queue: WorkQueue::default(),
            terminating: BTreeSet::new(),
        }
    }

    /// Asks for the deletion of everything in it; what is left.
    fn empty(&self, namespace: &str) -> Result<Left> {
        let mut left = Left::default();
        for resource in ALL.iter().copied().filter(|resource| is_stored(resource)) {
            let (objects, _) = self.store.list_values(resource, Some(namespace));
            for object in objects {
                if object["metadata"]["deletionTimestamp"].is_string() {
                    left.add(resource, &object);
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
                    Ok(crate::store::Deleted::Marked(object)) => left.add(resource, &object),
                    Err(error) if error.is_not_found() => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(left)
    }

    fn tell(&self, name: &str, left: &Left) -> Result<()> {
        let time = self.store.clock().time();
        self.store.modify::<Namespace>("", name, |namespace| {
            let status = namespace.status.get_or_insert_default();
            let old = status.conditions.take().unwrap_or_default();
            let conditions =
                left.conditions()
                    .into_iter()
                    .map(|(type_, value, reason, message)| {
                        let value = if value { "True" } else { "False" };
                        let since = old
                            .iter()
                            .find(|old| old.type_ == type_ && old.status == value)
                            .and_then(|old| old.last_transition_time.clone());
                        NamespaceCondition {
                            type_: type_.to_owned(),
                            status: value.to_owned(),
                            reason: Some(reason.to_owned()),
                            message: Some(message),
                            last_transition_time: since.or_else(|| Some(time.clone())),
                        }
                    });
            status.conditions = Some(conditions.collect());
        })?;
        Ok(())
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
        if *change.resource != NAMESPACES {
            return;
        }
        if change.change_type == ChangeType::Deleted {
            self.terminating.remove(change.name());
        } else if change.object["metadata"]["deletionTimestamp"].is_string()
            && self.terminating.insert(change.name().to_owned())
        {
            self.queue.add_after(Key::of(change), GRACE);
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        if !self.terminating.contains(&key.name) {
            return Ok(());
        }
        let left = self.empty(&key.name)?;
        if !left.resources.is_empty() {
            self.tell(&key.name, &left)?;
            // Half of what it is taken to need.
            let wait = u64::try_from(left.estimate_s / 2 + 1).unwrap_or(1);
            self.queue.add_after(key.clone(), Duration::from_secs(wait));
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
