//! The words of the page of faults, which only the demo has: what each trouble does, and what the class will see of it.
//! `server/tests/panel/faults.rs` holds what is said here of the panel.

use crate::model::{FaultStates, SeatFault, Sentinel, Switch, SwitchState};

pub const FAULTS: &str = "Faults";
pub const WHOLE_CLUSTER: &str = "Break the whole cluster";
pub const ONE_SEAT: &str = "Break one seat";
pub const ALL_WORKS: &str = "Everything works again";
pub const TURN_ON: &str = "Turn on";
pub const TURN_OFF: &str = "Turn off";
pub const SEAT: &str = "Seat";
pub const TROUBLE: &str = "Trouble";
pub const BREAK: &str = "Break";
pub const MEND: &str = "Mend";
pub const THE_CLASS_SEES: &str = "The class sees: ";
pub const BROKEN_SEATS: &str = "Broken seats";
pub const NO_BROKEN_SEAT: &str = "No seat is broken.";
pub const WHAT_THIS_IS: &str = "This cluster is simulated, so it can be broken at will. Attendees are not told that it was you.";

/// The page's first line.
pub fn summary(faults: &FaultStates) -> String {
    let on = faults.switches.iter().filter(|s| s.on).count();
    let broken = faults.seats.iter().filter(|s| s.broken.is_some()).count();
    let troubles = match on {
        0 => None,
        1 => Some("1 fault is on".to_owned()),
        on => Some(format!("{on} faults are on")),
    };
    let seats = match broken {
        0 => None,
        1 => Some("1 seat is broken".to_owned()),
        broken => Some(format!("{broken} seats are broken")),
    };
    match (troubles, seats) {
        (None, None) => "Everything works.".to_owned(),
        (Some(one), None) | (None, Some(one)) => format!("{one}."),
        (Some(troubles), Some(seats)) => format!("{troubles}, {seats}."),
    }
}

/// `on, 2000 ms`.
pub fn state(state: &SwitchState) -> String {
    match (state.on, &state.value) {
        (false, _) => "off".to_owned(),
        (true, None) => "● on".to_owned(),
        (true, Some(value)) => format!("● on, {} {}", value.value, value.unit),
    }
}

/// The label of a switch's value: `Percent, 1 to 100`.
pub fn range(unit: &str, least: i64, most: i64) -> String {
    let unit = match unit {
        "s" => "Seconds",
        "ms" => "Milliseconds",
        "%" => "Percent",
        "nodes" => "Nodes",
        other => other,
    };
    format!("{unit}, {least} to {most}")
}

/// The button's name for those who hear it: it begins with what it shows.
pub fn turn(on: bool, switch: Switch) -> String {
    let verb = if on { TURN_OFF } else { TURN_ON };
    format!("{verb}: {}", title(switch))
}

/// The same for a seat.
pub fn mend_seat(seat: &SeatFault) -> String {
    format!("{MEND} seat {}", seat.seat)
}

/// `07 workshop-user-7`.
pub fn seat(seat: &SeatFault) -> String {
    format!("{} {}", seat.seat, seat.namespace)
}

pub fn title(switch: Switch) -> &'static str {
    match switch {
        Switch::MetricsAbsent => "No metrics API",
        Switch::MetricsUnavailable => "Metrics API unavailable",
        Switch::MetricsLate => "Late metrics",
        Switch::KedaAbsent => "No KEDA",
        Switch::KedaOperatorAway => "KEDA's operator away",
        Switch::ApiServerAway => "API server away",
        Switch::ApiServerSlow => "Slow API server",
        Switch::ApiServerThrottles => "API server throttles",
        Switch::ApiServerFails => "API server fails",
        Switch::WatchesCut => "Watches cut",
        Switch::WatchesExpired => "Watches expired",
        Switch::ClockSkew => "Wrong clock",
        Switch::NodesCordoned => "Nodes cordoned",
    }
}

/// What the switch does to the cluster.
pub fn does(switch: Switch) -> &'static str {
    match switch {
        Switch::MetricsAbsent => {
            "metrics-server is not installed: its APIService is gone, and metrics.k8s.io answers 404."
        }
        Switch::MetricsUnavailable => {
            "metrics-server has no pod: its APIService is not available, and metrics.k8s.io answers 503."
        }
        Switch::MetricsLate => {
            "metrics-server takes a sample only this often; by its manifest it does so every 15 s."
        }
        Switch::KedaAbsent => {
            "KEDA is uninstalled, and all ScaledObjects and their HPAs with it. They come back when you turn this off."
        }
        Switch::KedaOperatorAway => {
            "KEDA's operator has no pod: ScaledObjects and HPAs stay, but nothing acts on a new or deleted ScaledObject."
        }
        Switch::ApiServerAway => {
            "Every request is answered 503, and all watches end. Nobody can sign in, so stay signed in yourself."
        }
        Switch::ApiServerSlow => "Every request waits this long before it is answered.",
        Switch::ApiServerThrottles => {
            "This share of requests is answered 429, to be tried again after 1 s. Administrators are exempt."
        }
        Switch::ApiServerFails => {
            "This share of requests is answered 500, as when etcd is overloaded."
        }
        Switch::WatchesCut => {
            "Every watch ends after this time, as behind a proxy that is too strict."
        }
        Switch::WatchesExpired => {
            "Every watch ends after this time, and what was missed is compacted: 410, list everything again."
        }
        Switch::ClockSkew => {
            "The clock of the API server alone is this far ahead, or behind if negative: its Date and the times that it sets."
        }
        Switch::NodesCordoned => {
            "So many nodes take no new pods. With all three of them the cluster is full."
        }
    }
}

