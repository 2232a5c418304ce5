//! The five cells of the loop.

use crate::figures::span;

pub const LOOP: &str = "The loop";

pub const LOAD: &str = "Load";
pub const PODS: &str = "Pods";
pub const CPU_SAMPLE: &str = "CPU sample";
pub const HPA: &str = "HPA";
pub const DEPLOYMENT: &str = "Deployment";
pub const KEDA_MADE_THIS: &str = "KEDA made this HPA";
pub const NO_LOAD_NOW: &str = "no load";
pub const THROUGH_SERVICE: &str = "through Service";
pub const NO_SAMPLE: &str = "no sample";
pub const NO_DEPLOYMENT: &str = "not deployed";
pub const NO_HPA: &str = "no HPA";
pub const NO_FIGURES_YET: &str = "no figures yet";
pub const NO_VALUE_YET: &str = "no CPU value yet";
pub const NOT_RESCALED: &str = "not rescaled yet";

/// `CPU 181 %`, where there is no room for more.
pub fn cpu_percent(percent: &str) -> String {
    format!("CPU {percent}")
}

/// `6 of 8 asked`, where there is no room for more.
pub fn ready_of_asked(ready: u32, asked: u32) -> String {
    format!("{ready} of {asked} asked")
}

/// `31/s · p95 9.8 s`.
pub fn rate_and_p95(rate: &str, p95: &str) -> String {
    format!("{rate}/s · p95 {p95}")
}

/// `181 % of request`.
pub fn percent_of_request(percent: u32) -> String {
    format!("{percent} % of request")
}

/// `6 s old, covers 15 s`.
pub fn sample_age(age_s: i64, window_s: i64) -> String {
    format!("{} old, covers {window_s} s", span(age_s))
}

/// `asked for 8`.
pub fn asked_for(pods: u32) -> String {
    format!("asked for {pods}")
}

/// `5 s ago`.
pub fn ago(seconds: i64) -> String {
    format!("{} ago", span(seconds))
}

/// `6 ready, 2 starting`.
pub fn pods_ready(ready: u32, existing: u32) -> String {
    match existing.saturating_sub(ready) {
        0 => format!("{ready} ready"),
        starting => format!("{ready} ready, {starting} starting"),
    }
}

pub fn next_look_in(seconds: Option<i64>) -> String {
    match seconds {
        Some(seconds) => format!("next look in {seconds} s"),
        None => "next look within 15 s".to_owned(),
    }
}

pub fn wanted_allowed(wanted: Option<u32>, allowed: u32) -> String {
    match wanted {
        Some(wanted) if wanted != allowed => format!("wanted {wanted}, allowed {allowed}"),
        _ => format!("wanted {allowed}"),
    }
}
