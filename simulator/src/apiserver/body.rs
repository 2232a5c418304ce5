//! Bodies as text: JSON or YAML read into a tree that remembers the order and the repetition of fields, with the
//! words of the decoders that the API server uses. Pure; what the fields mean is `decode`'s.
//! Upstream: `apiserver/pkg/endpoints/handlers/rest.go` (`transformDecodeError`), Go's `encoding/json`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};

use crate::status::{Result, Status};

/// A value whose objects keep every field that was sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Object(Vec<(String, Self)>),
    List(Vec<Self>),
    Scalar(Value),
}

/// A body that could be read.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) value: Value,
    pub(super) tree: Tree,
    /// What a YAML reader says of keys that are there twice; their last value counts.
    pub(super) repeated_in_yaml: Vec<String>,
}

impl Tree {
    /// The value that Go's JSON decoder would make of it: of two objects the fields of both, else the last.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Object(fields) => {
                let mut object = Map::new();
                for (name, node) in fields {
                    let value = node.value();
                    match (object.get_mut(name), value) {
                        (Some(Value::Object(before)), Value::Object(more)) => before.extend(more),
                        (_, value) => {
                            object.insert(name.clone(), value);
                        }
                    }
                }
                Value::Object(object)
            }
            Self::List(items) => items.iter().map(Self::value).collect(),
            Self::Scalar(value) => value.clone(),
        }
    }

    /// Keeps the last of each field.
    fn without_repetition(self) -> Self {
        match self {
            Self::Object(fields) => {
                let mut kept: Vec<(String, Self)> = Vec::new();
                for (name, node) in fields {
                    let node = node.without_repetition();
                    match kept.iter_mut().find(|(present, _)| *present == name) {
                        Some((_, present)) => *present = node,
                        None => kept.push((name, node)),
                    }
                }
                Self::Object(kept)
            }
            Self::List(items) => {
                Self::List(items.into_iter().map(Self::without_repetition).collect())
            }
            scalar @ Self::Scalar(_) => scalar,
        }
    }
}

impl From<&Value> for Tree {
    fn from(value: &Value) -> Self {
        match value {
            Value::Object(map) => {
                let fields = map.iter();
                Self::Object(
                    fields
                        .map(|(name, value)| (name.clone(), value.into()))
                        .collect(),
                )
            }
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            scalar => Self::Scalar(scalar.clone()),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TreeVisitor;

        impl<'de> Visitor<'de> for TreeVisitor {
            type Value = Tree;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Scalar(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Scalar(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Scalar(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                let number = Number::from_f64(value).map_or(Value::Null, Value::Number);
                Ok(Tree::Scalar(number))
            }

            fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::Scalar(value.into()))
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Scalar(Value::Null))
            }

            fn visit_none<E>(self) -> Result<Tree, E> {
                Ok(Tree::Scalar(Value::Null))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Tree::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Tree::Object(fields))
            }
        }

        deserializer.deserialize_any(TreeVisitor)
    }
}

/// Reads a body as the media type says; `kind` is what it should be, for the refusal.
///
/// # Errors
/// 400 when it cannot be read, 415 for a media type that is neither JSON nor YAML.
pub(super) fn read(bytes: &[u8], media: &str, kind: &str) -> Result<Body> {
    let refuse = |error: String| Err(unrecognized(kind, &error, bytes));
    match media {
        // JSON is the default.
        "" | "application/json" => match json(bytes) {
            Ok(Tree::Scalar(Value::Null)) => Ok(Body {
                value: Value::Object(Map::new()),
                tree: Tree::Object(Vec::new()),
                repeated_in_yaml: Vec::new(),
            }),
            Ok(tree) => match type_meta(&tree) {
                Some(error) => refuse(type_meta_error(&error)),
                None => Ok(Body {
                    value: tree.value(),
                    tree,
                    repeated_in_yaml: Vec::new(),
                }),
            },
            Err(error) => refuse(type_meta_error(&error)),
        },
        "application/yaml" => match yaml(bytes) {
            Ok(body) => Ok(body),
            Err(error) => refuse(error),
        },
        _ => Err(Status::unsupported_media_type(
            "application/json, application/yaml",
        )),
    }
}

