//! What a container needs of ConfigMaps and Secrets, and which of it is not there. Called by the kubelet.
//!
//! Upstream: `makeEnvironmentVariables` in `pkg/kubelet/kubelet_pods.go`, `pkg/volume/configmap/configmap.go`.

use k8s_openapi::api::core::v1::{ConfigMap, Container, EnvVarSource, Pod, Secret};

use crate::store::Store;

/// The first volume that cannot be mounted, in the words of the event.
pub(super) fn missing_volume(store: &Store, pod: &Pod) -> Option<String> {
    let volumes = pod.spec.as_ref()?.volumes.as_ref()?;
    volumes.iter().find_map(|volume| {
        let map = volume
            .config_map
            .as_ref()
            .and_then(|source| missing_map(store, pod, &source.name, source.optional));
        let secret = volume.secret.as_ref().and_then(|source| {
            let name = source.secret_name.as_deref().unwrap_or("");
            missing_secret(store, pod, name, source.optional)
        });
        let problem = map.or(secret)?;
        Some(format!(
            "MountVolume.SetUp failed for volume \"{}\" : {problem}",
            volume.name
        ))
    })
}

/// The first environment variable that has no value.
pub(super) fn missing_value(store: &Store, pod: &Pod, container: &Container) -> Option<String> {
    let from = container.env_from.iter().flatten().find_map(|source| {
        let map = source
            .config_map_ref
            .as_ref()
            .and_then(|map| missing_map(store, pod, &map.name, map.optional));
        let secret = source
            .secret_ref
            .as_ref()
            .and_then(|secret| missing_secret(store, pod, &secret.name, secret.optional));
        map.or(secret)
    });
    let own = || {
        let sources = container.env.iter().flatten();
        sources
            .filter_map(|variable| variable.value_from.as_ref())
            .find_map(|source| missing_key(store, pod, source))
    };
    from.or_else(own)
}

fn missing_key(store: &Store, pod: &Pod, source: &EnvVarSource) -> Option<String> {
    let namespace = namespace(pod);
    if let Some(wanted) = &source.config_map_key_ref {
        let optional = wanted.optional;
        let Some(map) = store.get::<ConfigMap>(namespace, &wanted.name) else {
            return missing_map(store, pod, &wanted.name, optional);
        };
        let there = map.data.is_some_and(|data| data.contains_key(&wanted.key));
        return (!there && optional != Some(true)).then(|| {
            format!(
                "couldn't find key {} in ConfigMap {namespace}/{}",
                wanted.key, wanted.name
            )
        });
    }
    let wanted = source.secret_key_ref.as_ref()?;
    let optional = wanted.optional;
    let Some(secret) = store.get::<Secret>(namespace, &wanted.name) else {
        return missing_secret(store, pod, &wanted.name, optional);
    };
    let there = secret
        .data
        .is_some_and(|data| data.contains_key(&wanted.key));
    (!there && optional != Some(true)).then(|| {
        format!(
            "couldn't find key {} in Secret {namespace}/{}",
            wanted.key, wanted.name
        )
    })
}

fn namespace(pod: &Pod) -> &str {
    pod.metadata.namespace.as_deref().unwrap_or("")
}

fn missing_map(store: &Store, pod: &Pod, name: &str, optional: Option<bool>) -> Option<String> {
    let needed = optional != Some(true);
    let missing = needed && store.get::<ConfigMap>(namespace(pod), name).is_none();
    missing.then(|| format!("configmap \"{name}\" not found"))
}

fn missing_secret(store: &Store, pod: &Pod, name: &str, optional: Option<bool>) -> Option<String> {
    let needed = optional != Some(true);
    let missing = needed && store.get::<Secret>(namespace(pod), name).is_none();
    missing.then(|| format!("secret \"{name}\" not found"))
}
