//! A Kubernetes API in memory, with the controllers that the workshop needs.
//!
//! Read [`store`] first (the one owner of all objects), then [`apiserver`] (requests), then `admission` (what a write
//! goes through). Time comes from [`Clock`] alone, which follows tokio's, so that tests can pause it.

mod admission;
pub mod api;
pub mod apiserver;
mod bootstrap;
mod clock;
pub mod controllers;
pub mod faults;
mod identity;
pub mod quantity;
pub mod random;
pub mod selector;
pub mod status;
pub mod store;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use apiserver::{Audit, AuditEvent};
pub use clock::Clock;
pub use faults::{Faults, MetricsApi};
pub use identity::Identity;
pub use status::Status;
pub use store::Store;

use apiserver::ApiServer;

/// How a simulated cluster begins.
#[derive(Clone, Debug)]
pub struct Options {
    /// The simulated time at the start.
    pub start: Timestamp,
    /// Names, UIDs and chance follow from it.
    pub seed: u64,
    /// Where pods run.
    pub nodes: Vec<NodeSpec>,
    /// Whether requests over HTTP without a token are an admin's. Only for a loopback address.
    pub anonymous_admin: bool,
    /// When metrics-server scrapes first, counted from the beginning of [`Simulator::run`]; then every 15 s. `None`:
    /// it follows from the seed.
    pub first_scrape: Option<Duration>,
    /// How many times the CPU a request's computation and the programs' start need on this cluster's machines, compared
    /// with the one that [`autoscaling::load::computation_s`] was measured on.
    pub slowness: f64,
}

/// A node and what it can give to pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    /// `metadata.name`.
    pub name: String,
    /// `allocatable.cpu` in thousandths of a core.
    pub cpu_millis: u32,
    /// `allocatable.memory` in Mi.
    pub memory_mi: u32,
}

impl Default for Options {
    /// Three nodes of 16 cores: room for 40 seats with ten pods of 50m and their load.
    fn default() -> Self {
        let nodes = (1..=3).map(|number| NodeSpec {
            name: format!("node-{number}"),
            cpu_millis: 16_000,
            memory_mi: 64 * 1024,
        });
        Self {
            start: Timestamp::UNIX_EPOCH,
            seed: 1,
            nodes: nodes.collect(),
            anonymous_admin: false,
            first_scrape: None,
            slowness: 1.0,
        }
    }
}

/// A simulated cluster. Clones share it.
#[derive(Clone, Debug)]
pub struct Simulator {
    store: Arc<Store>,
    server: Arc<ApiServer>,
    seed: u64,
    first_scrape: Option<Duration>,
    slowness: f64,
}

impl Simulator {
    /// A cluster with its nodes, default namespaces and roles; nothing runs in it before [`Self::run`].
    ///
    /// # Errors
    /// When `options` name the same node twice, or a node with an invalid name.
    pub fn new(options: Options) -> status::Result<Self> {
        let Options {
            start,
            seed,
            nodes,
            anonymous_admin,
            first_scrape,
            slowness,
        } = options;
        let store = Store::new(Clock::new(start), seed);
        bootstrap::bootstrap(&store, &nodes)?;
        let anonymous = if anonymous_admin {
            Identity::admin()
        } else {
            Identity::anonymous()
        };
        let server = Arc::new(ApiServer::new(Arc::clone(&store), anonymous, seed));
        Ok(Self {
            store,
            server,
            seed,
            first_scrape,
            slowness,
        })
    }

    /// Runs the controllers until `shutdown`. Without it objects are only kept.
    pub async fn run(&self, shutdown: CancellationToken) {
        let faults = Arc::clone(self.server.faults());
        let surroundings = controllers::Surroundings {
            seed: self.seed,
            first_scrape: self.first_scrape,
            slowness: self.slowness,
        };
        controllers::run(Arc::clone(&self.store), faults, surroundings, shutdown).await;
    }

    /// A client that acts as `identity`. It does not retry, and needs no network.
    pub fn client(&self, identity: Identity) -> kube::Client {
        kube::Client::new(self.service(identity), "default")
    }

    /// The API as a service, for those who build their own client.
    pub fn service(&self, identity: Identity) -> apiserver::Service {
        apiserver::Service::new(Arc::clone(&self.server), identity)
    }

    /// Serves the API over HTTP/1.1 until `shutdown`, for kubectl. Callers are who their token says.
    pub async fn serve(&self, listener: TcpListener, shutdown: CancellationToken) {
        Arc::clone(&self.server).serve(listener, shutdown).await;
    }

    /// Switches that break the cluster.
    pub fn faults(&self) -> &Faults {
        self.server.faults()
    }

    /// What was asked of the API.
    pub fn audit(&self) -> &Audit {
        self.server.audit()
    }

    /// All objects; for controllers and tests.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The simulated time.
    pub fn clock(&self) -> Clock {
        self.store.clock()
    }
}
