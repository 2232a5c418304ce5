//! The HorizontalPodAutoscaler as its spec and status tell it.

use app::model::{AutoscalerState, Condition, SaidEvent, ScalingRules};
use k8s_openapi::api::autoscaling::v2::{
    HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec,
    HorizontalPodAutoscalerStatus,
};
use k8s_openapi::api::core::v1::Event;

use super::objects::Objects;
use super::recognise::created;
use super::time::{micro_time_ms, time_ms};

/// The HPA for the page. `last_look` and `next_look` are set by who learned them.
pub fn state(hpa: &HorizontalPodAutoscaler, objects: &Objects) -> AutoscalerState {
    let spec = hpa.spec.as_ref();
    let status = hpa.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_deref());
    AutoscalerState {
        name: hpa.metadata.name.clone().unwrap_or_default(),
        created: created(&hpa.metadata),
        made_by_keda: hpa
            .metadata
            .owner_references
            .iter()
            .flatten()
            .any(|owner| owner.kind == "ScaledObject"),
        min_replicas: count(spec.and_then(|spec| spec.min_replicas)).unwrap_or(1),
        max_replicas: count(spec.map(|spec| spec.max_replicas)).unwrap_or(1),
        target_percent: spec.and_then(target_percent),
        current_replicas: status.and_then(|status| count(status.current_replicas)),
        desired_replicas: count(status.map(|status| status.desired_replicas)).unwrap_or(0),
        utilization_percent: status.and_then(utilization_percent),
        conditions: conditions
            .unwrap_or_default()
            .iter()
            .map(|condition| Condition {
                type_: condition.type_.clone(),
                status: condition.status.clone(),
                reason: condition.reason.clone().unwrap_or_default(),
                message: condition.message.clone().unwrap_or_default(),
            })
            .collect(),
        rules: spec.map(rules).unwrap_or(WITHOUT_BEHAVIOR),
        last_look: None,
        next_look: None,
        last_rescale_message: last_rescale(hpa, objects).and_then(|event| event.message.clone()),
    }
}

fn count(value: Option<i32>) -> Option<u32> {
    value.and_then(|value| u32::try_from(value).ok())
}

/// The CPU target, of the pods or of one container.
fn target_percent(spec: &HorizontalPodAutoscalerSpec) -> Option<u32> {
    spec.metrics.iter().flatten().find_map(|metric| {
        let target = match (&metric.resource, &metric.container_resource) {
            (Some(resource), _) if resource.name == "cpu" => &resource.target,
            (_, Some(container)) if container.name == "cpu" => &container.target,
            _ => return None,
        };
        count(target.average_utilization)
    })
}

/// What the HPA read; after a look without a value the list has one entry with an empty type.
pub fn utilization_percent(status: &HorizontalPodAutoscalerStatus) -> Option<u32> {
    status.current_metrics.iter().flatten().find_map(|metric| {
        let current = match (&metric.resource, &metric.container_resource) {
            (Some(resource), _) if resource.name == "cpu" => &resource.current,
            (_, Some(container)) if container.name == "cpu" => &container.current,
            _ => return None,
        };
        count(current.average_utilization)
    })
}

/// Upstream's flag `--horizontal-pod-autoscaler-downscale-stabilization`; no API shows it.
const WITHOUT_BEHAVIOR: ScalingRules = ScalingRules {
    behavior_set: false,
    down_window_s: autoscaling::DOWNSCALE_STABILIZATION_S,
    up_pods: 4,
    up_percent: 100,
    up_unusual: false,
    down_at_once: true,
};

/// The live `behavior`. The API server has filled in what was left out, as soon as any of it is set
/// (`pkg/apis/autoscaling/v2/defaults.go`).
fn rules(spec: &HorizontalPodAutoscalerSpec) -> ScalingRules {
    let Some(behavior) = &spec.behavior else {
        return WITHOUT_BEHAVIOR;
    };
    let down_window = behavior
        .scale_down
        .as_ref()
        .and_then(|down| down.stabilization_window_seconds);
    let up = behavior.scale_up.as_ref();
    let down = behavior.scale_down.as_ref();
    ScalingRules {
        behavior_set: true,
        down_window_s: count(down_window).unwrap_or(WITHOUT_BEHAVIOR.down_window_s),
        up_pods: up.map_or(WITHOUT_BEHAVIOR.up_pods, |up| policy(up, "Pods")),
        up_percent: up.map_or(WITHOUT_BEHAVIOR.up_percent, |up| policy(up, "Percent")),
        up_unusual: up.is_some_and(unusual),
        down_at_once: down.is_none_or(at_once),
    }
}

