//! The process's own figures, for Prometheus: what it did, how long that took, and whether it still hears the cluster.
//! A file for each noun; docs/metrics.md tells what each means.
//!
//! No label holds a namespace, a seat, a name or an address, so the number of series does not grow with the class.
//! Not to be confused with `cluster/metrics.rs`, which reads the pods' CPU from metrics.k8s.io.

mod api_server;
mod commands;
mod http;
mod process;
mod publishing;
mod serve;
mod sign_ins;
mod streams;
mod watches;

use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use api_server::ApiServer;
pub use commands::Commands;
pub use http::Http;
pub use publishing::Publishing;
pub use serve::serve;
pub use sign_ins::SignIns;
pub use streams::{Open, StreamKind, Streams};
pub use watches::Watches;

/// All figures. A clone counts into the same ones.
#[derive(Clone, Debug)]
pub struct Telemetry {
    pub api_server: ApiServer,
    pub commands: Commands,
    pub http: Http,
    pub publishing: Publishing,
    pub sign_ins: SignIns,
    pub streams: Streams,
    pub watches: Watches,
    registry: Arc<Registry>,
}

impl Telemetry {
    /// `build` names the pages' build, as the pages know it.
    pub fn new(build: &str) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(process::Process::new()));
        let own = registry.sub_registry_with_prefix("workshop");
        let info = Info::new([
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("build", build.to_owned()),
        ]);
        own.register("build", "What runs", info);
        Self {
            api_server: ApiServer::register(own),
            commands: Commands::register(own),
            http: Http::register(own),
            publishing: Publishing::register(own),
            sign_ins: SignIns::register(own),
            streams: Streams::register(own),
            watches: Watches::register(own),
            registry: Arc::new(registry),
        }
    }

    /// All figures in the `OpenMetrics` text format.
    ///
    /// # Errors
    /// None at present: text is written to memory.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Default for Telemetry {
    /// Figures that nobody asks for.
    fn default() -> Self {
        Self::new("unknown")
    }
}

/// Seconds from 5 ms to 10 s, which is the longest that a call to the API server may take.
fn latencies() -> Histogram {
    Histogram::new([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    ])
}
