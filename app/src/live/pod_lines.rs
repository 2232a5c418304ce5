//! Each pod's CPU as this page saw it, for the chart's thin lines. It grows from snapshots and is not sent: a reload
//! begins it anew, and the mean of the pods, which the history keeps, tells the rest.

use crate::model::{PodRole, Snapshot, TimeMs};

/// How long it is kept.
const KEEP_MS: i64 = 15 * 60 * 1000;

/// The most lines: more could not be told apart.
const MOST_LINES: usize = 50;

/// Samples of the app's pods, in percent of each pod's request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodLines {
    pods: Vec<(String, Vec<(TimeMs, u16)>)>,
}

impl PodLines {
    /// Takes the samples that a snapshot has and this has not.
    pub fn take(&mut self, snapshot: &Snapshot) {
        for pod in snapshot.pods.iter().filter(|p| p.role == PodRole::App) {
            let (Some(cpu), Some(request)) = (pod.cpu, pod.cpu_request_m.filter(|m| *m > 0)) else {
                continue;
            };
            let percent = u16::try_from(cpu.usage_m * 100 / request).unwrap_or(u16::MAX);
            let known = self.pods.iter().position(|(name, _)| *name == pod.name);
            if known.is_none() && self.pods.len() == MOST_LINES {
                continue;
            }
            let index = known.unwrap_or_else(|| {
                self.pods.push((pod.name.clone(), Vec::new()));
                self.pods.len() - 1
            });
            let line = &mut self.pods[index].1;
            if line.last().is_none_or(|(time, _)| *time < cpu.time) {
                line.push((cpu.time, percent));
            }
        }
        let keep_from = snapshot.time.plus_ms(-KEEP_MS);
        for (_, line) in &mut self.pods {
            line.retain(|(time, _)| *time >= keep_from);
        }
        self.pods.retain(|(_, line)| !line.is_empty());
    }

    /// One line a pod.
    pub fn lines(&self) -> Vec<Vec<(TimeMs, u16)>> {
        self.pods.iter().map(|(_, line)| line.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{self, at};

    #[test]
    fn a_sample_is_taken_once_and_forgotten_after_a_while() {
        let (mut snapshot, _) = samples::mid_load();
        let mut lines = PodLines::default();
        lines.take(&snapshot);
        lines.take(&snapshot);
        assert_eq!(lines.lines().len(), 4, "pods without a sample have none");
        assert_eq!(lines.lines()[0], [(at(105.0), 158)]);

        for pod in &mut snapshot.pods {
            if let Some(cpu) = &mut pod.cpu {
                cpu.time = at(120.0);
            }
        }
        snapshot.time = at(121.0);
        lines.take(&snapshot);
        assert_eq!(lines.lines()[0].len(), 2);

        snapshot.time = at(121.0).plus_ms(KEEP_MS);
        snapshot.pods.clear();
        lines.take(&snapshot);
        assert!(lines.lines().is_empty());
    }
}
