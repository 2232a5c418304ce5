//! The Service in front of the web app.

use k8s_openapi::api::core::v1::Service;
use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::{APP, labelled, object};

/// The Service in front of the pods that `selector` (label, value) picks.
pub fn service<'a>(selector: impl IntoIterator<Item = (&'a str, &'a str)>) -> DynamicObject {
    let selector: serde_json::Map<String, Value> = selector
        .into_iter()
        .map(|(label, value)| (label.to_owned(), value.into()))
        .collect();
    let data = json!({
        "spec": {
            "selector": selector,
            "ports": [{ "name": "http", "port": 80, "targetPort": 80 }],
        },
    });
    labelled(object::<Service>(APP, data), &[("app", APP)])
}
