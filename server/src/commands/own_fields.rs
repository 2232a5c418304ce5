//! The configuration that a field manager applied, read back from the live object. Pure.
//!
//! A Server-Side Apply takes away what its manager applied before and leaves out now, so whoever changes one value must
//! send all of its own again. Upstream: client-go `applyconfigurations/…`, `ExtractInto`; apimachinery
//! `pkg/util/managedfields/extract.go`.

use serde_json::{Map, Value, json};

/// What `manager` owns by apply in `object`, with the names that every configuration has; only those if it owns nothing.
pub(super) fn own_fields(object: &Value, manager: &str) -> Value {
    let entries = object["metadata"]["managedFields"].as_array();
    let own = entries.into_iter().flatten().find(|entry| {
        entry["manager"] == manager
            && entry["operation"] == "Apply"
            && entry["subresource"].as_str().unwrap_or_default().is_empty()
    });
    let mut config = own.map_or_else(
        || json!({}),
        |entry| extract(object, &entry["fieldsV1"]).unwrap_or_else(|| json!({})),
    );
    for name in ["apiVersion", "kind"] {
        config[name] = object[name].clone();
    }
    config["metadata"]["name"] = object["metadata"]["name"].clone();
    config
}

/// The part of a value that a set of fields names; `None` if nothing of it is there.
fn extract(value: &Value, fields: &Value) -> Option<Value> {
    let fields = fields.as_object()?;
    // A set without members is a leaf: the value as a whole.
    if fields.keys().all(|key| key == ".") {
        return Some(value.clone());
    }
    match value {
        Value::Object(members) => {
            let mut own = Map::new();
            for (key, set) in fields {
                let Some(name) = key.strip_prefix("f:") else {
                    continue;
                };
                if let Some(part) = members.get(name).and_then(|value| extract(value, set)) {
                    own.insert(name.to_owned(), part);
                }
            }
            Some(Value::Object(own))
        }
        Value::Array(items) => {
            let own = items.iter().filter_map(|item| extract_item(item, fields));
            Some(own.collect())
        }
        leaf => Some(leaf.clone()),
    }
}

/// One item of a list whose items are known by keys (`k:{"name":"webapp"}`) or by themselves (`v:"…"`).
fn extract_item(item: &Value, fields: &Map<String, Value>) -> Option<Value> {
    fields.iter().find_map(|(key, set)| {
        if let Some(value) = key.strip_prefix("v:") {
            let value: Value = serde_json::from_str(value).ok()?;
            return (value == *item).then_some(value);
        }
        let keys: Map<String, Value> = serde_json::from_str(key.strip_prefix("k:")?).ok()?;
        if !keys.iter().all(|(name, value)| item[name] == *value) {
            return None;
        }
        let mut own = extract(item, set)?;
        for (name, value) in keys {
            own[name] = value;
        }
        Some(own)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_one_manager_are_read_back() {
        let object = json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "webapp",
                "labels": { "app": "webapp", "team": "blue" },
                "finalizers": ["a", "b"],
                "managedFields": [
                    { "manager": "panel", "operation": "Update", "fieldsV1": { "f:spec": { "f:replicas": {} } } },
                    { "manager": "panel", "operation": "Apply", "subresource": "status", "fieldsV1": { "f:spec": {} } },
                    { "manager": "panel", "operation": "Apply", "fieldsV1": {
                        "f:metadata": { "f:labels": { "f:app": {} }, "f:finalizers": { "v:\"b\"": {} } },
                        "f:spec": { "f:template": { "f:spec": { "f:containers": {
                            "k:{\"name\":\"webapp\"}": {
                                ".": {},
                                "f:name": {},
                                "f:resources": { "f:limits": { "f:cpu": {} } },
                                "f:args": {},
                                "f:gone": {},
                            },
                        } } } },
                    } },
                ],
            },
            "spec": {
                "replicas": 4,
                "template": { "spec": { "containers": [
                    { "name": "sidecar", "image": "x" },
                    {
                        "name": "webapp",
                        "image": "y",
                        "args": ["-a", "-b"],
                        "resources": { "limits": { "cpu": "100m", "memory": "1Gi" } },
                    },
                ] } },
            },
        });
        assert_eq!(
            own_fields(&object, "panel"),
            json!({
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": { "name": "webapp", "labels": { "app": "webapp" }, "finalizers": ["b"] },
                "spec": { "template": { "spec": { "containers": [
                    { "name": "webapp", "args": ["-a", "-b"], "resources": { "limits": { "cpu": "100m" } } },
                ] } } },
            })
        );
        assert_eq!(
            own_fields(&object, "kubectl"),
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "webapp" } })
        );
    }
}
