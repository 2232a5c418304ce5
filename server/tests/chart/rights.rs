//! The panel's rights: in the chart, in the program and in docs/security.md they are the same, and little.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server::cluster::Watching;
use server::names::PANEL_ACCOUNT;
use server::seats::provision::{panel_objects, panel_rules};

use crate::helm::{LEAST, MOST, NAMESPACE, NAMESPACED, Rendered};

/// Where, what, and the verbs in their order.
type Row = (&'static str, String, String);

const EVERYWHERE: &str = "everywhere";
const OWN: &str = "in its own namespace";

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

fn rows(place: &'static str, rules: &[Value]) -> BTreeSet<Row> {
    let mut rows = BTreeSet::new();
    for rule in rules {
        let verbs = texts(&rule["verbs"]).join(", ");
        for resource in texts(&rule["resources"]) {
            let resource = match texts(&rule["apiGroups"])[..] {
                ["metrics.k8s.io"] => format!("{resource} of metrics.k8s.io"),
                _ => resource.to_owned(),
            };
            rows.insert((place, resource, verbs.clone()));
        }
    }
    rows
}

/// The table of docs/security.md, without the right that each seat's Role gives.
fn documented() -> BTreeSet<Row> {
    let document = include_str!("../../../docs/security.md");
    let head = "| resource | verbs | where | where with `--namespaced` | why |";
    let (_, after) = document.split_once(head).unwrap();
    let lines = after
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut rows = BTreeSet::new();
    for line in lines {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let place = match cells[3] {
            "everywhere" => EVERYWHERE,
            "its own namespace" => OWN,
            place => {
                assert_eq!(place, "seats' namespaces", "{line}");
                continue;
            }
        };
        let resources = cells[1].to_lowercase();
        let resources = resources.split(", ").map(str::to_owned);
        rows.extend(resources.map(|resource| (place, resource, cells[2].to_owned())));
    }
    rows
}

#[test]
fn rights_are_those_of_the_document() {
    let rules = panel_rules().unwrap();
    let mut granted = rows(EVERYWHERE, &rules.cluster);
    granted.extend(rows(OWN, &rules.own));
    assert_eq!(granted, documented());
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn rights_are_those_of_the_program() {
    for (values, watching) in [
        (LEAST, Watching::Cluster),
        (MOST, Watching::Cluster),
        (NAMESPACED, Watching::Namespaces),
    ] {
        let rendered = Rendered::new(values);
        let mut granted = Vec::new();
        for object in panel_objects(NAMESPACE, watching).unwrap() {
            let object = serde_json::to_value(object).unwrap();
            let kind = object["kind"].as_str().unwrap().to_owned();
            if kind == "Namespace" {
                // Helm's `--create-namespace`.
                continue;
            }
            let theirs = rendered.get(&kind, object["metadata"]["name"].as_str().unwrap());
            for part in ["rules", "roleRef", "subjects"] {
                assert_eq!(theirs[part], object[part], "{part} of {kind}");
            }
            granted.push(kind);
        }
        for kind in ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"] {
            let theirs = granted.iter().filter(|granted| *granted == kind).count();
            assert_eq!(rendered.of_kind(kind).count(), theirs, "{kind}");
        }
    }
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn nothing_cluster_wide_reads_secrets_configmaps_or_logs_or_writes() {
    let allowed = ["get", "list", "watch"];
    for role in Rendered::new(MOST).of_kind("ClusterRole") {
        assert_eq!(role["aggregationRule"], Value::Null);
        for rule in role["rules"].as_array().unwrap() {
            for resource in texts(&rule["resources"]) {
                assert!(!["secrets", "configmaps"].contains(&resource), "{rule}");
                assert!(!resource.contains(['/', '*']), "{rule}");
            }
            assert!(!texts(&rule["apiGroups"]).contains(&"*"), "{rule}");
            assert!(
                texts(&rule["verbs"])
                    .iter()
                    .all(|verb| allowed.contains(verb)),
                "{rule}"
            );
        }
    }
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn panel_of_namespaces_has_nothing_of_the_cluster() {
    let rendered = Rendered::new(NAMESPACED);
    for object in &rendered.0 {
        assert_eq!(
            object["metadata"]["namespace"], NAMESPACE,
            "{}",
            object["kind"]
        );
    }
    let rules = &rendered.get("Role", PANEL_ACCOUNT)["rules"];
    assert_eq!(*rules, json!(panel_rules().unwrap().own));
    assert!(rendered.config().contains("namespaced: true"));
}
