//! GET pods/x/log: the lines of a container, once or followed.
//! Upstream: `pkg/registry/core/pod/strategy.go` (`LogLocation`), `pkg/kubelet/kubelet_pods.go`
//! (`validateContainerLogStatus`), `pkg/kubelet/kuberuntime/logs/logs.go`.

use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use http::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::request::{Query, Target};
use super::respond::{self, Body};
use crate::status::{Cause, Result, Status};
use crate::store::pod_log::{Follower, LogKey, LogLine};
use crate::store::resource::PODS;
use crate::store::{Store, text};

/// What part of a log is asked for.
#[derive(Clone, Debug, Default)]
struct Options {
    follow: bool,
    timestamps: bool,
    since: Option<Timestamp>,
    tail: Option<usize>,
    limit: Option<usize>,
}

impl Options {
    /// Upstream: `pkg/apis/core/validation/validation.go`, `ValidatePodLogOptions`.
    fn of(query: &Query, pod: &str, now: Timestamp) -> Result<Self> {
        let [tail, limit, seconds] =
            ["tailLines", "limitBytes", "sinceSeconds"].map(|name| query.number(name));
        let (tail, limit, seconds) = (tail?, limit?, seconds?);
        let since_time = query
            .get("sinceTime")
            .map(|text| {
                text.parse::<Timestamp>().map_err(|_| {
                    Status::bad_request(format!(
                        "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""
                    ))
                })
            })
            .transpose()?;
        let mut causes = Vec::new();
        let mut at_least = |field: &str, value: Option<i64>, least: i64, detail: &str| {
            if let Some(value) = value.filter(|value| *value < least) {
                causes.push(Cause::invalid(field, &json!(value), detail));
            }
        };
        at_least("tailLines", tail, 0, "must be greater than or equal to 0");
        at_least("limitBytes", limit, 1, "must be greater than 0");
        if seconds.is_some() && since_time.is_some() {
            causes.push(Cause::forbidden(
                "[]",
                "at most one of `sinceTime` or `sinceSeconds` may be specified",
            ));
        } else if let Some(seconds) = seconds.filter(|seconds| *seconds < 1) {
            let detail = "must be greater than 0";
            causes.push(Cause::invalid("sinceSeconds", &json!(seconds), detail));
        }
        if !causes.is_empty() {
            return Err(Status::invalid_kind("", "PodLogOptions", pod, &causes));
        }
        let since_seconds = seconds
            .map(|seconds| now.saturating_sub(SignedDuration::from_secs(seconds)))
            .transpose()
            .map_err(|error| Status::bad_request(format!("invalid sinceSeconds: {error}")))?;
        let count = |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok());
        Ok(Self {
            follow: query.flag("follow"),
            timestamps: query.flag("timestamps"),
            since: since_time.or(since_seconds),
            tail: count(tail),
            limit: count(limit),
        })
    }

    fn render(&self, lines: &[LogLine]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let wanted = |line: &&LogLine| self.since.is_none_or(|since| line.time >= since);
        for line in lines.iter().filter(wanted) {
            if self.timestamps {
                // Always nine digits, as containerd writes them.
                let time = line.time.strftime("%Y-%m-%dT%H:%M:%S.%9fZ ").to_string();
                bytes.extend_from_slice(time.as_bytes());
            }
            bytes.extend_from_slice(line.text.as_bytes());
            bytes.push(b'\n');
        }
        bytes
    }
}

