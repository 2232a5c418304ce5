//! The Lease by which KEDA's operator tells that it is alive: kept fresh while the operator runs.
//!
//! Upstream: kedacore/keda `cmd/operator/main.go` (`leader-election-id`), controller-runtime `pkg/manager/manager.go`.

use std::sync::Arc;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use tokio::time::Duration;

use crate::controllers::Controller;
use crate::controllers::queue::{Key, WorkQueue};
use crate::faults::Faults;
use crate::status::Result;
use crate::store::{Change, Store};

const NAMESPACE: &str = "keda";
const NAME: &str = "operator.keda.sh";
/// `defaultLeaseDuration`. Upstream renews every 2 s; here within the duration, so that the store's log stays short.
const DURATION_S: i32 = 15;
const RENEWAL: Duration = Duration::from_secs(10);

pub(in crate::controllers) struct LeaseKeeper {
    store: Arc<Store>,
    faults: Arc<Faults>,
    queue: WorkQueue,
}

impl LeaseKeeper {
    /// The operator takes the lease at once.
    pub(in crate::controllers) fn new(store: Arc<Store>, faults: Arc<Faults>) -> Self {
        let mut queue = WorkQueue::default();
        queue.add(Key::new(NAMESPACE, NAME));
        Self {
            store,
            faults,
            queue,
        }
    }

    fn renew(&self) -> Result<()> {
        let now = MicroTime(self.store.clock().now());
        let renewed = self.store.modify::<Lease>(NAMESPACE, NAME, |lease| {
            lease.spec.get_or_insert_default().renew_time = Some(now.clone());
        })?;
        if renewed.is_none() {
            self.store.create(&Lease {
                metadata: ObjectMeta {
                    name: Some(NAME.to_owned()),
                    namespace: Some(NAMESPACE.to_owned()),
                    ..ObjectMeta::default()
                },
                spec: Some(LeaseSpec {
                    acquire_time: Some(now.clone()),
                    holder_identity: Some("keda-operator".to_owned()),
                    lease_duration_seconds: Some(DURATION_S),
                    lease_transitions: Some(0),
                    renew_time: Some(now),
                    ..LeaseSpec::default()
                }),
            })?;
        }
        Ok(())
    }
}

impl Controller for LeaseKeeper {
    fn name(&self) -> &'static str {
        "keda-lease"
    }

    fn observe(&mut self, _change: &Change) {}

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        if !self.faults.is_keda_operator_away() {
            self.renew()?;
        }
        self.queue.add_after(key.clone(), RENEWAL);
        Ok(())
    }
}
