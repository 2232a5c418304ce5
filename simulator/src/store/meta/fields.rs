//! A set of fields of an object, in the form of `managedFields[].fieldsV1`.
//! Upstream: `sigs.k8s.io/structured-merge-diff/fieldpath`. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::schema::{self, ListType};

/// A tree whose edges are `f:name`, `k:{"name":"x"}` or `v:"x"`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    /// Whether the path up to here is itself in the set (`.` in fieldsV1, or a leaf).
    member: bool,
    children: BTreeMap<String, Self>,
}

/// A path: the edges from the root.
pub(crate) type Path = Vec<String>;

/// Fields of `metadata` that nobody owns.
/// Upstream: `staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/stripmeta.go`.
const UNOWNED: &[&str] = &[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// Structs and lists that are written even when they are empty, so that nobody makes them: they have no `omitempty`.
const EMPTY: &[&str] = &[
    "containers",
    "metadata",
    "spec",
    "status",
    "strategy",
    "template",
];

impl FieldSet {
    /// All fields of an object. `custom` says that its kind is a custom resource.
    pub(crate) fn of(object: &Value, custom: bool) -> Self {
        let mut object = object.clone();
        if let Some(object) = object.as_object_mut() {
            object.remove("apiVersion");
            object.remove("kind");
            if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                meta.retain(|field, _| !UNOWNED.contains(&field.as_str()));
            }
        }
        let mut set = Self::of_value("", &object, custom);
        set.member = false;
        if let Some(meta) = set.children.get_mut("f:metadata") {
            meta.member = false;
            if meta.is_empty() {
                set.children.remove("f:metadata");
            }
        }
        set
    }

    /// The fields that an applied configuration owns: its values and its lists' items, but neither the maps nor the
    /// lists around them, which others may have made.
    pub(crate) fn of_applied(config: &Value, custom: bool) -> Self {
        let mut set = Self::of(config, custom);
        set.clear_containers(false);
        set
    }

    fn clear_containers(&mut self, is_item: bool) {
        if !is_item && !self.children.is_empty() {
            self.member = false;
        }
        for (edge, child) in &mut self.children {
            child.clear_containers(edge.starts_with("k:"));
        }
    }

    fn leaf() -> Self {
        Self {
            member: true,
            children: BTreeMap::new(),
        }
    }

    fn of_value(name: &str, value: &Value, custom: bool) -> Self {
        match value {
            Value::Object(map) if !map.is_empty() && !schema::is_atomic_map(custom, name) => Self {
                // A write that makes a map or struct owns it beside its entries, but for those that an empty
                // object of a built-in kind has already.
                member: custom || !EMPTY.contains(&name),
                children: map
                    .iter()
                    .filter(|(name, value)| {
                        let is_empty = value.as_object().is_some_and(Map::is_empty);
                        custom || !(is_empty && EMPTY.contains(&name.as_str()))
                    })
                    .map(|(name, value)| (format!("f:{name}"), Self::of_value(name, value, custom)))
                    .collect(),
            },
            Value::Array(list) if !list.is_empty() => Self::of_list(name, list, custom),
            _ => Self::leaf(),
        }
    }

    fn of_list(name: &str, list: &[Value], custom: bool) -> Self {
        let children = match schema::list_type(custom, name, list) {
            ListType::Atomic => return Self::leaf(),
            ListType::Set => list
                .iter()
                .map(|value| (format!("v:{value}"), Self::leaf()))
                .collect(),
            ListType::Map(keys) => list
                .iter()
                .filter_map(|item| {
                    let key = schema::item_key(keys, item)?;
                    let mut child = Self::of_value("", item, custom);
                    child.member = true;
                    Some((format!("k:{}", Value::Object(key)), child))
                })
                .collect(),
        };
        Self {
            member: custom || !EMPTY.contains(&name),
            children,
        }
    }

    /// The first item of a list whose key another item has, as Server-Side Apply refuses it.
    pub(crate) fn duplicate_key(object: &Value, custom: bool) -> Option<String> {
        fn search(path: &str, name: &str, value: &Value, custom: bool) -> Option<String> {
            match value {
                Value::Object(map) => map.iter().find_map(|(name, value)| {
                    search(&format!("{path}.{name}"), name, value, custom)
                }),
                Value::Array(list) => {
                    if let ListType::Map(keys) = schema::list_type(custom, name, list) {
                        let mut seen: Vec<Map<String, Value>> = Vec::new();
                        for key in list.iter().filter_map(|item| schema::item_key(keys, item)) {
                            if seen.contains(&key) {
                                let pairs: Vec<_> =
                                    key.iter().map(|(k, v)| format!("{k}={v}")).collect();
                                let key = pairs.join(",");
                                return Some(format!("{path}: duplicate entries for key [{key}]"));
                            }
                            seen.push(key);
                        }
                    }
                    list.iter().find_map(|item| search(path, "", item, custom))
                }
                _ => None,
            }
        }
        search("", "", object, custom)
    }

    /// Reads `fieldsV1`.
    pub(crate) fn from_json(fields: &Value) -> Self {
        let Some(map) = fields.as_object() else {
            return Self::default();
        };
        if map.is_empty() {
            return Self::leaf();
        }
        Self {
            member: map.contains_key("."),
            children: map
                .iter()
                .filter(|(name, _)| *name != ".")
                .map(|(name, child)| (name.clone(), Self::from_json(child)))
                .collect(),
        }
    }

    /// Writes `fieldsV1`.
    pub(crate) fn to_json(&self) -> Value {
        let mut map = Map::new();
        if self.member && !self.children.is_empty() {
            map.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for (name, child) in &self.children {
            map.insert(name.clone(), child.to_json());
        }
        Value::Object(map)
    }

    /// Whether no path is in the set.
    pub(crate) fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(Self::is_empty)
    }

    /// All paths of the set.
    pub(crate) fn paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        self.walk(&mut Vec::new(), &mut paths);
        paths
    }

    fn walk(&self, at: &mut Path, paths: &mut Vec<Path>) {
        if self.member {
            paths.push(at.clone());
        }
        for (name, child) in &self.children {
            at.push(name.clone());
            child.walk(at, paths);
            at.pop();
        }
    }

    /// Whether exactly this path is in the set.
    pub(crate) fn contains(&self, path: &[String]) -> bool {
        self.node(path).is_some_and(|node| node.member)
    }

    /// Whether this path or one below it is in the set.
    pub(crate) fn contains_any_below(&self, path: &[String]) -> bool {
        self.node(path).is_some_and(|node| !node.is_empty())
    }

    /// Whether paths below this one are in the set.
    pub(crate) fn has_children(&self, path: &[String]) -> bool {
        self.node(path)
            .is_some_and(|node| !node.children.is_empty())
    }

    fn node(&self, path: &[String]) -> Option<&Self> {
        path.iter()
            .try_fold(self, |node, name| node.children.get(name))
    }

    /// Adds a path.
    pub(crate) fn insert(&mut self, path: &[String]) {
        let node = path.iter().fold(self, |node, name| {
            node.children.entry(name.clone()).or_default()
        });
        node.member = true;
    }

    /// Takes a path out, and what is below it.
    pub(crate) fn remove(&mut self, path: &[String]) {
        let Some((first, rest)) = path.split_first() else {
            *self = Self::default();
            return;
        };
        if let Some(child) = self.children.get_mut(first) {
            child.remove(rest);
            if child.is_empty() {
                self.children.remove(first);
            }
        }
    }
}

