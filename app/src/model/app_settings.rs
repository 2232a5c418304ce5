//! The app's settings that an attendee may change on a running workshop: within which limits, and how they must fit
//! together. Pure; the page says with it what is wrong while somebody types, the server refuses by it.

use serde::{Deserialize, Serialize};

use super::Snapshot;

/// One setting. Its unit stands in [`Setting::unit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// CPU utilisation that the HPA aims at, in percent of the request.
    Target,
    Minimum,
    Maximum,
    /// Scale-down stabilisation window in seconds.
    Window,
    /// CPU in milli-cores.
    CpuRequest,
    CpuLimit,
    /// Memory in MiB.
    MemoryRequest,
    MemoryLimit,
}

/// The object that holds a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingOf {
    ScaledObject,
    Deployment,
}

impl Setting {
    /// In the order of the form.
    pub const ALL: [Self; 8] = [
        Self::Target,
        Self::Minimum,
        Self::Maximum,
        Self::Window,
        Self::CpuRequest,
        Self::CpuLimit,
        Self::MemoryRequest,
        Self::MemoryLimit,
    ];

    /// Its name in the form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::Window => "window_s",
            Self::CpuRequest => "cpu_request_m",
            Self::CpuLimit => "cpu_limit_m",
            Self::MemoryRequest => "memory_request_mi",
            Self::MemoryLimit => "memory_limit_mi",
        }
    }

    /// The least and the most that the panel sets. A minimum of 0 is none: with no pod there is no CPU to measure. The
    /// API takes windows up to an hour (`pkg/apis/autoscaling/validation/validation.go`). How much of CPU and memory
    /// there is says the namespace's quota.
    pub const fn range(self) -> (u32, u32) {
        match self {
            Self::Target => (1, 500),
            Self::Minimum | Self::Maximum => (1, 50),
            Self::Window => (0, 3600),
            Self::CpuRequest | Self::CpuLimit => (10, 4000),
            Self::MemoryRequest | Self::MemoryLimit => (32, 4096),
        }
    }

    /// Where it stands.
    pub const fn of(self) -> SettingOf {
        match self {
            Self::Target | Self::Minimum | Self::Maximum | Self::Window => SettingOf::ScaledObject,
            Self::CpuRequest | Self::CpuLimit | Self::MemoryRequest | Self::MemoryLimit => {
                SettingOf::Deployment
            }
        }
    }

    /// Behind its figure; counts have none.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Target => " %",
            Self::Minimum | Self::Maximum => "",
            Self::Window => " s",
            Self::CpuRequest | Self::CpuLimit => "m",
            Self::MemoryRequest | Self::MemoryLimit => "Mi",
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// The values of all settings; `None` is unknown or not set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSettings([Option<u32>; 8]);

impl AppSettings {
    /// What is in force: the HPA as KEDA made it, and the Deployment.
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut all = Self::default();
        if let Some(hpa) = &snapshot.autoscaler {
            all.set(Setting::Target, hpa.target_percent);
            all.set(Setting::Minimum, Some(hpa.min_replicas));
            all.set(Setting::Maximum, Some(hpa.max_replicas));
            all.set(Setting::Window, Some(hpa.rules.down_window_s));
        }
        if let Some(app) = &snapshot.deployment {
            let whole = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
            all.set(Setting::CpuRequest, whole(app.cpu_request_m));
            all.set(Setting::CpuLimit, whole(app.cpu_limit_m));
            all.set(Setting::MemoryRequest, whole(app.memory_request_mi));
            all.set(Setting::MemoryLimit, whole(app.memory_limit_mi));
        }
        all
    }

    pub fn get(&self, setting: Setting) -> Option<u32> {
        self.0[setting.index()]
    }

    pub fn set(&mut self, setting: Setting, value: Option<u32>) {
        self.0[setting.index()] = value;
    }

    /// These values, and where there is none the other's.
    pub fn or(&self, other: &Self) -> Self {
        let mut all = *self;
        for setting in Setting::ALL {
            all.set(setting, self.get(setting).or(other.get(setting)));
        }
        all
    }

    /// The settings that have a value, with it.
    pub fn known(&self) -> impl Iterator<Item = (Setting, u32)> {
        Setting::ALL
            .into_iter()
            .filter_map(|setting| Some((setting, self.get(setting)?)))
    }

    /// As a form's hidden field: `60,1,10,80,50,100,,`.
    pub fn to_list(&self) -> String {
        let texts = self
            .0
            .map(|value| value.map(|v| v.to_string()).unwrap_or_default());
        texts.join(",")
    }

    /// Reads [`AppSettings::to_list`]. What cannot be read is unknown.
    pub fn from_list(text: &str) -> Self {
        let mut all = Self::default();
        for (setting, value) in Setting::ALL.into_iter().zip(text.split(',')) {
            all.set(setting, value.trim().parse().ok());
        }
        all
    }

    /// What does not fit together, as far as one of `changed` takes part in it: what was there before is nobody's
    /// mistake now.
    pub fn contradictions(&self, changed: &Self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut pair = |low: Setting, high: Setting, what: fn(u32) -> Wrong| {
            if let (Some(least), Some(value)) = (self.get(low), self.get(high))
                && value < least
                && (changed.get(low).is_some() || changed.get(high).is_some())
            {
                problems.push(Problem {
                    setting: high,
                    wrong: what(least),
                });
            }
        };
        let below_minimum = |minimum| Wrong::BelowMinimum { minimum };
        let below_request = |request| Wrong::BelowRequest { request };
        pair(Setting::Minimum, Setting::Maximum, below_minimum);
        pair(Setting::CpuRequest, Setting::CpuLimit, below_request);
        pair(Setting::MemoryRequest, Setting::MemoryLimit, below_request);
        problems.extend(self.never_reached(changed));
        problems
    }

    /// A pod cannot use more than its limit: with a target so high that the HPA tolerates even that, nothing scales.
    fn never_reached(&self, changed: &Self) -> Option<Problem> {
        let all = [Setting::Target, Setting::CpuRequest, Setting::CpuLimit];
        let [target, request, limit] = all.map(|setting| self.get(setting).map(u64::from));
        let (target, request, limit) = (target?, request?, limit?);
        if request == 0 || limit < request || all.iter().all(|s| changed.get(*s).is_none()) {
            return None;
        }
        let most_percent = limit * 100 / request;
        // The HPA's tolerance of 0.1 upwards: kube-controller-manager `--horizontal-pod-autoscaler-tolerance`.
        (target * 11 >= most_percent * 10).then_some(Problem {
            setting: Setting::Target,
            wrong: Wrong::NeverReached {
                most_percent: most_percent.try_into().unwrap_or(u32::MAX),
            },
        })
    }
}

