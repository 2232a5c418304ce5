//! The settings of the app: their names and meanings, and why a value is not taken.

use super::range as span;
use crate::figures::UNKNOWN;
use crate::model::{Nowhere, OwnedField, Problem, Refused, Setting, SettingOf, WhyRefused, Wrong};

pub const APP_SETTINGS: &str = "Settings of the app";
pub const SETTINGS_LEAD: &str = "What you change here is written into the objects that are there, and nothing else: your own files keep their other values. A second Deploy keeps it.";
pub const APPLY: &str = "Apply";
pub const UNDO: &str = "Undo my changes";
pub const TAKE_OVER: &str = "Take over";
pub const KEEP_THEIRS: &str = "Leave it to them";
pub const TAKES_OVER: &str = "Apply, and take over fields that others own";
pub const NOTHING_CHANGED: &str = "Nothing is changed in the form.";
pub const DEPLOY_FIRST_TO_SET: &str =
    "Nothing is deployed yet, so there is nothing to change. Deploy first.";
pub const SCALING: &str = "Scaling";
pub const POD_SIZE: &str = "Size of one pod";
pub const RESTARTS_PODS: &str = "A change here replaces all pods, a few at a time: the Deployment makes new ones of the new size. While a load runs, expect slow answers and a few failed requests.";
pub const POLLING_INTERVAL: &str = "pollingInterval";
pub const COOLDOWN_PERIOD: &str = "cooldownPeriod";
pub const NO_EFFECT: &str = "no effect for a CPU trigger with minimum 1";
pub const POLLING_INTERVAL_MEANS: &str =
    "how often KEDA asks other triggers, such as a queue; CPU is read by the HPA";
pub const COOLDOWN_PERIOD_MEANS: &str = "how long KEDA waits before it goes from 1 to 0";
/// What KEDA takes where a ScaledObject says nothing, s.
/// Source: <https://keda.sh/docs/latest/reference/scaledobject-spec/>
pub const POLLING_INTERVAL_OF_KEDA_S: u32 = 30;
pub const COOLDOWN_PERIOD_OF_KEDA_S: u32 = 300;

pub const OF_KEDA: &str = "KEDA's own value, as none is set; ";

/// A setting's name.
pub fn name(setting: Setting) -> &'static str {
    match setting {
        Setting::Target => "Target",
        Setting::Minimum => "Minimum",
        Setting::Maximum => "Maximum",
        Setting::Window => "Scale-down window",
        Setting::CpuRequest => "CPU request",
        Setting::CpuLimit => "CPU limit",
        Setting::MemoryRequest => "Memory request",
        Setting::MemoryLimit => "Memory limit",
    }
}

/// What it means, in one line.
pub fn means(setting: Setting) -> &'static str {
    match setting {
        Setting::Target => {
            "the CPU per pod that the HPA aims at; a tenth of it either way is close enough"
        }
        Setting::Minimum => {
            "pods that always run; CPU scaling cannot go to 0: with no pod there is no CPU to measure"
        }
        Setting::Maximum => "pods at most, whatever the formula asks for",
        Setting::Window => {
            "the HPA scales down only to the highest recommendation of the last so many seconds"
        }
        Setting::CpuRequest => "100 % for the HPA, and what a node sets aside for the pod",
        Setting::CpuLimit => "more than this a pod cannot use, however busy it is",
        Setting::MemoryRequest => "what a node sets aside for the pod",
        Setting::MemoryLimit => "a pod that needs more is killed (OOMKilled)",
    }
}

/// In words, beside the range.
pub fn unit_in_words(setting: Setting) -> &'static str {
    match setting {
        Setting::Target => "% of the request",
        Setting::Minimum | Setting::Maximum => "pods",
        Setting::Window => "seconds",
        Setting::CpuRequest | Setting::CpuLimit => "m (1000m is one core)",
        Setting::MemoryRequest | Setting::MemoryLimit => "Mi",
    }
}

/// `1 to 50 pods: pods at most, whatever the formula asks for.`
pub fn hint(which: Setting) -> String {
    let (least, most) = which.range();
    format!(
        "{} {}: {}.",
        span(least, most),
        unit_in_words(which),
        means(which)
    )
}

/// `now 10`; unknown with the reason.
pub fn now(which: Setting, value: Option<u32>) -> String {
    match (value, which.of()) {
        (Some(value), _) => format!("now {value}{}", which.unit()),
        (None, SettingOf::ScaledObject) => format!("{UNKNOWN} no HPA tells it"),
        (None, SettingOf::Deployment) => format!("{UNKNOWN} not set, or no Deployment"),
    }
}

/// `Maximum 4, CPU request 80m`.
pub fn list(values: &[(Setting, u32)]) -> String {
    let texts = values
        .iter()
        .map(|(which, value)| format!("{} {value}{}", name(*which), which.unit()));
    texts.collect::<Vec<_>>().join(", ")
}

/// What was set.
pub fn applied(values: &[(Setting, u32)]) -> String {
    format!("Applied: {}.", list(values))
}

/// Not all pods that the maximum allows have room.
pub fn room(room: u32) -> String {
    format!(
        "The namespace's quota has room for {room} pods of this size. More are asked for, but not made."
    )
}

/// Whose objects the settings change, if they are not the panel's.
pub fn act_on(object: &str, owner: &str) -> String {
    format!("{object} was applied with {owner}. Settings change it as it is.")
}

