//! Troubles of the whole cluster at will, for the demo, rehearsals and tests: each [`Switch`] goes on and off at run time,
//! and off means that the cluster heals as a real one does.
//!
//! The API server and the controllers ask [`Faults`] what holds. What a trouble changes among the objects is in
//! `registrations`; troubles of single namespaces are sentinels in objects (docs/simulator.md) and not here.

mod registrations;
mod switch;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

pub use switch::{Range, Setting, SettingError, Switch};

use crate::random::Random;
use crate::store::{Resource, Store};
use registrations::Registrations;

/// What answers for metrics.k8s.io.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricsApi {
    /// metrics-server.
    #[default]
    Serving,
    /// Nothing: the API is not registered, 404.
    Absent,
    /// A metrics-server that is down, 503.
    Unavailable,
}

/// How the API server refuses a request before it looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 503.
    Away,
    /// 429.
    TooManyRequests,
    /// 500.
    Failed,
}

/// The present faults. Without any, everything works.
#[derive(Debug)]
pub struct Faults {
    store: Arc<Store>,
    on: RwLock<BTreeMap<Switch, Option<i64>>>,
    /// Versions that watches cannot begin from, whatever is switched on.
    oldest_version: RwLock<u64>,
    registrations: Mutex<Registrations>,
    /// Which requests a share meets.
    random: Mutex<Random>,
    /// Count how often watches were cut: all, and those of KEDA's kinds.
    cuts: watch::Sender<u64>,
    keda_cuts: watch::Sender<u64>,
}

impl Faults {
    pub(crate) fn new(store: Arc<Store>, seed: u64) -> Self {
        Self {
            store,
            on: RwLock::default(),
            oldest_version: RwLock::default(),
            registrations: Mutex::default(),
            random: Mutex::new(Random::new(seed ^ 0x6661_756c)),
            cuts: watch::Sender::default(),
            keda_cuts: watch::Sender::default(),
        }
    }

    /// Switches on, or changes the value of what is on.
    pub fn turn_on(&self, setting: impl Into<Setting>) {
        let setting = setting.into();
        self.on.write().insert(setting.switch(), setting.value());
        self.bring_about(setting.switch());
    }

    /// Switches off; nothing happens if it is off.
    pub fn turn_off(&self, switch: Switch) {
        if self.on.write().remove(&switch).is_some() {
            self.bring_about(switch);
        }
    }

    /// Switches everything off.
    pub fn heal(&self) {
        for switch in Switch::ALL {
            self.turn_off(switch);
        }
    }

    /// What is on.
    pub fn on(&self) -> Vec<Setting> {
        let on = self.on.read();
        let settings = on
            .iter()
            .map(|(switch, value)| Setting::new(*switch, *value));
        settings.filter_map(Result::ok).collect()
    }

    /// Whether it is on.
    pub fn is_on(&self, switch: Switch) -> bool {
        self.on.read().contains_key(&switch)
    }

    /// What follows at once: among the objects, and for watches under way.
    fn bring_about(&self, switch: Switch) {
        let mut registrations = self.registrations.lock();
        match switch {
            Switch::MetricsAbsent | Switch::MetricsUnavailable => {
                registrations::metrics(&self.store, self.metrics_api());
            }
            Switch::KedaAbsent => {
                let absent = self.is_keda_absent();
                registrations.keda(&self.store, absent);
                if absent {
                    self.keda_cuts.send_modify(|cuts| *cuts += 1);
                }
            }
            Switch::NodesCordoned => {
                let nodes = self.value(Switch::NodesCordoned).unwrap_or(0);
                registrations.cordon(&self.store, usize::try_from(nodes).unwrap_or(0));
            }
            Switch::ClockSkew => {
                let skew_s = self.value(Switch::ClockSkew).unwrap_or(0);
                self.store.set_skew(jiff::SignedDuration::from_secs(skew_s));
            }
            Switch::ApiServerAway | Switch::WatchesCut | Switch::WatchesExpired => {
                if self.is_on(switch) {
                    self.cut_watches();
                }
            }
            Switch::MetricsLate
            | Switch::KedaOperatorAway
            | Switch::ApiServerSlow
            | Switch::ApiServerThrottles
            | Switch::ApiServerFails => {}
        }
    }

    fn value(&self, switch: Switch) -> Option<i64> {
        self.on.read().get(&switch).copied().flatten()
    }

    fn duration(&self, switch: Switch, unit: Duration) -> Option<Duration> {
        let value = u32::try_from(self.value(switch)?).ok()?;
        Some(unit * value)
    }
}

