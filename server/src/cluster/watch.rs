//! One watch in one scope: fills the store of one kind and marks the namespaces that changed.
//!
//! After an error it begins anew with a list instead of resuming as kube's `default_backoff` would: a resumed watch
//! that works is silent until the next event, so nobody could tell that the source lives again.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use kube::api::Api;
use kube::core::DeserializeGuard;
use kube::runtime::watcher::{self, DefaultBackoff, watcher};
use kube::{Resource, ResourceExt};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use super::health::Health;
use super::kinds::Kind;
use super::reach::Reach;
use super::seats::Seats;
use super::store::Store;

/// The API server ends a watch after this time, and a connection that is silent 5 s longer counts as dead.
/// kube's default of 290 s would hide a lost link for minutes.
const WATCH_TIMEOUT_S: u32 = 60;

/// An absent kind is asked for again after this time.
const ABSENT_RETRY: Duration = Duration::from_secs(30);

/// The watch of one kind.
pub(super) struct Watch<K> {
    pub(super) kind: &'static str,
    pub(super) api: Api<DeserializeGuard<K>>,
    pub(super) store: Arc<Store<K>>,
    pub(super) health: Arc<Health>,
    pub(super) changes: Arc<Changes>,
    pub(super) seats: Arc<Seats>,
}

/// Why a watch ended.
pub(super) enum Trouble {
    /// The API is not there (404), or the panel may not read it (403).
    Absent(watcher::Error),
    Broken(watcher::Error),
}

impl From<watcher::Error> for Trouble {
    fn from(error: watcher::Error) -> Self {
        use watcher::Error::{InitialListFailed, WatchError, WatchFailed, WatchStartFailed};
        let code = match &error {
            InitialListFailed(kube::Error::Api(status))
            | WatchStartFailed(kube::Error::Api(status))
            | WatchFailed(kube::Error::Api(status)) => status.code,
            WatchError(status) => status.code,
            _ => 0,
        };
        if matches!(code, 403 | 404) {
            Self::Absent(error)
        } else {
            Self::Broken(error)
        }
    }
}

/// The configuration of every watch.
pub(super) fn config() -> watcher::Config {
    watcher::Config::default().timeout(WATCH_TIMEOUT_S)
}

/// True if kube's watcher lists again by itself: the resource version is too old (410).
pub(super) fn heals_itself(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::WatchError(status) if status.code == 410)
}

/// Waits before the next try. The API server's return ends the wait at once.
pub(super) async fn pause(trouble: &Trouble, backoff: &mut DefaultBackoff, reach: &Reach) {
    let mut reachable = reach.reachable();
    reachable.mark_unchanged();
    let wait = match trouble {
        Trouble::Absent(_) => ABSENT_RETRY,
        Trouble::Broken(_) => backoff.next().unwrap_or(ABSENT_RETRY),
    };
    tokio::select! {
        () = sleep(wait) => {}
        () = back(&mut reachable) => {}
    }
}

async fn back(reachable: &mut watch::Receiver<bool>) {
    while reachable.changed().await.is_ok() {
        if *reachable.borrow_and_update() {
            return;
        }
    }
    std::future::pending().await
}

impl<K: Kind> Watch<K> {
    /// Watches until `shutdown`; returns the kind.
    pub(super) async fn run(self, shutdown: CancellationToken) -> &'static str {
        let kind = self.kind;
        shutdown.run_until_cancelled(self.watch()).await;
        kind
    }

    async fn watch(&self) {
        let mut backoff = DefaultBackoff::default();
        loop {
            let Some(trouble) = self.follow(&mut backoff).await else {
                continue;
            };
            match &trouble {
                Trouble::Absent(error) => {
                    let gone = self.store.clear();
                    for namespace in &gone {
                        self.changes.mark(namespace);
                    }
                    self.health.absent(self.kind, error);
                }
                Trouble::Broken(error) => self.health.broken(self.kind, error),
            }
            pause(&trouble, &mut backoff, self.health.reach()).await;
        }
    }

    /// Lists and watches until there is trouble; `None` when a list is needed for another reason.
    async fn follow(&self, backoff: &mut DefaultBackoff) -> Option<Trouble> {
        let mut relabelled = self.seats.relabelled();
        relabelled.mark_unchanged();
        let mut events = pin!(watcher(self.api.clone(), config()));
        loop {
            let event = tokio::select! {
                event = events.next() => event?,
                // What was dropped of a namespace that has just got its seat must be listed.
                Ok(()) = relabelled.changed() => return None,
            };
            match event {
                Ok(event) => self.take(event, backoff),
                Err(error) if heals_itself(&error) => {
                    tracing::debug!(kind = self.kind, "the watch fell behind and lists again");
                    self.health.restarted(self.kind);
                    // Where each new watch is too old at once, lists must not follow each other without a pause.
                    sleep(backoff.next().unwrap_or(ABSENT_RETRY)).await;
                }
                Err(error) => return Some(error.into()),
            }
        }
    }

    fn take(&self, event: watcher::Event<DeserializeGuard<K>>, backoff: &mut DefaultBackoff) {
        use kube::runtime::watcher::Event;
        self.health.heard(self.kind);
        match event {
            Event::Init => self.store.init(),
            Event::InitApply(object) => {
                if let Some((namespace, name, object)) = self.accept(object) {
                    self.store.init_apply(&namespace, &name, object);
                }
            }
            Event::InitDone => {
                for namespace in self.store.init_done() {
                    self.changes.mark(&namespace);
                }
                kube::runtime::utils::Backoff::reset(backoff);
                self.health.live(self.kind);
            }
            Event::Apply(object) => {
                if let Some((namespace, name, object)) = self.accept(object) {
                    self.store.apply(&namespace, &name, object);
                    self.changes.mark(&namespace);
                }
            }
            Event::Delete(object) => {
                let (Some(namespace), Some(name)) = (
                    object.meta().namespace.as_deref(),
                    object.meta().name.as_deref(),
                ) else {
                    return;
                };
                if self.seats.may_be_ours(namespace) {
                    self.store.delete(namespace, name);
                    self.changes.mark(namespace);
                }
            }
        }
    }

    /// Namespace, name and pruned object, if the object may be the workshop's and can be read.
    fn accept(&self, object: DeserializeGuard<K>) -> Option<(String, String, K)> {
        let namespace = object.namespace()?;
        let name = object.name_any();
        if !self.seats.may_be_ours(&namespace) {
            return None;
        }
        match object.0 {
            Ok(mut object) => {
                object.prune();
                Some((namespace, name, object))
            }
            Err(invalid) => {
                tracing::warn!(kind = self.kind, namespace, name, error = %invalid, "skipped an object that cannot be read");
                self.store.delete(&namespace, &name);
                self.changes.mark(&namespace);
                None
            }
        }
    }
}
