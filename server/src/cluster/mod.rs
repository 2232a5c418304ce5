//! Reads the cluster: clients, watches, metrics and the load's log. Never writes.
//!
//! `publish/` starts it with [`Cluster::start`] and asks it for the objects of a namespace that changed.

mod changes;
mod clients;
mod clock;
mod health;
mod kinds;
mod load_log;
mod metrics;
mod probe;
mod seats;
mod store;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Namespace, Pod, ResourceQuota, Service};
use kube::api::Api;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use changes::{Changed, Changes};
pub use clients::Clients;
pub use clock::{Clock, ClockSync};
pub use load_log::{LoadLogs, LoadReport};
pub use seats::Seat;

use crate::telemetry::Watches;
use crate::workshop::objects::{Objects, ScaledObject};

pub use health::Health;
use metrics::Metrics;
use seats::Seats;
use store::Store;
use watch::Watch;

/// All that is known of the cluster. Written by the watches and polls, read by the publisher.
pub struct Cluster {
    changes: Arc<Changes>,
    clock: Arc<ClockSync>,
    health: Arc<Health>,
    seats: Arc<Seats>,
    stores: Arc<Stores>,
    metrics: Arc<Metrics>,
    load_logs: Arc<LoadLogs>,
}

/// One store for each watched kind.
#[derive(Default)]
struct Stores {
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
    fn forget(&self, namespace: &str) {
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

const SCALED_OBJECT: &str = "ScaledObject";

impl Cluster {
    /// Starts one watch per kind, the metrics poll and the probe of the API server into `tasks`.
    ///
    /// Each task returns its name, and only after `shutdown`. Seats are those of the panel in `panel_namespace`.
    pub fn start(
        clients: &Clients,
        panel_namespace: &str,
        metrics_interval: Duration,
        watches: Watches,
        shutdown: &CancellationToken,
        tasks: &mut JoinSet<&'static str>,
    ) -> Self {
        let changes = Arc::<Changes>::default();
        let clock = Arc::<ClockSync>::default();
        let health = Arc::new(Health::new(
            Arc::clone(&changes),
            Arc::clone(&clock),
            watches,
        ));
        let stores = Arc::<Stores>::default();
        let seats = Arc::new(Seats::default());
        let client = clients.panel();
        let starter = Starter {
            changes: &changes,
            health: &health,
            seats: &seats,
            shutdown,
        };

        tasks.spawn(seats::watch(
            Api::<kube::core::DeserializeGuard<Namespace>>::all(client.clone()),
            panel_namespace.to_owned(),
            Arc::clone(&seats),
            Arc::clone(&health),
            Arc::clone(&changes),
            {
                let stores = Arc::clone(&stores);
                move |namespace: &str| stores.forget(namespace)
            },
            shutdown.clone(),
        ));
        let all = client.clone();
        starter.watch(
            tasks,
            "Deployment",
            Api::all(all.clone()),
            &stores.deployments,
        );
        starter.watch(
            tasks,
            "ReplicaSet",
            Api::all(all.clone()),
            &stores.replica_sets,
        );
        starter.watch(tasks, "Pod", Api::all(all.clone()), &stores.pods);
        starter.watch(tasks, "Service", Api::all(all.clone()), &stores.services);
        starter.watch(
            tasks,
            "HorizontalPodAutoscaler",
            Api::all(all.clone()),
            &stores.autoscalers,
        );
        starter.watch(tasks, "Job", Api::all(all.clone()), &stores.jobs);
        starter.watch(tasks, "Event", Api::all(all.clone()), &stores.events);
        starter.watch(
            tasks,
            "ResourceQuota",
            Api::all(all.clone()),
            &stores.quotas,
        );
        starter.watch(tasks, SCALED_OBJECT, Api::all(all), &stores.scaled_objects);

        let metrics = Arc::new(Metrics::default());
        tasks.spawn(metrics::poll(
            client.clone(),
            metrics_interval,
            Arc::clone(&metrics),
            Arc::clone(&health),
            Arc::clone(&seats),
            Arc::clone(&changes),
            shutdown.clone(),
        ));
        tasks.spawn(probe::run(
            client.clone(),
            Arc::clone(&clock),
            Arc::clone(&health),
            shutdown.clone(),
        ));
        let load_logs = LoadLogs::new(clients.clone(), Arc::clone(&changes), shutdown.clone());

        Self {
            changes,
            clock,
            health,
            seats,
            stores,
            metrics,
            load_logs: Arc::new(load_logs),
        }
    }

    /// What changed since the last time it was taken.
    pub fn changes(&self) -> &Arc<Changes> {
        &self.changes
    }

    /// The cluster's clock as a value.
    pub fn clock(&self) -> Clock {
        self.clock.clock()
    }

    /// The clock's owner, for those who need the time again and again.
    pub fn clock_sync(&self) -> &Arc<ClockSync> {
        &self.clock
    }

    /// What is known of each source.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// The followed logs.
    pub fn load_logs(&self) -> &Arc<LoadLogs> {
        &self.load_logs
    }

    /// The workshop's namespaces with their seats.
    pub fn seats(&self) -> Vec<(String, Seat)> {
        self.seats.all()
    }

    /// What one namespace holds now.
    pub fn objects(&self, namespace: &str) -> Objects {
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

/// What every watch is given.
struct Starter<'a> {
    changes: &'a Arc<Changes>,
    health: &'a Arc<Health>,
    seats: &'a Arc<Seats>,
    shutdown: &'a CancellationToken,
}

impl Starter<'_> {
    fn watch<K>(
        &self,
        tasks: &mut JoinSet<&'static str>,
        kind: &'static str,
        api: Api<kube::core::DeserializeGuard<K>>,
        store: &Arc<Store<K>>,
    ) where
        K: kinds::Kind,
    {
        let watch = Watch {
            kind,
            api,
            store: Arc::clone(store),
            health: Arc::clone(self.health),
            changes: Arc::clone(self.changes),
            seats: Arc::clone(self.seats),
        };
        self.health.expect(kind);
        tasks.spawn(watch.run(self.shutdown.clone()));
    }
}
