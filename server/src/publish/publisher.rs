//! The one task that turns changes of the cluster into snapshots, history and frames.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use app::model::{History, Overview, Snapshot, TimeMs};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::overview::overview;
use super::published::Told;
use super::{Error, Options, Published};
use crate::cluster::{Clients, Cluster, Roster, Seat, Watching};
use crate::runs::Records;
use crate::seats::Seats;
use crate::workshop::memory::LoadLog;
use crate::workshop::{Memory, Observed, Run};

/// Changes that come within this time of the first are told together.
const COALESCE: Duration = Duration::from_millis(50);

/// The overview is told at most this often.
const OVERVIEW_INTERVAL: Duration = Duration::from_secs(1);

/// Starts the reading half of the process.
pub struct Publisher {
    cluster: Arc<Cluster>,
    /// Who sits where, for the overview.
    people: Seats,
    published: Arc<Published>,
    options: Options,
    boot: String,
    memories: HashMap<String, Memory>,
    /// When a namespace's snapshot changes by the time alone.
    rechecks: HashMap<String, TimeMs>,
    /// The overview changed and was not told yet.
    overview_changed: bool,
    overview_told: Option<Instant>,
    /// The first complete picture was told.
    ready: bool,
    /// What the records tell; `None` without records, and when there will be no more.
    records: Option<Records>,
    /// Runs of namespaces that were not observed yet.
    recorded: HashMap<String, Vec<Run>>,
}

impl Publisher {
    /// Starts watches, polls and the publisher itself on the current runtime.
    ///
    /// The handle ends with `Ok` after `shutdown`. It ends with an error when one of its tasks died: the pages would
    /// then show old data for ever, so the process must end too.
    pub fn start(
        clients: Clients,
        people: Seats,
        options: Options,
        shutdown: CancellationToken,
    ) -> (Arc<Published>, JoinHandle<Result<(), Error>>) {
        Self::resume(clients, people, None, options, shutdown)
    }

