//! Label and field selectors, as queries write them and as objects hold them. Pure; for the API and controllers.
//! Upstream: `staging/src/k8s.io/apimachinery/pkg/labels/selector.go`, `…/fields/selector.go`.

mod parse;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use crate::status::{Result, Status};

pub(crate) use parse::{key_error, value_error};

/// A condition on the labels of an object: all requirements must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    DoesNotExist(String),
    GreaterThan(String, i64),
    LessThan(String, i64),
}

impl Selector {
    /// Reads `app=webapp,tier!=db,env in (a,b),!legacy`.
    ///
    /// # Errors
    /// 400 when it cannot be read.
    pub fn parse(text: &str) -> Result<Self> {
        parse::selector(text).map(Self).map_err(Status::bad_request)
    }

    /// From a map of labels that must all be there, as a Service's selector.
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        Self(
            labels
                .into_iter()
                .map(|(key, value)| Requirement::In(key.clone(), vec![value.clone()]))
                .collect(),
        )
    }

    /// From an object's `spec.selector`. An empty one selects everything, as upstream.
    pub fn from_label_selector(selector: &LabelSelector) -> Self {
        let labels = selector.match_labels.iter().flatten();
        let mut requirements = Self::from_labels(labels).0;
        for expression in selector.match_expressions.iter().flatten() {
            let key = expression.key.clone();
            let values = expression.values.clone().unwrap_or_default();
            requirements.push(match expression.operator.as_str() {
                "NotIn" => Requirement::NotIn(key, values),
                "Exists" => Requirement::Exists(key),
                "DoesNotExist" => Requirement::DoesNotExist(key),
                _ => Requirement::In(key, values),
            });
        }
        Self(requirements)
    }

    /// Whether it demands nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an object with these labels is selected.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.matches_by(|key| labels.get(key).map(String::as_str))
    }

    /// Whether a stored object is selected.
    pub fn matches_object(&self, object: &Value) -> bool {
        self.matches_by(|key| object["metadata"]["labels"][key].as_str())
    }

    fn matches_by<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => {
                label(key).is_some_and(|value| values.iter().any(|v| v == value))
            }
            // An object without the label is selected too.
            Requirement::NotIn(key, values) => {
                label(key).is_none_or(|value| values.iter().all(|v| v != value))
            }
            Requirement::Exists(key) => label(key).is_some(),
            Requirement::DoesNotExist(key) => label(key).is_none(),
            Requirement::GreaterThan(key, bound) => number(label(key)).is_some_and(|n| n > *bound),
            Requirement::LessThan(key, bound) => number(label(key)).is_some_and(|n| n < *bound),
        })
    }
}

fn number(label: Option<&str>) -> Option<i64> {
    label?.parse().ok()
}

/// A condition on fields of an object, such as `metadata.name=webapp,status.phase!=Failed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector(Vec<(String, bool, String)>);

impl FieldSelector {
    /// # Errors
    /// 400 when it cannot be read.
    pub fn parse(text: &str) -> Result<Self> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (field, equal, value) = if let Some((field, value)) = part.split_once("!=") {
                    (field, false, value)
                } else {
                    let (field, value) = part
                        .split_once("==")
                        .or_else(|| part.split_once('='))
                        .ok_or_else(|| {
                            Status::bad_request(format!(
                                "invalid selector: '{text}'; can't understand '{part}'"
                            ))
                        })?;
                    (field, true, value)
                };
                if let Some(c) = value.chars().find(|c| *c == '=') {
                    return Err(Status::bad_request(format!(
                        "invalid field selector: unescaped character in value: {}",
                        u32::from(c)
                    )));
                }
                Ok((field.to_owned(), equal, value.to_owned()))
            })
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Whether an object is selected. A field that it has not is empty.
    pub fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(field, equal, wanted)| {
            let value = field
                .split('.')
                .try_fold(object, |value, name| value.get(name));
            let is = match value {
                Some(Value::String(text)) => text == wanted,
                None | Some(Value::Null) => wanted.is_empty(),
                Some(other) => wanted.parse::<Value>().is_ok_and(|wanted| wanted == *other),
            };
            is == *equal
        })
    }

    /// The first field that none of `known` names.
    pub fn unknown_field(&self, known: &[&str]) -> Option<&str> {
        self.0
            .iter()
            .map(|(field, ..)| field.as_str())
            .find(|field| !known.contains(field))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn label_selectors_select_as_kubectl_says() {
        let object = json!({"metadata": {"labels": {"app": "webapp", "tier": "front"}}});
        for (text, selected) in [
            ("", true),
            ("app=webapp", true),
            ("app==webapp,tier!=back", true),
            ("app in (webapp, locust)", true),
            ("app notin (webapp)", false),
            ("app", true),
            ("!app", false),
            ("!legacy,tier", true),
            ("env!=prod", true),
            ("env=prod", false),
        ] {
            let selector = Selector::parse(text).unwrap();
            assert_eq!(selector.matches_object(&object), selected, "{text}");
        }
        assert!(Selector::parse("a b").is_err());
        assert!(Selector::parse("=x").is_err());
    }

    #[test]
    fn field_selectors_read_nested_fields() {
        let event = json!({"involvedObject": {"kind": "Pod"}, "count": 3});
        let matches = |text| FieldSelector::parse(text).unwrap().matches(&event);
        assert!(matches("involvedObject.kind=Pod"));
        assert!(!matches("involvedObject.kind!=Pod"));
        assert!(matches("involvedObject.name="));
        assert!(matches("count=3"));
        assert!(FieldSelector::parse("nonsense").is_err());
    }
}
