//! What an HPA told: its `SuccessfulRescale` events one by one, and each state of its status. Pure.

use std::collections::HashMap;

use app::model::{Condition, TimeMs};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Event;
use server::workshop::autoscaler::utilization_percent;
use server::workshop::time::{micro_time_ms, time_ms};

/// How `client-go/tools/record` begins the message of events that differ in nothing but their message, after ten of them.
const COMBINED: &str = "(combined from similar events): ";

/// One `SuccessfulRescale`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rescale {
    /// Cut to whole seconds, by the clock of kube-controller-manager.
    pub(crate) time: TimeMs,
    /// The size after it.
    pub(crate) to: u32,
    pub(crate) reason: String,
}

/// One state of an HPA's status, with what its spec asked for then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    /// `lastScaleTime`, in whole seconds.
    pub(crate) scaled: Option<TimeMs>,
    pub(crate) current: u32,
    pub(crate) desired: u32,
    /// Of the request, truncated; `None` without a value.
    pub(crate) percent: Option<u32>,
    pub(crate) target: Option<u32>,
    pub(crate) minimum: u32,
    pub(crate) maximum: u32,
    /// The values and periods of the policies on the way up.
    pub(crate) policies: Vec<u32>,
    pub(crate) conditions: Vec<Condition>,
}

/// All that was seen of one HPA, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) rescales: Vec<Rescale>,
    pub(crate) statuses: Vec<Status>,
    /// How often each event was counted so far, by its UID.
    counts: HashMap<String, i32>,
}

impl Account {
    /// Takes an event as it is now. The same size for the same reason is counted in the event that is there.
    pub(crate) fn hear(&mut self, event: &Event) {
        if event.reason.as_deref() != Some("SuccessfulRescale") {
            return;
        }
        let uid = event.metadata.uid.clone().unwrap_or_default();
        let series = event.series.as_ref();
        let counted = series.and_then(|series| series.count).or(event.count);
        let count = counted.unwrap_or(1).max(1);
        let known = self.counts.insert(uid, count).unwrap_or_default();
        assert!(
            count - known < 2,
            "{} rescales at once: when was each? {event:?}",
            count - known
        );
        if count > known {
            self.rescales.push(rescale(event));
        }
    }

    /// Takes the HPA as it is now.
    pub(crate) fn see(&mut self, hpa: &HorizontalPodAutoscaler) {
        let status = status(hpa);
        // Before its first look there are no conditions.
        if !status.conditions.is_empty() && self.statuses.last() != Some(&status) {
            self.statuses.push(status);
        }
    }

    /// The status that was written with a rescale.
    pub(super) fn status_of(&self, rescale: &Rescale) -> Option<&Status> {
        self.statuses.iter().find(|status| {
            let scaled = status.scaled.map(|scaled| scaled.0 - rescale.time.0);
            // Each of the two is cut to whole seconds.
            status.desired == rescale.to && scaled.is_some_and(|apart| apart.abs() <= 1_000)
        })
    }
}

impl Status {
    /// The reason of a condition; empty where there is none.
    pub(super) fn says(&self, type_: &str) -> &str {
        let mut conditions = self.conditions.iter();
        let found = conditions.find(|condition| condition.type_ == type_);
        found.map_or("", |condition| &condition.reason)
    }
}

fn rescale(event: &Event) -> Rescale {
    let message = event.message.as_deref().unwrap_or_default();
    let plain = message.strip_prefix(COMBINED).unwrap_or(message);
    let parts = plain.strip_prefix("New size: ");
    let parts = parts.and_then(|rest| rest.split_once("; reason: "));
    let read = parts.and_then(|(size, reason)| Some((size.parse().ok()?, reason)));
    let Some((to, reason)) = read else {
        panic!("not the words of an HPA: {message:?}");
    };
    Rescale {
        time: last_time(event).expect("an event has a time"),
        to,
        reason: reason.to_owned(),
    }
}

/// The older recorder counts in `lastTimestamp`, the newer one in `series`.
fn last_time(event: &Event) -> Option<TimeMs> {
    let series = event.series.as_ref();
    let repeated = series.and_then(|series| series.last_observed_time.as_ref());
    repeated
        .map(micro_time_ms)
        .or_else(|| event.last_timestamp.as_ref().map(time_ms))
        .or_else(|| event.event_time.as_ref().map(micro_time_ms))
}

fn status(hpa: &HorizontalPodAutoscaler) -> Status {
    let count = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
    let status = hpa.status.clone().unwrap_or_default();
    let spec = hpa.spec.clone().unwrap_or_default();
    let target = spec.metrics.iter().flatten().find_map(|metric| {
        let resource = metric.resource.as_ref()?;
        (resource.name == "cpu").then_some(count(resource.target.average_utilization))?
    });
    let up = spec.behavior.and_then(|behavior| behavior.scale_up);
    let policies = up
        .into_iter()
        .flat_map(|up| up.policies.unwrap_or_default());
    let numbers = policies.flat_map(|policy| [policy.value, policy.period_seconds]);
    let conditions = status.conditions.iter().flatten();
    Status {
        scaled: status.last_scale_time.as_ref().map(time_ms),
        current: count(status.current_replicas).unwrap_or(0),
        desired: count(Some(status.desired_replicas)).unwrap_or(0),
        percent: utilization_percent(&status),
        target,
        minimum: count(spec.min_replicas).unwrap_or(1),
        maximum: count(Some(spec.max_replicas)).unwrap_or(0),
        policies: numbers.filter_map(|number| count(Some(number))).collect(),
        conditions: conditions
            .map(|condition| Condition {
                type_: condition.type_.clone(),
                status: condition.status.clone(),
                reason: condition.reason.clone().unwrap_or_default(),
                message: condition.message.clone().unwrap_or_default(),
            })
            .collect(),
    }
}