    /// As [`Publisher::start`], with what is recorded of the time before it.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it owns what it reads with; a reference would say that the caller goes on with it"
    )]
    pub fn resume(
        clients: Clients,
        people: Seats,
        records: Option<Records>,
        options: Options,
        shutdown: CancellationToken,
    ) -> (Arc<Published>, JoinHandle<Result<(), Error>>) {
        let mut tasks = JoinSet::new();
        let roster = match options.watching {
            Watching::Cluster => Roster::Namespaces {
                panel: options.panel_namespace.clone(),
            },
            Watching::Namespaces => Roster::Secrets(people.clone()),
        };
        let cluster = Arc::new(Cluster::start(
            &clients,
            roster,
            options.metrics_interval,
            options.telemetry.watches.clone(),
            &shutdown,
            &mut tasks,
        ));
        let boot = boot(cluster.clock().now());
        let published = Arc::new(Published::new(&boot, Arc::clone(&cluster)));
        let publisher = Self {
            cluster: Arc::clone(&cluster),
            people,
            published: Arc::clone(&published),
            options,
            boot,
            memories: HashMap::new(),
            rechecks: HashMap::new(),
            overview_changed: true,
            overview_told: None,
            ready: false,
            records,
            recorded: HashMap::new(),
        };
        tasks.spawn(publisher.run(shutdown.clone()));
        let supervisor = tokio::spawn(async move {
            let ended = supervise(&mut tasks, &shutdown).await;
            // Whatever ended first, the others must not run on alone.
            shutdown.cancel();
            while tasks.join_next().await.is_some() {}
            cluster.load_logs().closed().await;
            match cluster.refused() {
                Some(why) => Err(why.into()),
                None => ended,
            }
        });
        (published, supervisor)
    }

    async fn run(mut self, shutdown: CancellationToken) -> &'static str {
        shutdown.run_until_cancelled(self.publish()).await;
        "publisher"
    }

    async fn publish(&mut self) {
        let changes = Arc::clone(self.cluster.changes());
        let mut people = self.people.changed();
        if let Some(records) = &mut self.records {
            for run in records.first().await {
                self.recorded
                    .entry(run.namespace.clone())
                    .or_default()
                    .push(run);
            }
        }
        loop {
            let due = self.next_due();
            tokio::select! {
                () = changes.wait() => {}
                run = recorded(&mut self.records) => match run {
                    Some(run) => self.resume_run(run),
                    None => self.records = None,
                },
                _ = people.changed() => self.overview_changed = true,
                () = until(due) => {}
            }
            sleep(COALESCE).await;
            let changed = changes.take();
            // Asked in any case: the mark of the last kind's list is one for all, and may be the last for long.
            let becomes_ready = self.becomes_ready();
            let all = changed.all || becomes_ready;
            if !self.ready {
                continue;
            }
            let seats = self.cluster.seats();
            if all
                || self.memories.len() != seats.len()
                || changed
                    .namespaces
                    .iter()
                    .any(|name| !self.memories.contains_key(name))
            {
                self.forget_all_but(&seats);
            }
            let now = self.cluster.clock().now();
            for (namespace, _) in &seats {
                let due = self.rechecks.get(namespace).is_some_and(|due| *due <= now);
                if all
                    || due
                    || changed.namespaces.contains(namespace)
                    || !self.memories.contains_key(namespace)
                {
                    let begun = std::time::Instant::now();
                    self.observe(namespace);
                    self.options.telemetry.publishing.observed(begun.elapsed());
                }
            }
            self.options
                .telemetry
                .publishing
                .namespaces(self.memories.len());
            self.tell_overview(&seats);
            self.published.becomes_ready();
        }
    }

    /// True once, when the cluster was read completely for the first time.
    fn becomes_ready(&mut self) -> bool {
        let becomes = !self.ready && self.cluster.ready();
        self.ready |= becomes;
        becomes
    }

    fn forget_all_but(&mut self, seats: &[(String, Seat)]) {
        let kept: HashSet<&str> = seats
            .iter()
            .map(|(namespace, _)| namespace.as_str())
            .collect();
        let gone = self
            .memories
            .keys()
            .filter(|namespace| !kept.contains(namespace.as_str()));
        for namespace in gone.cloned().collect::<Vec<_>>() {
            self.memories.remove(&namespace);
            self.rechecks.remove(&namespace);
            self.cluster.load_logs().forget(&namespace);
        }
        self.published
            .keep_only(|namespace| kept.contains(namespace));
        // A seat may have got another name.
        self.overview_changed = true;
    }

    /// Builds the snapshot of one namespace and tells it if it is not the one told before.
    fn observe(&mut self, namespace: &str) {
        let now = self.cluster.clock().now();
        let objects = self.cluster.objects(namespace);
        let sources = self.cluster.sources(namespace);
        let report = self.cluster.load_logs().take(namespace);
        let log = report.as_ref().map(|report| LoadLog {
            pod_uid: &report.pod_uid,
            log: &report.log,
            new_samples: report.new_samples.clone(),
            new_lines: report.new_lines.clone(),
            streaming: report.streaming,
        });
        let keep_ms = self.options.keep.as_millis() as i64;
        let before = self.recorded.remove(namespace);
        let memory = self.memories.entry(namespace.to_owned()).or_default();
        let before = before
            .and_then(|runs| memory.resume(&runs, &History::default(), keep_ms, now))
            .unwrap_or_default();
        let Observed {
            snapshot,
            appended,
            recheck,
            follow,
            gained,
        } = memory.observe(&objects, log, &sources, keep_ms, now);
        match recheck {
            Some(at) => self.rechecks.insert(namespace.to_owned(), at),
            None => self.rechecks.remove(namespace),
        };
        if let Some((pod, uid)) = follow {
            self.cluster.load_logs().follow(namespace, &pod, &uid);
        }
        let Some(told) = self.published.told(namespace) else {
            let mut history = before;
            history.append(appended, now.plus_ms(-keep_ms));
            let told = Told::new(&self.boot, &self.options.build, snapshot, history);
            self.published.add(namespace, told);
            self.overview_changed = true;
            return;
        };
        let before = told.snapshot();
        if gained || !same_but_time(&before, &snapshot) {
            told.tell(snapshot, appended, now.plus_ms(-keep_ms));
            self.overview_changed = true;
        }
    }

    /// Takes a record that came late, or that another replica wrote in its last moment.
    fn resume_run(&mut self, run: Run) {
        let namespace = &run.namespace;
        let (Some(memory), Some(told)) = (
            self.memories.get_mut(namespace),
            self.published.told(namespace),
        ) else {
            self.recorded
                .entry(namespace.clone())
                .or_default()
                .push(run);
            return;
        };
        let now = self.cluster.clock().now();
        let keep_ms = self.options.keep.as_millis() as i64;
        let history = memory.resume(std::slice::from_ref(&run), &told.history(), keep_ms, now);
        if let Some(history) = history {
            told.tell_anew(&self.options.build, history);
        }
    }

    fn tell_overview(&mut self, seats: &[(String, Seat)]) {
        let now = Instant::now();
        let too_soon = self
            .overview_told
            .is_some_and(|told| now < told + OVERVIEW_INTERVAL);
        if !self.overview_changed || too_soon {
            return;
        }
        self.overview_changed = false;
        let snapshots: HashMap<&str, Arc<Snapshot>> = seats
            .iter()
            .filter_map(|(namespace, _)| {
                Some((namespace.as_str(), self.published.snapshot(namespace)?))
            })
            .collect();
        let of = |namespace: &str| snapshots.get(namespace).map(AsRef::as_ref);
        let time = self.cluster.clock().now();
        let people = |seat: &Seat| self.people.attendance(seat.number.parse().ok()?, time);
        let next = overview(seats, of, people, time);
        self.options.telemetry.publishing.overview(&next);
        let before = self.published.overview();
        if next.seats != before.seats {
            self.overview_told = Some(now);
            self.published.tell_overview(Overview { ..next });
        }
    }

    /// When something must be told though nothing changes.
    fn next_due(&self) -> Option<Instant> {
        if !self.ready {
            return None;
        }
        let clock = self.cluster.clock();
        let recheck = self.rechecks.values().min().map(|at| clock.instant(*at));
        let overview = self
            .overview_told
            .filter(|_| self.overview_changed)
            .map(|told| told + OVERVIEW_INTERVAL);
        [recheck, overview].into_iter().flatten().min()
    }
}

