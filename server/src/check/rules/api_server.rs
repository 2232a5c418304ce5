//! The API server: its version, its clock, the groups that every cluster has. Pure.

use crate::check::observed::{Observed, Unread};
use crate::check::report::{Check, some};

/// The oldest minor version that KEDA 2.20 and the panel are tested with (keda-docs `operate/cluster.md`).
const OLDEST_MINOR: u32 = 33;

/// More is a clock that somebody should set.
const SKEW_LIMIT_MS: i64 = 5_000;

pub(super) fn judge(observed: &Observed) -> Vec<Check> {
    let mut checks = vec![version(observed.version.as_deref())];
    checks.extend(observed.ahead_ms.map(clock));
    checks.push(apis(observed));
    checks
}

fn version(version: Option<&str>) -> Check {
    const NAME: &str = "API server";
    let Some(version) = version else {
        return Check::pass(NAME, "answers, without telling its version");
    };
    match minor(version) {
        Some((1, minor)) if minor < OLDEST_MINOR => Check::warn(
            NAME,
            format!(
                "{version}: older than 1.{OLDEST_MINOR}, the oldest that KEDA 2.20 is tested with"
            ),
            "Rehearse a whole class on it, or upgrade the cluster.",
        ),
        _ => Check::pass(NAME, version),
    }
}

/// `v1.35.4-eks-1234` → 1, 35.
fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?;
    let digits = minor.find(|c: char| !c.is_ascii_digit());
    let minor = minor.get(..digits.unwrap_or(minor.len()))?;
    Some((major, minor.parse().ok()?))
}

fn clock(ahead_ms: i64) -> Check {
    const NAME: &str = "Clock";
    if ahead_ms.abs() <= SKEW_LIMIT_MS {
        return Check::pass(NAME, "this machine and the API server agree");
    }
    let direction = if ahead_ms > 0 { "ahead of" } else { "behind" };
    Check::warn(
        NAME,
        format!(
            "this machine is {} s {direction} the API server",
            ahead_ms.abs() / 1000
        ),
        "Set the clock that is wrong: `timedatectl set-ntp true`. Ages that kubectl shows are off until then.",
    )
}

fn apis(observed: &Observed) -> Check {
    const NAME: &str = "Kubernetes APIs";
    let missing = |(name, read): &(&'static str, Result<(), Unread>)| match read {
        Err(Unread::Absent) => Some(*name),
        _ => None,
    };
    let missing: Vec<_> = observed.apis.iter().filter_map(missing).collect();
    if !missing.is_empty() {
        return Check::fail(
            NAME,
            format!("not served: {}", some(&missing)),
            "Ask who runs the cluster to serve them; every Kubernetes since 1.23 does.",
        );
    }
    for (name, read) in &observed.apis {
        if let Err(cause) = read {
            return Check::unknown(NAME, name, cause);
        }
    }
    let names: Vec<_> = observed.apis.iter().map(|(name, _)| *name).collect();
    Check::pass(NAME, some(&names))
}

#[cfg(test)]
mod tests {
    use super::super::world::{observed, outcome};
    use super::*;
    use crate::check::report::Outcome;

    #[test]
    fn versions_below_those_tested_are_a_warning() {
        for (version, expected) in [
            ("v1.35.4", Outcome::Pass),
            ("v1.33.0-eks-1234567", Outcome::Pass),
            ("v1.40.1+k3s1", Outcome::Pass),
            ("v1.29+", Outcome::Warn),
            ("unheard-of", Outcome::Pass),
        ] {
            assert_eq!(super::version(Some(version)).outcome, expected, "{version}");
        }
    }

    #[test]
    fn clock_that_is_off_is_told_with_its_direction() {
        assert_eq!(clock(4_000).outcome, Outcome::Pass);
        let check = clock(-61_000);
        assert_eq!(check.outcome, Outcome::Warn);
        assert_eq!(check.found, "this machine is 61 s behind the API server");
    }

    #[test]
    fn missing_group_is_named() {
        let mut world = observed();
        world.apis[2].1 = Err(Unread::Absent);
        assert_eq!(outcome(&world, "Kubernetes APIs"), Outcome::Fail);
        assert!(apis(&world).found.contains("autoscaling/v2"));
        world.apis[2].1 = Err(Unread::Failed("down".to_owned()));
        assert_eq!(outcome(&world, "Kubernetes APIs"), Outcome::Warn);
    }
}
