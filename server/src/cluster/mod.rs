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
mod per_namespace;
mod probe;
mod reach;
mod reader;
mod readers;
mod scope;
mod seats;
mod store;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use app::model::{SourceState, Sources};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::Api;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use changes::{Changed, Changes};
pub use clients::Clients;
pub use clock::{Clock, ClockSync};
pub use load_log::{LoadLogs, LoadReport};
pub use scope::{MOST_NAMESPACES, TooManySeats, Watching};
pub use seats::Seat;

use crate::telemetry::Watches;
use crate::workshop::objects::Objects;

use health::NAMESPACE;
use per_namespace::PerNamespace;
use reach::Reach;
use reader::{Reader, Shared};
use readers::{Each, Readers};
use scope::Scope;
use seats::Seats;

/// All that is known of the cluster. Written by the watches and polls, read by the publisher.
pub struct Cluster {
    changes: Arc<Changes>,
    clock: Arc<ClockSync>,
    reach: Arc<Reach>,
    seats: Arc<Seats>,
    readers: Readers,
    load_logs: Arc<LoadLogs>,
}

/// Who tells which namespaces are seats, and with that how they are watched.
pub enum Roster {
    /// The Namespaces' labels: those of the panel in this namespace. All namespaces are watched together.
    Namespaces {
        /// The panel's own.
        panel: String,
    },
    /// The seats' Secrets. Each seat's namespace is watched by itself.
    Secrets(crate::seats::Seats),
}

impl Cluster {
    /// Starts the watches, the metrics poll and the probe of the API server into `tasks`.
    ///
    /// Each task returns its name, and only after `shutdown`, or when [`Self::refused`] tells why.
    pub fn start(
        clients: &Clients,
        roster: Roster,
        metrics_interval: Duration,
        watches: Watches,
        shutdown: &CancellationToken,
        tasks: &mut JoinSet<&'static str>,
    ) -> Self {
        let changes = Arc::<Changes>::default();
        let clock = Arc::<ClockSync>::default();
        let reach = Arc::new(Reach::new(Arc::clone(&changes), Arc::clone(&clock)));
        let client = clients.panel();
        tasks.spawn(probe::run(
            client.clone(),
            Arc::clone(&clock),
            Arc::clone(&reach),
            shutdown.clone(),
        ));
        let shared = Shared::new(
            client.clone(),
            Arc::clone(&changes),
            Arc::clone(&reach),
            metrics_interval,
            watches,
        );
        let seats = Arc::clone(&shared.seats);
        let readers = match roster {
            Roster::Namespaces { panel } => {
                Readers::All(watch_all(&shared, panel, shutdown, tasks))
            }
            Roster::Secrets(people) => {
                let each = Arc::<Each>::default();
                let watching = PerNamespace::new(people, shared, Arc::clone(&each));
                tasks.spawn(watching.run(shutdown.clone()));
                Readers::Each(each)
            }
        };
        let load_logs = LoadLogs::new(clients.clone(), Arc::clone(&changes), shutdown.clone());
        Self {
            changes,
            clock,
            reach,
            seats,
            readers,
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

    /// Every kind was listed or refused once, and the seats are known.
    pub fn ready(&self) -> bool {
        self.readers.ready()
    }

    /// `v1.35.4`, once the API server told.
    pub fn kubernetes(&self) -> Option<String> {
        self.reach.kubernetes()
    }

    /// Whether the watches are alive.
    pub fn state(&self) -> SourceState {
        self.readers.state()
    }

    /// What is known of each source of one namespace.
    pub fn sources(&self, namespace: &str) -> Sources {
        self.readers.sources(namespace, self.clock().now())
    }

    /// Why the cluster is not read at all: set when a task ended for it.
    pub fn refused(&self) -> Option<TooManySeats> {
        self.readers.refused()
    }

    /// The followed logs.
    pub fn load_logs(&self) -> &Arc<LoadLogs> {
        &self.load_logs
    }

    /// The workshop's namespaces with their seats. One that is new counts as soon as it was read.
    pub fn seats(&self) -> Vec<(String, Seat)> {
        let mut seats = self.seats.all();
        seats.retain(|(namespace, _)| self.readers.seen(namespace));
        seats
    }

    /// What one namespace holds now.
    pub fn objects(&self, namespace: &str) -> Objects {
        self.readers.objects(namespace)
    }
}

/// Reads all namespaces together, and learns from their labels which are seats of the panel in `panel`.
fn watch_all(
    shared: &Shared,
    panel: String,
    shutdown: &CancellationToken,
    tasks: &mut JoinSet<&'static str>,
) -> Reader {
    let reader = Reader::start(Scope::Cluster, shared, shutdown, tasks);
    let stores = Arc::clone(reader.stores());
    reader.health().expect(NAMESPACE);
    tasks.spawn(seats::watch(
        Api::<kube::core::DeserializeGuard<Namespace>>::all(shared.client.clone()),
        panel,
        Arc::clone(&shared.seats),
        Arc::clone(reader.health()),
        Arc::clone(&shared.changes),
        move |namespace: &str| stores.forget(namespace),
        shutdown.clone(),
    ));
    reader
}
