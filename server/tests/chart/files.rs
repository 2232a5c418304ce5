//! The chart's files beside its templates: the version, the dashboard. No Helm is needed.

use std::collections::BTreeSet;

use serde_json::Value;

const METRICS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");
const DASHBOARD: &str = include_str!("../../../deploy/chart/files/dashboard.json");

#[test]
fn version_is_that_of_the_program() {
    let chart = include_str!("../../../deploy/chart/Chart.yaml");
    let chart: Value = serde_saphyr::from_str(chart).unwrap();
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}

/// Names of metrics in a text; a histogram's parts are the histogram.
fn metrics(text: &str) -> BTreeSet<&str> {
    let word = |char: char| !(char.is_ascii_alphanumeric() || char == '_');
    text.split(word)
        .filter(|word| word.starts_with("workshop_") || word.starts_with("process_"))
        .map(|word| word.strip_suffix("_bucket").unwrap_or(word))
        .map(|word| word.strip_suffix("_count").unwrap_or(word))
        // A counter's samples end so in any case.
        .map(|word| word.strip_suffix("_total").unwrap_or(word))
        .collect()
}

#[test]
fn dashboard_shows_metrics_that_there_are() {
    let known = std::fs::read_to_string(METRICS).unwrap();
    let known = metrics(&known);
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() > 5);
    for panel in panels {
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            let asked = metrics(query);
            assert!(!asked.is_empty(), "{query}");
            for metric in asked {
                assert!(known.contains(metric), "{metric} of {query}");
            }
        }
    }
}
