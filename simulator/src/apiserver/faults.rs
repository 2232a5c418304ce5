//! Switches that break the simulated cluster, for tests and rehearsals. The API server reads them.

use parking_lot::RwLock;
use tokio::sync::watch;

/// What answers for metrics.k8s.io.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricsApi {
    /// metrics-server.
    #[default]
    Serving,
    /// Nothing: the API is not registered, 404.
    Absent,
    /// A metrics-server that is down, 503.
    Unavailable,
}

#[derive(Clone, Copy, Debug, Default)]
struct Switches {
    api_server_down: bool,
    metrics_api: MetricsApi,
    keda_absent: bool,
    oldest_version: u64,
}

/// The present faults. Without any, everything works.
#[derive(Debug, Default)]
pub struct Faults {
    switches: RwLock<Switches>,
    /// Counts how often all watches were cut.
    cuts: watch::Sender<u64>,
}

impl Faults {
    /// Takes the API server away (503 for every request, all watches end), or brings it back.
    pub fn set_api_server_down(&self, down: bool) {
        self.switches.write().api_server_down = down;
        if down {
            self.cut_watches();
        }
    }

    /// Ends all running watches and followed logs.
    pub fn cut_watches(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Forgets the versions before `resource_version`: watches from there get 410.
    pub fn expire_versions_before(&self, resource_version: u64) {
        self.switches.write().oldest_version = resource_version;
    }

    /// Sets what answers for metrics.k8s.io.
    pub fn set_metrics_api(&self, metrics_api: MetricsApi) {
        self.switches.write().metrics_api = metrics_api;
    }

    /// Takes KEDA's API (and its operator) away, or installs it. Meant to be set before anything uses it.
    pub fn set_keda_absent(&self, absent: bool) {
        self.switches.write().keda_absent = absent;
    }

    /// Whether every request gets 503.
    pub fn is_api_server_down(&self) -> bool {
        self.switches.read().api_server_down
    }

    /// What answers for metrics.k8s.io.
    pub fn metrics_api(&self) -> MetricsApi {
        self.switches.read().metrics_api
    }

    /// Whether KEDA is not installed.
    pub fn is_keda_absent(&self) -> bool {
        self.switches.read().keda_absent
    }

    pub(super) fn oldest_version(&self) -> u64 {
        self.switches.read().oldest_version
    }

    pub(super) fn cuts(&self) -> watch::Receiver<u64> {
        self.cuts.subscribe()
    }
}
