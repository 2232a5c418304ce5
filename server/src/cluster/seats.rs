//! The namespaces: which are seats of the workshop, and which are not its business; and the watch that tells it of the
//! whole cluster. Where that is not allowed, `per_namespace.rs` tells.
//!
//! All namespaces are watched, not only those with the label: an object may arrive before its namespace does, so
//! "not known yet" and "not ours" must not be mixed up.

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::Arc;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt;
use kube::api::Api;
use kube::core::DeserializeGuard;
use kube::runtime::watcher::{DefaultBackoff, Event, watcher};
use parking_lot::RwLock;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use super::health::{Health, NAMESPACE};
use super::watch::{Trouble, config, heals_itself, pause};
use crate::names::{PANEL_LABEL, SEAT_LABEL};

/// One seat, as its namespace's label tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The seat's number as its code shows it, `07`.
    pub number: String,
}

impl Seat {
    /// Numbers in order of number, then all else in order of text.
    pub(super) fn order(&self) -> (u64, &str) {
        (self.number.parse().unwrap_or(u64::MAX), &self.number)
    }
}

/// All namespaces: a seat, or `None` where it is known to be none.
pub(super) struct Seats {
    known: RwLock<HashMap<String, Option<Seat>>>,
    relabelled: watch::Sender<u64>,
}

impl Default for Seats {
    fn default() -> Self {
        Self {
            known: RwLock::default(),
            relabelled: watch::Sender::new(0),
        }
    }
}

impl Seats {
    /// False for a namespace that is known to be no seat.
    pub(super) fn may_be_ours(&self, namespace: &str) -> bool {
        !matches!(self.known.read().get(namespace), Some(None))
    }

    /// All seats by namespace, in seat order.
    pub(super) fn all(&self) -> Vec<(String, Seat)> {
        let known = self.known.read();
        let seats = known
            .iter()
            .filter_map(|(namespace, seat)| Some((namespace.clone(), seat.clone()?)));
        let mut seats: Vec<_> = seats.collect();
        drop(known);
        seats.sort_by(|(a_namespace, a), (b_namespace, b)| {
            a.order()
                .cmp(&b.order())
                .then_with(|| a_namespace.cmp(b_namespace))
        });
        seats
    }

    /// Tells when a namespace whose objects were dropped has become a seat.
    pub(super) fn relabelled(&self) -> watch::Receiver<u64> {
        self.relabelled.subscribe()
    }

    /// Returns true if the namespace is no seat.
    fn apply(&self, namespace: &str, seat: Option<Seat>) -> bool {
        let foreign = seat.is_none();
        let before = self.known.write().insert(namespace.to_owned(), seat);
        if before == Some(None) && !foreign {
            self.relabelled.send_modify(|times| *times += 1);
        }
        foreign
    }

    /// Takes a whole list in; returns whether it told anything new.
    pub(super) fn replace(&self, listed: &BTreeMap<String, Option<Seat>>) -> bool {
        let mut known = self.known.write();
        let same = known.len() == listed.len()
            && listed
                .iter()
                .all(|(namespace, seat)| known.get(namespace) == Some(seat));
        known.retain(|namespace, _| listed.contains_key(namespace));
        drop(known);
        for (namespace, seat) in listed {
            self.apply(namespace, seat.clone());
        }
        !same
    }
}

/// A seat of the panel in `panel`: another class on the same cluster has seats of the same numbers.
fn seat_of(namespace: &Namespace, panel: &str) -> Option<Seat> {
    let labels = namespace.labels();
    labels.get(PANEL_LABEL).filter(|of| *of == panel)?;
    let number = labels.get(SEAT_LABEL)?.clone();
    Some(Seat { number })
}

/// Watches the namespaces until `shutdown`; returns the kind. `forget` is called for those that are no seats.
pub(super) async fn watch(
    api: Api<DeserializeGuard<Namespace>>,
    panel: String,
    seats: Arc<Seats>,
    health: Arc<Health>,
    changes: Arc<Changes>,
    forget: impl Fn(&str) + Send + Sync + 'static,
    shutdown: CancellationToken,
) -> &'static str {
    let watching = async {
        let mut backoff = DefaultBackoff::default();
        loop {
            let trouble = follow(
                &api,
                &panel,
                &seats,
                &health,
                &changes,
                &forget,
                &mut backoff,
            )
            .await;
            match &trouble {
                Trouble::Absent(error) => health.absent(NAMESPACE, error),
                Trouble::Broken(error) => health.broken(NAMESPACE, error),
            }
            pause(&trouble, &mut backoff, health.reach()).await;
        }
    };
    shutdown.run_until_cancelled(watching).await.unwrap_or(());
    NAMESPACE
}