/// Reads YAML, of which JSON is a part. The error has the words of no other reader.
pub(super) fn yaml(bytes: &[u8]) -> Result<Body, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "yaml: invalid UTF-8".to_owned())?;
    let mut tree = if text.trim().is_empty() {
        Tree::Object(Vec::new())
    } else {
        let options = serde_saphyr::options! {
            duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        };
        serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| format!("yaml: {}", first_line(&error.to_string())))?
    };
    let repeated_in_yaml = repeated_keys(text);
    tree = tree.without_repetition();
    Ok(Body {
        value: tree.value(),
        tree,
        repeated_in_yaml,
    })
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}

/// Keys at the left margin of a YAML text that are there twice; those further in go untold.
fn repeated_keys(text: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut repeated = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let is_key = line.starts_with(|c: char| c.is_ascii_alphabetic());
        let Some((key, _)) = line.split_once(':').filter(|_| is_key) else {
            continue;
        };
        if seen.contains(&key) {
            repeated.push(format!("line {number}: key {key:?} already set in map"));
        }
        seen.push(key);
    }
    repeated
}

/// Reads JSON; the error is that of Go's decoder.
pub(super) fn json(bytes: &[u8]) -> Result<Tree, String> {
    serde_json::from_slice(bytes).map_err(|error| {
        if error.classify() == Category::Eof || bytes.is_empty() {
            return "unexpected end of JSON input".to_owned();
        }
        let said = error.to_string();
        let place = if said.starts_with("trailing characters") {
            "after top-level value"
        } else if said.starts_with("expected `,` or `}`") {
            "after object key:value pair"
        } else if said.starts_with("expected `,` or `]`") {
            "after array element"
        } else if said.starts_with("expected `:`") {
            "after object key"
        } else if said.starts_with("key must be a string") {
            "looking for beginning of object key string"
        } else {
            "looking for beginning of value"
        };
        format!("invalid character {:?} {place}", character(bytes, &error))
    })
}

/// The character that a reader of JSON stumbled over.
fn character(bytes: &[u8], error: &serde_json::Error) -> char {
    let line = bytes.split(|byte| *byte == b'\n').nth(error.line() - 1);
    let at = error.column().saturating_sub(1);
    line.and_then(|line| line.get(at))
        .map_or('\n', |byte| char::from(*byte))
}

/// What Go calls the type of a JSON value.
pub(super) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Why a body has no `apiVersion` and `kind` that could be looked at.
fn type_meta(tree: &Tree) -> Option<String> {
    let Tree::Object(fields) = tree else {
        return Some(format!(
            "json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
            go_type(&tree.value())
        ));
    };
    fields
        .iter()
        .filter(|(name, _)| name == "apiVersion" || name == "kind")
        .map(|(name, node)| (name, node.value()))
        .find(|(_, value)| !value.is_string() && !value.is_null())
        .map(|(name, value)| {
            format!(
                "json: cannot unmarshal {} into Go struct field .{name} of type string",
                go_type(&value)
            )
        })
}

/// The words around an error of reading `apiVersion` and `kind`.
pub(super) fn type_meta_error(error: &str) -> String {
    format!("couldn't get version/kind; json parse error: {error}")
}

/// 400 for a body of which not even the kind could be read.
pub(super) fn unrecognized(kind: &str, error: &str, body: &[u8]) -> Status {
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): {error} ({})",
        summary(body)
    ))
}

/// The first 30 bytes, as text where they may be JSON.
fn summary(body: &[u8]) -> String {
    const LENGTH: usize = 30;
    let start = &body[..body.len().min(LENGTH)];
    let text = match start.first() {
        None => return "<empty>".to_owned(),
        Some(b'{') => String::from_utf8_lossy(start).into_owned(),
        Some(_) => start.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    if body.len() > LENGTH {
        format!("{text} ...")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn repeated_fields_are_kept_in_order() {
        let tree = json(br#"{"b": {"x": 1}, "a": 1, "b": {"y": 2}}"#).unwrap();
        let Tree::Object(fields) = &tree else {
            panic!("no object");
        };
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "b"]);
        assert_eq!(tree.value(), json!({"a": 1, "b": {"x": 1, "y": 2}}));
    }

    #[test]
    fn errors_are_those_of_go() {
        for (text, error) in [
            ("", "unexpected end of JSON input"),
            ("{\"a\":", "unexpected end of JSON input"),
            ("a", "invalid character 'a' looking for beginning of value"),
            (
                "{\"a\":1 \"b\"",
                "invalid character '\"' after object key:value pair",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            ("{} x", "invalid character 'x' after top-level value"),
        ] {
            assert_eq!(super::json(text.as_bytes()).unwrap_err(), error, "{text}");
        }
    }
}