/// The fields of the form as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed(pub [String; 8]);

impl Typed {
    /// The fields filled in with values; unknown is empty.
    pub fn of(values: &AppSettings) -> Self {
        Self(
            values
                .0
                .map(|value| value.map(|v| v.to_string()).unwrap_or_default()),
        )
    }

    pub fn get(&self, setting: Setting) -> &str {
        &self.0[setting.index()]
    }

    /// The settings that are to become others than they `were` when the form was filled in, with their new values. An
    /// untouched field asks for nothing, so that a change by kubectl meanwhile is not undone by it.
    ///
    /// # Errors
    /// Each field that is no whole number or out of its range, and what does not fit together.
    pub fn changes(&self, were: &AppSettings) -> Result<AppSettings, Vec<Problem>> {
        let mut changed = AppSettings::default();
        let mut problems = Vec::new();
        for setting in Setting::ALL {
            let before = were.get(setting);
            match read(setting, self.get(setting), before) {
                Ok(value) => changed.set(setting, value.filter(|value| Some(*value) != before)),
                Err(wrong) => problems.push(Problem { setting, wrong }),
            }
        }
        problems.extend(changed.or(were).contradictions(&changed));
        if problems.is_empty() {
            Ok(changed)
        } else {
            Err(problems)
        }
    }
}

/// What a form asks for: its fields, and what stood in them before they were touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsForm {
    pub typed: Typed,
    pub were: AppSettings,
}

/// One field. What stood there before is taken, whatever the range.
fn read(setting: Setting, typed: &str, before: Option<u32>) -> Result<Option<u32>, Wrong> {
    let typed = typed.trim();
    if typed.is_empty() {
        return if before.is_none() {
            Ok(None)
        } else {
            Err(Wrong::Empty)
        };
    }
    let digits = typed.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        let typed = typed.chars().take(SHOWN).collect();
        return Err(Wrong::NotWhole { typed });
    }
    let (least, most) = setting.range();
    match typed.parse() {
        Ok(value) if Some(value) == before || (least..=most).contains(&value) => Ok(Some(value)),
        _ => Err(Wrong::OutOfRange),
    }
}

/// As much of a wrong text is repeated.
const SHOWN: usize = 20;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub setting: Setting,
    pub wrong: Wrong,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    Empty,
    NotWhole {
        typed: String,
    },
    OutOfRange,
    BelowMinimum {
        minimum: u32,
    },
    BelowRequest {
        request: u32,
    },
    /// No pod can use so much: `most_percent` of the request is the limit.
    NeverReached {
        most_percent: u32,
    },
    /// The quota has room for `room` of its unit; the smallest number of pods needs `needed`.
    OverQuota {
        quota: String,
        room: u32,
        needed: u32,
    },
    /// A LimitRange allows a container `least` to `most`.
    OverRange {
        range: String,
        least: Option<u32>,
        most: Option<u32>,
    },
    /// What would hold it is not there, or cannot be told.
    Nowhere {
        why: Nowhere,
    },
}

/// Why a setting has no place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nowhere {
    NoObject,
    /// The ScaledObject has no CPU trigger by utilisation.
    NoTrigger {
        object: String,
    },
    /// Which of the containers is the app cannot be told.
    ManyContainers {
        object: String,
        containers: u32,
    },
}

