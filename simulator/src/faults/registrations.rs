//! What switches change among the objects: the registrations of metrics-server and KEDA, and nodes. Each goes back to
//! what it was. Called by [`super::Faults`].

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::MetricsApi;
use crate::bootstrap;
use crate::status::Result;
use crate::store::resource::{
    API_SERVICES, CUSTOM_RESOURCE_DEFINITIONS, NODES, SCALED_OBJECTS,
    VALIDATING_WEBHOOK_CONFIGURATIONS,
};
use crate::store::{DeleteOptions, Part, Resource, Store, text};

const METRICS_API_SERVICE: &str = "v1beta1.metrics.k8s.io";
const DEFINITION: &str = "scaledobjects.keda.sh";
const WEBHOOK: &str = "keda-admission";
/// Upstream: `core/v1/well_known_taints.go`, set by the node lifecycle controller.
const UNSCHEDULABLE_TAINT: &str = "node.kubernetes.io/unschedulable";

/// What is to be put back.
#[derive(Debug, Default)]
pub(super) struct Registrations {
    /// The ScaledObjects that went with their kind.
    scaled_objects: Vec<Arc<Value>>,
    /// The nodes that were cordoned here, and not by somebody else.
    cordoned: BTreeSet<String>,
}

/// The APIService as it is while metrics-server is so.
pub(super) fn metrics(store: &Store, metrics_api: MetricsApi) {
    if metrics_api == MetricsApi::Absent {
        return remove(store, &API_SERVICES, METRICS_API_SERVICE);
    }
    put(store, &API_SERVICES, bootstrap::metrics_api_service(store));
    // Upstream: kube-aggregator `pkg/controllers/status/remote/remote_available_controller.go`.
    let (status, reason, message) = match metrics_api {
        MetricsApi::Unavailable => (
            "False",
            "MissingEndpoints",
            r#"endpointslices for service/metrics-server in "kube-system" have no addresses with port name "https""#,
        ),
        MetricsApi::Serving | MetricsApi::Absent => ("True", "Passed", "all checks passed"),
    };
    let time = store.clock().time();
    let written = store.update_value(
        &API_SERVICES,
        "",
        METRICS_API_SERVICE,
        Part::All,
        None,
        |old| {
            let mut new = old.clone();
            let condition = &mut new["status"]["conditions"][0];
            if condition["status"] != status {
                condition["lastTransitionTime"] = json!(time);
            }
            condition["status"] = json!(status);
            condition["reason"] = json!(reason);
            condition["message"] = json!(message);
            Ok(new)
        },
    );
    tell(METRICS_API_SERVICE, written);
}

impl Registrations {
    /// Takes KEDA's kind and webhook away, or brings them back.
    ///
    /// Deleting a CustomResourceDefinition deletes its objects, and garbage collection their autoscalers. They come back
    /// as from a backup: with new UIDs.
    pub(super) fn keda(&mut self, store: &Store, absent: bool) {
        if absent {
            let (objects, _) = store.list_values(&SCALED_OBJECTS, None);
            for object in objects {
                take(store, &object);
                self.scaled_objects.push(object);
            }
            remove(store, &CUSTOM_RESOURCE_DEFINITIONS, DEFINITION);
            remove(store, &VALIDATING_WEBHOOK_CONFIGURATIONS, WEBHOOK);
            return;
        }
        put(
            store,
            &CUSTOM_RESOURCE_DEFINITIONS,
            bootstrap::scaled_object_definition(store),
        );
        put(
            store,
            &VALIDATING_WEBHOOK_CONFIGURATIONS,
            bootstrap::keda_webhook(),
        );
        for object in self.scaled_objects.drain(..) {
            if object["metadata"]["deletionTimestamp"].is_string() {
                continue;
            }
            let mut object = Value::clone(&object);
            if let Some(object) = object.as_object_mut() {
                object.remove("status");
            }
            if let Some(meta) = object["metadata"].as_object_mut() {
                meta.remove("resourceVersion");
            }
            put(store, &SCALED_OBJECTS, object);
        }
    }

    /// Cordons that many nodes, the last by name first, and uncordons the others that were cordoned here.
    pub(super) fn cordon(&mut self, store: &Store, wanted: usize) {
        let (nodes, _) = store.list_values(&NODES, None);
        for (index, node) in nodes.iter().rev().enumerate() {
            let name = text(node, "name");
            let is_cordoned = node["spec"]["unschedulable"] == json!(true);
            if index < wanted && !is_cordoned {
                tell(&name, set_unschedulable(store, &name, true));
                self.cordoned.insert(name);
            } else if index >= wanted && self.cordoned.remove(&name) {
                tell(&name, set_unschedulable(store, &name, false));
            }
        }
    }
}

fn set_unschedulable(store: &Store, node: &str, unschedulable: bool) -> Result<Arc<Value>> {
    let time = store.clock().time();
    store.update_value(&NODES, "", node, Part::All, None, |old| {
        let mut new = old.clone();
        let taints = old["spec"]["taints"].as_array().into_iter().flatten();
        let others = taints.filter(|taint| taint["key"] != UNSCHEDULABLE_TAINT);
        let mut taints: Vec<Value> = others.cloned().collect();
        if unschedulable {
            taints.push(
                json!({"key": UNSCHEDULABLE_TAINT, "effect": "NoSchedule", "timeAdded": time}),
            );
        }
        if let Some(spec) = new["spec"].as_object_mut() {
            spec.remove("unschedulable");
            spec.remove("taints");
            if unschedulable {
                spec.insert("unschedulable".to_owned(), json!(true));
            }
            if !taints.is_empty() {
                spec.insert("taints".to_owned(), Value::Array(taints));
            }
        }
        Ok(new)
    })
}

/// Deletes a ScaledObject whatever finalizers it has.
fn take(store: &Store, object: &Value) {
    let (namespace, name) = (text(object, "namespace"), text(object, "name"));
    let freed = store.update_value(&SCALED_OBJECTS, &namespace, &name, Part::All, None, |old| {
        let mut new = old.clone();
        if let Some(meta) = new["metadata"].as_object_mut() {
            meta.remove("finalizers");
        }
        Ok(new)
    });
    tell(&name, freed);
    let gone = store.delete_value(
        &SCALED_OBJECTS,
        &namespace,
        &name,
        &DeleteOptions::background(),
    );
    if !gone.as_ref().is_err_and(crate::Status::is_not_found) {
        tell(&name, gone);
    }
}

fn remove(store: &Store, resource: &'static Resource, name: &str) {
    let gone = store.delete_value(resource, "", name, &DeleteOptions::background());
    tell(name, gone);
}

/// Creates what is not there.
fn put(store: &Store, resource: &'static Resource, object: Value) {
    let (namespace, name) = (text(&object, "namespace"), text(&object, "name"));
    if store.get_value(resource, &namespace, &name).is_none() {
        tell(&name, store.create_value(resource, object, None));
    }
}

/// A namespace may be gone meanwhile, and its objects with it.
fn tell<T>(name: &str, written: Result<T>) {
    if let Err(error) = written {
        tracing::warn!(name, %error, "a fault could not change an object");
    }
}
