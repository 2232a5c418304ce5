//! A value that does not fit its field, in the words of Go's JSON decoder: which struct's field, of which type.
//! Pure. What Rust's types do not know (the names of Go's structs) stands here by the name of the field.

use serde_json::{Value, json};
use serde_path_to_error::{Path, Segment};

use super::body::go_type;
use crate::store::Resource;

/// Fields that are maps: what is below them are keys.
const MAPS: &[&str] = &[
    "allocatable",
    "annotations",
    "binaryData",
    "capacity",
    "data",
    "default",
    "defaultRequest",
    "hard",
    "labels",
    "limits",
    "matchLabels",
    "max",
    "maxLimitRequestRatio",
    "min",
    "nodeSelector",
    "requests",
    "stringData",
    "usage",
    "used",
];

/// A field and the value in it.
#[derive(Debug)]
pub(super) struct Mismatch {
    /// Names of fields from the root, map keys included, as `.spec.containers[0].name` prints them.
    path: Vec<String>,
    /// The last field that is a struct's.
    field: String,
    /// The struct that has it.
    owner: String,
    value: Value,
    /// Go's type.
    wanted: String,
}

impl Mismatch {
    /// From what serde says at a path of `body`; `None` when it says something else than a wrong type.
    pub(super) fn of(resource: &Resource, body: &Value, path: &Path, error: &str) -> Option<Self> {
        let wanted = error.split("expected ").nth(1)?.trim();
        let wanted = wanted.split(" at line").next().unwrap_or(wanted);
        let mut value = body;
        let mut owner = resource.kind.to_owned();
        let mut inside = resource.kind.to_owned();
        let (mut names, mut shown) = (Vec::new(), Vec::new());
        let mut in_map = false;
        for segment in path.iter() {
            match segment {
                Segment::Seq { index } => value = &value[*index],
                Segment::Map { key } => {
                    value = &value[key.as_str()];
                    names.push(key.clone());
                    if !in_map {
                        owner.clone_from(&inside);
                        inside = content(resource, &shown, key);
                        shown.push(key.clone());
                        // A LimitRange's limits are a list of structs.
                        in_map = MAPS.contains(&key.as_str()) && value.is_object();
                    }
                }
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        let field = shown.last().cloned()?;
        let is_time = ["Time", "Timestamp"].iter().any(|end| field.ends_with(end));
        Some(Self {
            wanted: if is_time && value.is_string() {
                "Time".to_owned()
            } else {
                wanted_type(wanted, &inside, in_map, &field)
            },
            field: shown.join("."),
            path: names,
            owner,
            value: value.clone(),
        })
    }

    /// As `encoding/json` says it.
    pub(super) fn unmarshal_error(&self) -> String {
        let Self {
            owner,
            field,
            value,
            wanted,
            ..
        } = self;
        match wanted.as_str() {
            "[]uint8" if value.is_string() => "illegal base64 data at input byte 0".to_owned(),
            "Time" if value.is_string() => {
                let text = value.as_str().unwrap_or("");
                format!(
                    "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""
                )
            }
            _ => {
                let is = match value {
                    // A number of the wrong size or with a fraction is told.
                    Value::Number(number) if wanted.starts_with("int") => {
                        format!("number {number}")
                    }
                    value => go_type(value).to_owned(),
                };
                format!(
                    "json: cannot unmarshal {is} into Go struct field {owner}.{field} of type {wanted}"
                )
            }
        }
    }

    /// As the typed objects of Server-Side Apply say it.
    /// Upstream: `sigs.k8s.io/structured-merge-diff/typed/validate.go`.
    pub(super) fn schema_error(&self) -> String {
        let path: String = self.path.iter().map(|name| format!(".{name}")).collect();
        let unstructured = match &self.value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let error = match self.wanted.as_str() {
            "string" => {
                format!("expected string, got &value.valueUnstructured{{Value:{unstructured}}}")
            }
            "bool" => format!("expected boolean, got {}", go_type(&self.value)),
            wanted if wanted.starts_with("int") => {
                format!(
                    "expected numeric (int or float), got {}",
                    go_type(&self.value)
                )
            }
            wanted if wanted.starts_with("[]") => {
                format!("expected list, got &value.valueUnstructured{{Value:{unstructured}}}")
            }
            _ => format!("expected map, got &value.valueUnstructured{{Value:{unstructured}}}"),
        };
        format!("{path}: {error}")
    }

    /// As a strategic merge patch says it. Upstream: `apimachinery/pkg/runtime/converter.go`.
    pub(super) fn conversion_error(&self) -> String {
        let wanted = &self.wanted;
        match &self.value {
            Value::Number(number) if wanted == "string" => {
                let is = if number.is_f64() { "float64" } else { "int64" };
                format!("cannot convert {is} to string")
            }
            Value::Bool(_) if wanted == "string" => "cannot convert bool to string".to_owned(),
            _ => format!("unrecognized type: {wanted}"),
        }
    }
}

/// Go's struct in the field `name` below `above`.
fn content(resource: &Resource, above: &[String], name: &str) -> String {
    let parent = above.last().map(String::as_str);
    let known = match (parent, name) {
        (None, "spec" | "status") => {
            let mut chars = name.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            let part: String = first.into_iter().chain(chars).collect();
            return format!("{}{part}", resource.kind);
        }
        (Some("template"), "spec") => "PodSpec",
        (_, "metadata") => "ObjectMeta",
        (_, "template") => "PodTemplateSpec",
        (_, "containers" | "initContainers") => "Container",
        (_, "env") => "EnvVar",
        (Some("containers" | "initContainers"), "ports") => "ContainerPort",
        (_, "ports") if resource.kind == "EndpointSlice" => "EndpointPort",
        (_, "ports") => "ServicePort",
        (Some("volumes"), "configMap") => "ConfigMapVolumeSource",
        (_, "volumes") => "Volume",
        (_, "volumeMounts") => "VolumeMount",
        (_, "resources") => "ResourceRequirements",
        (_, "readinessProbe" | "livenessProbe" | "startupProbe") => "Probe",
        (_, "httpGet") => "HTTPGetAction",
        (_, "strategy") => "DeploymentStrategy",
        (_, "rollingUpdate") => "RollingUpdateDeployment",
        (_, "selector") => "LabelSelector",
        (_, "ownerReferences") => "OwnerReference",
        (_, "scaleTargetRef") => "CrossVersionObjectReference",
        (_, "metrics") => "MetricSpec",
        (_, "behavior") => "HorizontalPodAutoscalerBehavior",
        (_, "subjects") => "Subject",
        (_, "roleRef") => "RoleRef",
        (_, "rules") => "PolicyRule",
        (Some("spec"), "limits") => "LimitRangeItem",
        (_, "conditions") => "Condition",
        (Some("containers" | "initContainers"), "securityContext") => "SecurityContext",
        (_, "securityContext") => "PodSecurityContext",
        _ => name,
    };
    known.to_owned()
}

/// Go's name for what serde expected.
fn wanted_type(expected: &str, inside: &str, in_map: bool, field: &str) -> String {
    let is_struct = inside != field;
    match expected {
        "i32" => "int32".to_owned(),
        "i64" => "int64".to_owned(),
        "a string" => "string".to_owned(),
        "a boolean" => "bool".to_owned(),
        "a map" if in_map || !is_struct => "map[string]string".to_owned(),
        "a sequence" if is_struct => format!("[]v1.{inside}"),
        "a sequence" => "[]string".to_owned(),
        text if text.contains("base64") => "[]uint8".to_owned(),
        // Quantities and the like are strings on the wire.
        "Quantity" => "string".to_owned(),
        "IntOrString" => "intstr.IntOrString".to_owned(),
        text => format!("v1.{}", text.trim_start_matches("struct ")),
    }
}

/// Why no Scale can be read from a body, as a mismatch of its own small type.
pub(super) fn of_scale(scale: &Value) -> Option<Mismatch> {
    let replicas = &scale["spec"]["replicas"];
    let fits = replicas.is_null() || replicas.as_i64().is_some_and(|n| i32::try_from(n).is_ok());
    (!fits).then(|| Mismatch {
        path: vec!["spec".to_owned(), "replicas".to_owned()],
        field: "spec.replicas".to_owned(),
        owner: "ScaleSpec".to_owned(),
        value: replicas.clone(),
        wanted: "int32".to_owned(),
    })
}

/// A value as Go's `%v` prints it: `map[spec:map[replicas:x]]`.
pub(super) fn go_print(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Object(map) => {
            let fields: Vec<_> = map
                .iter()
                .map(|(name, value)| format!("{name}:{}", go_print(value)))
                .collect();
            format!("map[{}]", fields.join(" "))
        }
        Value::Array(list) => {
            let items: Vec<_> = list.iter().map(go_print).collect();
            format!("[{}]", items.join(" "))
        }
        Value::String(text) => text.clone(),
        other => json!(other).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_as_in_go() {
        let patch = json!({"spec": {"replicas": "x", "args": ["a", 1]}});
        assert_eq!(go_print(&patch), "map[spec:map[args:[a 1] replicas:x]]");
    }
}
