//! The CPU that the kernel gives a process under a limit, period by period.

use crate::CpuMillis;

/// The kernel hands out CPU quota in periods of this length, in microseconds
/// (`cpu.cfs_period_us`, the kubelet's `--cpu-cfs-quota-period`).
const PERIOD: f64 = 100_000.0;

/// How long a thread may hold the interpreter's lock while others wait for it, in microseconds
/// (`DEFAULT_INTERVAL` of `CPython`'s `Python/ceval_gil.h`; `sys.getswitchinterval()`).
const SWITCH_INTERVAL: f64 = 5_000.0;

/// A clock of work. Times are in microseconds; work is microseconds of CPU.
#[derive(Debug)]
pub(super) struct Quota {
    /// CPU per period, at most one core: an interpreter cannot use more.
    quota: f64,
    slice: f64,
    /// The end of the period that `now` is in.
    boundary: f64,
    now: f64,
    /// CPU used in the period that `now` is in.
    used: f64,
}

impl Quota {
    /// `phase`, from 0 to 1, is how much of the present period has passed.
    pub(super) fn new(limit: Option<CpuMillis>, phase: f64, now: f64) -> Self {
        let share = limit.map_or(1.0, |limit| limit.cores().clamp(0.001, 1.0));
        let quota = share * PERIOD;
        Self {
            quota,
            slice: if quota >= PERIOD {
                SWITCH_INTERVAL
            } else {
                quota / (1.0 + quota / SWITCH_INTERVAL)
            },
            boundary: now + (1.0 - phase) * PERIOD,
            now,
            used: 0.0,
        }
    }

    /// CPU that one thread gets until another one takes the lock from it.
    ///
    /// The interval is wall-clock time: it also runs out while the kernel holds the whole process back at the end of
    /// its quota, so every period begins with a switch.
    pub(super) fn slice(&self) -> f64 {
        self.slice
    }

    /// Moves to `to`; the work done on the way. A busy process uses the whole quota of every period.
    pub(super) fn advance(&mut self, to: f64, busy: bool) -> f64 {
        if to <= self.now {
            return 0.0;
        }
        let boundary = self.boundary;
        let mut work = 0.0;
        if to < boundary {
            if busy {
                work = (self.quota - self.used).min(to - self.now);
            }
            self.used += work;
        } else {
            let periods = ((to - boundary) / PERIOD).floor();
            let mut last = 0.0;
            if busy {
                last = (to - boundary - periods * PERIOD).min(self.quota);
                work =
                    (self.quota - self.used).min(boundary - self.now) + periods * self.quota + last;
            }
            self.used = last;
            self.boundary = boundary + (periods + 1.0) * PERIOD;
        }
        self.now = to;
        work
    }

    /// When a busy process will have done so much more work; the inverse of [`Self::advance`].
    pub(super) fn time_of(&self, mut work: f64) -> f64 {
        let boundary = self.boundary;
        let here = (self.quota - self.used).min(boundary - self.now);
        if work <= here {
            return self.now + work;
        }
        work -= here;
        let mut periods = (work / self.quota).floor();
        let mut rest = work - periods * self.quota;
        if rest <= 0.0 && periods > 0.0 {
            periods -= 1.0;
            rest = self.quota;
        }
        boundary + periods * PERIOD + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_as_many_periods_as_the_quota_needs() {
        let mut quota = Quota::new(Some(CpuMillis(100)), 0.0, 0.0);
        assert!((quota.time_of(25_000.0) - 205_000.0).abs() < 1e-6);
        assert!((quota.advance(205_000.0, true) - 25_000.0).abs() < 1e-6);
        assert!((quota.advance(300_000.0, true) - 5_000.0).abs() < 1e-6);
        assert!(quota.advance(900_000.0, false).abs() < 1e-6);
    }

    #[test]
    fn every_period_begins_with_a_switch() {
        let slice = |millis| Quota::new(Some(CpuMillis(millis)), 0.0, 0.0).slice();
        assert!((slice(50) - 2_500.0).abs() < 1e-6);
        assert!((slice(100) - 10_000.0 / 3.0).abs() < 1e-6);
        assert!((slice(1000) - 5_000.0).abs() < 1e-6);
    }
}
