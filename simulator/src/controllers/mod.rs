//! The controllers of a cluster, as far as the workshop needs them, on the [`Store`](crate::Store).
//!
//! [`run`] is the whole interface. All controllers live on one task: each sees every change once, in order, and
//! works off its own queue; nothing polls. So a run is repeatable, and a paused tokio clock runs through it at once.

mod deployment;
mod endpoints;
mod garbage_collector;
mod horizontal;
mod job;
mod keda;
mod kubelet;
mod metrics_server;
mod namespace;
mod ownership;
mod queue;
mod recorder;
mod replica_set;
mod resource_quota;
mod runtime;
mod scheduler;
mod stoppable;

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::{Duration, Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::faults::Faults;
use crate::status::Result;
use crate::store::resource::ALL;
use crate::store::{Change, ChangeType, Store};

use queue::{Key, WorkQueue};
use runtime::Runtime;
use stoppable::Stoppable;

/// One controller: it hears of changes, puts keys into its queue, and brings what a key names to what is wanted.
trait Controller: Send {
    /// For the log.
    fn name(&self) -> &'static str;

    /// Puts what the change concerns into the queue. Must be cheap.
    fn observe(&mut self, change: &Change);

    fn queue(&mut self) -> &mut WorkQueue;

    /// Works on one key. An error is tried again, later each time.
    fn reconcile(&mut self, key: &Key) -> Result<()>;
}

/// What lies outside the controllers: chance, and the machine.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// Everything random follows from it: phases, jitter, the choice of a connection's pod.
    pub seed: u64,
    /// When metrics-server scrapes first, if not by chance.
    pub first_scrape: Option<Duration>,
    /// CPU of a request's computation and of a program's start, relative to the machine of the load model.
    pub slowness: f64,
}

/// Runs all controllers until `shutdown`.
pub async fn run(
    store: Arc<Store>,
    faults: Arc<Faults>,
    surroundings: Surroundings,
    shutdown: CancellationToken,
) {
    let mut changes = store.subscribe();
    let mut controllers = controllers(&store, &faults, surroundings);
    for change in existing(&store) {
        for controller in &mut controllers {
            controller.observe(&change);
        }
    }
    let mut newest = store.newest();
    loop {
        newest.borrow_and_update();
        for change in changes.drain() {
            for controller in &mut controllers {
                controller.observe(&change);
            }
        }
        let mut worked = false;
        for controller in &mut controllers {
            worked |= work(controller.as_mut());
        }
        if worked {
            // The API's clients run on the same threads.
            tokio::task::yield_now().await;
            if shutdown.is_cancelled() {
                return;
            }
            continue;
        }
        let next = controllers
            .iter_mut()
            .filter_map(|controller| controller.queue().next())
            .min();
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = newest.changed() => {}
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
        }
    }
}

fn controllers(
    store: &Arc<Store>,
    faults: &Arc<Faults>,
    surroundings: Surroundings,
) -> Vec<Box<dyn Controller>> {
    let seed = surroundings.seed;
    let runtime = Arc::new(Mutex::new(Runtime::new(Arc::clone(store), surroundings)));
    let keda_faults = Arc::clone(faults);
    let is_keda_away = move || keda_faults.is_keda_operator_away();
    let store = || Arc::clone(store);
    vec![
        Box::new(Stoppable::new(
            keda::ScaledObjectController::new(store()),
            is_keda_away,
        )),
        Box::new(keda::LeaseKeeper::new(store(), Arc::clone(faults))),
        Box::new(horizontal::HorizontalController::new(
            store(),
            Arc::clone(faults),
        )),
        Box::new(deployment::DeploymentController::new(store())),
        Box::new(replica_set::ReplicaSetController::new(store())),
        Box::new(job::JobController::new(store())),
        Box::new(scheduler::Scheduler::new(store())),
        Box::new(kubelet::Kubelet::new(store(), Arc::clone(&runtime), seed)),
        Box::new(endpoints::EndpointSliceController::new(store())),
        Box::new(metrics_server::MetricsServer::new(
            store(),
            runtime,
            Arc::clone(faults),
            surroundings,
        )),
        Box::new(garbage_collector::GarbageCollector::new(store())),
        Box::new(namespace::NamespaceController::new(store())),
        Box::new(resource_quota::ResourceQuotaController::new(store())),
    ]
}

/// What is there already, as if it had just been added.
fn existing(store: &Store) -> Vec<Change> {
    let all = ALL.iter().flat_map(|resource| {
        let (objects, resource_version) = store.list_values(resource, None);
        objects.into_iter().map(move |object| Change {
            resource_version,
            resource,
            change_type: ChangeType::Added,
            object,
            old: None,
        })
    });
    all.collect()
}

/// Works off what is due now; whether there was anything.
fn work(controller: &mut dyn Controller) -> bool {
    let now = Instant::now();
    let mut worked = false;
    while let Some(key) = controller.queue().pop(now) {
        worked = true;
        match controller.reconcile(&key) {
            Ok(()) => controller.queue().forget(&key),
            Err(error) => {
                tracing::debug!(controller = controller.name(), %key, %error, "will be tried again");
                controller.queue().retry(key, now);
            }
        }
    }
    worked
}
