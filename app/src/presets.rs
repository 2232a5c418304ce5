//! Values of a load by what they teach, for the app as it is deployed, and what one request costs. Pure.
//!
//! That each does what its name says is proved by `server/tests/panel/presets.rs`, with the settings that Deploy begins with;
//! for other settings they grow and shrink with what one pod serves at the target.

use crate::model::{LoadSettings, Snapshot};

/// What decides how many pods a load needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppSize {
    /// CPU request and limit of one pod in milli-cores.
    pub request_m: i64,
    pub limit_m: Option<i64>,
    /// Target utilisation in percent of the request.
    pub target_percent: u32,
    pub max_replicas: u32,
}

impl AppSize {
    /// What Deploy begins with (`Settings::default` in server/src/workshop/manifests.rs).
    pub const DEFAULT: Self = Self {
        request_m: 50,
        limit_m: Some(100),
        target_percent: 60,
        max_replicas: 10,
    };

    /// As it is deployed; what is not known is as Deploy makes it.
    pub fn of(snapshot: Option<&Snapshot>) -> Self {
        let deployment = snapshot.and_then(|s| s.deployment.as_ref());
        let autoscaler = snapshot.and_then(|s| s.autoscaler.as_ref());
        let request = deployment.and_then(|d| d.cpu_request_m);
        let target = autoscaler.and_then(|a| a.target_percent);
        Self {
            request_m: request.unwrap_or(Self::DEFAULT.request_m),
            limit_m: deployment.map_or(Self::DEFAULT.limit_m, |d| d.cpu_limit_m),
            target_percent: target.unwrap_or(Self::DEFAULT.target_percent),
            max_replicas: autoscaler.map_or(Self::DEFAULT.max_replicas, |a| a.max_replicas),
        }
    }

    /// CPU of one pod at the target, against that of [`Self::DEFAULT`].
    fn of_a_pod(self) -> f64 {
        let at_target = |size: Self| size.request_m as f64 * f64::from(size.target_percent);
        at_target(self) / at_target(Self::DEFAULT)
    }

    /// The same of all pods at the maximum.
    fn of_all_pods(self) -> f64 {
        let most = f64::from(self.max_replicas) / f64::from(Self::DEFAULT.max_replicas);
        self.of_a_pod() * most
    }
}

/// Values by what they teach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    ReachesMaximum,
    SettlesBelow,
    TooSmall,
    Handout,
}

impl Preset {
    /// In the order of the form.
    pub const ALL: [Self; 4] = [
        Self::ReachesMaximum,
        Self::SettlesBelow,
        Self::TooSmall,
        Self::Handout,
    ];

    /// Its values for this app. Only the number of users tells them apart: what one request costs is the same.
    pub fn load(self, app: AppSize) -> LoadSettings {
        let (users, grows) = match self {
            Self::ReachesMaximum => (LoadSettings::DEFAULT.users, app.of_all_pods()),
            Self::SettlesBelow => (15, app.of_all_pods()),
            Self::TooSmall => (2, app.of_a_pod()),
            Self::Handout => return LoadSettings::HANDOUT,
        };
        let users = (f64::from(users) * grows).round().max(1.0) as u32;
        LoadSettings {
            users,
            spawn_rate: LoadSettings::DEFAULT.spawn_rate.min(users),
            ..LoadSettings::DEFAULT
        }
    }
}

/// CPU seconds of `fib(35)` on the machine of the recordings; other machines need 0.8 to 1.3 s. The same as
/// `FIB_35_S` in autoscaling/src/load/cost.rs, which `server/tests/panel/presets.rs` compares.
const FIB_35_S: f64 = 0.92;

/// Naive recursion calls itself `fib(n)` times, which grows by the golden ratio.
const GOLDEN_RATIO: f64 = 1.618_033_988_749_895;

/// The kernel's period in which a container may use its limit (`cpuCFSQuotaPeriod` of the kubelet).
const PERIOD_S: f64 = 0.1;

/// CPU seconds of one request `/fib?n=…`.
pub fn cost_s(n: u32) -> f64 {
    FIB_35_S * GOLDEN_RATIO.powf(f64::from(n) - 35.0)
}

/// Seconds until one request is answered by a pod that has nothing else to do: what its quota of a period does not
/// hold goes on in the next one.
pub fn request_s(n: u32, limit_m: Option<i64>) -> f64 {
    let cost = cost_s(n);
    let Some(limit_m) = limit_m.filter(|limit| *limit > 0) else {
        return cost;
    };
    let quota = PERIOD_S * limit_m as f64 / 1000.0;
    // A pod with more than one CPU computes a request in one thread all the same.
    if quota >= PERIOD_S {
        return cost;
    }
    let full_periods = (cost / quota).floor();
    full_periods * PERIOD_S + (cost - full_periods * quota)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples;

    #[test]
    fn presets_are_those_of_the_scenarios() {
        let users = Preset::ALL.map(|preset| preset.load(AppSize::DEFAULT).users);
        assert_eq!(users, [150, 15, 2, 150]);
        assert_eq!(
            Preset::ReachesMaximum.load(AppSize::DEFAULT),
            LoadSettings::DEFAULT
        );
    }

    #[test]
    fn presets_grow_with_what_the_pods_serve() {
        let twice = AppSize {
            request_m: 100,
            max_replicas: 5,
            ..AppSize::DEFAULT
        };
        let users = Preset::ALL.map(|preset| preset.load(twice).users);
        assert_eq!(users, [150, 15, 4, 150]);
    }

    #[test]
    fn size_of_the_app_is_what_is_deployed() {
        assert_eq!(AppSize::of(Some(&samples::idle())), AppSize::DEFAULT);
        let mut snapshot = samples::idle();
        if let Some(deployment) = &mut snapshot.deployment {
            deployment.cpu_limit_m = None;
        }
        assert_eq!(AppSize::of(Some(&snapshot)).limit_m, None);
        assert_eq!(AppSize::of(None), AppSize::DEFAULT);
    }

    #[test]
    fn a_request_waits_for_the_quota_of_the_next_period() {
        let near = |is: f64, should: f64| assert!((is - should).abs() < 0.005, "{is}");
        // 12 ms of CPU: 10 in the first period, the rest in the second.
        near(request_s(26, Some(100)), 0.102);
        near(request_s(26, None), 0.012);
        // The handout's n: 92 periods.
        near(request_s(35, Some(100)), 9.2);
        near(request_s(35, Some(2000)), 0.92);
    }
}
