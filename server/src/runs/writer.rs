//! The one task that writes records: it looks at what was told of each seat, and sees that each load's record holds it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use app::model::{LoadState, Snapshot, TimeMs};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::Told;
use super::store::{Error, Saved, Store};
use crate::error::chain;
use crate::publish::Published;
use crate::workshop::Run;
use crate::workshop::run::Over;

/// How often it looks. Looking costs a few comparisons a seat.
const LOOK: Duration = Duration::from_secs(1);

/// A running load is recorded this often, by the load's own age: so all replicas do it at the same time, and the one
/// that comes second finds it done.
const EVERY_MS: i64 = 120_000;

/// What a record may lack in between, so that two replicas do not write in turns.
const SLACK_MS: i64 = 30_000;

/// What a record may lack at the load's end, the run's end and the panel's end.
const SLACK_AT_END_MS: i64 = 2_000;

/// A panel that has just taken another one's place asks again at this pace for what that one wrote in its last moment.
const YOUNG: Duration = Duration::from_secs(120);
const EVERY_WHILE_YOUNG_MS: i64 = 5_000;

/// Records written at the same time.
const AT_ONCE: usize = 8;

/// Pause after a call that failed.
const PAUSE: Duration = Duration::from_secs(30);

/// How long the last records may take, well within the grace of a pod (30 s).
const LAST_WITHIN: Duration = Duration::from_secs(8);

/// Records that are so much older than the newest show in no chart beside it (`publish::Options::keep`).
const READ_MS: i64 = 60 * 60_000;

/// Writes the records. Owned by its task.
pub(super) struct Writer {
    store: Arc<Store>,
    published: Arc<Published>,
    tell: mpsc::Sender<Told>,
    started: Instant,
    /// Runs under way by namespace.
    open: HashMap<String, Open>,
    /// UID of the load of each namespace whose run is over and recorded, or cannot be.
    over: HashMap<String, String>,
    /// The records of others were read.
    read: bool,
    paused: Option<Instant>,
    /// The last call failed, and that was logged.
    in_trouble: bool,
}

/// A run under way.
struct Open {
    load: LoadState,
    next: TimeMs,
    end_recorded: bool,
}

/// A run to be recorded now.
struct Due {
    seat: String,
    run: Run,
    slack_ms: i64,
}

