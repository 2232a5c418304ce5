//! The publisher: how long a snapshot takes, and of how much it makes them. Counted by `publish/publisher.rs`.

use std::time::Duration;

use app::model::Overview;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Snapshots, and the totals of the overview.
#[derive(Clone, Debug)]
pub struct Publishing {
    duration: Histogram,
    namespaces: Gauge,
    seats: Gauge,
    sessions: Gauge,
}

impl Publishing {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let publishing = Self {
            duration: Histogram::new([
                0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
            ]),
            namespaces: Gauge::default(),
            seats: Gauge::default(),
            sessions: Gauge::default(),
        };
        registry.register_with_unit(
            "snapshot_duration",
            "Time to build a namespace's snapshot and to tell it to the streams",
            Unit::Seconds,
            publishing.duration.clone(),
        );
        registry.register(
            "namespaces_observed",
            "Namespaces with a snapshot",
            publishing.namespaces.clone(),
        );
        registry.register(
            "seats",
            "Attendees' seats in the overview",
            publishing.seats.clone(),
        );
        registry.register(
            "sessions",
            "Sessions of attendees in the overview",
            publishing.sessions.clone(),
        );
        publishing
    }

    /// A namespace was observed and told.
    pub fn observed(&self, took: Duration) {
        self.duration.observe(took.as_secs_f64());
    }

    /// That many namespaces have a snapshot.
    pub fn namespaces(&self, count: usize) {
        self.namespaces
            .set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// The overview was made.
    pub fn overview(&self, overview: &Overview) {
        self.seats
            .set(i64::try_from(overview.seats.len()).unwrap_or(i64::MAX));
        self.sessions.set(
            overview
                .seats
                .iter()
                .map(|row| i64::from(row.sessions))
                .sum(),
        );
    }
}
