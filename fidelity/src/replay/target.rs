//! Which objects a command is about, in kubectl's words.

/// API version and name of a kind.
pub(super) type Kind = (String, String);

/// An object of the scenario's namespace.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub(super) kind: Kind,
    pub(super) name: String,
}

/// Kinds by kubectl's words: API version, kind, words.
const KINDS: [(&str, &str, &[&str]); 13] = [
    (
        "apps/v1",
        "Deployment",
        &["deployment", "deployments", "deploy"],
    ),
    (
        "apps/v1",
        "ReplicaSet",
        &["replicaset", "replicasets", "rs"],
    ),
    ("v1", "Pod", &["pod", "pods", "po"]),
    ("v1", "Service", &["service", "services", "svc"]),
    ("v1", "ConfigMap", &["configmap", "configmaps", "cm"]),
    ("v1", "Secret", &["secret", "secrets"]),
    (
        "v1",
        "ServiceAccount",
        &["serviceaccount", "serviceaccounts", "sa"],
    ),
    (
        "v1",
        "ResourceQuota",
        &["resourcequota", "resourcequotas", "quota"],
    ),
    ("v1", "LimitRange", &["limitrange", "limitranges", "limits"]),
    ("v1", "Event", &["event", "events", "ev"]),
    ("batch/v1", "Job", &["job", "jobs"]),
    (
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        &["horizontalpodautoscaler", "horizontalpodautoscalers", "hpa"],
    ),
    (
        "keda.sh/v1alpha1",
        "ScaledObject",
        &["scaledobject", "scaledobjects", "so"],
    ),
];

/// A kind by one of its words, with or without its group.
pub(super) fn kind(word: &str) -> Result<Kind, String> {
    let lower = word.split('.').next().unwrap_or(word).to_lowercase();
    let known = KINDS
        .iter()
        .find(|(_, _, words)| words.contains(&lower.as_str()));
    let (api_version, kind, _) = known.ok_or_else(|| format!("the kind {word} is unknown"))?;
    Ok(((*api_version).to_owned(), (*kind).to_owned()))
}

/// `kind/name …` or `kind name …`.
pub(super) fn targets(words: &[&str]) -> Result<Vec<Target>, String> {
    let target = |word: &str, name: &str| {
        Ok(Target {
            kind: kind(word)?,
            name: name.to_owned(),
        })
    };
    match words {
        [] => Ok(Vec::new()),
        [first, ..] if first.contains('/') => words
            .iter()
            .map(|word| {
                let (kind, name) = word.split_once('/').ok_or("kind/name is expected")?;
                target(kind, name)
            })
            .collect(),
        [kind, names @ ..] => names.iter().map(|name| target(kind, name)).collect(),
    }
}

/// The one object that a command is about, and the words after it.
pub(super) fn target<'a>(words: &'a [&'a str]) -> Result<(Target, &'a [&'a str]), String> {
    let length = match words {
        [first, ..] if first.contains('/') => 1,
        [_, _, ..] => 2,
        _ => return Err("it names no object".to_owned()),
    };
    let (own, rest) = words.split_at(length);
    let mut targets = targets(own)?;
    Ok((targets.remove(0), rest))
}
