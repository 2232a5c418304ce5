//! The process as the operating system sees it, under the names that all of Prometheus' clients use.
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>

use std::time::SystemTime;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Ticks a second of the times in /proc: `USER_HZ`, 100 on every architecture that the program is built for.
/// linux `include/asm-generic/param.h`
const USER_HZ: f64 = 100.0;

/// Read anew whenever somebody asks.
#[derive(Debug)]
pub(super) struct Process {
    started_s: f64,
}

impl Process {
    /// Made when the process starts.
    pub(super) fn new() -> Self {
        let started = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self {
            started_s: started.as_secs_f64(),
        }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let started = ConstGauge::new(self.started_s);
        let help = "When the process started.";
        started.encode(encoder.encode_descriptor(
            "process_start_time",
            help,
            Some(&Unit::Seconds),
            started.metric_type(),
        )?)?;
        if let Some(cpu) = read("/proc/self/stat", cpu_s) {
            let cpu = ConstCounter::new(cpu);
            let help = "Processor time that the process took.";
            cpu.encode(encoder.encode_descriptor(
                "process_cpu",
                help,
                Some(&Unit::Seconds),
                cpu.metric_type(),
            )?)?;
        }
        if let Some(memory) = read("/proc/self/status", resident_bytes) {
            let memory = ConstGauge::new(memory);
            let help = "Memory of the process that is in RAM.";
            memory.encode(encoder.encode_descriptor(
                "process_resident_memory",
                help,
                Some(&Unit::Bytes),
                memory.metric_type(),
            )?)?;
        }
        Ok(())
    }
}

/// `None` where there is no such file, as on a Mac: the figure is left out.
fn read<T>(path: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    parse(&std::fs::read_to_string(path).ok()?)
}

/// `utime` and `stime`, the fields 14 and 15 of `proc_pid_stat(5)`. The second, the program's name, may hold anything.
fn cpu_s(stat: &str) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut ticks = after_name
        .split_whitespace()
        .skip(11)
        .map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / USER_HZ)
}

/// `VmRSS` of `proc_pid_status(5)`, which is in kB.
fn resident_bytes(status: &str) -> Option<i64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 9 0 100 1 2";
        assert_eq!(cpu_s(stat), Some(2.0));
        assert_eq!(cpu_s("nonsense"), None);
    }

    #[test]
    fn memory_is_told_in_bytes() {
        let status = "Name:\tworkshop\nVmPeak:\t  200 kB\nVmRSS:\t   50 kB\n";
        assert_eq!(resident_bytes(status), Some(51_200));
        assert_eq!(resident_bytes("Name:\tworkshop\n"), None);
    }
}
