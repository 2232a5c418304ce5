//! What the API server says that the panel's account may do, compared with the file that docs/security.md explains.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use server::seats::provision::panel_rules;

use crate::kubectl::kubectl;
use crate::panel::NAMESPACE;

/// Verbs by resource, `deployments.apps`.
type Rights = BTreeMap<String, BTreeSet<String>>;

/// Elsewhere it reads what pages show; in its own namespace it keeps seats and records, too. Nothing more.
pub(crate) fn are_those_of_the_document() {
    let rules = panel_rules().expect("the file can be read");
    let everywhere = granted(&rules.cluster);
    assert_eq!(told("default"), everywhere);
    let mut own = everywhere;
    own.extend(granted(&rules.own));
    assert_eq!(told(NAMESPACE), own);
}

fn granted(rules: &[Value]) -> Rights {
    let texts = |value: &Value| -> Vec<String> {
        let values = value.as_array().into_iter().flatten();
        values
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect()
    };
    let mut rights = Rights::new();
    for rule in rules {
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                let name = match group.as_str() {
                    "" => resource,
                    group => format!("{resource}.{group}"),
                };
                rights
                    .entry(name)
                    .or_default()
                    .extend(texts(&rule["verbs"]));
            }
        }
    }
    rights
}

/// `kubectl auth can-i --list`, without what every account may do: ask about itself, and read what the API offers.
fn told(namespace: &str) -> Rights {
    let account = format!("system:serviceaccount:{NAMESPACE}:panel");
    let listed = kubectl(&["auth", "can-i", "--list", "--as", &account, "-n", namespace]);
    let mut rights = Rights::new();
    for line in listed.lines().skip(1) {
        // A line of paths begins with spaces.
        let resource = line.split("  ").next().unwrap_or_default();
        if resource.is_empty() || resource.starts_with("selfsubject") {
            continue;
        }
        let verbs = line.rsplit_once('[').map_or("", |(_, verbs)| verbs);
        let verbs = verbs.trim_end().trim_end_matches(']').split_whitespace();
        rights
            .entry(resource.to_owned())
            .or_default()
            .extend(verbs.map(str::to_owned));
    }
    rights
}
