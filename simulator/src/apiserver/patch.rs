//! JSON merge patch, JSON patch, and strategic merge patch. Pure.
//! Upstream: `apimachinery/pkg/util/strategicpatch/patch.go`.

use serde_json::{Map, Value};

use super::mismatch::go_print;
use crate::status::{Result, Status};
use crate::store::fields::has_key;
use crate::store::schema::{self, ListType};

/// RFC 6902.
///
/// # Errors
/// 422 when it is no patch or cannot be applied; upstream says no more of it.
pub(super) fn json_patch(object: &mut Value, patch: &Value) -> Result<()> {
    let refuse = || Status {
        details: serde_json::json!({}),
        ..Status::new(
            422,
            "Invalid",
            "the server rejected our request due to an error in our request",
        )
    };
    let operations: json_patch::Patch =
        serde_json::from_value(patch.clone()).map_err(|_| refuse())?;
    json_patch::patch(object, &operations).map_err(|_| refuse())
}

/// Merges lists by the schema's keys, the rest as RFC 7396. Knows the directives `$patch: delete`,
/// `$patch: replace`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`.
///
/// # Errors
/// 500 when a list's item lacks its key, as upstream.
pub(super) fn strategic(object: &mut Value, patch: &Value) -> Result<()> {
    merge("", object, patch, None)
}

/// `order` is what the patch says of the order of a list's items.
fn merge(name: &str, object: &mut Value, patch: &Value, order: Option<&Value>) -> Result<()> {
    match patch {
        Value::Object(patch) => merge_map(object, patch),
        Value::Array(items) => merge_list(name, object, items, order),
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
            // Read beside its list.
        } else if value.is_null() {
            if let Some(object) = object.as_object_mut() {
                object.remove(field);
            }
        } else {
            let order = patch.get(&format!("$setElementOrder/{field}"));
            merge(field, &mut object[field.as_str()], value, order)?;
            // Of a list of which nothing is left, nothing is stored.
            let is_empty = object[field.as_str()].as_array().is_some_and(Vec::is_empty);
            if let Some(object) = object.as_object_mut().filter(|_| is_empty) {
                object.remove(field);
            }
        }
    }
    Ok(())
}

fn merge_list(
    name: &str,
    object: &mut Value,
    items: &[Value],
    order: Option<&Value>,
) -> Result<()> {
    let live = object.as_array().cloned().unwrap_or_default();
    let known: Vec<_> = items.iter().chain(&live).cloned().collect();
    let order = order.and_then(Value::as_array).map(Vec::as_slice);
    let merged = match schema::list_type(false, name, &known) {
        ListType::Map(keys) => return merge_items(object, &live, items, order, keys[0]),
        ListType::Set => in_order(&live, items.to_vec(), order, |a, b| a == b),
        ListType::Atomic => items
            .iter()
            .filter(|item| item.get("$patch").is_none())
            .cloned()
            .collect(),
    };
    *object = Value::Array(merged);
    Ok(())
}

/// A list whose items have a key. A strategic merge patch has one merge key, the first of those that an apply has.
fn merge_items(
    object: &mut Value,
    live: &[Value],
    items: &[Value],
    order: Option<&[Value]>,
    key: &'static str,
) -> Result<()> {
    let directive = |item: &Value| {
        item.get("$patch")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let replaces = items
        .iter()
        .any(|item| directive(item).is_some_and(|directive| directive == "replace"));
    let mut live: Vec<Value> = if replaces { Vec::new() } else { live.to_vec() };
    let mut sent = Vec::new();
    for item in items {
        let Some(wanted) = schema::item_key(&[key], item) else {
            if directive(item).is_some() {
                continue;
            }
            return Err(Status::unclassified(format!(
                "map: {} does not contain declared merge key: {key}",
                go_print(item)
            )));
        };
        let position = live.iter().position(|present| has_key(present, &wanted));
        if directive(item).is_some_and(|directive| directive == "delete") {
            live.retain(|present| !has_key(present, &wanted));
            continue;
        }
        let mut new = position.map_or(Value::Null, |position| live[position].clone());
        merge("", &mut new, item, None)?;
        sent.push(new);
    }
    let same = |a: &Value, b: &Value| {
        schema::item_key(&[key], a).is_some_and(|wanted| has_key(b, &wanted))
    };
    *object = Value::Array(in_order(&live, sent, order, same));
    Ok(())
}

/// The items of both lists: those of the patch in its order, the others where they are in the live list.
/// Upstream: `normalizeElementOrder`, `mergeSortedSlice`.
fn in_order(
    live: &[Value],
    mut sent: Vec<Value>,
    order: Option<&[Value]>,
    same: impl Fn(&Value, &Value) -> bool,
) -> Vec<Value> {
    let place = |list: &[Value], item: &Value| list.iter().position(|other| same(other, item));
    if let Some(order) = order {
        sent.sort_by_key(|item| place(order, item).unwrap_or(usize::MAX));
    }
    let mut kept: Vec<Value> = live
        .iter()
        .filter(|item| place(&sent, item).is_none())
        .cloned()
        .collect();
    if let Some(order) = order {
        // What the patch orders but does not change goes with it.
        let (mut named, rest): (Vec<_>, Vec<_>) = kept
            .into_iter()
            .partition(|item| place(order, item).is_some());
        named.extend(sent);
        named.sort_by_key(|item| place(order, item).unwrap_or(usize::MAX));
        (sent, kept) = (named, rest);
    }
    let mut merged = Vec::new();
    let (mut kept, mut sent) = (kept.into_iter().peekable(), sent.into_iter().peekable());
    while let (Some(left), Some(right)) = (kept.peek(), sent.peek()) {
        let is_first = place(live, left)
            .zip(place(live, right))
            .is_some_and(|(left, right)| left < right);
        merged.extend(if is_first { kept.next() } else { sent.next() });
    }
    merged.extend(sent);
    merged.extend(kept);
    merged
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
                {"name": "a", "image": "2", "env": [{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}]},
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
        assert_eq!(status.code, 500);
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
        assert_eq!(json_patch(&mut object, &json!("x")).unwrap_err().code, 422);
    }
}
