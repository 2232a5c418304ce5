//! The annotations by which a Deployment and its ReplicaSets tell their revision and size. Pure.
//!
//! Upstream: `SetNewReplicaSetAnnotations` in `pkg/controller/deployment/util/deployment_util.go`.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::rollout;

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
/// The revisions that a ReplicaSet had before it was rolled back to.
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
/// What a ReplicaSet does not take over from its Deployment (`annotationsToSkip`).
const NOT_COPIED: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
];

fn number<T: std::str::FromStr>(meta: &ObjectMeta, key: &str) -> Option<T> {
    meta.annotations.as_ref()?.get(key)?.parse().ok()
}

/// 0 before there is one.
pub(super) fn of(meta: &ObjectMeta) -> i64 {
    number(meta, REVISION).unwrap_or(0)
}

/// The Deployment's replicas when the ReplicaSet was last sized.
pub(super) fn desired_replicas(meta: &ObjectMeta) -> Option<i32> {
    number(meta, DESIRED_REPLICAS)
}

/// The most pods that the Deployment could have then.
pub(super) fn max_replicas(meta: &ObjectMeta) -> Option<i32> {
    number(meta, MAX_REPLICAS)
}

/// Notes the Deployment's size on a ReplicaSet (`SetReplicasAnnotations`).
pub(super) fn set_sizes(meta: &mut ObjectMeta, spec: &DeploymentSpec) {
    let most = rollout::replicas(spec) + rollout::max_surge(spec);
    meta.annotations.get_or_insert_default().extend([
        (
            DESIRED_REPLICAS.to_owned(),
            rollout::replicas(spec).to_string(),
        ),
        (MAX_REPLICAS.to_owned(), most.to_string()),
    ]);
}

/// Makes the new ReplicaSet the newest: a revision only grows, and one that it had is remembered.
pub(super) fn set(meta: &mut ObjectMeta, deployment: &Deployment, newest: i64) {
    let before = of(meta);
    let annotations = meta.annotations.get_or_insert_default();
    for (key, value) in deployment.metadata.annotations.iter().flatten() {
        if !NOT_COPIED.contains(&key.as_str()) {
            annotations.insert(key.clone(), value.clone());
        }
    }
    if before >= newest {
        return;
    }
    annotations.insert(REVISION.to_owned(), newest.to_string());
    if before > 0 {
        let history = annotations.entry(REVISION_HISTORY.to_owned()).or_default();
        if !history.is_empty() {
            history.push(',');
        }
        history.push_str(&before.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotation<'a>(meta: &'a ObjectMeta, key: &str) -> Option<&'a str> {
        meta.annotations.as_ref()?.get(key).map(String::as_str)
    }

    #[test]
    fn revision_grows_and_remembers_what_it_was() {
        let deployment: Deployment = serde_json::from_value(serde_json::json!({"metadata": {
            "annotations": {"note": "x", REVISION: "7", NOT_COPIED[0]: "{}"}}}))
        .unwrap();
        let mut meta = ObjectMeta::default();
        set(&mut meta, &deployment, 1);
        assert_eq!(annotation(&meta, REVISION), Some("1"));
        assert_eq!(annotation(&meta, REVISION_HISTORY), None);
        set(&mut meta, &deployment, 3);
        set(&mut meta, &deployment, 2);
        set(&mut meta, &deployment, 5);
        assert_eq!(annotation(&meta, REVISION), Some("5"));
        assert_eq!(annotation(&meta, REVISION_HISTORY), Some("1,3"));
        assert_eq!(annotation(&meta, "note"), Some("x"));
        assert_eq!(annotation(&meta, NOT_COPIED[0]), None);
    }
}
