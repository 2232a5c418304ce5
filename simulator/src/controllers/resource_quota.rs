//! Keeps each ResourceQuota's `status.used`. Whether a quota lets an object in is the admission's to say.
//!
//! Upstream: `pkg/controller/resourcequota/resource_quota_controller.go` and `pkg/quota/v1/evaluator/core/`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use autoscaling::CpuMillis;
use k8s_openapi::api::core::v1::{ResourceQuota, ResourceQuotaStatus};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::Value;

use super::Controller;
use super::queue::{Key, WorkQueue};
use super::scheduler::bytes;
use crate::status::Result;
use crate::store::resource::{ALL, PODS, RESOURCE_QUOTAS};
use crate::store::{Change, ChangeType, Store};

pub(super) struct ResourceQuotaController {
    store: Arc<Store>,
    queue: WorkQueue,
    quotas: BTreeSet<Key>,
}

impl ResourceQuotaController {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            queue: WorkQueue::default(),
            quotas: BTreeSet::new(),
        }
    }

    /// What the namespace uses of one resource; `None` for one that is not counted here.
    fn used(&self, namespace: &str, resource: &str) -> Option<Quantity> {
        let (part, name) = match resource.split_once('.') {
            Some(("requests", name)) => ("requests", name),
            Some(("limits", name)) => ("limits", name),
            _ => ("requests", resource),
        };
        let plural = resource.strip_prefix("count/").unwrap_or(resource);
        match name {
            "cpu" => {
                let mut sum = CpuMillis(0);
                for quantity in self.quantities(namespace, part, name) {
                    sum += CpuMillis::parse(&quantity).unwrap_or_default();
                }
                Some(Quantity(if sum.0 % 1000 == 0 {
                    (sum.0 / 1000).to_string()
                } else {
                    sum.to_string()
                }))
            }
            "memory" => {
                let quantities = self.quantities(namespace, part, name);
                let sum: i64 = quantities.iter().filter_map(|text| bytes(text)).sum();
                Some(Quantity(binary(sum)))
            }
            "pods" => Some(Quantity(self.pods(namespace).len().to_string())),
            _ => {
                let kind = ALL.iter().find(|kind| {
                    kind.namespaced && (kind.name == plural || kind.plural == plural)
                })?;
                let (objects, _) = self.store.list_values(kind, Some(namespace));
                Some(Quantity(objects.len().to_string()))
            }
        }
    }

    fn quantities(&self, namespace: &str, part: &str, name: &str) -> Vec<String> {
        let mut quantities = Vec::new();
        for pod in self.pods(namespace) {
            let containers = pod["spec"]["containers"].as_array();
            for container in containers.into_iter().flatten() {
                let quantity = container["resources"][part][name].as_str();
                quantities.extend(quantity.map(str::to_owned));
            }
        }
        quantities
    }

    /// Pods that count: those that have not ended (`QuotaV1Pod`).
    fn pods(&self, namespace: &str) -> Vec<Arc<Value>> {
        self.store.filter_values(&PODS, Some(namespace), |pod| {
            !matches!(
                pod["status"]["phase"].as_str(),
                Some("Succeeded" | "Failed")
            )
        })
    }
}

impl Controller for ResourceQuotaController {
    fn name(&self) -> &'static str {
        "resourcequota"
    }

    fn observe(&mut self, change: &Change) {
        if *change.resource == RESOURCE_QUOTAS {
            let key = Key::of(change);
            if change.change_type == ChangeType::Deleted {
                self.quotas.remove(&key);
            } else {
                self.quotas.insert(key.clone());
                self.queue.add(key);
            }
            return;
        }
        let phase = |object: &Value| object["status"]["phase"].clone();
        let counts = change.change_type != ChangeType::Modified
            || *change.resource == PODS
                && change
                    .old
                    .as_ref()
                    .is_none_or(|old| phase(old) != phase(&change.object));
        if !counts {
            return;
        }
        let namespace = change.namespace();
        let quotas = self.quotas.range(Key::new(namespace, "")..);
        for quota in quotas.take_while(|key| key.namespace == namespace) {
            self.queue.add(quota.clone());
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        let Some(quota) = self.store.get::<ResourceQuota>(&key.namespace, &key.name) else {
            return Ok(());
        };
        let hard = quota.spec.and_then(|spec| spec.hard).unwrap_or_default();
        let used: BTreeMap<String, Quantity> = hard
            .keys()
            .filter_map(|name| Some((name.clone(), self.used(&key.namespace, name)?)))
            .collect();
        self.store
            .modify::<ResourceQuota>(&key.namespace, &key.name, |quota| {
                quota.status = Some(ResourceQuotaStatus {
                    hard: Some(hard.clone()),
                    used: Some(used.clone()),
                });
            })?;
        Ok(())
    }
}

/// Bytes in the largest binary unit that is exact.
fn binary(bytes: i64) -> String {
    for (unit, suffix) in [(1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")] {
        if bytes != 0 && bytes % unit == 0 {
            return format!("{}{suffix}", bytes / unit);
        }
    }
    bytes.to_string()
}