/// The next record; never, without records.
async fn recorded(records: &mut Option<Records>) -> Option<Run> {
    match records {
        Some(records) => records.next().await,
        None => std::future::pending().await,
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn same_but_time(before: &Snapshot, now: &Snapshot) -> bool {
    // The newest expected look follows from the last ones; alone it is no news.
    let mut before = before.clone();
    before.time = now.time;
    if let (Some(before), Some(now)) = (&mut before.autoscaler, &now.autoscaler) {
        before.next_look = now.next_look;
    }
    before == *now
}

/// Names this start of the process: a reader of an earlier one gets everything anew.
fn boot(started: TimeMs) -> String {
    let mut random = [0; 4];
    // Without randomness the time alone tells two starts apart.
    let random = getrandom::fill(&mut random).map_or(0, |()| u32::from_le_bytes(random));
    format!("{:x}{random:08x}", started.0)
}

/// Waits for the shutdown or the first task that ends without it.
async fn supervise(
    tasks: &mut JoinSet<&'static str>,
    shutdown: &CancellationToken,
) -> Result<(), Error> {
    tokio::select! {
        biased;
        () = shutdown.cancelled() => Ok(()),
        ended = tasks.join_next() => match ended {
            Some(Ok(task)) if shutdown.is_cancelled() => {
                tracing::debug!(task, "ended");
                Ok(())
            }
            Some(Ok(task)) => Err(Error::TaskEnded { task: task.to_owned() }),
            Some(Err(error)) => Err(Error::TaskFailed(error)),
            None => Ok(()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn task_that_ends_or_panics_is_an_error_unless_all_were_told_to_end() {
        let shutdown = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(async { "Pod" });
        let error = supervise(&mut tasks, &shutdown).await.unwrap_err();
        assert_eq!(error.to_string(), "the task Pod ended");

        tasks.spawn(async { panic!("a bug") });
        let error = supervise(&mut tasks, &shutdown).await.unwrap_err();
        assert!(crate::error::chain(&error).contains("a bug"), "{error:?}");

        shutdown.cancel();
        tasks.spawn(async { "Pod" });
        assert!(supervise(&mut tasks, &shutdown).await.is_ok());
    }
}