/// Why a field is not taken, as one sentence.
pub fn problem(problem: &Problem) -> String {
    let name = name(problem.setting);
    let (least, most) = problem.setting.range();
    let unit = problem.setting.unit();
    match &problem.wrong {
        Wrong::Empty => format!(
            "{name} is empty: type a whole number, {}.",
            span(least, most)
        ),
        Wrong::NotWhole { typed } => format!(
            "{name} must be a whole number without a unit, {}, not “{typed}”.",
            span(least, most)
        ),
        Wrong::OutOfRange => format!("{name} must be {}.", span(least, most)),
        Wrong::BelowMinimum { minimum } => {
            format!("{name} must be at least the minimum, {minimum}.")
        }
        Wrong::BelowRequest { request } => {
            format!("{name} must be at least the request, {request}{unit}.")
        }
        Wrong::NeverReached { most_percent } => format!(
            "{name} is too high: with this request and limit a pod shows at most {most_percent} %, so nothing would ever scale."
        ),
        Wrong::OverQuota {
            quota,
            room,
            needed,
        } => format!(
            "{name}: quota {quota} has room for {room}{unit}, and the minimum of pods needs {needed}{unit}."
        ),
        Wrong::OverRange {
            range: by,
            least,
            most,
        } => {
            let bounds = match (least, most) {
                (Some(least), Some(most)) => format!("{least}{unit} to {most}{unit}"),
                (Some(least), None) => format!("at least {least}{unit}"),
                (None, Some(most)) => format!("at most {most}{unit}"),
                (None, None) => "another size".to_owned(),
            };
            format!("{name}: LimitRange {by} allows a container {bounds}.")
        }
        Wrong::Nowhere { why } => nowhere(problem.setting, why),
    }
}

fn nowhere(which: Setting, why: &Nowhere) -> String {
    let name = name(which);
    match (why, which.of()) {
        (Nowhere::NoObject, SettingOf::ScaledObject) => format!(
            "{name} has no place: there is no ScaledObject for the app. Deploy makes one; an HPA of your own is changed with kubectl."
        ),
        (Nowhere::NoObject, SettingOf::Deployment) => {
            format!("{name} has no place: there is no Deployment. Deploy makes one.")
        }
        (Nowhere::NoTrigger { object }, _) => format!(
            "{name} has no place: {object} has no trigger for CPU utilisation. Add one in your file."
        ),
        (Nowhere::ManyContainers { object, containers }, _) => format!(
            "{name}: {object} has {containers} containers and none is called webapp, so it is not clear which one to change. Change it in your file."
        ),
    }
}

/// `ScaledObject webapp: .spec.maxReplicaCount belongs to kubectl.`
pub fn owned_field(field: &OwnedField) -> String {
    format!(
        "{}: {} belongs to {}.",
        field.object, field.field, field.owner
    )
}

/// What is asked before fields of others are taken.
pub fn take_over_question(fields: &[OwnedField]) -> String {
    let mut owners: Vec<&str> = fields.iter().map(|field| field.owner.as_str()).collect();
    owners.sort_unstable();
    owners.dedup();
    format!(
        "Somebody set this with {}. Take it over, or leave it to them?",
        owners.join(" and ")
    )
}

/// Settings that were not taken, as one text.
pub fn refused(refused: &Refused) -> String {
    match &refused.why {
        WhyRefused::Problems { problems } => {
            problems.iter().map(problem).collect::<Vec<_>>().join(" ")
        }
        WhyRefused::Owned { fields } => {
            let told = fields.iter().map(owned_field).collect::<Vec<_>>().join(" ");
            format!("{} {told}", take_over_question(fields))
        }
        WhyRefused::Nothing => NOTHING_CHANGED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(setting: Setting, wrong: Wrong) -> String {
        problem(&Problem { setting, wrong })
    }

    #[test]
    fn each_problem_is_one_sentence_with_the_way_out() {
        assert_eq!(
            told(
                Setting::Maximum,
                Wrong::NotWhole {
                    typed: "1e9".to_owned()
                }
            ),
            "Maximum must be a whole number without a unit, 1 to 50, not “1e9”."
        );
        assert_eq!(
            told(Setting::Window, Wrong::OutOfRange),
            "Scale-down window must be 0 to 3,600."
        );
        assert_eq!(
            told(Setting::CpuLimit, Wrong::BelowRequest { request: 50 }),
            "CPU limit must be at least the request, 50m."
        );
        assert_eq!(
            told(Setting::Target, Wrong::NeverReached { most_percent: 200 }),
            "Target is too high: with this request and limit a pod shows at most 200 %, so nothing would ever scale."
        );
    }

    #[test]
    fn owners_of_fields_are_named() {
        let field = OwnedField {
            object: "ScaledObject webapp".to_owned(),
            owner: "kubectl".to_owned(),
            field: ".spec.maxReplicaCount".to_owned(),
        };
        assert_eq!(
            take_over_question(&[field.clone(), field.clone()]),
            "Somebody set this with kubectl. Take it over, or leave it to them?"
        );
        assert_eq!(
            owned_field(&field),
            "ScaledObject webapp: .spec.maxReplicaCount belongs to kubectl."
        );
    }

    #[test]
    fn unknown_is_not_zero() {
        assert_eq!(now(Setting::Target, Some(60)), "now 60 %");
        assert_eq!(now(Setting::Target, None), "— no HPA tells it");
    }
}
