//! Whether the namespace's quotas and limit ranges have room for the app's settings. Pure.

use std::collections::BTreeMap;

use app::model::{AppSettings, Problem, Setting, Wrong};
use k8s_openapi::api::core::v1::{LimitRange, LimitRangeItem, ResourceQuota};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::ResourceExt;

use crate::check::quantity;

/// What limits a namespace.
pub(super) struct Limits {
    pub(super) quotas: Vec<ResourceQuota>,
    pub(super) ranges: Vec<LimitRange>,
}

/// A size of one pod, and the keys of a quota that count it (`pkg/quota/v1/evaluator/core/pods.go`).
const SIZES: [(Setting, &[&str]); 4] = [
    (Setting::CpuRequest, &["requests.cpu", "cpu"]),
    (Setting::CpuLimit, &["limits.cpu"]),
    (Setting::MemoryRequest, &["requests.memory", "memory"]),
    (Setting::MemoryLimit, &["limits.memory"]),
];

/// In the setting's unit, rounded down.
fn amount(setting: Setting, quantity: &Quantity) -> Option<u32> {
    let amount = match setting {
        Setting::CpuRequest | Setting::CpuLimit => quantity::milli(&quantity.0)?,
        _ => quantity::whole(&quantity.0)? >> 20,
    };
    Some(u32::try_from(amount).unwrap_or(u32::MAX))
}

/// The most of a size that any quota allows, with the quota's name.
fn quota(limits: &Limits, setting: Setting, keys: &[&str]) -> Option<(String, u32)> {
    let hard = limits.quotas.iter().flat_map(|quota| {
        let hard = quota.spec.iter().filter_map(|spec| spec.hard.as_ref());
        hard.flatten().map(move |entry| (quota.name_any(), entry))
    });
    hard.filter(|(_, (key, _))| keys.contains(&key.as_str()))
        .filter_map(|(name, (_, value))| Some((name, amount(setting, value)?)))
        .min_by_key(|(_, room)| *room)
}

/// Sizes of which not even the smallest number of pods has room, or which no container may have.
pub(super) fn problems(limits: &Limits, all: &AppSettings, changed: &AppSettings) -> Vec<Problem> {
    let pods = all.get(Setting::Minimum).unwrap_or(1).max(1);
    let mut problems = Vec::new();
    for (setting, keys) in SIZES {
        let Some(size) = all.get(setting) else {
            continue;
        };
        let needed = size.saturating_mul(pods);
        let is_changed = changed.get(setting).is_some();
        if (is_changed || changed.get(Setting::Minimum).is_some())
            && let Some((quota, room)) = quota(limits, setting, keys)
            && needed > room
        {
            problems.push(Problem {
                setting,
                wrong: Wrong::OverQuota {
                    quota,
                    room,
                    needed,
                },
            });
        } else if is_changed && let Some(wrong) = over_range(limits, setting, size) {
            problems.push(Problem { setting, wrong });
        }
    }
    problems
}

/// A LimitRange holds requests from below and limits from above (`plugin/pkg/admission/limitranger/admission.go`).
fn over_range(limits: &Limits, setting: Setting, size: u32) -> Option<Wrong> {
    let resource = match setting {
        Setting::CpuRequest | Setting::CpuLimit => "cpu",
        _ => "memory",
    };
    let of = |bounds: &Option<BTreeMap<String, Quantity>>| {
        amount(setting, bounds.as_ref()?.get(resource)?)
    };
    let items = limits.ranges.iter().flat_map(|range| {
        let items = range.spec.iter().flat_map(|spec| &spec.limits);
        items.map(move |item| (range.name_any(), item))
    });
    let of_containers =
        items.filter(|(_, item): &(String, &LimitRangeItem)| item.type_ == "Container");
    of_containers
        .map(|(range, item)| (range, of(&item.min), of(&item.max)))
        .find(|(_, least, most)| {
            least.is_some_and(|least| size < least) || most.is_some_and(|most| size > most)
        })
        .map(|(range, least, most)| Wrong::OverRange { range, least, most })
}

/// How many pods of this size have room, if fewer than the maximum.
pub(super) fn note(limits: &Limits, all: &AppSettings) -> Option<u32> {
    let by_size = SIZES.into_iter().filter_map(|(setting, keys)| {
        let size = all.get(setting).filter(|size| *size > 0)?;
        let (_, room) = quota(limits, setting, keys)?;
        Some(room / size)
    });
    let room = by_size.min()?;
    (room < all.get(Setting::Maximum)?).then_some(room)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a fixture reads better without references"
    )]
    fn mk(hard: Value, max: Value) -> Limits {
        let quota = json!({ "metadata": { "name": "workshop" }, "spec": { "hard": hard } });
        let item = json!({ "type": "Container", "max": max, "min": { "memory": "48Mi" } });
        let range = json!({ "metadata": { "name": "sizes" }, "spec": { "limits": [item] } });
        Limits {
            quotas: vec![from_value(quota).unwrap()],
            ranges: vec![from_value(range).unwrap()],
        }
    }

    fn settings(list: &str) -> AppSettings {
        AppSettings::from_list(list)
    }

    #[test]
    fn pod_without_room_is_refused() {
        let limits = mk(
            json!({ "requests.cpu": "0.75", "limits.memory": "1Gi" }),
            json!({}),
        );
        let all = settings("60,2,10,80,400,800,64,256");
        let told = problems(&limits, &all, &settings(",,,,400,,,"));
        assert_eq!(
            told,
            [Problem {
                setting: Setting::CpuRequest,
                wrong: Wrong::OverQuota {
                    quota: "workshop".to_owned(),
                    room: 750,
                    needed: 800
                },
            }]
        );
        assert_eq!(
            problems(&limits, &all, &settings("50")),
            [],
            "it was so before"
        );
    }

    #[test]
    fn maximum_without_room_is_told() {
        let limits = mk(
            json!({ "requests.cpu": "750m", "limits.memory": "1Gi" }),
            json!({}),
        );
        assert_eq!(
            note(&limits, &settings("60,1,10,80,50,100,64,256")),
            Some(4)
        );
        assert_eq!(note(&limits, &settings("60,1,4,80,50,100,64,256")), None);
        let none = mk(json!({}), json!({}));
        assert_eq!(note(&none, &settings("60,1,10,80,50,100,64,256")), None);
    }

    #[test]
    fn limit_range_holds_from_both_sides() {
        let limits = mk(json!({}), json!({ "cpu": "500m" }));
        let all = settings("60,1,10,80,50,600,32,256");
        let told = problems(&limits, &all, &settings(",,,,,600,32,"));
        let wrong: Vec<_> = told.iter().map(|problem| problem.setting).collect();
        assert_eq!(wrong, [Setting::CpuLimit, Setting::MemoryRequest]);
        assert_eq!(
            told[0].wrong,
            Wrong::OverRange {
                range: "sizes".to_owned(),
                least: None,
                most: Some(500)
            }
        );
    }
}
