//! Keeps one EndpointSlice for each Service with a selector.
//!
//! Upstream: `pkg/controller/endpointslice/` and `staging/src/k8s.io/endpointslice/`.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{ObjectReference, Pod, Service};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use super::Controller;
use super::ownership::{controlled, controlled_by, has_ended, ready_since, selects, uid};
use super::queue::{Key, WorkQueue};
use super::replica_set::is_namespace_terminating;
use crate::status::Result;
use crate::store::resource::{PODS, SERVICES};
use crate::store::{Change, ChangeType, Store};

pub(super) struct EndpointSliceController {
    store: Arc<Store>,
    queue: WorkQueue,
    services: BTreeSet<Key>,
}

impl EndpointSliceController {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            queue: WorkQueue::default(),
            services: BTreeSet::new(),
        }
    }
}

impl Controller for EndpointSliceController {
    fn name(&self) -> &'static str {
        "endpointslice"
    }

    fn observe(&mut self, change: &Change) {
        let key = Key::of(change);
        if *change.resource == SERVICES {
            if change.change_type == ChangeType::Deleted {
                self.services.remove(&key);
            } else {
                self.services.insert(key.clone());
                self.queue.add(key);
            }
        } else if *change.resource == PODS && concerns_endpoints(change) {
            let namespace = change.namespace();
            let first = Key::new(namespace, "");
            let services = self.services.range(first..);
            for service in services.take_while(|key| key.namespace == namespace) {
                self.queue.add(service.clone());
            }
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        let Some(service) = self.store.get::<Service>(&key.namespace, &key.name) else {
            return Ok(());
        };
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.clone());
        let Some(selector) = selector.filter(|selector| !selector.is_empty()) else {
            return Ok(());
        };
        let selector = LabelSelector {
            match_labels: Some(selector),
            match_expressions: None,
        };
        let pods = self.store.list::<Pod>(Some(&key.namespace));
        let selected: Vec<&Pod> = pods
            .iter()
            .filter(|pod| selects(&selector, pod.metadata.labels.as_ref()) && !has_ended(pod))
            .collect();
        let endpoints: Vec<Endpoint> = selected.iter().filter_map(|pod| endpoint(pod)).collect();
        let ports = ports(&service, &selected);
        let present: Vec<EndpointSlice> =
            controlled(&self.store, &key.namespace, uid(&service.metadata));
        if let Some(slice) = present.first() {
            let name = slice.metadata.name.as_deref().unwrap_or("");
            self.store
                .modify::<EndpointSlice>(&key.namespace, name, |slice| {
                    slice.endpoints.clone_from(&endpoints);
                    slice.ports.clone_from(&ports);
                })?;
            return Ok(());
        }
        let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let slice = EndpointSlice {
            metadata: ObjectMeta {
                generate_name: Some(format!("{}-", key.name)),
                namespace: Some(key.namespace.clone()),
                labels: Some(
                    [
                        label(
                            "endpointslice.kubernetes.io/managed-by",
                            "endpointslice-controller.k8s.io",
                        ),
                        label("kubernetes.io/service-name", &key.name),
                    ]
                    .into(),
                ),
                owner_references: Some(vec![controlled_by(&service)]),
                ..ObjectMeta::default()
            },
            address_type: "IPv4".to_owned(),
            endpoints,
            ports,
        };
        match self.store.create(&slice) {
            Err(error) if !is_namespace_terminating(&error) => Err(error),
            _ => Ok(()),
        }
    }
}

/// Whether the change of a pod can change an endpoint.
fn concerns_endpoints(change: &Change) -> bool {
    let relevant = |object: &Value| {
        let conditions = object["status"]["conditions"].as_array();
        let ready = conditions
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
        (
            ready,
            object["status"]["podIP"].clone(),
            object["status"]["phase"].clone(),
            object["metadata"]["deletionTimestamp"].is_null(),
            object["metadata"]["labels"].clone(),
        )
    };
    change.change_type != ChangeType::Modified
        || change
            .old
            .as_ref()
            .is_none_or(|old| relevant(old) != relevant(&change.object))
}

/// A pod with an address. One that is being deleted still serves, but is not ready any more.
fn endpoint(pod: &Pod) -> Option<Endpoint> {
    let address = pod.status.as_ref()?.pod_ip.clone()?;
    let serving = ready_since(pod).is_some();
    let terminating = pod.metadata.deletion_timestamp.is_some();
    Some(Endpoint {
        addresses: vec![address],
        conditions: Some(EndpointConditions {
            ready: Some(serving && !terminating),
            serving: Some(serving),
            terminating: Some(terminating),
        }),
        node_name: pod.spec.as_ref()?.node_name.clone(),
        target_ref: Some(ObjectReference {
            kind: Some("Pod".to_owned()),
            namespace: pod.metadata.namespace.clone(),
            name: pod.metadata.name.clone(),
            uid: pod.metadata.uid.clone(),
            ..ObjectReference::default()
        }),
        ..Endpoint::default()
    })
}

/// The ports of the Service where its pods serve them; a name is looked up in their containers' ports
/// (`FindPort`, `pkg/api/v1/pod/util.go`).
fn ports(service: &Service, pods: &[&Pod]) -> Option<Vec<EndpointPort>> {
    let ports = service.spec.as_ref()?.ports.as_ref()?;
    let named = |name: &str| {
        pods.iter()
            .flat_map(|pod| pod.spec.iter().flat_map(|spec| &spec.containers))
            .flat_map(|container| container.ports.iter().flatten())
            .find(|port| port.name.as_deref() == Some(name))
            .map(|port| port.container_port)
    };
    let port = |port: &k8s_openapi::api::core::v1::ServicePort| {
        let target = match &port.target_port {
            Some(IntOrString::Int(target)) => Some(*target),
            Some(IntOrString::String(name)) => named(name),
            None => Some(port.port),
        };
        // A name that no pod has is no port.
        target.map(|target| EndpointPort {
            name: Some(port.name.clone().unwrap_or_default()),
            port: Some(target),
            protocol: Some(port.protocol.clone().unwrap_or_else(|| "TCP".to_owned())),
            ..EndpointPort::default()
        })
    };
    Some(ports.iter().filter_map(port).collect())
}
