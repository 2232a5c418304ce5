//! What a deletion does to an object: grace, finalizers, propagation.
//! Upstream: `staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go` and `…/generic/registry/store.go`.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Resource;
use super::resource::{JOBS, NAMESPACES, PODS};
use crate::clock::{Clock, truncate_to_seconds};
use crate::status::{Result, Status};

/// What happens to the objects that the deleted one owns. The garbage collector does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They stay.
    Orphan,
    /// They are deleted after it.
    Background,
    /// They are deleted before it.
    Foreground,
}

impl Propagation {
    /// The value of `propagationPolicy`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "Orphan" => Some(Self::Orphan),
            "Background" => Some(Self::Background),
            "Foreground" => Some(Self::Foreground),
            _ => None,
        }
    }
}

/// `metav1.DeleteOptions`.
#[derive(Clone, Debug, Default)]
pub struct DeleteOptions {
    /// Without it each kind has its default: Orphan for a Job, else Background.
    pub propagation: Option<Propagation>,
    /// Seconds until a pod is killed; without it the pod's own `terminationGracePeriodSeconds`.
    pub grace_period_seconds: Option<i64>,
    /// Only when the object has this UID.
    pub uid: Option<String>,
    /// Only when the object has this version.
    pub resource_version: Option<String>,
    /// Nothing is changed.
    pub dry_run: bool,
}

impl DeleteOptions {
    /// With dependents deleted afterwards, as kubectl does.
    pub fn background() -> Self {
        Self {
            propagation: Some(Propagation::Background),
            ..Self::default()
        }
    }

    /// At once, without grace: how a kubelet removes a pod that has ended.
    pub fn now() -> Self {
        Self {
            grace_period_seconds: Some(0),
            ..Self::background()
        }
    }
}

/// How a deletion ended.
#[derive(Clone, Debug)]
pub enum Deleted {
    /// The object is gone; its last state.
    Gone(Arc<Value>),
    /// The object waits for its grace period or finalizers.
    Marked(Arc<Value>),
}

/// Finalizer of `Orphan`; the garbage collector takes it off.
const ORPHAN_FINALIZER: &str = "orphan";
/// Finalizer of `Foreground`; the garbage collector takes it off.
const FOREGROUND_FINALIZER: &str = "foregroundDeletion";

/// # Errors
/// 409 when a precondition does not hold. Upstream names the kind here where others name the resource.
pub(super) fn check(resource: &Resource, object: &Value, options: &DeleteOptions) -> Result<()> {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or("");
    let refuse = |detail: &str| {
        let name = text("name");
        let mut status = Status::conflict(resource, name, detail);
        let kind = if resource.group.is_empty() {
            resource.kind.to_owned()
        } else {
            format!("{}.{}", resource.kind, resource.group)
        };
        status.message = format!("Operation cannot be fulfilled on {kind} {name:?}: {detail}");
        Err(status)
    };
    if let Some(wanted) = options
        .uid
        .as_deref()
        .filter(|wanted| *wanted != text("uid"))
    {
        return refuse(&format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            text("uid")
        ));
    }
    let version = text("resourceVersion");
    if let Some(wanted) = options
        .resource_version
        .as_deref()
        .filter(|v| *v != version)
    {
        return refuse(&format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({version}). The object might have been modified"
        ));
    }
    Ok(())
}

/// The policy that applies: the request's, else that of the finalizers, else the kind's default.
/// Upstream: `pkg/registry/batch/job/strategy.go`, `DefaultGarbageCollectionPolicy`.
fn propagation(resource: &Resource, options: &DeleteOptions) -> Propagation {
    options.propagation.unwrap_or(if *resource == JOBS {
        Propagation::Orphan
    } else {
        Propagation::Background
    })
}

/// The object as it is after the request, before it is removed or stored.
pub(super) fn mark(
    resource: &Resource,
    old: &Value,
    options: &DeleteOptions,
    clock: Clock,
) -> Value {
    let mut new = old.clone();
    let grace = grace_seconds(resource, old, options);
    let now = truncate_to_seconds(clock.now());
    let meta = &mut new["metadata"];
    let marked = meta["deletionTimestamp"].is_string();
    if !marked {
        let finalizer = match propagation(resource, options) {
            Propagation::Orphan => Some(ORPHAN_FINALIZER),
            Propagation::Foreground => Some(FOREGROUND_FINALIZER),
            Propagation::Background => None,
        };
        let mut finalizers: Vec<Value> = meta["finalizers"].as_array().cloned().unwrap_or_default();
        finalizers.retain(|f| f != ORPHAN_FINALIZER && f != FOREGROUND_FINALIZER);
        finalizers.extend(finalizer.map(Value::from));
        set_finalizers(meta, finalizers);
        if resource.generation && meta["generation"].is_i64() {
            // Upstream counts a graceful deletion as a change of the wanted state (`BeforeDelete`).
            meta["generation"] = json!(meta["generation"].as_i64().unwrap_or(0) + 1);
        }
    }
    let shorter = meta["deletionGracePeriodSeconds"]
        .as_i64()
        .is_none_or(|present| grace < present);
    if !marked || shorter {
        let at = now
            .checked_add(SignedDuration::from_secs(grace))
            .unwrap_or(now);
        meta["deletionTimestamp"] = json!(at.to_string());
        meta["deletionGracePeriodSeconds"] = json!(grace);
    }
    if *resource == NAMESPACES {
        new["status"]["phase"] = json!("Terminating");
    }
    new
}

fn set_finalizers(meta: &mut Value, finalizers: Vec<Value>) {
    if let Some(meta) = meta.as_object_mut() {
        if finalizers.is_empty() {
            meta.remove("finalizers");
        } else {
            meta.insert("finalizers".to_owned(), Value::Array(finalizers));
        }
    }
}

/// Only pods have a grace period. Those without a node, and those that have ended, need none.
/// Upstream: `pkg/registry/core/pod/strategy.go`, `CheckGracefulDelete`.
fn grace_seconds(resource: &Resource, object: &Value, options: &DeleteOptions) -> i64 {
    if *resource != PODS {
        return 0;
    }
    let unassigned = object["spec"]["nodeName"].as_str().unwrap_or("").is_empty();
    let ended = matches!(
        object["status"]["phase"].as_str(),
        Some("Failed" | "Succeeded")
    );
    if unassigned || ended {
        return 0;
    }
    let own = || object["spec"]["terminationGracePeriodSeconds"].as_i64();
    options.grace_period_seconds.or_else(own).unwrap_or(30)
}

/// Whether nothing holds a deleted object back any more.
pub(super) fn is_finished(resource: &Resource, object: &Value) -> bool {
    let meta = &object["metadata"];
    let holds = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    meta["deletionTimestamp"].is_string()
        && meta["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0
        && !holds(&meta["finalizers"])
        && !(*resource == NAMESPACES && holds(&object["spec"]["finalizers"]))
}
