//! The newest version of each seat that this process has seen, by its watch or in the answers to its own writes.
//!
//! A write is known here as soon as the API server has answered it: who was signed out is out at once, and who signed in
//! needs no second look. The watch brings what other replicas and `workshop seats` write.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::runtime::watcher::{Config, Event};
use kube::runtime::{WatchStreamExt, watcher};
use parking_lot::RwLock;
use tokio::sync::watch;

use super::code::SeatNumber;
use super::record::Seat;
use crate::error::chain;
use crate::names::SEAT_LABEL;
use crate::telemetry::Watches;

/// The kind that is watched, in the figures.
const SECRET: &str = "Secret";

/// Seats by number. Written by the watch and by [`super::Seats`] after its own writes.
pub(super) struct Known {
    seats: RwLock<HashMap<SeatNumber, watch::Sender<Arc<Seat>>>>,
    listed: watch::Sender<bool>,
    /// Tells that any seat changed.
    changed: watch::Sender<()>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            seats: RwLock::default(),
            listed: watch::Sender::new(false),
            changed: watch::Sender::new(()),
        }
    }
}

impl Known {
    /// The seats were listed once.
    pub(super) fn listed(&self) -> bool {
        *self.listed.borrow()
    }

    /// Ends once the seats were listed.
    pub(super) async fn until_listed(&self) {
        // The sender lives as long as `self`.
        let _ = self.listed.subscribe().wait_for(|listed| *listed).await;
    }

    /// Tells when any seat changed.
    pub(super) fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(super) fn get(&self, number: SeatNumber) -> Option<Arc<Seat>> {
        Some(Arc::clone(&self.seats.read().get(&number)?.borrow()))
    }

    /// One seat and its changes; ends when the seat is removed.
    pub(super) fn follow(&self, number: SeatNumber) -> Option<watch::Receiver<Arc<Seat>>> {
        Some(self.seats.read().get(&number)?.subscribe())
    }

    /// All seats in the order of their numbers.
    pub(super) fn all(&self) -> Vec<Arc<Seat>> {
        let seats = self.seats.read();
        let mut all: Vec<_> = seats
            .values()
            .map(|seat| Arc::clone(&seat.borrow()))
            .collect();
        drop(seats);
        all.sort_by_key(|seat| seat.number);
        all
    }

    /// Takes a version of a seat in, unless a newer one is known.
    ///
    /// Versions of one object may be compared: kubernetes KEP-5504.
    pub(super) fn learn(&self, seat: Seat) {
        self.put(seat, |known, new| new.version > known.version);
    }

    fn put(&self, seat: Seat, replaces: impl Fn(&Seat, &Seat) -> bool) {
        let mut seats = self.seats.write();
        match seats.get(&seat.number) {
            Some(known) => {
                if !replaces(&known.borrow(), &seat) {
                    return;
                }
                known.send_replace(Arc::new(seat));
            }
            None => {
                seats.insert(seat.number, watch::Sender::new(Arc::new(seat)));
            }
        }
        drop(seats);
        self.changed.send_replace(());
    }

    fn forget(&self, number: SeatNumber) {
        self.seats.write().remove(&number);
        self.changed.send_replace(());
    }

    /// Takes a whole list in: it is right, whatever its versions.
    fn replace(&self, listed: Vec<Seat>) {
        let numbers: Vec<_> = listed.iter().map(|seat| seat.number).collect();
        self.seats
            .write()
            .retain(|number, _| numbers.contains(number));
        for seat in listed {
            self.put(seat, |_, _| true);
        }
        // First: who is told of the change finds the list complete.
        self.listed.send_replace(true);
        self.changed.send_replace(());
    }

    /// Follows the Secrets for ever.
    pub(super) async fn watch(&self, secrets: Api<Secret>, watches: &Watches) {
        let config = Config::default().labels(SEAT_LABEL).timeout(60);
        let mut events = pin!(watcher(secrets, config).default_backoff());
        let mut listing = Vec::new();
        watches.begun(SECRET);
        let mut told = false;
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => {
                    told = false;
                    watches.heard(SECRET);
                    match event {
                        Event::Init => listing.clear(),
                        Event::InitApply(secret) => listing.extend(read(&secret)),
                        Event::InitDone => self.replace(std::mem::take(&mut listing)),
                        Event::Apply(secret) => {
                            if let Some(seat) = read(&secret) {
                                self.learn(seat);
                            }
                        }
                        Event::Delete(secret) => {
                            if let Some(seat) = read(&secret) {
                                self.forget(seat.number);
                            }
                        }
                    }
                }
                Err(error) => {
                    watches.restarted(SECRET);
                    if !std::mem::replace(&mut told, true) {
                        let error = chain(&error);
                        tracing::warn!(error, "the watch of the seats' Secrets failed");
                    }
                }
            }
        }
    }
}

/// A Secret that is no seat's is left out, and said so.
fn read(secret: &Secret) -> Option<Seat> {
    Seat::read(secret)
        .inspect_err(|error| tracing::warn!(error = chain(error), "a seat is left out"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mk_seat(number: &str, version: u64, name: &str) -> Seat {
        let secret = json!({
            "metadata": { "labels": { SEAT_LABEL: number }, "resourceVersion": version.to_string() },
            "data": {
                "role": k8s_openapi::ByteString(b"instructor".to_vec()),
                "name": k8s_openapi::ByteString(name.into()),
            },
        });
        Seat::read(&serde_json::from_value(secret).unwrap()).unwrap()
    }

    fn name(known: &Known, number: u16) -> Option<String> {
        known.get(SeatNumber(number))?.name.clone()
    }

    #[test]
    fn older_version_does_not_replace_a_newer_one() {
        let known = Known::default();
        known.learn(mk_seat("07", 10, "new"));
        known.learn(mk_seat("07", 9, "old"));
        assert_eq!(name(&known, 7).as_deref(), Some("new"));
        known.learn(mk_seat("07", 11, "newest"));
        assert_eq!(name(&known, 7).as_deref(), Some("newest"));
    }

    #[test]
    fn list_replaces_all() {
        let known = Known::default();
        known.learn(mk_seat("07", 10, "a"));
        known.learn(mk_seat("08", 10, "b"));
        let mut followed = known.follow(SeatNumber(8)).unwrap();
        assert!(!known.listed());
        known.replace(vec![mk_seat("09", 3, "c"), mk_seat("07", 4, "restored")]);
        assert!(known.listed());
        let all: Vec<_> = known.all().iter().map(|seat| seat.number.0).collect();
        assert_eq!(all, [7, 9]);
        assert_eq!(name(&known, 7).as_deref(), Some("restored"));
        followed.mark_unchanged();
        assert!(followed.has_changed().is_err(), "its seat is gone");
    }
}