/// Answers a request for a log.
pub(super) fn answer(
    store: &Arc<Store>,
    cuts: watch::Receiver<u64>,
    target: &Target,
    query: &Query,
) -> Result<Response<Body>> {
    let options = Options::of(query, &target.name, store.clock().now())?;
    let pod = store
        .get_value(&PODS, &target.namespace, &target.name)
        .ok_or_else(|| Status::not_found(&PODS, &target.name))?;
    let container = container(&pod, query.get("container"))?;
    if query.flag("previous") {
        return Err(Status::bad_request(format!(
            "previous terminated container {container:?} in pod {:?} not found",
            target.name
        )));
    }
    let key = LogKey::new(text(&pod, "uid"), container.as_str());
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    if node.is_empty() {
        // Nobody to ask: an empty log, not an error. Upstream: `pkg/registry/core/pod/strategy.go`, `LogLocation`.
        return Ok(respond::text(http::StatusCode::OK, Vec::new()));
    }
    let Some(follower) = store.logs().follow(&key) else {
        return Err(waiting(&pod, &container));
    };
    let mut lines = store.logs().lines(&key).unwrap_or_default();
    if let Some(tail) = options.tail {
        let skip = lines.len().saturating_sub(tail);
        lines.drain(..skip);
    }
    if !options.follow {
        let mut bytes = options.render(&lines);
        bytes.truncate(options.limit.unwrap_or(usize::MAX));
        return Ok(respond::text(http::StatusCode::OK, bytes));
    }
    // The follower starts at the first kept line: what `tail` leaves out is skipped once.
    let skip = store.logs().lines(&key).map_or(0, |all| all.len()) - lines.len();
    let follow = follow(Arc::clone(store), cuts, follower, options, skip);
    Ok(respond::stream("text/plain", follow))
}

/// The container that is asked for, or the only one.
fn container(pod: &Value, wanted: Option<&str>) -> Result<String> {
    let names = |list: &str| -> Vec<String> {
        let containers = pod["spec"][list].as_array();
        containers
            .into_iter()
            .flatten()
            .filter_map(|container| container["name"].as_str().map(str::to_owned))
            .collect()
    };
    let all = names("containers");
    let pod_name = text(pod, "name");
    match (wanted, all.as_slice()) {
        (Some(wanted), _) => {
            let known = all
                .iter()
                .chain(&names("initContainers"))
                .any(|name| name == wanted);
            if known {
                Ok(wanted.to_owned())
            } else {
                Err(Status::bad_request(format!(
                    "container {wanted} is not valid for pod {pod_name}"
                )))
            }
        }
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(Status::bad_request(format!(
            "a container name must be specified for pod {pod_name}, choose one of: [{}]",
            all.join(" ")
        ))),
    }
}

/// Why a container has no log yet.
fn waiting(pod: &Value, container: &str) -> Status {
    let name = text(pod, "name");
    let statuses = pod["status"]["containerStatuses"].as_array();
    let status = statuses
        .into_iter()
        .flatten()
        .find(|status| status["name"] == container);
    let Some(status) = status else {
        return Status::bad_request(format!(
            "container {container:?} in pod {name:?} is waiting to start: ContainerCreating"
        ));
    };
    let detail = match status["state"]["waiting"]["reason"].as_str() {
        Some("ErrImagePull") => ": image can't be pulled",
        Some("ImagePullBackOff") => ": trying and failing to pull image",
        Some(reason) => &format!(": {reason}"),
        None => " - no logs yet",
    };
    Status::bad_request(format!(
        "container {container:?} in pod {name:?} is waiting to start{detail}"
    ))
}

fn follow(
    store: Arc<Store>,
    cuts: watch::Receiver<u64>,
    follower: Follower,
    options: Options,
    skip: usize,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let state = (store, cuts, follower, options, skip);
    futures::stream::unfold(
        state,
        |(store, mut cuts, mut follower, mut options, mut skip)| async move {
            loop {
                let lines = tokio::select! {
                    lines = follower.next(store.logs()) => lines?,
                    _ = cuts.changed() => return None,
                };
                let skipped = skip.min(lines.len());
                skip -= skipped;
                let mut bytes = options.render(&lines[skipped..]);
                if let Some(limit) = &mut options.limit {
                    if *limit == 0 {
                        return None;
                    }
                    bytes.truncate(*limit);
                    *limit -= bytes.len();
                }
                if !bytes.is_empty() {
                    return Some((bytes.into(), (store, cuts, follower, options, skip)));
                }
            }
        },
    )
}
