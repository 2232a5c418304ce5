//! What a request asks for: path, query, and headers, read once. Pure.

use std::collections::BTreeMap;

use http::request::Parts;
use serde_json::Value;

use crate::status::{Result, Status};
use crate::store::Resource;
use crate::store::resource::EVENTS;

/// The verb that the authorizer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch,
    Delete,
    DeleteCollection,
}

impl Verb {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
        }
    }
}

/// What a path of the resource API names.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The kind.
    pub(super) resource: &'static Resource,
    /// Whether it was asked for as events.k8s.io/v1, where events have other field names.
    pub(super) new_events: bool,
    /// Empty for cluster-wide kinds, and for all namespaces.
    pub(super) namespace: String,
    /// Empty for collections.
    pub(super) name: String,
    /// Empty for the object itself.
    pub(super) subresource: String,
}

impl Target {
    /// Reads a path below `/api/v1` or `/apis/<group>/<version>`; `None` when it names no kind.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
        let (group, version, rest) = match segments.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..]
                if !rest.is_empty() && !matches!(rest, ["status" | "finalize"]) =>
            {
                (*namespace, rest)
            }
            rest => ("", rest),
        };
        let (plural, name, subresource) = match rest {
            [plural] => (*plural, "", String::new()),
            [plural, name] => (*plural, *name, String::new()),
            [plural, name, subresource @ ..] => (*plural, *name, subresource.join("/")),
            [] => return None,
        };
        let new_events = group == "events.k8s.io";
        let resource = if new_events && plural == "events" && version == "v1" {
            &EVENTS
        } else {
            Resource::by_plural(group, plural).filter(|r| r.version == version)?
        };
        let misplaced = if namespace.is_empty() {
            resource.namespaced && !name.is_empty()
        } else {
            !resource.namespaced
        };
        (!misplaced).then(|| Self {
            resource,
            new_events,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            subresource,
        })
    }

    /// The namespace to list, or `None` for all.
    pub(super) fn scope(&self) -> Option<&str> {
        (!self.namespace.is_empty()).then_some(self.namespace.as_str())
    }

    /// `pods/log`, as rules of roles name it.
    pub(super) fn rule_resource(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.plural.to_owned()
        } else {
            format!("{}/{}", self.resource.plural, self.subresource)
        }
    }
}

/// The parameters of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(BTreeMap<String, Vec<String>>);

impl Query {
    pub(super) fn parse(query: Option<&str>) -> Self {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or("").as_bytes()) {
            parameters
                .entry(name.into_owned())
                .or_default()
                .push(value.into_owned());
        }
        Self(parameters)
    }

    /// A parameter that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.first()?;
        (!value.is_empty()).then_some(value.as_str())
    }

    /// Whether a boolean parameter is set. `watch` alone means true, as upstream.
    pub(super) fn flag(&self, name: &str) -> bool {
        let value = self.0.get(name).and_then(|values| values.first());
        value.is_some_and(|value| !matches!(value.as_str(), "0" | "false"))
    }

    /// A number.
    ///
    /// # Errors
    /// 400 when it is none.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>> {
        self.get(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    Status::bad_request(format!(
                        "strconv.ParseInt: parsing {text:?}: invalid syntax"
                    ))
                })
            })
            .transpose()
    }

    /// `dryRun=All`.
    pub(super) fn dry_run(&self) -> bool {
        self.get("dryRun").is_some()
    }
}

/// How an answer's objects are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As they are.
    Object,
    /// Their `apiVersion`, `kind` and `metadata`.
    Metadata,
    /// As rows for kubectl.
    Table,
}

impl Shape {
    /// The first media type of `Accept` that the API has.
    pub(super) fn of(parts: &Parts) -> Self {
        let accept = header(parts, "accept");
        for media in accept.split(',').map(str::trim) {
            if media.contains("as=Table") {
                return Self::Table;
            }
            if media.contains("as=PartialObjectMetadata") {
                return Self::Metadata;
            }
            if media == "application/json" || media == "*/*" {
                return Self::Object;
            }
        }
        Self::Object
    }
}

/// A header's text, or nothing.
pub(super) fn header<'a>(parts: &'a Parts, name: &str) -> &'a str {
    parts
        .headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
}

/// The media type of the body, without parameters.
pub(super) fn content_type(parts: &Parts) -> &str {
    let value = header(parts, "content-type");
    value.split(';').next().unwrap_or("").trim()
}

/// Reads a body as JSON, or as YAML, of which JSON is a part.
///
/// # Errors
/// 400 when it is neither.
pub(super) fn parse_body(body: &[u8]) -> Result<Value> {
    serde_json::from_slice(body).or_else(|error| {
        let text =
            std::str::from_utf8(body).map_err(|_| Status::bad_request("the body is not UTF-8"))?;
        serde_saphyr::from_str(text).map_err(|_| {
            Status::bad_request(format!("the object provided is unrecognized: {error}"))
        })
    })
}

/// The field manager: the query's, else the program of the `User-Agent`.
/// Upstream: `apiserver/pkg/endpoints/handlers/create.go`, `managerOrUserAgent`.
pub(super) fn manager(query: &Query, parts: &Parts) -> String {
    if let Some(manager) = query.get("fieldManager") {
        return manager.to_owned();
    }
    let agent = header(parts, "user-agent");
    let program = agent.split('/').next().unwrap_or("");
    if program.is_empty() {
        "unknown".to_owned()
    } else {
        program.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_kinds() {
        let target = Target::parse("/apis/apps/v1/namespaces/ws/deployments/webapp/scale").unwrap();
        assert_eq!(target.resource.kind, "Deployment");
        assert_eq!(
            (target.namespace.as_str(), target.name.as_str()),
            ("ws", "webapp")
        );
        assert_eq!(target.rule_resource(), "deployments/scale");
        let target = Target::parse("/api/v1/namespaces/ws").unwrap();
        assert_eq!(
            (target.resource.kind, target.name.as_str()),
            ("Namespace", "ws")
        );
        let target = Target::parse("/api/v1/namespaces/ws/status").unwrap();
        assert_eq!(target.subresource, "status");
        assert_eq!(Target::parse("/api/v1/pods").unwrap().scope(), None);
        assert!(
            Target::parse("/apis/events.k8s.io/v1/events")
                .unwrap()
                .new_events
        );
        assert!(Target::parse("/apis/apps/v1beta1/deployments").is_none());
        assert!(Target::parse("/api/v1/pods/without-namespace").is_none());
    }
}
