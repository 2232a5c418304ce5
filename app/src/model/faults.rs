//! Troubles at will, in the demo alone: what can be broken, and what is broken now. The words stand in `words/faults.rs`.

use serde::{Deserialize, Serialize};

/// A trouble of the whole cluster. Named as `workshop demo --fault` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    MetricsAbsent,
    MetricsUnavailable,
    MetricsLate,
    KedaAbsent,
    KedaOperatorAway,
    ApiServerAway,
    ApiServerSlow,
    ApiServerThrottles,
    ApiServerFails,
    WatchesCut,
    WatchesExpired,
    ClockSkew,
    NodesCordoned,
}

impl Switch {
    /// All of them, as they are listed.
    pub const ALL: [Self; 13] = [
        Self::MetricsAbsent,
        Self::MetricsUnavailable,
        Self::MetricsLate,
        Self::KedaAbsent,
        Self::KedaOperatorAway,
        Self::ApiServerAway,
        Self::ApiServerSlow,
        Self::ApiServerThrottles,
        Self::ApiServerFails,
        Self::WatchesCut,
        Self::WatchesExpired,
        Self::ClockSkew,
        Self::NodesCordoned,
    ];
}

/// A trouble of one seat, made among its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sentinel {
    ImageMissing,
    CrashLoop,
    OutOfMemory,
    NoNode,
    QuotaFull,
    ConfigMapMissing,
    NeverReady,
    LoadFails,
}

impl Sentinel {
    /// All of them, as they are listed.
    pub const ALL: [Self; 8] = [
        Self::ImageMissing,
        Self::CrashLoop,
        Self::OutOfMemory,
        Self::NoNode,
        Self::QuotaFull,
        Self::ConfigMapMissing,
        Self::NeverReady,
        Self::LoadFails,
    ];
}

/// What is broken now, and what could be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultStates {
    pub switches: Vec<SwitchState>,
    /// All seats, by number.
    pub seats: Vec<SeatFault>,
}

/// One switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchState {
    pub switch: Switch,
    /// As the command line takes it.
    pub name: String,
    pub on: bool,
    /// `None` for a switch that takes no value.
    pub value: Option<SwitchValue>,
}

/// The value of a switch: the present one, or the usual one of a switch that is off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchValue {
    pub value: i64,
    pub least: i64,
    pub most: i64,
    /// `ms`.
    pub unit: String,
}

/// One seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatFault {
    /// The seat's number as its code shows it, `07`.
    pub seat: String,
    pub namespace: String,
    /// What was broken there.
    pub broken: Option<Sentinel>,
}
