//! The rules: observed values → outcomes with their cures. Pure: no clock, no client. Called by `check`.
//! A line whose cause another line tells already is left out: one broken thing is one problem.

mod api_server;
mod autoscalers;
mod keda;
mod limits;
mod metrics;
mod nodes;
mod quotas;
mod rights;
mod seats;
#[cfg(test)]
mod world;

pub(crate) use nodes::takes_pods;

use super::Wanted;
use super::observed::Observed;
use super::report::{Check, Report};
use super::size::Sizes;
use crate::cluster::Watching;
use crate::workshop::manifests::Settings;

/// The class that the rules are about.
struct Class<'a> {
    /// Seats that take part: as many as were asked for, or as there are.
    seats: u32,
    /// The namespaces of the seats that there are.
    namespaces: &'a [String],
    panel_namespace: &'a str,
    watching: Watching,
    settings: &'a Settings,
    sizes: Sizes,
}

impl Class<'_> {
    fn has(&self, namespace: Option<&String>) -> bool {
        namespace.is_some_and(|namespace| self.namespaces.contains(namespace))
    }
}

/// All preconditions, in the order of what rests on what.
pub(super) fn judge(observed: &Observed, wanted: &Wanted) -> Report {
    let namespaces = super::reader::names(&observed.seats, &observed.namespaces);
    let existing = u32::try_from(namespaces.len()).unwrap_or(u32::MAX);
    let class = Class {
        seats: wanted.count.map_or(existing, u32::from),
        namespaces: &namespaces,
        panel_namespace: &wanted.panel_namespace,
        watching: wanted.watching,
        settings: &wanted.settings,
        sizes: Sizes::of(&wanted.settings),
    };
    let mut checks: Vec<Check> = Vec::new();
    checks.extend(api_server::judge(observed));
    checks.extend(keda::judge(observed, &class));
    checks.extend(metrics::judge(observed));
    checks.extend(seats::judge(observed, wanted, &class));
    checks.extend(rights::judge(observed, &class));
    checks.extend(quotas::judge(observed, &class));
    checks.extend(limits::judge(observed, &class));
    checks.extend(nodes::judge(observed, &class));
    checks.extend(autoscalers::judge(observed, &class));
    checks.push(Check::pass(
        "Prometheus",
        "not needed: the HPA and the panel read the metrics API",
    ));
    Report::new(class.seats, class.settings.max_replicas, checks)
}
