//! metrics.k8s.io: get and list of what metrics-server holds. No watch, as upstream.
//! Upstream: kubernetes-sigs/metrics-server `pkg/api/{pod,node}.go`.

use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::Call;
use super::list::Filter;
use super::present::Presenter;
use super::request::{Shape, Target, Verb};
use super::respond::{self, Body};
use crate::faults::{Faults, MetricsApi};
use crate::status::{Result, Status};
use crate::store::Store;

pub(super) fn answer(
    store: &Store,
    faults: &Faults,
    call: &Call<'_>,
    target: &Target,
    verb: Verb,
) -> Result<Response<Body>> {
    match faults.metrics_api() {
        MetricsApi::Serving => {}
        MetricsApi::Absent => return Err(Status::no_such_path()),
        MetricsApi::Unavailable => {
            return Err(Status::service_unavailable(
                "the server is currently unable to handle the request",
            ));
        }
    }
    let is_pods = target.resource.kind == "PodMetrics";
    let shape = Shape::of(call.parts, &call.query)?;
    let presenter = Presenter::new(shape, target, store.clock());
    match verb {
        Verb::Get => {
            let sample = if is_pods {
                let pod = store.metrics().pod(&target.namespace, &target.name);
                pod.map(|pod| present(&pod, target, store)).transpose()?
            } else {
                let node = store.metrics().node(&target.name);
                node.map(|node| present(&node, target, store)).transpose()?
            };
            let missing = || {
                let kind = if is_pods { "pods" } else { "node" };
                // metrics-server names them so, without their group.
                Status {
                    details: json!({"name": target.name, "kind": kind}),
                    ..Status::new(
                        404,
                        "NotFound",
                        format!("{kind} {:?} not found", target.name),
                    )
                }
            };
            let sample = sample.ok_or_else(missing)?;
            Ok(respond::json(StatusCode::OK, &presenter.one(&sample)))
        }
        Verb::List => {
            let filter = Filter::of(target, &call.query)?;
            let samples: Vec<Value> = if is_pods {
                let pods = store.metrics().pods(target.scope());
                pods.iter()
                    .map(|pod| present(pod, target, store))
                    .collect::<Result<_>>()?
            } else {
                let nodes = store.metrics().nodes();
                nodes
                    .iter()
                    .map(|node| present(node, target, store))
                    .collect::<Result<_>>()?
            };
            let items: Vec<_> = samples
                .into_iter()
                .filter(|sample| filter.matches(sample))
                .map(std::sync::Arc::new)
                .collect();
            Ok(respond::json(
                StatusCode::OK,
                &presenter.list(&items, &json!({})),
            ))
        }
        Verb::Watch => Err(Status {
            details: json!({"group": "metrics.k8s.io", "kind": target.resource.plural}),
            ..Status::new(
                405,
                "MethodNotAllowed",
                format!(
                    "watch is not supported on resources of kind \"{}\"",
                    target.resource.name
                ),
            )
        }),
        Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection => {
            Err(Status::method_not_allowed())
        }
    }
}

fn present<T: Serialize>(sample: &T, target: &Target, store: &Store) -> Result<Value> {
    let mut sample = serde_json::to_value(sample).map_err(Status::internal)?;
    sample["kind"] = json!(target.resource.kind);
    sample["apiVersion"] = json!(target.resource.api_version());
    sample["metadata"]["creationTimestamp"] = json!(store.clock().time());
    Ok(sample)
}