/// What an attendee's page says of it.
pub fn seen(switch: Switch) -> &'static str {
    match switch {
        Switch::MetricsAbsent => {
            "“This cluster has no metrics API”, within half a minute. No scaling until it is back."
        }
        Switch::MetricsUnavailable => {
            "“metrics-server does not answer”, after 10 s. The number of pods stays as it is."
        }
        Switch::MetricsLate => {
            "“CPU samples come late”, from the next sample on. Each step takes longer."
        }
        Switch::KedaAbsent => {
            "“This cluster has no KEDA”, within half a minute. No scaling until it is back."
        }
        Switch::KedaOperatorAway => {
            "nothing while the app runs, since the HPA needs no KEDA; 15 s after Deploy “KEDA has not touched ScaledObject webapp”, and Clean up hangs: “cannot go”."
        }
        Switch::ApiServerAway => {
            "“The cluster does not answer”, within seconds, with the last known state. Buttons are off."
        }
        Switch::ApiServerSlow => "buttons take longer. From 5 s on: “The cluster does not answer”.",
        Switch::ApiServerThrottles => {
            "buttons that fail now and then, and figures that stand still for moments."
        }
        Switch::ApiServerFails => {
            "“The cluster does not answer” now and then, and buttons that fail."
        }
        Switch::WatchesCut | Switch::WatchesExpired => "nothing, if the panel does its work.",
        Switch::ClockSkew => "samples and looks that seem older or newer than they are.",
        Switch::NodesCordoned => {
            "“find no node”, as soon as a pod is to start. Pods that run go on."
        }
    }
}

pub fn sentinel(sentinel: Sentinel) -> &'static str {
    match sentinel {
        Sentinel::ImageMissing => "Image that cannot be pulled",
        Sentinel::CrashLoop => "Crash loop",
        Sentinel::OutOfMemory => "Out of memory",
        Sentinel::NoNode => "No node fits",
        Sentinel::QuotaFull => "Quota full",
        Sentinel::ConfigMapMissing => "ConfigMap missing",
        Sentinel::NeverReady => "Never ready",
        Sentinel::LoadFails => "Load that fails at once",
    }
}

/// What is done among the seat's objects, and what its page says then.
pub fn sentinel_does(sentinel: Sentinel) -> &'static str {
    match sentinel {
        Sentinel::ImageMissing => {
            "The Deployment asks for a tag that its registry does not have. “The image … cannot be pulled.”"
        }
        Sentinel::CrashLoop => {
            "The app ends a second after each start. “The container … ends again and again.”"
        }
        Sentinel::OutOfMemory => {
            "The app needs more memory than its limit and is killed. “Container webapp was killed.”"
        }
        Sentinel::NoNode => {
            "The pod wants a node with a label that none has. “1 pod finds no node.”"
        }
        Sentinel::QuotaFull => {
            "A ResourceQuota allows no new pod. “Quota faults is full”, as soon as a pod is to start."
        }
        Sentinel::ConfigMapMissing => {
            "The new pod mounts a ConfigMap that is not there. “The pod waits: ConfigMap … is missing.”"
        }
        Sentinel::NeverReady => {
            "The readiness probe asks a port that nobody serves. “1 pod runs but is not ready”, after 45 s."
        }
        Sentinel::LoadFails => {
            "A load is started whose program ends with an error. “Locust ended before it sent a request.”"
        }
    }
}

/// Why a seat cannot be broken now.
pub fn deploy_first(seat: &str) -> String {
    format!("Nothing is deployed on seat {seat}: press Deploy there first.")
}

pub fn mend_first(seat: &str) -> String {
    format!("Seat {seat} is broken already: mend it first.")
}

pub fn load_is_on(seat: &str) -> String {
    format!("A load is there on seat {seat}: stop it first, or wait until its Job is gone.")
}

/// When the simulated API does not take a change.
pub fn no_answer() -> String {
    "The simulated cluster refused the change. If its API server is broken, turn that off first."
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(on: &[bool], broken: &[Option<Sentinel>]) -> FaultStates {
        let switches = on.iter().map(|on| SwitchState {
            switch: Switch::MetricsAbsent,
            name: "metrics-absent".to_owned(),
            on: *on,
            value: None,
        });
        let seats = broken.iter().map(|broken| SeatFault {
            seat: "01".to_owned(),
            namespace: "workshop-user-1".to_owned(),
            broken: *broken,
        });
        FaultStates {
            switches: switches.collect(),
            seats: seats.collect(),
        }
    }

    #[test]
    fn summary_counts_faults_and_seats() {
        let crash = Some(Sentinel::CrashLoop);
        for (on, broken, says) in [
            (&[false][..], &[None][..], "Everything works."),
            (&[true, false], &[None], "1 fault is on."),
            (&[true, true], &[], "2 faults are on."),
            (&[false], &[crash, None], "1 seat is broken."),
            (
                &[true],
                &[crash, crash],
                "1 fault is on, 2 seats are broken.",
            ),
        ] {
            assert_eq!(summary(&states(on, broken)), says);
        }
    }
}
