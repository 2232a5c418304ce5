//! The readers that there are: one for the whole cluster, or one for each seat's namespace.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use app::model::{SourceState, Sources, TimeMs, Unwatched};
use parking_lot::RwLock;

use super::reader::Reader;
use super::scope::{MOST_NAMESPACES, TooManySeats};
use crate::workshop::objects::Objects;

/// Who reads which namespace.
pub(super) enum Readers {
    /// One for all.
    All(Reader),
    /// One for each seat. Written by `per_namespace.rs` alone.
    Each(Arc<Each>),
}

/// The readers of the seats' namespaces.
#[derive(Default)]
pub(super) struct Each {
    seats: RwLock<HashMap<String, Slot>>,
    /// The seats were listed once, and their readers were started.
    listed: AtomicBool,
    refused: OnceLock<TooManySeats>,
}

/// What is done for one seat's namespace.
#[derive(Clone)]
enum Slot {
    Read(Arc<Reader>),
    /// Nothing: as many as can be are read already.
    TooMany,
}

impl Slot {
    fn seen(&self) -> bool {
        match self {
            Self::Read(reader) => reader.ready(),
            Self::TooMany => true,
        }
    }

    fn sources(&self) -> Sources {
        match self {
            Self::Read(reader) => reader.sources(),
            Self::TooMany => Sources::all(SourceState::Unwatched {
                why: Unwatched::TooMany {
                    most: MOST_NAMESPACES as u32,
                },
            }),
        }
    }
}

impl Readers {
    /// Which seats there are is known, and every kind was listed or refused once.
    pub(super) fn ready(&self) -> bool {
        match self {
            Self::All(reader) => reader.ready(),
            Self::Each(each) => {
                each.listed.load(Ordering::Acquire) && each.seats.read().values().all(Slot::seen)
            }
        }
    }

    /// Whether a seat's namespace was read, so that there is something to tell of it.
    pub(super) fn seen(&self, namespace: &str) -> bool {
        match self {
            Self::All(_) => true,
            Self::Each(each) => each.seats.read().get(namespace).is_some_and(Slot::seen),
        }
    }

    /// The sources of one namespace; `now` for one that is no seat any more.
    pub(super) fn sources(&self, namespace: &str, now: TimeMs) -> Sources {
        match self {
            Self::All(reader) => reader.sources(),
            Self::Each(each) => {
                let seats = each.seats.read();
                let slot = seats.get(namespace);
                slot.map_or_else(
                    || Sources::all(SourceState::Lost { since: now }),
                    Slot::sources,
                )
            }
        }
    }

    /// What one namespace holds now.
    pub(super) fn objects(&self, namespace: &str) -> Objects {
        match self {
            Self::All(reader) => reader.objects(namespace),
            Self::Each(each) => match each.seats.read().get(namespace) {
                Some(Slot::Read(reader)) => reader.objects(namespace),
                Some(Slot::TooMany) | None => Objects {
                    namespace: namespace.to_owned(),
                    ..Objects::default()
                },
            },
        }
    }

    /// Whether the watches are alive: all of them. A namespace that is not watched is told with its seat.
    pub(super) fn state(&self) -> SourceState {
        match self {
            Self::All(reader) => reader.sources().cluster,
            Self::Each(each) => {
                let seats = each.seats.read();
                let states = seats.values().map(|slot| slot.sources().cluster);
                let lost = states.filter_map(|state| match state {
                    SourceState::Lost { since } => Some(since),
                    _ => None,
                });
                lost.min()
                    .map_or(SourceState::Live, |since| SourceState::Lost { since })
            }
        }
    }

    /// Why nothing is read at all.
    pub(super) fn refused(&self) -> Option<TooManySeats> {
        match self {
            Self::All(_) => None,
            Self::Each(each) => each.refused.get().copied(),
        }
    }
}

impl Each {
    /// A reader was started.
    pub(super) fn read(&self, namespace: &str, reader: Reader) {
        let slot = Slot::Read(Arc::new(reader));
        self.seats.write().insert(namespace.to_owned(), slot);
    }

    /// A seat is not read.
    pub(super) fn leave_out(&self, namespace: &str) {
        let mut seats = self.seats.write();
        seats.insert(namespace.to_owned(), Slot::TooMany);
    }

    /// The others are gone.
    pub(super) fn keep_only(&self, is_seat: impl Fn(&str) -> bool) {
        self.seats.write().retain(|namespace, _| is_seat(namespace));
    }

    /// All seats that there are have been taken in.
    pub(super) fn listed(&self) {
        self.listed.store(true, Ordering::Release);
    }

    /// The class cannot be read so.
    pub(super) fn refuse(&self, why: TooManySeats) {
        // The first reason stays.
        let _ = self.refused.set(why);
    }
}
