//! What the fuzzer runs: bytes as an autoscaler's life. Also run by `tests/fuzz.rs` with a few thousand inputs, so that
//! it keeps compiling and holding without a nightly compiler.

use autoscaling::behavior::PolicyType;
use autoscaling::replica_calculator::{MissingRequest, Phase, PodState, Readiness, Sample, Target};
use autoscaling::{
    Autoscaler, Behavior, CpuMillis, Limits, Metric, Observation, ScalingPolicy, ScalingRules,
    SelectPolicy, Verdict,
};

/// Bytes as numbers; zeros once they are used up.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// Small numbers often, any number sometimes.
    fn number(&mut self) -> i64 {
        let kind = self.byte();
        match kind % 8 {
            0 => i64::from_le_bytes(std::array::from_fn(|_| self.byte())),
            1 => i64::MAX,
            2 => i64::from(self.byte()) * 1000,
            _ => i64::from(self.byte()),
        }
    }

    fn count(&mut self) -> u32 {
        u32::try_from(self.number().unsigned_abs() % u64::from(u32::MAX)).unwrap_or(0)
    }

    fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    fn rules(&mut self) -> Option<ScalingRules> {
        if !self.flag() {
            return None;
        }
        let policies = (0..self.byte() % 3).map(|_| ScalingPolicy {
            kind: if self.flag() {
                PolicyType::Pods
            } else {
                PolicyType::Percent
            },
            value: self.count(),
            period_seconds: self.count(),
        });
        let policies = policies.collect();
        Some(ScalingRules {
            stabilization_window_seconds: self.flag().then(|| self.count()),
            select_policy: match self.byte() % 4 {
                0 => None,
                1 => Some(SelectPolicy::Max),
                2 => Some(SelectPolicy::Min),
                _ => Some(SelectPolicy::Disabled),
            },
            policies,
            tolerance: self.flag().then(|| format!("{}m", self.number())),
        })
    }

    fn pod(&mut self) -> PodState {
        PodState {
            name: "webapp".to_owned(),
            phase: match self.byte() % 8 {
                0 => Phase::Pending,
                1 => Phase::Terminal,
                _ => Phase::Running,
            },
            deleting: self.byte() % 8 == 1,
            start_time: (self.byte() % 8 != 1).then(|| self.number()),
            ready: (self.byte() % 8 != 1).then(|| Readiness {
                ready: !self.flag(),
                since: self.number(),
            }),
            request: match self.byte() % 8 {
                1 => Err(MissingRequest {
                    container: "webapp".to_owned(),
                }),
                _ => Ok(CpuMillis(self.number())),
            },
            sample: (self.byte() % 8 != 1).then(|| Sample {
                usage: CpuMillis(self.number()),
                timestamp: self.number(),
                window: self.number(),
            }),
        }
    }
}

/// Looks until the bytes are used up.
///
/// # Panics
/// Where a proposal is outside the limits, or says that it rescales and does not.
pub(crate) fn looks(bytes: &[u8]) {
    let mut reader = Reader(bytes);
    let behavior = reader.flag().then(|| Behavior {
        scale_up: reader.rules(),
        scale_down: reader.rules(),
    });
    let min = reader.count();
    let limits = Limits {
        min,
        max: min.saturating_add(reader.count()).max(1),
    };
    let mut autoscaler = Autoscaler::default();
    let mut current = reader.count();
    let mut now = reader.number();
    while !reader.0.is_empty() {
        let pods: Vec<PodState> = (0..reader.byte() % 6).map(|_| reader.pod()).collect();
        let target = match reader.byte() % 3 {
            0 => Some(Target::Utilization(reader.count())),
            1 => Some(Target::AverageValue(CpuMillis(reader.number()))),
            _ => None,
        };
        let metric = |resource| {
            Ok(Metric {
                resource,
                container: None,
                target,
                pods: Ok(&pods),
            })
        };
        let verdict = autoscaler.reconcile(&Observation {
            current,
            limits,
            behavior: behavior.as_ref(),
            metrics: Ok(&[metric("cpu"), metric("memory")]),
            now,
        });
        if let Verdict::Proposal(proposal) = verdict {
            let replicas = proposal.replicas;
            assert!(
                (limits.min..=limits.max).contains(&replicas),
                "{replicas} of {limits:?}"
            );
            assert_eq!(proposal.rescale.is_some(), replicas != current);
            if proposal.rescale.is_some() {
                autoscaler.rescaled(current, replicas, behavior.as_ref(), now);
            }
            current = replicas;
        }
        if reader.byte() % 16 == 1 {
            current = reader.count();
        }
        now = now.saturating_add(reader.number().saturating_abs());
    }
}
