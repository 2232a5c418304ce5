//! What a pod takes of a node and of a quota. Pure; used by the rules on quotas and nodes.

use std::collections::BTreeMap;

use app::model::LoadSettings;
use k8s_openapi::api::core::v1::{Container, PodSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::api::DynamicObject;

use super::quantity::{milli, whole};
use crate::workshop::manifests::{self, Settings};

/// Requests and limits of a pod: CPU in milli-cores, memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PodSize {
    pub(super) cpu_request_m: i64,
    pub(super) cpu_limit_m: i64,
    pub(super) memory_request: i64,
    pub(super) memory_limit: i64,
}

impl PodSize {
    /// As the scheduler counts: all containers, or the largest init container if that is more, and the overhead.
    /// Upstream: `k8s.io/component-helpers/resource/helpers.go`, `PodRequests`.
    pub(super) fn of(spec: &PodSpec) -> Self {
        let init = spec.init_containers.iter().flatten();
        let (sidecars, init): (Vec<_>, Vec<_>) =
            init.partition(|container| container.restart_policy.as_deref() == Some("Always"));
        let together = spec.containers.iter().chain(sidecars);
        let mut size = together
            .map(Self::of_container)
            .fold(Self::default(), Self::plus);
        for container in init {
            size = size.or_more(Self::of_container(container));
        }
        let overhead = Self::of_resources(spec.overhead.as_ref(), spec.overhead.as_ref());
        size.plus(overhead)
    }

    fn of_container(container: &Container) -> Self {
        let resources = container.resources.as_ref();
        Self::of_resources(
            resources.and_then(|resources| resources.requests.as_ref()),
            resources.and_then(|resources| resources.limits.as_ref()),
        )
    }

    fn of_resources(
        requests: Option<&BTreeMap<String, Quantity>>,
        limits: Option<&BTreeMap<String, Quantity>>,
    ) -> Self {
        let cpu = |from: Option<&BTreeMap<String, Quantity>>| {
            from.and_then(|from| milli(&from.get("cpu")?.0))
        };
        let memory = |from: Option<&BTreeMap<String, Quantity>>| {
            from.and_then(|from| whole(&from.get("memory")?.0))
        };
        Self {
            // Where there is a limit only, it is the request, too.
            cpu_request_m: cpu(requests).or_else(|| cpu(limits)).unwrap_or(0),
            cpu_limit_m: cpu(limits).unwrap_or(0),
            memory_request: memory(requests).or_else(|| memory(limits)).unwrap_or(0),
            memory_limit: memory(limits).unwrap_or(0),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            cpu_request_m: self.cpu_request_m + other.cpu_request_m,
            cpu_limit_m: self.cpu_limit_m + other.cpu_limit_m,
            memory_request: self.memory_request + other.memory_request,
            memory_limit: self.memory_limit + other.memory_limit,
        }
    }

    pub(super) fn times(self, count: i64) -> Self {
        Self {
            cpu_request_m: self.cpu_request_m * count,
            cpu_limit_m: self.cpu_limit_m * count,
            memory_request: self.memory_request * count,
            memory_limit: self.memory_limit * count,
        }
    }

    fn or_more(self, other: Self) -> Self {
        Self {
            cpu_request_m: self.cpu_request_m.max(other.cpu_request_m),
            cpu_limit_m: self.cpu_limit_m.max(other.cpu_limit_m),
            memory_request: self.memory_request.max(other.memory_request),
            memory_limit: self.memory_limit.max(other.memory_limit),
        }
    }
}

/// The class's two pods, as the program's own manifests make them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) app: PodSize,
    pub(super) load: PodSize,
}

impl Sizes {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            app: of_template(&manifests::deployment(settings)),
            load: of_template(&manifests::job(settings, &LoadSettings::DEFAULT)),
        }
    }
}

fn of_template(object: &DynamicObject) -> PodSize {
    let spec = object.data["spec"]["template"]["spec"].clone();
    serde_json::from_value::<PodSpec>(spec)
        .map(|spec| PodSize::of(&spec))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_are_those_of_the_manifests() {
        let sizes = Sizes::of(&Settings::default());
        assert_eq!(sizes.app.cpu_request_m, 50);
        assert_eq!(sizes.app.memory_limit, 256 << 20);
        assert_eq!(sizes.load.cpu_limit_m, 500);
        assert_eq!(sizes.load.memory_request, 128 << 20);
    }

    #[test]
    fn init_container_counts_only_where_it_needs_more() {
        let spec = json!({
            "containers": [
                { "name": "a", "resources": { "requests": { "cpu": "100m" } } },
                { "name": "b", "resources": { "limits": { "cpu": "200m" } } },
            ],
            "initContainers": [{ "name": "c", "resources": { "requests": { "cpu": "1", "memory": "1Ki" } } }],
        });
        let size = PodSize::of(&serde_json::from_value(spec).unwrap());
        assert_eq!((size.cpu_request_m, size.memory_request), (1000, 1024));
    }
}
