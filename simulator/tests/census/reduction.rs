//! From a recording of requests to the census: which kinds of requests there are, whoever sent how many of them and
//! whatever the objects were called. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// One line of a recording, as `examples/record_requests.rs` writes it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Recorded {
    agent: String,
    method: String,
    path: String,
    query: String,
    accept: String,
    content_type: String,
    code: u16,
}

/// A kind of request. The fields of a census are those that decide how an API server handles it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Kind {
    /// HTTP method.
    pub(crate) method: String,
    /// The path, with `{namespace}` and `{name}` for what they are called.
    pub(crate) path: String,
    /// Names of the parameters.
    pub(crate) query: BTreeSet<String>,
    /// `as=` of the first media type that is accepted, or empty.
    pub(crate) shape: String,
    /// Media type of the body, or empty.
    pub(crate) content_type: String,
}

/// A kind of request, who sends it, and what a real API server answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    #[serde(flatten)]
    pub(crate) kind: Kind,
    /// `panel` or `kubectl`.
    pub(crate) agents: BTreeSet<String>,
    /// HTTP status codes.
    pub(crate) codes: BTreeSet<u16>,
}

/// Counts each kind of request once.
pub(crate) fn census(recording: &[Recorded]) -> Vec<Entry> {
    let mut kinds: BTreeMap<Kind, (BTreeSet<String>, BTreeSet<u16>)> = BTreeMap::new();
    for request in recording {
        let (agents, codes) = kinds.entry(kind(request)).or_default();
        agents.insert(agent(&request.agent).to_owned());
        codes.insert(request.code);
    }
    kinds
        .into_iter()
        .map(|(kind, (agents, codes))| Entry {
            kind,
            agents,
            codes,
        })
        .collect()
}

fn agent(agent: &str) -> &'static str {
    if agent.starts_with("kubectl") {
        "kubectl"
    } else {
        "panel"
    }
}

fn kind(request: &Recorded) -> Kind {
    let parameters = request.query.split('&').filter(|pair| !pair.is_empty());
    let name = |pair: &str| pair.split('=').next().unwrap_or("").to_owned();
    let first = request.accept.split(',').next().unwrap_or("");
    let shape = first.split(';').find_map(|p| p.trim().strip_prefix("as="));
    let media = request.content_type.split(';').next().unwrap_or("");
    Kind {
        method: request.method.clone(),
        path: path(&request.path),
        query: parameters.map(name).collect(),
        shape: shape.unwrap_or("").to_owned(),
        content_type: media.to_owned(),
    }
}

/// A path without the names in it; paths that name no objects stay as they are.
fn path(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let (root, rest) = match segments.as_slice() {
        ["api", _, rest @ ..] if !rest.is_empty() => segments.split_at(segments.len() - rest.len()),
        ["apis", _, _, rest @ ..] if !rest.is_empty() => {
            segments.split_at(segments.len() - rest.len())
        }
        _ => return path.to_owned(),
    };
    let rest = match rest {
        ["namespaces", _, plural, _, subresource @ ..] => [
            &["namespaces", "{namespace}", *plural, "{name}"],
            subresource,
        ]
        .concat(),
        ["namespaces", _, plural] => vec!["namespaces", "{namespace}", *plural],
        [plural, _, subresource @ ..] => [&[*plural, "{name}"], subresource].concat(),
        rest => rest.to_vec(),
    };
    format!("/{}", [root, &rest].concat().join("/"))
}

#[test]
fn names_and_values_are_left_out() {
    let line = |path: &str, query: &str, code: u16| Recorded {
        agent: "kubectl/v1.35.4 (linux/amd64)".to_owned(),
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json".to_owned(),
        content_type: String::new(),
        code,
    };
    let counted = census(&[
        line("/api/v1/namespaces/ws-1/pods/a/log", "follow=true", 200),
        line("/api/v1/namespaces/ws-2/pods/b/log", "follow=false", 404),
        line("/api/v1/namespaces/ws-1", "", 200),
        line("/apis/apps/v1", "timeout=32s", 200),
    ]);
    let paths: Vec<_> = counted
        .iter()
        .map(|entry| entry.kind.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "/api/v1/namespaces/{namespace}/pods/{name}/log",
            "/api/v1/namespaces/{name}",
            "/apis/apps/v1"
        ]
    );
    assert_eq!(counted[0].codes, BTreeSet::from([200, 404]));
    assert_eq!(counted[0].kind.query, BTreeSet::from(["follow".to_owned()]));
    assert_eq!(counted[0].kind.shape, "Table");
    assert_eq!(counted[0].agents, BTreeSet::from(["kubectl".to_owned()]));
}
