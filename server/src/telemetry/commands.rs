//! Commands on namespaces and acts on seats, by verb and outcome. Counted by `audit.rs`.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    verb: &'static str,
    outcome: &'static str,
}

/// Commands by verb and outcome, in the audit's words.
#[derive(Clone, Debug)]
pub struct Commands {
    total: Family<Labels, Counter>,
}

impl Commands {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let total = Family::default();
        registry.register(
            "commands",
            "Commands and acts on seats, by the audit's verb and outcome",
            Family::clone(&total),
        );
        Self { total }
    }

    /// One more.
    pub fn count(&self, verb: &'static str, outcome: &'static str) {
        self.total.get_or_create(&Labels { verb, outcome }).inc();
    }
}
