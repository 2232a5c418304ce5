//! What the panel and this program use in one phase, as Linux tells it. Started and stopped by `main.rs`.

use std::time::Duration;

use tokio::time::Instant;

use super::panel::Panel;
use super::proc::{cpu, memory_kib};

/// Measures one phase.
pub(crate) struct Meter {
    pid: Option<u32>,
    begin: Instant,
    panel_cpu: Option<Duration>,
    own_cpu: Option<Duration>,
}

/// What a phase used. `None` where the process is not ours, or the system does not tell.
pub(crate) struct Used {
    pub(crate) wall: Duration,
    pub(crate) panel_cpu: Option<Duration>,
    /// Most memory that was resident at once.
    pub(crate) panel_peak_kib: Option<u64>,
    /// Of this program, which has the same cores.
    pub(crate) own_cpu: Option<Duration>,
}

impl Meter {
    pub(crate) fn start(panel: &Panel) -> Self {
        let pid = panel.pid();
        if let Some(pid) = pid {
            // Each phase has a peak of its own: <https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html>
            let _ = std::fs::write(format!("/proc/{pid}/clear_refs"), "5");
        }
        Self {
            pid,
            begin: Instant::now(),
            panel_cpu: pid.and_then(cpu),
            own_cpu: cpu(std::process::id()),
        }
    }

    pub(crate) fn stop(self) -> Used {
        let since = |before: Option<Duration>, now: Option<Duration>| now?.checked_sub(before?);
        Used {
            wall: self.begin.elapsed(),
            panel_cpu: since(self.panel_cpu, self.pid.and_then(cpu)),
            panel_peak_kib: self.pid.and_then(|pid| memory_kib(pid, "VmHWM:")),
            own_cpu: since(self.own_cpu, cpu(std::process::id())),
        }
    }
}
