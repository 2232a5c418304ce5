//! The exact sentences of troubles.

use super::super::*;
use super::says;
use crate::figures::Zone;
use crate::model::samples::{self, at};
use crate::model::{Finding, Unwatched};

fn trouble(finding_: &Finding) -> (String, String) {
    let (snapshot, _) = samples::mid_load();
    let why = finding(finding_, &snapshot, at(112.0), Zone::default());
    assert!(why.trouble);
    (why.sentence, why.arithmetic)
}

#[test]
fn full_quota_is_read_from_the_message() {
    says(
        trouble(&Finding::PodsRefused {
            asked: 10,
            existing: 4,
            message: "pods \"webapp-d5b46ffdb-x\" is forbidden: exceeded quota: workshop, requested: requests.cpu=50m, used: requests.cpu=300m, limited: requests.cpu=300m".to_owned(),
        }),
        "Asked for 10, only 4 exist: quota workshop is full.",
        "requests.cpu 300m of 300m",
    );
}

#[test]
fn full_nodes_tell_the_request() {
    says(
        trouble(&Finding::Unschedulable {
            pods: 4,
            message: "0/1 nodes are available: 1 Insufficient cpu.".to_owned(),
        }),
        "Asked for 8, 4 run: 4 pods find no node with 50m CPU free.",
        "0/1 nodes are available: 1 Insufficient cpu. Tell your instructor.",
    );
}

#[test]
fn missing_request_names_the_container() {
    let message =
        "failed to get cpu utilization: missing request for cpu in container app of Pod webapp-1";
    let since = at(112.0 - 130.0);
    says(
        trouble(&Finding::NoCpuValue {
            since,
            message: message.to_owned(),
        }),
        "No CPU value for 2:10: no CPU request is set on container app.",
        message,
    );
}

#[test]
fn namespace_that_is_not_seen_is_never_told_as_empty() {
    says(
        trouble(&Finding::NotWatched {
            why: Unwatched::NoRole,
        }),
        "The panel may not read the namespace workshop-user-7.",
        "An administrator runs `workshop seats create --namespaced` again: it brings the seats' Roles up to date.",
    );
    says(
        trouble(&Finding::NotWatched {
            why: Unwatched::TooMany { most: 50 },
        }),
        "The panel watches 50 seats one by one, and workshop-user-7 is one more.",
        "An administrator deletes seats, or lets the panel read the whole cluster.",
    );
}