impl Writer {
    pub(super) fn new(
        store: Arc<Store>,
        published: Arc<Published>,
        tell: mpsc::Sender<Told>,
    ) -> Self {
        Self {
            store,
            published,
            tell,
            started: Instant::now(),
            open: HashMap::new(),
            over: HashMap::new(),
            read: false,
            paused: None,
            in_trouble: false,
        }
    }

    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.keep()).await;
        // Whoever comes next shows what was seen until now.
        let last: Vec<_> = self.seats(|_, _, _| Some(SLACK_AT_END_MS));
        if !last.is_empty() && timeout(LAST_WITHIN, self.write(last)).await.is_err() {
            tracing::warn!("the runs under way were not recorded in time");
        }
    }

    async fn keep(&mut self) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if self.paused.is_some_and(|until| Instant::now() < until) {
                continue;
            }
            self.paused = None;
            if !self.read {
                self.read().await;
            }
            if self.published.ready() {
                self.look();
                let due = self.seats(Open::due);
                self.write(due).await;
            }
        }
    }

    /// Tells the publisher what is recorded.
    async fn read(&mut self) {
        let runs = self.store.newest(READ_MS).await;
        match runs {
            Ok(runs) => {
                self.read = true;
                for run in runs {
                    if run.over.is_some() {
                        self.over
                            .insert(run.namespace.clone(), run.load.uid.clone());
                    }
                    // Gone on shutdown only.
                    let _ = self.tell.send(Told::Run(Box::new(run))).await;
                }
            }
            Err(error) => self.failed(&error),
        }
        // The first picture does not wait for a second try.
        let _ = self.tell.try_send(Told::Read);
    }

    /// Takes up loads that are new.
    fn look(&mut self) {
        let now = self.published.now();
        let overview = self.published.overview();
        let seats: HashSet<&str> = overview
            .seats
            .iter()
            .map(|row| row.namespace.as_str())
            .collect();
        self.open
            .retain(|namespace, _| seats.contains(namespace.as_str()));
        self.over
            .retain(|namespace, _| seats.contains(namespace.as_str()));
        for namespace in seats {
            let snapshot = self.published.snapshot(namespace);
            let Some(load) = snapshot
                .as_ref()
                .and_then(|snapshot| snapshot.load.as_ref())
            else {
                continue;
            };
            if self.over.get(namespace) == Some(&load.uid) {
                continue;
            }
            match self.open.get_mut(namespace) {
                Some(open) if open.load.uid == load.uid => open.load.clone_from(load),
                // The one before is recorded first.
                Some(_) => {}
                None => {
                    let young = self.started.elapsed() < YOUNG;
                    let open = Open::new(load.clone(), now, young);
                    self.open.insert(namespace.to_owned(), open);
                }
            }
        }
    }

    /// The open runs that are due: by what slack, or not.
    fn seats(&mut self, due: impl Fn(&Open, &Snapshot, TimeMs) -> Option<i64>) -> Vec<Due> {
        let now = self.published.now();
        let mut all = Vec::new();
        for row in &self.published.overview().seats {
            let snapshot = self.published.snapshot(&row.namespace);
            let (Some(open), Some(snapshot)) = (self.open.get_mut(&row.namespace), snapshot) else {
                continue;
            };
            let Some(slack_ms) = due(open, &snapshot, now) else {
                continue;
            };
            let history = self.published.history(&row.namespace).unwrap_or_default();
            match Run::cut(&history, &snapshot, &open.load, now) {
                Some(run) => all.push(Due {
                    seat: row.seat.clone(),
                    run,
                    slack_ms,
                }),
                None if Over::of(&open.load, &snapshot, now).is_some() => {
                    // Nobody here saw any of it.
                    self.over
                        .insert(row.namespace.clone(), open.load.uid.clone());
                    self.open.remove(&row.namespace);
                }
                None => open.next = open.next_time(now, false),
            }
        }
        all
    }

    async fn write(&mut self, due: Vec<Due>) {
        let store = &self.store;
        let saving = due.into_iter().map(|due| async move {
            let saved = store.save(&due.seat, &due.run, due.slack_ms).await;
            (due.run, saved)
        });
        // Boxed, as a stream of borrowed futures is not `Send` for every lifetime otherwise.
        let saving: Vec<_> = saving.map(Box::pin).collect();
        let saved = futures::stream::iter(saving).buffer_unordered(AT_ONCE);
        let saved: Vec<_> = saved.collect().await;
        for (run, saved) in saved {
            match saved {
                Ok(saved) => self.saved(&run, saved),
                Err(error) => self.failed(&error),
            }
        }
    }

    fn saved(&mut self, run: &Run, saved: Saved) {
        if std::mem::take(&mut self.in_trouble) {
            tracing::info!("runs are recorded again");
        }
        let left_alone = matches!(saved, Saved::LeftAlone);
        if let Saved::Held(Some(more)) = saved {
            // When too many are on their way, the next look at the record brings it.
            let _ = self.tell.try_send(Told::Run(more));
        }
        if run.over.is_some() || left_alone {
            self.open.remove(&run.namespace);
            self.over
                .insert(run.namespace.clone(), run.load.uid.clone());
        } else if let Some(open) = self.open.get_mut(&run.namespace) {
            open.end_recorded |= run.load.end.is_some();
            let asks_again = run.has_hole() && self.started.elapsed() < YOUNG;
            open.next = open.next_time(self.published.now(), asks_again);
        }
    }

    /// Says so once, and lets the API server rest.
    fn failed(&mut self, error: &Error) {
        self.paused = Some(Instant::now() + PAUSE);
        if !std::mem::replace(&mut self.in_trouble, true) {
            let error = chain(error);
            tracing::warn!(
                error,
                "runs are not recorded: a panel started anew shows no charts of them"
            );
        }
    }
}

impl Open {
    fn new(load: LoadState, now: TimeMs, young: bool) -> Self {
        let mut open = Self {
            load,
            next: now,
            end_recorded: false,
        };
        open.next = open.next_time(now, young);
        open
    }

    /// When it is recorded next, though nothing else happens.
    fn next_time(&self, now: TimeMs, asks_again: bool) -> TimeMs {
        if asks_again {
            return now.plus_ms(EVERY_WHILE_YOUNG_MS);
        }
        let age = now.0 - self.load.created.0;
        now.plus_ms(EVERY_MS - age.rem_euclid(EVERY_MS))
    }

    /// By what slack it is to be recorded now, if it is.
    fn due(&self, snapshot: &Snapshot, now: TimeMs) -> Option<i64> {
        let ended = self.load.end.is_some() && !self.end_recorded;
        if ended || Over::of(&self.load, snapshot, now).is_some() {
            Some(SLACK_AT_END_MS)
        } else {
            (now >= self.next).then_some(SLACK_MS)
        }
    }
}
