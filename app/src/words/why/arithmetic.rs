//! What the HPA computes, as it is written out beside a sentence. Part of [`super`].

use super::Scene;
use crate::model::Counted;

/// `ceil(4 × 181 / 60) = 13`: the formula of the HPA, its result computed here.
/// Source: <https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#algorithm-details>
pub(super) fn formula(replicas: u32, percent: u32, target: u32) -> String {
    format!(
        "ceil({replicas} × {percent} / {target}) = {}",
        ceil(replicas, percent, target)
    )
}

fn ceil(replicas: u32, percent: u32, target: u32) -> u32 {
    (replicas * percent).div_ceil(target.max(1))
}

/// The same with the quotient in between.
pub(super) fn formula_in_steps(replicas: u32, percent: u32, target: u32) -> String {
    let quotient = f64::from(replicas * percent) / f64::from(target.max(1));
    let result = ceil(replicas, percent, target);
    format!("ceil({replicas} × {percent} / {target}) = ceil({quotient:.2}) = {result}")
}

/// The formula with what it was given. Pods without a valid sample count as 0 % on the way up: then it is given the
/// percent of all. Only a formula that gives the result is shown.
pub(super) fn given(
    counted: Counted,
    percent: u32,
    target: u32,
    wanted: u32,
    in_steps: bool,
) -> String {
    let percent = if counted.uncounted > 0 {
        counted.diluted
    } else {
        percent
    };
    if ceil(counted.pods, percent, target) != wanted {
        return format!("CPU {percent} %, target {target} %: {wanted} wanted");
    }
    if in_steps {
        formula_in_steps(counted.pods, percent, target)
    } else {
        formula(counted.pods, percent, target)
    }
}

/// What the rate allows from `base` on, in words and as arithmetic, and the result.
fn rate_limit(base: u32, rule: Option<(u32, u32)>) -> (String, String, u32) {
    match rule {
        Some((pods, 100)) => (
            format!("at most {pods} more pods, or double, in 15 s"),
            format!("limit max({base} + {pods}, {base} × 2)"),
            (base + pods).max(base * 2),
        ),
        Some((pods, percent)) => (
            format!("at most {pods} more pods, or {percent} % more, in 15 s"),
            format!("limit max({base} + {pods}, {base} + {percent} %)"),
            (base + pods).max((base * (100 + percent)).div_ceil(100)),
        ),
        // Without `behavior`: calculateScaleUpLimit in pkg/controller/podautoscaler/horizontal.go.
        None => (
            "at most double, or 4 pods in all".to_owned(),
            format!("limit max({base} × 2, 4)"),
            (base * 2).max(4),
        ),
    }
}

/// The same where the policies are the usual ones and lead to `allowed`; otherwise only the limit.
pub(super) fn rate(
    base: u32,
    allowed: u32,
    rule: Option<(u32, u32)>,
    scene: Scene<'_>,
) -> (String, String) {
    let unusual = scene
        .autoscaler
        .is_some_and(|autoscaler| autoscaler.rules.up_unusual);
    let (words, limit, result) = rate_limit(base, rule);
    if unusual {
        let words = "the policies of the HPA allow no more now".to_owned();
        return (words, format!("limit {allowed}"));
    }
    if result != allowed {
        return (words, format!("limit {allowed}"));
    }
    (words, format!("{limit} = {allowed}"))
}

/// The percentages within the tolerance of a target: 54 and 66 for 60.
pub(crate) fn tolerated(target: u32) -> (u32, u32) {
    ((target * 9).div_ceil(10), target * 11 / 10)
}
