//! Why a resource metric gives no replica count, in upstream's words.
//!
//! Upstream: `pkg/controller/podautoscaler/replica_calculator.go` and `metrics/client.go`. Made by
//! [`crate::replica_calculator`] and by whoever reads the metrics API.

use std::fmt;

/// Why no replica count could be computed. `Display` is upstream's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// The metrics API answered with an empty list.
    NoMetrics,
    /// The metrics API answered with an error.
    MetricsApi(String),
    /// There are samples, none of which may be used yet.
    PodsMightBeUnready,
    /// A container has no request of the resource.
    MissingRequest { container: String, pod: String },
    /// Only samples of pods that the selector does not match.
    NoMetricsMatched,
}

impl Unavailable {
    /// Upstream's text, with the name of the resource where it has one.
    #[must_use]
    pub fn message(&self, resource: &str) -> String {
        match self {
            Self::NoMetrics => format!(
                "unable to get metrics for resource {resource}: no metrics returned from resource metrics API"
            ),
            Self::MetricsApi(answer) => format!(
                "unable to get metrics for resource {resource}: unable to fetch metrics from resource metrics API: {answer}"
            ),
            Self::PodsMightBeUnready => {
                "did not receive metrics for targeted pods (pods might be unready)".to_owned()
            }
            Self::MissingRequest { container, pod } => {
                format!("missing request for {resource} in container {container} of Pod {pod}")
            }
            Self::NoMetricsMatched => "no metrics returned matched known pods".to_owned(),
        }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message("cpu"))
    }
}

impl std::error::Error for Unavailable {}
