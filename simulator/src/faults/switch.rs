//! The switches by name, and what value each takes. Read from the command line and by the demo's page; pure.

use std::fmt;
use std::str::FromStr;

/// One trouble of the whole cluster that is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Switch {
    /// metrics-server is not installed: its APIService is gone, its API answers 404.
    MetricsAbsent,
    /// metrics-server has no pod: its API answers 503.
    MetricsUnavailable,
    /// metrics-server scrapes this seldom, in seconds.
    MetricsLate,
    /// KEDA is not installed: no CustomResourceDefinition, no webhook, no ScaledObject.
    KedaAbsent,
    /// KEDA's operator has no pod: nothing acts on ScaledObjects, its finalizer holds them, its Lease grows old.
    KedaOperatorAway,
    /// Every request gets 503, every watch ends.
    ApiServerAway,
    /// Every request waits this many milliseconds.
    ApiServerSlow,
    /// This share of requests, in percent, gets 429.
    ApiServerThrottles,
    /// This share of requests, in percent, gets 500.
    ApiServerFails,
    /// Every watch ends after this many seconds.
    WatchesCut,
    /// Every watch ends after this many seconds, and only the newest version can be watched from: 410.
    WatchesExpired,
    /// The API server's clock is this many seconds ahead of everybody else's, or behind.
    ClockSkew,
    /// This many nodes take no new pods.
    NodesCordoned,
}

/// A whole number that a switch takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The least value.
    pub least: i64,
    /// The greatest value.
    pub most: i64,
    /// Taken when none is given.
    pub usual: i64,
    /// What is counted.
    pub unit: &'static str,
}

impl Switch {
    /// All of them, in the order in which they are listed.
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

    /// As it is written: `metrics-absent`.
    pub fn name(self) -> &'static str {
        match self {
            Self::MetricsAbsent => "metrics-absent",
            Self::MetricsUnavailable => "metrics-unavailable",
            Self::MetricsLate => "metrics-late",
            Self::KedaAbsent => "keda-absent",
            Self::KedaOperatorAway => "keda-operator-away",
            Self::ApiServerAway => "api-server-away",
            Self::ApiServerSlow => "api-server-slow",
            Self::ApiServerThrottles => "api-server-throttles",
            Self::ApiServerFails => "api-server-fails",
            Self::WatchesCut => "watches-cut",
            Self::WatchesExpired => "watches-expired",
            Self::ClockSkew => "clock-skew",
            Self::NodesCordoned => "nodes-cordoned",
        }
    }

    /// The value that it takes, if it takes one.
    pub fn range(self) -> Option<Range> {
        let range = |least, most, usual, unit| {
            Some(Range {
                least,
                most,
                usual,
                unit,
            })
        };
        match self {
            Self::MetricsAbsent
            | Self::MetricsUnavailable
            | Self::KedaAbsent
            | Self::KedaOperatorAway
            | Self::ApiServerAway => None,
            // 60 s is metrics-server's own default, which its manifest shortens to 15 s.
            Self::MetricsLate => range(30, 600, 60, "s"),
            Self::ApiServerSlow => range(100, 30_000, 2_000, "ms"),
            Self::ApiServerThrottles | Self::ApiServerFails => range(1, 100, 50, "%"),
            Self::WatchesCut | Self::WatchesExpired => range(1, 600, 10, "s"),
            Self::ClockSkew => range(-3_600, 3_600, 120, "s"),
            Self::NodesCordoned => range(1, 100, 3, "nodes"),
        }
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A switch that is to be on, with a value that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    switch: Switch,
    value: Option<i64>,
}

/// Why there is no such setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The name is none of the switches'.
    #[error("there is no fault {0:?}; the faults are {names}", names = names())]
    Unknown(String),
    /// A value where none is taken.
    #[error("{0} takes no value")]
    NoValue(Switch),
    /// A value that is no number, or out of range.
    #[error("{switch} takes a whole number from {least} to {most} ({unit})")]
    Value {
        /// Which one.
        switch: Switch,
        /// The least value.
        least: i64,
        /// The greatest value.
        most: i64,
        /// What is counted.
        unit: &'static str,
    },
}

fn names() -> String {
    Switch::ALL.map(Switch::name).join(", ")
}

impl Setting {
    /// The switch on, with the usual value if none is given.
    ///
    /// # Errors
    /// When the switch takes no value, or not this one.
    pub fn new(switch: Switch, value: Option<i64>) -> Result<Self, SettingError> {
        let value = match (switch.range(), value) {
            (None, None) => None,
            (None, Some(_)) => return Err(SettingError::NoValue(switch)),
            (Some(range), None) => Some(range.usual),
            (Some(range), Some(value)) if (range.least..=range.most).contains(&value) => {
                Some(value)
            }
            (Some(range), Some(_)) => return Err(out_of(switch, range)),
        };
        Ok(Self { switch, value })
    }

    /// Which switch.
    pub fn switch(self) -> Switch {
        self.switch
    }

    /// Its value, if it takes one.
    pub fn value(self) -> Option<i64> {
        self.value
    }
}

fn out_of(switch: Switch, range: Range) -> SettingError {
    SettingError::Value {
        switch,
        least: range.least,
        most: range.most,
        unit: range.unit,
    }
}

impl From<Switch> for Setting {
    /// With the usual value.
    fn from(switch: Switch) -> Self {
        Self {
            switch,
            value: switch.range().map(|range| range.usual),
        }
    }
}

/// `NAME` or `NAME=VALUE`.
impl FromStr for Setting {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let switch = Switch::ALL
            .into_iter()
            .find(|switch| switch.name() == name)
            .ok_or_else(|| SettingError::Unknown(name.to_owned()))?;
        let value = match (value, switch.range()) {
            (None, _) => None,
            (Some(_), None) => return Err(SettingError::NoValue(switch)),
            (Some(text), Some(range)) => Some(text.parse().map_err(|_| out_of(switch, range))?),
        };
        Self::new(switch, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Switch, Option<i64>), String> {
        let setting: Result<Setting, _> = text.parse();
        setting
            .map(|setting| (setting.switch(), setting.value()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_switch_is_read_by_its_name() {
        for switch in Switch::ALL {
            let usual = switch.range().map(|range| range.usual);
            assert_eq!(read(switch.name()), Ok((switch, usual)));
        }
        assert_eq!(read("clock-skew=-90"), Ok((Switch::ClockSkew, Some(-90))));
    }

    #[test]
    fn unknown_name_is_answered_with_all_names() {
        let error = read("metrics=503").unwrap_err();
        assert!(
            error.starts_with("there is no fault \"metrics\"; the faults are metrics-absent, ")
        );
        assert!(
            Switch::ALL
                .iter()
                .all(|switch| error.contains(switch.name()))
        );
    }

    #[test]
    fn value_is_refused_where_none_or_another_is_taken() {
        assert_eq!(
            read("keda-absent=1"),
            Err("keda-absent takes no value".to_owned())
        );
        for value in ["", "x", "99", "30001"] {
            assert_eq!(
                read(&format!("api-server-slow={value}")),
                Err("api-server-slow takes a whole number from 100 to 30000 (ms)".to_owned())
            );
        }
    }
}
