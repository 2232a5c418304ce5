//! What was observed of a cluster, as values: made by `reader/`, judged by `rules/`.

use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{LimitRange, Namespace, Node, Pod, ResourceQuota};

use super::access::Access;

/// Something of the cluster, or why it is not known.
pub(super) type Reading<T> = Result<T, Unread>;

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// The object, or its kind, is not there: 404.
    Absent,
    /// Whoever runs the check may not read it: 403.
    Forbidden,
    /// Another answer, or none in time; in words.
    Failed(String),
}

/// Everything that the rules look at.
pub(super) struct Observed {
    /// The cluster's time when most of it was read.
    pub(super) now: Timestamp,
    /// `v1.35.4`
    pub(super) version: Option<String>,
    /// How far this machine's clock is ahead of the API server's.
    pub(super) ahead_ms: Option<i64>,
    /// Groups that every cluster has, with their version.
    pub(super) apis: Vec<(&'static str, Reading<()>)>,
    pub(super) keda: Keda,
    pub(super) metrics: Metrics,
    pub(super) rights: Rights,
    pub(super) seats: Reading<Vec<Seat>>,
    /// Those with the seat label.
    pub(super) namespaces: Reading<Vec<Namespace>>,
    pub(super) nodes: Reading<Vec<Node>>,
    pub(super) pods: Reading<Vec<Pod>>,
    pub(super) quotas: Reading<Vec<ResourceQuota>>,
    pub(super) limit_ranges: Reading<Vec<LimitRange>>,
    pub(super) deployments: Reading<Vec<Deployment>>,
    pub(super) jobs: Reading<Vec<Job>>,
    pub(super) autoscalers: Reading<Vec<HorizontalPodAutoscaler>>,
    pub(super) scaled_objects: Reading<Vec<ScaledObject>>,
    pub(super) pull_secrets: Vec<PullSecret>,
}

/// What tells of KEDA.
pub(super) struct Keda {
    /// keda.sh/v1alpha1 is served.
    pub(super) api: Reading<()>,
    /// The version that the CRD's labels name, if they do.
    pub(super) definition: Reading<Option<String>>,
    /// The operator's leases, wherever they are.
    pub(super) leases: Reading<Vec<Lease>>,
    pub(super) webhooks: Reading<Vec<ValidatingWebhookConfiguration>>,
    /// What the webhook said to a mistake.
    pub(super) mistake: WebhookAnswer,
}

/// The answer to the dry run of a ScaledObject with a mistake that only the webhook sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WebhookAnswer {
    Refused,
    /// Nobody looked at it.
    Accepted,
    /// No answer in time, as when a webhook is registered and nobody is behind it.
    Silent,
    /// It could not be asked: no seat, no right; in words.
    Unknown(String),
}

/// A ScaledObject as far as it is judged.
pub(super) struct ScaledObject {
    pub(super) namespace: String,
    /// KEDA writes it at every look.
    pub(super) last_active: Option<Timestamp>,
}

/// What tells of the metrics API.
pub(super) struct Metrics {
    /// metrics.k8s.io/v1beta1 answers.
    pub(super) api: Reading<()>,
    /// Why its `APIService` is not available; `None` if it is.
    pub(super) unavailable: Reading<Option<String>>,
    pub(super) nodes: Reading<Vec<Sample>>,
    pub(super) pods: Reading<Vec<Sample>>,
}

/// One object of metrics.k8s.io.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) time: Timestamp,
    pub(super) window_ms: Option<i64>,
}

/// Answers to questions about rights.
pub(super) struct Rights {
    /// What the panel's rules grant.
    pub(super) panel: Reading<Vec<Right>>,
    /// What the panel must not be able to do.
    pub(super) excess: Reading<Vec<Right>>,
    /// Acting as each seat's attendee.
    pub(super) impersonation: Reading<Vec<Right>>,
    /// What attendees' Roles grant, in a few seats.
    pub(super) attendees: Reading<Vec<Right>>,
}

/// One answer.
#[derive(Clone, Debug)]
pub(super) struct Right {
    pub(super) access: Access,
    pub(super) allowed: bool,
}

/// A seat as its Secret has it.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    /// `None` for the instructor's.
    pub(super) namespace: Option<String>,
    pub(super) revoked: bool,
}

/// Whether a Secret for the images is in a seat's namespace.
pub(super) struct PullSecret {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) found: Reading<()>,
}