/// A field that another field manager owns, as a conflict of Server-Side Apply tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedField {
    /// `ScaledObject webapp`.
    pub object: String,
    /// `kubectl`.
    pub owner: String,
    /// `.spec.maxReplicaCount`.
    pub field: String,
}

/// Settings that were not taken, with all that was typed, so that nothing of it is lost without scripts either.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub typed: Typed,
    pub why: WhyRefused,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyRefused {
    /// Fields are at fault.
    Problems { problems: Vec<Problem> },
    /// Others own what would be changed.
    Owned { fields: Vec<OwnedField> },
    /// Nothing was changed in the form.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples;

    fn present() -> AppSettings {
        AppSettings::from_list("60,1,10,80,50,100,64,256")
    }

    fn typed(setting: Setting, text: &str) -> Typed {
        let mut typed = Typed::of(&present());
        typed.0[setting.index()] = text.to_owned();
        typed
    }

    fn wrong(setting: Setting, text: &str) -> Vec<Problem> {
        let changes = typed(setting, text).changes(&present());
        changes.expect_err("refused")
    }

    #[test]
    fn present_values_are_those_in_force() {
        let present = AppSettings::of(&samples::idle());
        assert_eq!(present.to_list(), "60,1,10,80,50,100,64,256");
        assert_eq!(
            AppSettings::of(&samples::nothing()),
            AppSettings::default(),
            "unknown, not 0"
        );
        assert_eq!(AppSettings::from_list(&present.to_list()), present);
        assert_eq!(AppSettings::from_list("x,,1e9"), AppSettings::default());
    }

    #[test]
    fn only_what_was_changed_is_asked_for() {
        let changed = typed(Setting::Maximum, " 4 ").changes(&present()).unwrap();
        assert_eq!(changed.known().collect::<Vec<_>>(), [(Setting::Maximum, 4)]);
        let same = Typed::of(&present()).changes(&present()).unwrap();
        assert_eq!(same.known().count(), 0);
    }

    #[test]
    fn bad_input_is_told_by_field() {
        for text in ["1e9", "-1", "60 %", "½", "<b>4</b>", "4.5", "0x10", "１０"] {
            let found = wrong(Setting::Maximum, text);
            assert_eq!(found.len(), 1, "{text}");
            assert!(
                matches!(&found[0].wrong, Wrong::NotWhole { typed } if typed.as_str() == text),
                "{text}"
            );
        }
        for (setting, text) in [
            (Setting::Minimum, "0"),
            (Setting::Maximum, "51"),
            (Setting::Maximum, "99999999999999999999"),
            (Setting::Window, "3601"),
            (Setting::CpuRequest, "9"),
            (Setting::MemoryLimit, "5000"),
        ] {
            let problem = Problem {
                setting,
                wrong: Wrong::OutOfRange,
            };
            assert!(wrong(setting, text).contains(&problem), "{text}");
        }
        assert_eq!(
            wrong(Setting::Target, "  "),
            [Problem {
                setting: Setting::Target,
                wrong: Wrong::Empty
            }]
        );
        let long = "x".repeat(1000);
        assert!(
            matches!(&wrong(Setting::Target, &long)[0].wrong, Wrong::NotWhole { typed } if typed.len() == SHOWN)
        );
    }

    #[test]
    fn unknown_value_may_stay_unknown() {
        let changed = Typed::of(&AppSettings::default()).changes(&AppSettings::default());
        assert_eq!(changed, Ok(AppSettings::default()));
    }

    #[test]
    fn values_must_fit_together() {
        let told = |setting, text| wrong(setting, text).remove(0);
        assert_eq!(
            told(Setting::Minimum, "11"),
            Problem {
                setting: Setting::Maximum,
                wrong: Wrong::BelowMinimum { minimum: 11 }
            }
        );
        assert_eq!(
            told(Setting::CpuLimit, "40"),
            Problem {
                setting: Setting::CpuLimit,
                wrong: Wrong::BelowRequest { request: 50 }
            }
        );
        assert_eq!(
            told(Setting::MemoryRequest, "300").wrong,
            Wrong::BelowRequest { request: 300 }
        );
        // 200 % is all that a pod can show: from 182 % on the HPA tolerates it.
        assert!(typed(Setting::Target, "181").changes(&present()).is_ok());
        assert_eq!(
            told(Setting::Target, "182").wrong,
            Wrong::NeverReached { most_percent: 200 }
        );
    }

    #[test]
    fn what_was_wrong_before_does_not_keep_other_changes() {
        let before = AppSettings::from_list("60,5,3,80,50,100,16,256");
        let mut typed = Typed::of(&before);
        typed.0[Setting::Target.index()] = "50".to_owned();
        let changed = typed.changes(&before).unwrap();
        assert_eq!(changed.known().collect::<Vec<_>>(), [(Setting::Target, 50)]);
    }
}
