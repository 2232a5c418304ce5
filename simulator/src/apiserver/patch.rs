//! JSON merge patch, JSON patch, and strategic merge patch. Pure.
//! Upstream: `apimachinery/pkg/util/strategicpatch/patch.go`.

use serde_json::{Map, Value};

use crate::status::{Result, Status};
use crate::store::fields::has_key;
use crate::store::schema::{self, ListType};

/// RFC 6902.
///
/// # Errors
/// 400 when the patch cannot be read, 422 when it cannot be applied.
pub(super) fn json_patch(object: &mut Value, patch: &Value) -> Result<()> {
    let operations: json_patch::Patch = serde_json::from_value(patch.clone())
        .map_err(|error| Status::bad_request(error.to_string()))?;
    json_patch::patch(object, &operations).map_err(|error| {
        Status::new(
            422,
            "Invalid",
            format!("the server rejected our request due to an error in our request: {error}"),
        )
    })
}

/// Merges lists by the schema's keys, the rest as RFC 7396. Knows the directives `$patch: delete`,
/// `$patch: replace`, `$setElementOrder/…` (ignored) and `$deleteFromPrimitiveList/…`.
///
/// # Errors
/// 400 when a list's item lacks its key.
pub(super) fn strategic(object: &mut Value, patch: &Value) -> Result<()> {
    merge("", object, patch)
}

fn merge(name: &str, object: &mut Value, patch: &Value) -> Result<()> {
    match patch {
        Value::Object(patch) => merge_map(object, patch),
        Value::Array(items) => merge_list(name, object, items),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            *object = patch.clone();
            Ok(())
        }
    }
}

fn merge_map(object: &mut Value, patch: &Map<String, Value>) -> Result<()> {
    if patch
        .get("$patch")
        .is_some_and(|directive| directive == "replace")
    {
        let mut whole = patch.clone();
        whole.remove("$patch");
        *object = Value::Object(whole);
        return Ok(());
    }
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    for (field, value) in patch {
        if let Some(list) = field.strip_prefix("$deleteFromPrimitiveList/") {
            let gone = value.as_array().cloned().unwrap_or_default();
            if let Some(list) = object.get_mut(list).and_then(Value::as_array_mut) {
                list.retain(|item| !gone.contains(item));
            }
        } else if field.starts_with('$') {
            // The order of elements is not kept apart: merged lists keep the order that they have.
        } else if value.is_null() {
            if let Some(object) = object.as_object_mut() {
                object.remove(field);
            }
        } else {
            merge(field, &mut object[field.as_str()], value)?;
        }
    }
    Ok(())
}

fn merge_list(name: &str, object: &mut Value, items: &[Value]) -> Result<()> {
    let mut known = items.to_vec();
    known.extend(object.as_array().cloned().unwrap_or_default());
    let keys = match schema::list_type(false, name, &known) {
        ListType::Map(keys) => keys,
        ListType::Set => {
            let mut list = object.as_array().cloned().unwrap_or_default();
            list.extend(
                items
                    .iter()
                    .filter(|item| !list.contains(item))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            *object = Value::Array(list);
            return Ok(());
        }
        ListType::Atomic => {
            let whole: Vec<_> = items
                .iter()
                .filter(|i| i.get("$patch").is_none())
                .cloned()
                .collect();
            *object = Value::Array(whole);
            return Ok(());
        }
    };
    // A strategic merge patch has one merge key, the first of those that an apply has.
    let keys = &keys[..1];
    let replaces = items
        .iter()
        .any(|item| item.get("$patch").is_some_and(|d| d == "replace"));
    let mut list = if replaces {
        Vec::new()
    } else {
        object.as_array().cloned().unwrap_or_default()
    };
    for item in items {
        let Some(key) = schema::item_key(keys, item) else {
            if item.get("$patch").is_some() {
                continue;
            }
            return Err(Status::bad_request(format!(
                "map: {item} does not contain declared merge key: {}",
                keys[0]
            )));
        };
        if item
            .get("$patch")
            .is_some_and(|directive| directive == "delete")
        {
            list.retain(|present| !has_key(present, &key));
        } else if let Some(present) = list.iter_mut().find(|present| has_key(present, &key)) {
            merge("", present, item)?;
        } else {
            let mut new = Value::Null;
            merge("", &mut new, item)?;
            list.push(new);
        }
    }
    *object = Value::Array(list);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strategic_patch_merges_containers_by_name() {
        let mut object = json!({"spec": {"containers": [{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}]}});
        let patch = json!({"spec": {
            "$setElementOrder/containers": [{"name": "a"}],
            "containers": [
                {"name": "a", "image": "2", "env": [{"name": "Y", "value": "2"}]},
                {"name": "b", "$patch": "delete"},
            ],
        }});
        strategic(&mut object, &patch).unwrap();
        assert_eq!(
            object,
            json!({"spec": {"containers": [
                {"name": "a", "image": "2", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]},
            ]}})
        );
    }

    #[test]
    fn strategic_patch_replaces_lists_without_key() {
        let mut object = json!({"args": ["a"], "finalizers": ["x", "y"], "gone": 1});
        let patch =
            json!({"args": ["b"], "$deleteFromPrimitiveList/finalizers": ["x"], "gone": null});
        strategic(&mut object, &patch).unwrap();
        assert_eq!(object, json!({"args": ["b"], "finalizers": ["y"]}));
    }

    #[test]
    fn item_without_key_is_refused() {
        let mut object = json!({"containers": [{"name": "a"}]});
        let status = strategic(&mut object, &json!({"containers": [{"image": "x"}]})).unwrap_err();
        assert_eq!(status.code, 400);
    }

    #[test]
    fn json_patch_that_does_not_fit_is_refused() {
        let mut object = json!({"spec": {"replicas": 1}});
        json_patch(
            &mut object,
            &json!([{"op": "replace", "path": "/spec/replicas", "value": 2}]),
        )
        .unwrap();
        assert_eq!(object, json!({"spec": {"replicas": 2}}));
        let patch = json!([{"op": "test", "path": "/spec/replicas", "value": 5}]);
        assert_eq!(json_patch(&mut object, &patch).unwrap_err().code, 422);
        assert_eq!(json_patch(&mut object, &json!("x")).unwrap_err().code, 400);
    }
}
