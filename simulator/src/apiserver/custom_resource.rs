//! The schema of KEDA's CustomResourceDefinition: prunes what it does not know, and says what does not fit. Pure.
//! Upstream: kedacore/keda v2.20.2 `config/crd/bases/keda.sh_scaledobjects.yaml`;
//! `apiextensions-apiserver/pkg/apiserver/validation`.

use serde_json::Value;

use super::body::go_type;
use crate::status::Cause;

/// A type of the schema.
#[derive(Clone, Copy, Debug)]
enum Type {
    Text,
    Integer,
    Boolean,
    /// A map from names to texts.
    Texts,
    List(&'static Self),
    /// Fields, and which of them must be there.
    Object(&'static [(&'static str, Self)], &'static [&'static str]),
    /// Anything, kept as it is: what is of other kinds' schemas.
    Any,
}

use Type::{Any, Boolean, Integer, List, Object, Text, Texts};

const TRIGGER: Type = Object(
    &[
        ("type", Text),
        ("name", Text),
        ("metadata", Texts),
        ("metricType", Text),
        ("useCachedMetrics", Boolean),
        (
            "authenticationRef",
            Object(&[("name", Text), ("kind", Text)], &["name"]),
        ),
    ],
    &["metadata", "type"],
);

const SPEC: Type = Object(
    &[
        (
            "scaleTargetRef",
            Object(
                &[
                    ("apiVersion", Text),
                    ("kind", Text),
                    ("name", Text),
                    ("envSourceContainerName", Text),
                ],
                &["name"],
            ),
        ),
        ("pollingInterval", Integer),
        ("initialCooldownPeriod", Integer),
        ("cooldownPeriod", Integer),
        ("idleReplicaCount", Integer),
        ("minReplicaCount", Integer),
        ("maxReplicaCount", Integer),
        ("triggers", List(&TRIGGER)),
        (
            "fallback",
            Object(
                &[
                    ("failureThreshold", Integer),
                    ("replicas", Integer),
                    ("behavior", Text),
                ],
                &["failureThreshold", "replicas"],
            ),
        ),
        (
            "advanced",
            Object(
                &[
                    (
                        "horizontalPodAutoscalerConfig",
                        Object(&[("name", Text), ("behavior", Any)], &[]),
                    ),
                    ("restoreToOriginalReplicaCount", Boolean),
                    ("scalingModifiers", Any),
                ],
                &[],
            ),
        ),
    ],
    &["scaleTargetRef", "triggers"],
);

const SCALED_OBJECT: Type = Object(
    &[
        ("apiVersion", Text),
        ("kind", Text),
        ("metadata", Any),
        ("spec", SPEC),
        ("status", Any),
    ],
    &["spec"],
);

/// What is not checked while something is of the wrong type.
const UNCHECKED: &str = "null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

/// Removes the fields that a ScaledObject does not have.
pub(super) fn prune(object: &mut Value) {
    prune_type(SCALED_OBJECT, object);
}

fn prune_type(schema: Type, value: &mut Value) {
    match (schema, value) {
        (Object(fields, _), Value::Object(map)) => {
            map.retain(|name, _| fields.iter().any(|(known, _)| known == name));
            for (name, schema) in fields {
                if let Some(value) = map.get_mut(*name) {
                    prune_type(*schema, value);
                }
            }
        }
        (List(schema), Value::Array(items)) => {
            items.iter_mut().for_each(|item| prune_type(*schema, item));
        }
        _ => {}
    }
}

/// What does not fit the schema, or its rules.
pub(super) fn check(object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    check_type(SCALED_OBJECT, "", object, &mut causes);
    if !causes.is_empty() {
        causes.push(Cause {
            reason: "FieldValueInvalid",
            field: "<nil>".to_owned(),
            message: format!("Invalid value: {UNCHECKED}"),
        });
        return causes;
    }
    let spec = &object["spec"];
    if spec["triggers"].as_array().is_some_and(Vec::is_empty) {
        causes.push(Cause::invalid(
            "spec.triggers",
            &Value::from(0),
            "spec.triggers in body should have at least 1 items",
        ));
    }
    let min = spec["minReplicaCount"].as_i64();
    let max = spec["maxReplicaCount"].as_i64();
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        // `apis/keda/v1alpha1/scaledobject_types.go`, `XValidation`.
        causes.push(Cause::rule(
            "spec",
            "minReplicaCount must be less than or equal to maxReplicaCount",
        ));
    }
    causes
}

fn check_type(schema: Type, path: &str, value: &Value, causes: &mut Vec<Cause>) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match (schema, value) {
        (Object(fields, required), Value::Object(map)) => {
            for (name, schema) in fields {
                match map.get(*name).filter(|value| !value.is_null()) {
                    Some(value) => check_type(*schema, &below(name), value, causes),
                    None if required.contains(name) => {
                        causes.push(Cause::required(below(name), ""));
                    }
                    None => {}
                }
            }
        }
        (List(schema), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                check_type(*schema, &format!("{path}[{index}]"), item, causes);
            }
        }
        (Texts, Value::Object(map)) => {
            for (name, value) in map {
                check_type(Text, &below(name), value, causes);
            }
        }
        (Any, _) | (Text, Value::String(_)) | (Boolean, Value::Bool(_)) => {}
        (Integer, Value::Number(number)) if number.is_i64() => {}
        (schema, value) => {
            let wanted = match schema {
                Text => "string",
                Integer => "integer",
                Boolean => "boolean",
                List(_) => "array",
                Texts | Object(..) | Any => "object",
            };
            let is = match value {
                Value::Number(number) if number.is_i64() => "integer",
                Value::Bool(_) => "boolean",
                value => go_type(value),
            };
            causes.push(Cause {
                reason: "FieldValueTypeInvalid",
                field: path.to_owned(),
                message: format!(
                    "Invalid value: {is:?}: {path} in body must be of type {wanted}: {is:?}"
                ),
            });
        }
    }
}
