//! The reaction times of a scale-up, in words. Part of [`super`].

use crate::figures::{UNKNOWN, response, seconds_between, span};
use crate::model::{Reaction, TimeMs};

pub const REACTIONS: &str = "Reaction times";
pub const NO_REACTION: &str = "No scale-up yet. Here will stand how long each step of one took.";
pub const NEWER_REACTION: &str = "Newer scale-up";
pub const OLDER_REACTION: &str = "Older scale-up";
pub const USERS_ON: &str = "users on";

/// Stands where a stage is not reached yet.
const NOT_YET: &str = "…";

/// `Reaction, 1 → 4`.
pub fn reaction_title(reaction: &Reaction) -> String {
    format!("Reaction, {} → {}", reaction.from, reaction.to)
}

/// The stages after `users on`, each with the time that the way to it took.
pub fn stages(reaction: &Reaction) -> [(String, &'static str); 4] {
    let took = |from: Option<TimeMs>, to: Option<TimeMs>| match (from, to) {
        (Some(from), Some(to)) => span(seconds_between(from, to)),
        _ => missing(reaction).to_owned(),
    };
    let Reaction {
        users_on,
        decision,
        ready,
        first_sample,
        counted,
        ..
    } = *reaction;
    let decided = users_on.map(|users_on| span(seconds_between(users_on, decision)));
    [
        (decided.unwrap_or_else(|| UNKNOWN.to_owned()), "decision"),
        (took(Some(decision), ready), "ready"),
        (took(ready, first_sample), "first sample"),
        (took(first_sample, counted), "counted by the HPA"),
    ]
}

/// `p95 before 12.0 s, 30 s after 5.1 s`.
pub fn p95_around(reaction: &Reaction) -> String {
    let before = reaction.p95_before_ms.map(response);
    let after = reaction.p95_after_ms.map(response);
    format!(
        "p95 before {}, 30 s after {}",
        before.unwrap_or_else(|| UNKNOWN.to_owned()),
        after.unwrap_or_else(|| missing(reaction).to_owned())
    )
}

fn missing(reaction: &Reaction) -> &'static str {
    if reaction.over { UNKNOWN } else { NOT_YET }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::at;

    fn reaction() -> Reaction {
        Reaction {
            from: 1,
            to: 4,
            users_on: Some(at(50.8)),
            decision: at(75.8),
            ready: Some(at(80.9)),
            first_sample: Some(at(100.9)),
            counted: Some(at(106.9)),
            p95_before_ms: Some(12_000),
            p95_after_ms: Some(5_100),
            over: false,
        }
    }

    fn line(reaction: &Reaction) -> String {
        let stages = stages(reaction).map(|(took, stage)| format!("─{took}─▶ {stage}"));
        format!("{USERS_ON} {}", stages.join(" "))
    }

    #[test]
    fn each_stage_has_the_time_of_its_way() {
        assert_eq!(reaction_title(&reaction()), "Reaction, 1 → 4");
        assert_eq!(
            line(&reaction()),
            "users on ─25 s─▶ decision ─5 s─▶ ready ─20 s─▶ first sample ─6 s─▶ counted by the HPA"
        );
        assert_eq!(
            p95_around(&reaction()),
            "p95 before 12.0 s, 30 s after 5.1 s"
        );
    }

    #[test]
    fn stage_not_reached_is_open_and_one_that_will_not_be_is_unknown() {
        let mut open = Reaction {
            first_sample: None,
            counted: None,
            p95_after_ms: None,
            ..reaction()
        };
        assert!(line(&open).ends_with("─5 s─▶ ready ─…─▶ first sample ─…─▶ counted by the HPA"));
        assert!(p95_around(&open).ends_with("30 s after …"));
        open.over = true;
        assert!(line(&open).ends_with("─—─▶ first sample ─—─▶ counted by the HPA"));
        open.users_on = None;
        assert!(line(&open).starts_with("users on ─—─▶ decision"));
    }
}
