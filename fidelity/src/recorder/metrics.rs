//! Asks metrics.k8s.io every few seconds: it has no watch.

use std::collections::HashSet;

use kube::api::{Api, DynamicObject, ListParams};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::METRICS_EVERY;
use super::notes::Notes;
use crate::line::Entry;

/// Writes down each pod's sample once, and each change from answers to errors, for ever.
pub(super) async fn poll(api: Api<DynamicObject>, notes: Notes) {
    let mut seen = HashSet::new();
    let mut failing = false;
    let mut ticks = interval_at(Instant::now() + METRICS_EVERY, METRICS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let list = match api.list(&ListParams::default()).await {
            Ok(list) => list,
            Err(error) => {
                if !failing {
                    notes.add(Entry::Trouble {
                        what: "metrics".to_owned(),
                        message: Some(error.to_string()),
                    });
                }
                failing = true;
                continue;
            }
        };
        failing = false;
        for mut sample in list.items {
            // The moment of the answer, and so of no use.
            sample.metadata.creation_timestamp = None;
            let name = sample.metadata.name.clone();
            let Ok(object) = serde_json::to_value(sample) else {
                continue;
            };
            if seen.insert((name, object["timestamp"].to_string())) {
                notes.add(Entry::PodMetrics { object });
            }
        }
    }
}
