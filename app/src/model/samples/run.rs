//! A load as it is kept.

use super::{T0, at, load, load_tables, mid_load};
use crate::model::*;

/// A run of it, with its record.
pub(crate) fn run() -> RunRecord {
    let (snapshot, mut history) = mid_load();
    history.log.tables = Some(load_tables());
    let mut load = load();
    load.stage = LoadStage::Ended;
    load.end = Some(LoadEnd {
        time: at(112.0),
        outcome: LoadOutcome::Finished,
    });
    RunRecord {
        namespace: snapshot.namespace,
        summary: RunSummary {
            load,
            users_on: Some(at(50.8)),
            users_off: Some(at(111.0)),
            most_pods: Some(6),
            scaled_up_after_ms: Some(25_000),
            p95_before_ms: Some(12_000),
            p95_last_ms: Some(3_950),
        },
        from: T0,
        until: at(112.0),
        cpu_limit_m: Some(100),
        autoscaler: snapshot.autoscaler,
        history,
    }
}
