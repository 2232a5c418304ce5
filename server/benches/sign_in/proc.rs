//! What Linux tells of a process. Used by all benches; nothing where the system does not tell.

use std::time::Duration;

/// A process counts its time in hundredths of a second: `USER_HZ`.
/// <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
const TICK: Duration = Duration::from_millis(10);

/// `utime` and `stime`.
pub(crate) fn cpu(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name, and may hold anything.
    let fields = stat.rsplit_once(')')?.1.split_whitespace();
    let ticks: Vec<u32> = fields
        .skip(11)
        .take(2)
        .map_while(|f| f.parse().ok())
        .collect();
    Some(TICK * ticks.iter().sum())
}

/// A figure of memory: `VmRSS:` is what it has, `VmHWM:` the most that it had.
pub(crate) fn memory_kib(pid: u32, key: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix(key))?;
    value.split_whitespace().next()?.parse().ok()
}
