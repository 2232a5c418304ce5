//! Keeps each ResourceQuota's `status.used`. Whether a quota lets an object in is the admission's to say.
//!
//! Upstream: `pkg/controller/resourcequota/resource_quota_controller.go` and `pkg/quota/v1/evaluator/core/`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::{ResourceQuota, ResourceQuotaStatus};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::Value;

use super::Controller;
use super::queue::{Key, WorkQueue};
use crate::admission;
use crate::status::Result;
use crate::store::resource::{PODS, RESOURCE_QUOTAS};
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
        let Some(value) = self
            .store
            .get_value(&RESOURCE_QUOTAS, &key.namespace, &key.name)
        else {
            return Ok(());
        };
        let used = self
            .store
            .read(|objects| admission::usage(objects, &key.namespace, &value));
        let used: BTreeMap<String, Quantity> = used
            .into_iter()
            .map(|(name, amount)| (name, Quantity(amount.to_string())))
            .collect();
        self.store
            .modify::<ResourceQuota>(&key.namespace, &key.name, |quota| {
                quota.status = Some(ResourceQuotaStatus {
                    hard: quota.spec.as_ref().and_then(|spec| spec.hard.clone()),
                    used: Some(used.clone()),
                });
            })?;
        Ok(())
    }
}