/// The edges below `value`, and what they lead to: how a [`FieldSet`]'s path is followed in an object.
pub(crate) fn follow<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, edge| {
        let (kind, text) = edge.split_at_checked(2)?;
        match kind {
            "f:" => value.get(text),
            "k:" => {
                let key: Map<String, Value> = serde_json::from_str(text).ok()?;
                value.as_array()?.iter().find(|item| has_key(item, &key))
            }
            "v:" => {
                let wanted: Value = serde_json::from_str(text).ok()?;
                value.as_array()?.iter().find(|item| **item == wanted)
            }
            _ => None,
        }
    })
}

/// Removes what a path leads to.
pub(crate) fn remove(value: &mut Value, path: &[String]) {
    let Some((edge, rest)) = path.split_first() else {
        return;
    };
    let Some((kind, text)) = edge.split_at_checked(2) else {
        return;
    };
    match (kind, value) {
        ("f:", Value::Object(map)) => {
            if rest.is_empty() {
                map.remove(text);
            } else if let Some(child) = map.get_mut(text) {
                remove(child, rest);
            }
        }
        ("k:", Value::Array(list)) => {
            let Ok(key) = serde_json::from_str::<Map<String, Value>>(text) else {
                return;
            };
            if rest.is_empty() {
                list.retain(|item| !has_key(item, &key));
            } else if let Some(item) = list.iter_mut().find(|item| has_key(item, &key)) {
                remove(item, rest);
            }
        }
        ("v:", Value::Array(list)) => {
            let gone: Option<Value> = serde_json::from_str(text).ok();
            list.retain(|item| Some(item) != gone.as_ref());
        }
        _ => {}
    }
}

