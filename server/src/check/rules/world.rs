//! A cluster on which all is well, for the rules' tests to break.

use k8s_openapi::api::core::v1::{Namespace, Node};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::check::Wanted;
use crate::check::access;
use crate::check::observed::{Keda, Metrics, Observed, Right, Rights, Sample, Seat, WebhookAnswer};
use crate::check::report::{Check, Outcome, Report};
use crate::cluster::Watching;
use crate::names::SEAT_LABEL;
use crate::workshop::manifests::Settings;

const NOW: &str = "2026-11-24T09:00:00Z";

/// A typed object from JSON.
pub(super) fn object<K: DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).unwrap()
}

/// Two seats, two nodes of four cores.
pub(super) fn observed() -> Observed {
    let seats = ["seat-1", "seat-2"];
    let sample = |name: &str| Sample {
        name: name.to_owned(),
        time: NOW.parse().unwrap(),
        window_ms: Some(20_000),
    };
    let right = |allowed| move |access| Right { access, allowed };
    let seat = |namespace: Option<&str>| Seat {
        namespace: namespace.map(str::to_owned),
        revoked: false,
    };
    Observed {
        now: NOW.parse().unwrap(),
        version: Some("v1.35.4".to_owned()),
        ahead_ms: Some(0),
        apis: ["apps/v1", "batch/v1", "autoscaling/v2"]
            .map(|api| (api, Ok(())))
            .into(),
        keda: Keda {
            api: Ok(()),
            definition: Ok(Some("2.20.2".to_owned())),
            leases: Ok(vec![object(json!({
                "metadata": { "name": "operator.keda.sh", "namespace": "keda" },
                "spec": { "renewTime": "2026-11-24T09:00:00.000000Z" },
            }))]),
            webhooks: Ok(vec![object(json!({
                "metadata": { "name": "keda-admission" },
                "webhooks": [{
                    "name": "a", "admissionReviewVersions": ["v1"], "clientConfig": {}, "sideEffects": "None",
                    "rules": [{ "apiGroups": ["keda.sh"], "resources": ["scaledobjects"] }],
                }],
            }))]),
            mistake: WebhookAnswer::Refused,
        },
        metrics: Metrics {
            api: Ok(()),
            unavailable: Ok(None),
            nodes: Ok(vec![sample("node-1"), sample("node-2")]),
            pods: Ok(Vec::new()),
        },
        rights: Rights {
            panel: Ok(access::of_panel("class", Watching::Cluster)
                .unwrap()
                .into_iter()
                .map(right(true))
                .collect()),
            excess: Ok(access::excess(Some("seat-1"))
                .into_iter()
                .map(right(false))
                .collect()),
            impersonation: Ok(seats.map(access::impersonation).map(right(true)).into()),
            attendees: Ok(access::of_attendee("seat-1")
                .unwrap()
                .into_iter()
                .map(right(true))
                .collect()),
        },
        seats: Ok(vec![seat(Some("seat-1")), seat(Some("seat-2")), seat(None)]),
        namespaces: Ok(seats.map(namespace).into()),
        nodes: Ok(["node-1", "node-2"].map(node).into()),
        pods: Ok(Vec::new()),
        quotas: Ok(seats
            .map(|seat| {
                object(json!({
                    "metadata": { "name": "workshop", "namespace": seat },
                    "spec": { "hard": crate::seats::provision::quota(&Settings::default()) },
                }))
            })
            .into()),
        limit_ranges: Ok(Vec::new()),
        deployments: Ok(Vec::new()),
        jobs: Ok(Vec::new()),
        autoscalers: Ok(Vec::new()),
        scaled_objects: Ok(Vec::new()),
        pull_secrets: Vec::new(),
    }
}

fn namespace(name: &str) -> Namespace {
    object(json!({ "metadata": { "name": name, "labels": {
        SEAT_LABEL: name.trim_start_matches("seat-"),
        "pod-security.kubernetes.io/enforce": "baseline",
    } } }))
}

fn node(name: &str) -> Node {
    object(json!({
        "metadata": { "name": name },
        "status": {
            "allocatable": { "cpu": "4", "memory": "8Gi", "pods": "110" },
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    }))
}

pub(super) fn report_for(observed: &Observed, count: Option<u16>) -> Report {
    let wanted = Wanted {
        count,
        panel_namespace: "class".to_owned(),
        watching: Watching::Cluster,
        settings: Settings::default(),
    };
    super::judge(observed, &wanted)
}

pub(super) fn report(observed: &Observed) -> Report {
    report_for(observed, None)
}

pub(super) fn check(observed: &Observed, name: &str) -> Check {
    let report = report(observed);
    report.get(name).expect("the line is there").clone()
}

pub(super) fn outcome(observed: &Observed, name: &str) -> Outcome {
    check(observed, name).outcome
}

#[test]
fn all_is_well_and_every_line_says_so() {
    let report = report(&observed());
    insta::assert_snapshot!("all-is-well", report.text());
}
