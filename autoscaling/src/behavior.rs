//! `spec.behavior` of a `HorizontalPodAutoscaler` with the defaults that the API server fills in.
//! The field names on the wire are Kubernetes' own, so that an object's JSON can be read as it is.

use serde::{Deserialize, Serialize};

use crate::DOWNSCALE_STABILIZATION_S;
use crate::cpu::small_quantity;
use crate::replica_calculator::Tolerances;

/// Scaling rules of both directions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Behavior {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_up: Option<ScalingRules>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down: Option<ScalingRules>,
}

/// How fast one direction may go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalingRules {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stabilization_window_seconds: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select_policy: Option<SelectPolicy>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<ScalingPolicy>,
    /// A quantity such as `0.05`; the controller's own tolerance if unset. Beta and on in Kubernetes 1.35
    /// (feature gate `HPAConfigurableTolerance`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<String>,
}

/// Which of several policies counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SelectPolicy {
    /// The one that allows the largest change.
    Max,
    /// The one that allows the smallest change.
    Min,
    /// None: this direction is off.
    Disabled,
}

/// The change allowed within one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalingPolicy {
    #[serde(rename = "type")]
    pub kind: PolicyType,
    pub value: u32,
    pub period_seconds: u32,
}

/// Unit of a policy's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PolicyType {
    Pods,
    Percent,
}

impl Behavior {
    /// Fills what is left out, as `SetDefaults_HorizontalPodAutoscalerBehavior` does
    /// (`pkg/apis/autoscaling/v2/defaults.go`): up 4 pods or 100 % in 15 s, whichever is more;
    /// down 100 % in 15 s. The window of the way down stays absent there and is filled by the controller.
    #[must_use]
    pub fn with_defaults(&self) -> Self {
        let up = fill(
            self.scale_up.as_ref(),
            Some(0),
            &[
                ScalingPolicy {
                    kind: PolicyType::Pods,
                    value: 4,
                    period_seconds: 15,
                },
                ScalingPolicy {
                    kind: PolicyType::Percent,
                    value: 100,
                    period_seconds: 15,
                },
            ],
        );
        let down = fill(
            self.scale_down.as_ref(),
            None,
            &[ScalingPolicy {
                kind: PolicyType::Percent,
                value: 100,
                period_seconds: 15,
            }],
        );
        Self {
            scale_up: Some(up),
            scale_down: Some(down),
        }
    }

    /// `tolerancesForHpa`: each direction's own, where it has one.
    #[must_use]
    pub fn tolerances(&self) -> Tolerances {
        let own = |rules: &Option<ScalingRules>| {
            let tolerance = rules.as_ref()?.tolerance.as_deref()?;
            small_quantity(tolerance).filter(|tolerance| *tolerance >= 0.0)
        };
        let default = Tolerances::default();
        Tolerances {
            scale_up: own(&self.scale_up).unwrap_or(default.scale_up),
            scale_down: own(&self.scale_down).unwrap_or(default.scale_down),
        }
    }

    /// The scale-down stabilisation window in seconds; `--horizontal-pod-autoscaler-downscale-stabilization` if unset.
    #[must_use]
    pub fn scale_down_window(&self) -> u32 {
        self.scale_down
            .as_ref()
            .and_then(|rules| rules.stabilization_window_seconds)
            .unwrap_or(DOWNSCALE_STABILIZATION_S)
    }

    /// The scale-up stabilisation window in seconds, 0 if unset.
    #[must_use]
    pub fn scale_up_window(&self) -> u32 {
        self.scale_up
            .as_ref()
            .and_then(|rules| rules.stabilization_window_seconds)
            .unwrap_or(0)
    }
}

fn fill(
    rules: Option<&ScalingRules>,
    window: Option<u32>,
    policies: &[ScalingPolicy],
) -> ScalingRules {
    let given = rules.cloned().unwrap_or_default();
    ScalingRules {
        stabilization_window_seconds: given.stabilization_window_seconds.or(window),
        select_policy: given.select_policy.or(Some(SelectPolicy::Max)),
        policies: if given.policies.is_empty() {
            policies.to_vec()
        } else {
            given.policies
        },
        tolerance: given.tolerance,
    }
}