async fn follow(
    api: &Api<DeserializeGuard<Namespace>>,
    panel: &str,
    seats: &Seats,
    health: &Health,
    changes: &Changes,
    forget: &(impl Fn(&str) + Send + Sync),
    backoff: &mut DefaultBackoff,
) -> Trouble {
    let mut listed = BTreeMap::new();
    let mut events = pin!(watcher(api.clone(), config()));
    loop {
        let event = match events.next().await {
            Some(Ok(event)) => event,
            Some(Err(error)) if heals_itself(&error) => {
                health.restarted(NAMESPACE);
                tokio::time::sleep(backoff.next().unwrap_or_default()).await;
                continue;
            }
            Some(Err(error)) => return error.into(),
            // kube's watcher never ends; should it, a list is the way to go on.
            None => return kube::runtime::watcher::Error::NoResourceVersion.into(),
        };
        health.heard(NAMESPACE);
        match event {
            Event::Init => listed.clear(),
            Event::InitApply(namespace) => {
                let seat = namespace.0.as_ref().ok();
                let seat = seat.and_then(|namespace| seat_of(namespace, panel));
                listed.insert(namespace.name_any(), seat);
            }
            Event::InitDone => {
                seats.replace(&listed);
                for (namespace, _) in listed.iter().filter(|(_, seat)| seat.is_none()) {
                    forget(namespace);
                }
                listed.clear();
                health.live(NAMESPACE);
                changes.mark_all();
            }
            Event::Apply(namespace) => {
                let name = namespace.name_any();
                let seat = namespace.0.as_ref().ok();
                let seat = seat.and_then(|namespace| seat_of(namespace, panel));
                if seats.apply(&name, seat) {
                    forget(&name);
                }
                changes.mark(&name);
            }
            Event::Delete(namespace) => {
                let name = namespace.name_any();
                seats.known.write().remove(&name);
                forget(&name);
                changes.mark(&name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_seat(number: &str) -> Option<Seat> {
        Some(Seat {
            number: number.to_owned(),
        })
    }

    #[test]
    fn seats_are_in_order_of_their_numbers() {
        let seats = Seats::default();
        for (namespace, number) in [("c", "10"), ("a", "9"), ("b", "spare"), ("d", "09")] {
            seats.apply(namespace, mk_seat(number));
        }
        seats.apply("kube-system", None);
        let order: Vec<_> = seats
            .all()
            .into_iter()
            .map(|(namespace, _)| namespace)
            .collect();
        assert_eq!(order, ["d", "a", "c", "b"]);
    }

    #[test]
    fn an_unknown_namespace_may_be_ours_until_it_is_known() {
        let seats = Seats::default();
        assert!(seats.may_be_ours("late"));
        seats.apply("late", None);
        assert!(!seats.may_be_ours("late"));
    }

    #[test]
    fn a_namespace_that_becomes_a_seat_is_told() {
        let seats = Seats::default();
        let relabelled = seats.relabelled();
        seats.apply("new", mk_seat("1"));
        assert!(
            !relabelled.has_changed().unwrap(),
            "nothing was dropped of it"
        );
        seats.apply("old", None);
        seats.apply("old", mk_seat("2"));
        assert!(relabelled.has_changed().unwrap());
    }

    #[test]
    fn a_seat_of_another_panel_is_none_of_ours() {
        let mut namespace = Namespace::default();
        let labels = namespace.metadata.labels.get_or_insert_default();
        labels.insert(SEAT_LABEL.to_owned(), "01".to_owned());
        assert_eq!(seat_of(&namespace, "workshop"), None);
        let labels = namespace.metadata.labels.get_or_insert_default();
        labels.insert(PANEL_LABEL.to_owned(), "workshop".to_owned());
        assert_eq!(seat_of(&namespace, "workshop"), mk_seat("01"));
        assert_eq!(seat_of(&namespace, "another"), None);
    }
}