/// Not `Pods` and `Percent` in 15 s, of which the larger counts, as by default.
fn unusual(rules: &HPAScalingRules) -> bool {
    let default = |policy: &HPAScalingPolicy| policy.period_seconds == 15;
    let policies = || rules.policies.iter().flatten();
    let kinds = ["Pods", "Percent"].map(|kind| policies().filter(|p| p.type_ == kind).count());
    kinds != [1, 1]
        || !policies().all(default)
        || rules.select_policy.as_deref().unwrap_or("Max") != "Max"
}

/// All pods may go in one step.
fn at_once(rules: &HPAScalingRules) -> bool {
    let all = |policy: &HPAScalingPolicy| policy.type_ == "Percent" && policy.value >= 100;
    rules.select_policy.as_deref().unwrap_or("Max") == "Max"
        && rules
            .policies
            .as_ref()
            .is_none_or(|policies| policies.iter().any(all))
}

/// The HPA's newest event, word for word.
pub fn last_event(hpa: &HorizontalPodAutoscaler, objects: &Objects) -> Option<SaidEvent> {
    let event = events(hpa, objects).max_by_key(|event| event_time(event))?;
    Some(SaidEvent {
        time: event_time(event),
        reason: event.reason.clone().unwrap_or_default(),
        message: event.message.clone().unwrap_or_default(),
    })
}

fn events<'a>(
    hpa: &'a HorizontalPodAutoscaler,
    objects: &'a Objects,
) -> impl Iterator<Item = &'a Event> {
    let name = hpa.metadata.name.as_deref();
    let of_hpa = objects.events.iter().filter(move |event| {
        event.involved_object.kind.as_deref() == Some("HorizontalPodAutoscaler")
            && event.involved_object.name.as_deref() == name
    });
    of_hpa.map(AsRef::as_ref)
}

/// The value of a policy; 0 where there is none of its type, or where the direction is off.
fn policy(rules: &HPAScalingRules, type_: &str) -> u32 {
    if rules.select_policy.as_deref() == Some("Disabled") {
        return 0;
    }
    let policies = rules.policies.iter().flatten();
    let of_type = policies.filter(|policy| policy.type_ == type_);
    of_type
        .filter_map(|policy| count(Some(policy.value)))
        .max()
        .unwrap_or(0)
}

/// The newest `SuccessfulRescale` of this HPA.
fn last_rescale<'a>(hpa: &'a HorizontalPodAutoscaler, objects: &'a Objects) -> Option<&'a Event> {
    let rescales =
        events(hpa, objects).filter(|event| event.reason.as_deref() == Some("SuccessfulRescale"));
    rescales.max_by_key(|event| event_time(event))
}

/// When an event last happened: the two recorders of Kubernetes fill different fields
/// (`client-go/tools/record` and `client-go/tools/events`).
pub fn event_time(event: &Event) -> Option<app::model::TimeMs> {
    let series = event.series.as_ref();
    series
        .and_then(|series| series.last_observed_time.as_ref().map(micro_time_ms))
        .or_else(|| event.last_timestamp.as_ref().map(time_ms))
        .or_else(|| event.event_time.as_ref().map(micro_time_ms))
        .or_else(|| event.first_timestamp.as_ref().map(time_ms))
        .or_else(|| event.metadata.creation_timestamp.as_ref().map(time_ms))
}

/// A condition by its type.
pub fn condition<'a>(state: &'a AutoscalerState, type_: &str) -> Option<&'a Condition> {
    state
        .conditions
        .iter()
        .find(|condition| condition.type_ == type_)
}

/// True if the condition has this reason.
pub fn has_reason(state: &AutoscalerState, type_: &str, reason: &str) -> bool {
    condition(state, type_).is_some_and(|condition| condition.reason == reason)
}