/// For tests that need less than a switch, or more.
impl Faults {
    /// Takes the API server away (503 for every request, all watches end), or brings it back.
    pub fn set_api_server_down(&self, down: bool) {
        self.set(Switch::ApiServerAway, down);
    }

    /// Ends all running watches and followed logs.
    pub fn cut_watches(&self) {
        for cuts in [&self.cuts, &self.keda_cuts] {
            cuts.send_modify(|cuts| *cuts += 1);
        }
    }

    /// Forgets the versions before `resource_version`: watches from there get 410.
    pub fn expire_versions_before(&self, resource_version: u64) {
        *self.oldest_version.write() = resource_version;
    }

    /// Sets what answers for metrics.k8s.io.
    pub fn set_metrics_api(&self, metrics_api: MetricsApi) {
        self.set(Switch::MetricsAbsent, metrics_api == MetricsApi::Absent);
        self.set(
            Switch::MetricsUnavailable,
            metrics_api == MetricsApi::Unavailable,
        );
    }

    /// Takes KEDA away, or installs it.
    pub fn set_keda_absent(&self, absent: bool) {
        self.set(Switch::KedaAbsent, absent);
    }

    fn set(&self, switch: Switch, on: bool) {
        if on {
            self.turn_on(switch);
        } else {
            self.turn_off(switch);
        }
    }
}

/// What the API server asks.
impl Faults {
    /// What answers for metrics.k8s.io.
    pub fn metrics_api(&self) -> MetricsApi {
        if self.is_on(Switch::MetricsAbsent) {
            MetricsApi::Absent
        } else if self.is_on(Switch::MetricsUnavailable) {
            MetricsApi::Unavailable
        } else {
            MetricsApi::Serving
        }
    }

    /// Whether KEDA is not installed.
    pub fn is_keda_absent(&self) -> bool {
        self.is_on(Switch::KedaAbsent)
    }

    /// Waits as long as a slow API server lets a request wait.
    pub(crate) async fn delay(&self) {
        let delay = self.duration(Switch::ApiServerSlow, Duration::from_millis(1));
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
    }

    /// Whether a request is refused. Priority and fairness exempts `system:masters`
    /// (apiserver `pkg/apis/flowcontrol/bootstrap/default.go`, the schema `exempt`).
    pub(crate) fn refusal(&self, is_exempt: bool) -> Option<Refusal> {
        if self.is_on(Switch::ApiServerAway) {
            return Some(Refusal::Away);
        }
        if !is_exempt && self.meets(Switch::ApiServerThrottles) {
            return Some(Refusal::TooManyRequests);
        }
        self.meets(Switch::ApiServerFails)
            .then_some(Refusal::Failed)
    }

    /// Whether a share meets this request.
    fn meets(&self, switch: Switch) -> bool {
        let Some(percent) = self.value(switch) else {
            return false;
        };
        self.random.lock().fraction() * 100.0 < percent as f64
    }

    /// Tells the cuts that end a watch of this kind.
    pub(crate) fn cuts_of(&self, resource: &Resource) -> watch::Receiver<u64> {
        if resource.group == "keda.sh" {
            self.keda_cuts.subscribe()
        } else {
            self.cuts.subscribe()
        }
    }

    pub(crate) fn cuts(&self) -> watch::Receiver<u64> {
        self.cuts.subscribe()
    }

    /// The oldest version that a watch can begin from.
    pub(crate) fn oldest_version(&self) -> u64 {
        let compacted = self
            .is_on(Switch::WatchesExpired)
            .then(|| self.store.resource_version());
        compacted.unwrap_or(0).max(*self.oldest_version.read())
    }

    /// How long a watch may last that was to last `wanted`.
    pub(crate) fn watch_lasts(&self, wanted: Duration) -> Duration {
        let second = Duration::from_secs(1);
        let limits = [Switch::WatchesCut, Switch::WatchesExpired];
        let limits = limits.map(|switch| self.duration(switch, second));
        limits.into_iter().flatten().fold(wanted, Duration::min)
    }
}

/// What the controllers ask.
impl Faults {
    /// Whether nobody does the work of KEDA's operator.
    pub(crate) fn is_keda_operator_away(&self) -> bool {
        self.is_on(Switch::KedaOperatorAway) || self.is_keda_absent()
    }

    /// The time between two scrapes, if it is not metrics-server's own.
    pub(crate) fn metric_resolution(&self) -> Option<Duration> {
        self.duration(Switch::MetricsLate, Duration::from_secs(1))
    }
}
