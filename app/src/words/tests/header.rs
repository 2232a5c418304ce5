//! Titles and freshness.

use super::super::*;
use crate::figures::Zone;
use crate::live::Connection;
use crate::model::samples::{self, at};
use crate::model::{Phase, Snapshot, SourceState, Unwatched};

#[test]
fn title_begins_with_the_number_of_ready_pods() {
    assert_eq!(
        title(4, Phase::ScalingUp, "workshop-user-1"),
        "4 ready · Scaling up · workshop-user-1"
    );
}

#[test]
fn freshness_keeps_three_ages_apart() {
    let mut snapshot = samples::idle();
    let told = |connection, snapshot: &Snapshot| {
        let f = freshness(
            connection,
            Some(snapshot),
            at(31.0),
            at(40.0),
            Zone::default(),
        );
        format!("{} {}", f.sign, f.text)
    };
    assert_eq!(told(Connection::Live, &snapshot), "● Live 14:00:40");
    assert_eq!(
        told(Connection::Lost, &snapshot),
        "◌ Reconnecting. Data from 14:00:31"
    );
    assert_eq!(
        told(Connection::Slow, &snapshot),
        "◍ Slow network: updates about every 5 s"
    );
    snapshot.sources.metrics = SourceState::Lost { since: at(20.0) };
    assert_eq!(
        told(Connection::Live, &snapshot),
        "▲ No CPU values since 14:00:20"
    );
    snapshot.sources.cluster = SourceState::Lost { since: at(25.0) };
    assert_eq!(
        told(Connection::Live, &snapshot),
        "▲ Cluster not reachable since 14:00:25"
    );
    let why = Unwatched::NoRole;
    snapshot.sources.cluster = SourceState::Unwatched { why };
    assert_eq!(
        told(Connection::Live, &snapshot),
        "▲ The panel does not see this namespace."
    );
}
