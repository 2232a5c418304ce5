//! The way down: the wait for it, and the step itself. Part of [`super`].

use super::{Scene, Why};
use crate::figures::{Zone, clock, count, seconds_between, span};
use crate::model::TimeMs;

/// The wait for scale-down.
pub(super) struct Held {
    pub(super) replicas: u32,
    pub(super) percent: u32,
    pub(super) would_do: u32,
    pub(super) window_s: u32,
    pub(super) highest_at: Option<TimeMs>,
    pub(super) highest: Option<u32>,
    pub(super) until: Option<TimeMs>,
}

/// The countdown names a look: the first expected one after the window, or, before the looks' beat is known, the window's
/// end and the 15 s in which a look comes.
pub(super) fn held_by_window(held: &Held, scene: Scene<'_>, now: TimeMs, zone: Zone) -> Why {
    let stays = |more: &str| {
        let pods = count(held.would_do, "pod", "pods");
        format!(
            "Stays at {}{more}. CPU is {} %: {pods} would do.",
            held.replicas, held.percent
        )
    };
    let window_ends = held
        .highest_at
        .map(|at| at.plus_ms(i64::from(held.window_s) * 1000));
    let left = |until: TimeMs| span(seconds_between(now, until));
    let (more, first_look) = match (held.until, window_ends) {
        (Some(until), _) => (
            if until > now {
                format!(" for about {} more", left(until))
            } else {
                " until the HPA's next look".to_owned()
            },
            format!(" First look after that: about {}.", clock(until, zone)),
        ),
        (None, Some(ends)) => (
            if ends > now {
                format!(" for at least {} more", left(ends))
            } else {
                " until the HPA's next look, within 15 s".to_owned()
            },
            format!(
                " First look after that: within 15 s of {}.",
                clock(ends, zone)
            ),
        ),
        (None, None) => (String::new(), String::new()),
    };
    let seen = match (held.highest, held.highest_at) {
        (Some(highest), Some(at)) => format!(": {highest} at {}", clock(at, zone)),
        _ => String::new(),
    };
    // Only who has written one can take it for the cause.
    let cooldown = match scene.by_keda {
        true => " cooldownPeriod plays no part: it is only for 1 → 0.",
        false => "",
    };
    Why {
        announced: stays(""),
        ..Why::new(
            "▽",
            stays(&more),
            format!(
                "The HPA keeps the highest recommendation of the last {} s{seen}.{first_look}{cooldown}",
                held.window_s
            ),
        )
    }
    .says("ScaleDownStabilized")
}

pub(super) fn scaled_down(
    from: u32,
    to: u32,
    wanted: u32,
    minimum: u32,
    formula: String,
    percent: u32,
    scene: Scene<'_>,
) -> Why {
    let rules = scene.autoscaler.map(|a| a.rules);
    let at_once = rules.is_none_or(|rules| rules.down_at_once);
    let enough = wanted.max(minimum);
    if to > enough {
        // What holds it up now is a smaller recommendation, or the policies.
        let why = if at_once {
            format!(", but the window still holds a recommendation of {to}.")
        } else {
            "; the policies allow no more now.".to_owned()
        };
        let pods = count(enough, "pod", "pods");
        let sentence = format!("{from} → {to}: CPU is {percent} %, {pods} would do{why}");
        return Why::new("▼", sentence, formula);
    }
    let least = if to > wanted {
        format!(" · minimum {minimum}")
    } else {
        String::new()
    };
    let policy = if at_once {
        " · policy: up to 100 % of the pods in 15 s"
    } else {
        ""
    };
    Why::new(
        "▼",
        format!(
            "{from} → {to} in one step: CPU is {percent} %, and no higher recommendation is left in the window."
        ),
        format!("{formula}{least}{policy}"),
    )
}
