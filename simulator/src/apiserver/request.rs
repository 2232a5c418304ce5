//! What a request asks for: path, query, and headers, read once. Pure.

use std::collections::BTreeMap;

use http::Method;
use http::request::Parts;

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

impl Verb {
    /// The verb of a request. Upstream: `apiserver/pkg/endpoints/request/requestinfo.go`.
    ///
    /// # Errors
    /// 405 where a path has not this method.
    pub(super) fn of(method: &Method, query: &Query, info: &PathInfo<'_>) -> Result<Self> {
        let collection = info.name.is_empty();
        match *method {
            Method::GET if !collection => Ok(Self::Get),
            Method::GET if query.flag("watch") => Ok(Self::Watch),
            Method::GET => Ok(Self::List),
            Method::POST if collection || !info.subresource.is_empty() => Ok(Self::Create),
            Method::PUT if !collection => Ok(Self::Update),
            Method::PATCH if !collection => Ok(Self::Patch),
            Method::DELETE if collection => Ok(Self::DeleteCollection),
            Method::DELETE => Ok(Self::Delete),
            _ => Err(Status::method_not_allowed()),
        }
    }
}

/// What a path of the resource API names, whether such a kind is served or not: what the authorizer sees.
/// Upstream: `apiserver/pkg/endpoints/request/requestinfo.go`.
#[derive(Clone, Debug)]
pub(super) struct PathInfo<'a> {
    /// Empty for core.
    pub(super) group: &'a str,
    pub(super) version: &'a str,
    /// Empty for cluster-wide kinds, and for all namespaces.
    pub(super) namespace: &'a str,
    pub(super) plural: &'a str,
    /// Empty for collections.
    pub(super) name: &'a str,
    /// Empty for the object itself.
    pub(super) subresource: String,
}

impl<'a> PathInfo<'a> {
    /// Reads a path below `/api/v1` or `/apis/<group>/<version>`; `None` when it names no resource.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
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
        Some(Self {
            group,
            version,
            namespace,
            plural,
            name,
            subresource,
        })
    }

    /// `metadata.name=x` as a field selector, which the authorizer takes for the name.
    pub(super) fn selected_name(&self, query: &Query) -> Option<String> {
        let fields = query
            .get("fieldSelector")
            .filter(|_| self.name.is_empty())?;
        let name = fields.strip_prefix("metadata.name=")?;
        let name = name.strip_prefix('=').unwrap_or(name);
        (!name.is_empty() && !name.contains([',', '='])).then(|| name.to_owned())
    }

    /// `pods/log`, as rules of roles name it.
    pub(super) fn rule_resource(&self) -> String {
        if self.subresource.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}/{}", self.plural, self.subresource)
        }
    }
}

/// A path of a kind that is served.
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
    /// `None` when the path names no kind in the table.
    pub(super) fn of(info: &PathInfo<'_>) -> Option<Self> {
        let new_events = info.group == "events.k8s.io";
        let resource = if new_events && info.plural == "events" && info.version == "v1" {
            &EVENTS
        } else {
            Resource::by_plural(info.group, info.plural).filter(|r| r.version == info.version)?
        };
        let misplaced = if info.namespace.is_empty() {
            resource.namespaced && !info.name.is_empty()
        } else {
            !resource.namespaced
        };
        (!misplaced).then(|| Self {
            resource,
            new_events,
            namespace: info.namespace.to_owned(),
            name: info.name.to_owned(),
            subresource: info.subresource.clone(),
        })
    }

    /// The namespace to list, or `None` for all.
    pub(super) fn scope(&self) -> Option<&str> {
        (!self.namespace.is_empty()).then_some(self.namespace.as_str())
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

    /// Whether a parameter was sent at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// All values of a parameter.
    pub(super) fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
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
    /// As rows for kubectl, with so much of the objects themselves.
    Table(Include),
}

/// How much of its object a row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Include {
    Metadata,
    Object,
    None,
}

/// Upstream: `apiserver/pkg/endpoints/handlers/negotiation/errors.go`.
const REPRESENTATIONS: &str = "application/json";

impl Shape {
    /// The first media type of `Accept` that the API has. Without the header it is an object.
    ///
    /// # Errors
    /// 406 when there is none, 400 for a table with an unknown `includeObject`.
    pub(super) fn of(parts: &Parts, query: &Query) -> Result<Self> {
        let accept = header(parts, "accept");
        let mut transformed = false;
        for media in accept.split(',').map(str::trim) {
            let mut parameters = media.split(';').map(str::trim);
            let is_json = matches!(
                parameters.next(),
                Some("" | "application/json" | "application/*" | "*/*")
            );
            match parameters.find_map(|p| p.strip_prefix("as=")) {
                _ if !is_json => {}
                None => return Ok(Self::Object),
                Some("Table") => return Ok(Self::Table(include(query)?)),
                Some("PartialObjectMetadata" | "PartialObjectMetadataList") => {
                    return Ok(Self::Metadata);
                }
                Some(_) => transformed = true,
            }
        }
        Err(if transformed {
            Status::not_acceptable(&format!(
                "only the following media types are accepted: {REPRESENTATIONS}, application/yaml, application/vnd.kubernetes.protobuf"
            ))
        } else {
            Status::not_acceptable(&format!(
                "406: Not Acceptable\n\nAvailable representations: {REPRESENTATIONS}"
            ))
        })
    }
}

fn include(query: &Query) -> Result<Include> {
    match query.get("includeObject") {
        None | Some("Metadata") => Ok(Include::Metadata),
        Some("Object") => Ok(Include::Object),
        Some("None") => Ok(Include::None),
        Some(other) => Err(Status::bad_request(format!(
            "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', 'Object', 'None', or empty"
        ))),
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
        let parse = |path| PathInfo::parse(path).and_then(|info| Target::of(&info));
        let path = "/apis/apps/v1/namespaces/ws/deployments/webapp/scale";
        let target = parse(path).unwrap();
        assert_eq!(target.resource.kind, "Deployment");
        assert_eq!(
            (target.namespace.as_str(), target.name.as_str()),
            ("ws", "webapp")
        );
        let info = PathInfo::parse(path).unwrap();
        assert_eq!(info.rule_resource(), "deployments/scale");
        let target = parse("/api/v1/namespaces/ws").unwrap();
        assert_eq!(
            (target.resource.kind, target.name.as_str()),
            ("Namespace", "ws")
        );
        let target = parse("/api/v1/namespaces/ws/status").unwrap();
        assert_eq!(target.subresource, "status");
        assert_eq!(parse("/api/v1/pods").unwrap().scope(), None);
        assert!(parse("/apis/events.k8s.io/v1/events").unwrap().new_events);
        assert!(parse("/apis/apps/v1beta1/deployments").is_none());
        assert!(parse("/api/v1/pods/without-namespace").is_none());
    }
}
