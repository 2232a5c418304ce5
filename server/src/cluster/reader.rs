//! Everything that is read of one scope: its watches and its metrics poll, the stores that they fill, and their health.

use std::sync::Arc;
use std::time::Duration;

use app::model::Sources;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod, ResourceQuota, Service};
use kube::Client;
use kube::core::NamespaceResourceScope;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use super::health::{AUTOSCALER, DEPLOYMENT, Health, POD, SCALED_OBJECT};
use super::kinds::Kind;
use super::metrics::{Metrics, Poll};
use super::reach::Reach;
use super::scope::Scope;
use super::seats::Seats;
use super::store::Store;
use super::watch::Watch;
use crate::telemetry::Watches;
use crate::workshop::objects::{Objects, ScaledObject};

/// Polls of the metrics API that run at the same time: with a namespace each, all would open a connection at once.
const POLLS_AT_ONCE: usize = 4;

/// What every reader is given.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) changes: Arc<Changes>,
    pub(super) reach: Arc<Reach>,
    pub(super) seats: Arc<Seats>,
    pub(super) metrics_interval: Duration,
    pub(super) polls: Arc<Semaphore>,
    pub(super) watches: Watches,
}

impl Shared {
    pub(super) fn new(
        client: Client,
        changes: Arc<Changes>,
        reach: Arc<Reach>,
        metrics_interval: Duration,
        watches: Watches,
    ) -> Self {
        Self {
            client,
            changes,
            reach,
            seats: Arc::default(),
            metrics_interval,
            polls: Arc::new(Semaphore::new(POLLS_AT_ONCE)),
            watches,
        }
    }
}

/// What is read of one scope.
pub(super) struct Reader {
    stores: Arc<Stores>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

/// One store for each watched kind.
#[derive(Default)]
pub(super) struct Stores {
    deployments: Arc<Store<Deployment>>,
    replica_sets: Arc<Store<ReplicaSet>>,
    pods: Arc<Store<Pod>>,
    services: Arc<Store<Service>>,
    autoscalers: Arc<Store<HorizontalPodAutoscaler>>,
    scaled_objects: Arc<Store<ScaledObject>>,
    jobs: Arc<Store<Job>>,
    events: Arc<Store<Event>>,
    quotas: Arc<Store<ResourceQuota>>,
}

impl Stores {
    /// Drops what is known of a namespace that turned out not to be the workshop's.
    pub(super) fn forget(&self, namespace: &str) {
        self.deployments.forget(namespace);
        self.replica_sets.forget(namespace);
        self.pods.forget(namespace);
        self.services.forget(namespace);
        self.autoscalers.forget(namespace);
        self.scaled_objects.forget(namespace);
        self.jobs.forget(namespace);
        self.events.forget(namespace);
        self.quotas.forget(namespace);
    }
}

impl Reader {
    /// Starts one watch a kind and the metrics poll into `tasks`. Each returns its name, and only after `stop`.
    pub(super) fn start(
        scope: Scope,
        shared: &Shared,
        stop: &CancellationToken,
        tasks: &mut JoinSet<&'static str>,
    ) -> Self {
        let (changes, reach) = (Arc::clone(&shared.changes), Arc::clone(&shared.reach));
        let health = Arc::new(Health::new(
            scope.clone(),
            changes,
            reach,
            shared.watches.clone(),
        ));
        let stores = Arc::<Stores>::default();
        let metrics = Arc::<Metrics>::default();
        let mut starter = Starter {
            scope: &scope,
            shared,
            health: &health,
            stop,
            tasks,
        };
        starter.watch(DEPLOYMENT, &stores.deployments);
        starter.watch("ReplicaSet", &stores.replica_sets);
        starter.watch(POD, &stores.pods);
        starter.watch("Service", &stores.services);
        starter.watch(AUTOSCALER, &stores.autoscalers);
        starter.watch("Job", &stores.jobs);
        starter.watch("Event", &stores.events);
        starter.watch("ResourceQuota", &stores.quotas);
        starter.watch(SCALED_OBJECT, &stores.scaled_objects);
        let poll = Poll {
            scope,
            shared: shared.clone(),
            metrics: Arc::clone(&metrics),
            health: Arc::clone(&health),
        };
        tasks.spawn(poll.run(stop.clone()));
        Self {
            stores,
            metrics,
            health,
        }
    }

    pub(super) fn health(&self) -> &Arc<Health> {
        &self.health
    }

    pub(super) fn stores(&self) -> &Arc<Stores> {
        &self.stores
    }

    /// Every kind was listed or refused once.
    pub(super) fn ready(&self) -> bool {
        self.health.ready()
    }

    pub(super) fn sources(&self) -> Sources {
        self.health.sources()
    }

    /// What one namespace holds now.
    pub(super) fn objects(&self, namespace: &str) -> Objects {
        Objects {
            namespace: namespace.to_owned(),
            deployments: self.stores.deployments.of(namespace),
            replica_sets: self.stores.replica_sets.of(namespace),
            pods: self.stores.pods.of(namespace),
            services: self.stores.services.of(namespace),
            autoscalers: self.stores.autoscalers.of(namespace),
            scaled_objects: self.stores.scaled_objects.of(namespace),
            jobs: self.stores.jobs.of(namespace),
            events: self.stores.events.of(namespace),
            quotas: self.stores.quotas.of(namespace),
            samples: self.metrics.of(namespace),
        }
    }
}

/// What every watch of a reader is given.
struct Starter<'a> {
    scope: &'a Scope,
    shared: &'a Shared,
    health: &'a Arc<Health>,
    stop: &'a CancellationToken,
    tasks: &'a mut JoinSet<&'static str>,
}

impl Starter<'_> {
    fn watch<K>(&mut self, kind: &'static str, store: &Arc<Store<K>>)
    where
        K: Kind<Scope = NamespaceResourceScope>,
    {
        let watch = Watch {
            kind,
            api: self.scope.api(&self.shared.client),
            store: Arc::clone(store),
            health: Arc::clone(self.health),
            changes: Arc::clone(&self.shared.changes),
            seats: Arc::clone(&self.shared.seats),
        };
        self.health.expect(kind);
        self.tasks.spawn(watch.run(self.stop.clone()));
    }
}