/// Whether an item has these key values.
pub(crate) fn has_key(item: &Value, key: &Map<String, Value>) -> bool {
    key.iter().all(|(name, wanted)| {
        let value = item.get(name).filter(|value| !value.is_null());
        match value {
            Some(value) => value == wanted,
            None => schema::key_default(name).as_ref() == Some(wanted),
        }
    })
}

/// A path as upstream prints it: `.spec.template.spec.containers[name="webapp"].image`.
pub(crate) fn display(path: &[String]) -> String {
    let mut text = String::new();
    for edge in path {
        let (kind, rest) = edge.split_at_checked(2).unwrap_or(("f:", edge));
        // Writing to a String cannot fail.
        let _ = match kind {
            "k:" => {
                let key: Map<String, Value> = serde_json::from_str(rest).unwrap_or_default();
                let pairs: Vec<_> = key.iter().map(|(k, v)| format!("{k}={v}")).collect();
                write!(text, "[{}]", pairs.join(","))
            }
            "v:" => write!(text, "[={rest}]"),
            _ => write!(text, ".{rest}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_written_as_upstream_writes_them() {
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "webapp", "labels": {"app": "webapp"}},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "webapp"}}, "template": {"spec": {
                "containers": [{"name": "webapp", "image": "i", "ports": [{"containerPort": 80}]}],
            }}},
        });
        let set = FieldSet::of(&object, false);
        assert_eq!(
            set.to_json(),
            json!({
                "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
                "f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": {"f:spec": {"f:containers": {
                    "k:{\"name\":\"webapp\"}": {
                        ".": {}, "f:image": {}, "f:name": {},
                        "f:ports": {".": {}, "k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}},
                    },
                }}}},
            })
        );
        assert_eq!(FieldSet::from_json(&set.to_json()), set);
        let image = set
            .paths()
            .into_iter()
            .find(|path| path.last().is_some_and(|edge| edge == "f:image"))
            .unwrap();
        assert_eq!(
            display(&image),
            ".spec.template.spec.containers[name=\"webapp\"].image"
        );
        assert_eq!(follow(&object, &image), Some(&json!("i")));
    }

    #[test]
    fn removed_path_leaves_its_neighbours() {
        let mut object =
            json!({"spec": {"containers": [{"name": "a", "image": "i"}, {"name": "b"}]}});
        let path: Path = ["f:spec", "f:containers", "k:{\"name\":\"a\"}", "f:image"]
            .map(str::to_owned)
            .to_vec();
        remove(&mut object, &path);
        assert_eq!(
            object,
            json!({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}})
        );
    }
}
