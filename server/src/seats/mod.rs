//! Knows people: seats and their codes, sessions and rights. Kept in labelled Secrets of the panel's own namespace, so
//! that every replica knows the same and none needs a database.

mod acts;
mod claim;
mod code;
mod identity;
mod key;
mod known;
mod name;
mod patch;
pub mod provision;
pub mod qr;
mod record;
mod sessions;
mod store;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use app::model::{ClassPhase, TimeMs};
use kube::Client;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::budget::Budget;
use crate::cluster;
use crate::telemetry::Watches;

pub use acts::NewCode;
pub use code::{Code, NoCode, Opens, SeatNumber};
pub use identity::{Identity, Member, NotSeated, Place};
use known::Known;
pub use name::PersonName;
pub use record::{Person, Seat};
pub use sessions::{NoSession, Opened, Refused, SESSION_MOST_S, SeatChanges, Session};
pub use store::SeatStore;

/// Seats and sessions of the running panel. Shared by all routes.
#[derive(Clone)]
pub struct Seats {
    inner: Arc<Inner>,
}

struct Inner {
    known: Known,
    store: SeatStore,
    wrong_codes: Budget,
    unknown_sessions: Budget,
    /// When each session's expiry was last tried to be moved.
    touched: Mutex<HashMap<String, TimeMs>>,
    /// Writes that no answer waits for.
    tasks: TaskTracker,
}

impl Seats {
    /// Watches the seats' Secrets in the panel's `namespace` until `shutdown`. The task ends only then.
    pub fn start(
        client: Client,
        namespace: String,
        watches: Watches,
        shutdown: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let inner = Arc::new(Inner {
            known: Known::default(),
            store: SeatStore::new(client, namespace),
            wrong_codes: Budget::of_wrong_codes(),
            unknown_sessions: Budget::of_unknown_sessions(),
            touched: Mutex::default(),
            tasks: TaskTracker::new(),
        });
        let watched = Arc::clone(&inner);
        let task = tokio::spawn(async move {
            let watch = watched.known.watch(watched.store.secrets(), &watches);
            shutdown.run_until_cancelled(watch).await;
            watched.tasks.close();
            watched.tasks.wait().await;
        });
        (Self { inner }, task)
    }

    /// The seats were listed once.
    pub fn ready(&self) -> bool {
        self.inner.known.listed()
    }

    /// Ends once [`Seats::ready`] is true.
    pub async fn until_ready(&self) {
        self.inner.known.until_listed().await;
    }

    /// Whether the class runs. Nobody is let in before the seats were listed, so nobody acts before it is known.
    pub fn class_phase(&self) -> ClassPhase {
        let instructor = self.inner.known.get(SeatNumber::INSTRUCTOR);
        instructor.map_or_else(ClassPhase::default, |seat| seat.class.phase)
    }

    /// Tells when any seat changed.
    pub fn changed(&self) -> watch::Receiver<()> {
        self.inner.known.changed()
    }

    /// The attendees' namespaces with their seats, as the Secrets tell; `None` until they were listed.
    pub fn namespaces(&self) -> Option<BTreeMap<String, cluster::Seat>> {
        let known = &self.inner.known;
        let seats = known.listed().then(|| known.all())?;
        let namespaces = seats.iter().filter_map(|seat| match &seat.person {
            Person::Attendee { namespace } => {
                let number = seat.number.to_string();
                Some((namespace.clone(), cluster::Seat { number }))
            }
            Person::Instructor => None,
        });
        Some(namespaces.collect())
    }

    /// A seat's owner and how many are signed in there, for the instructor; `None` if there is no such seat.
    pub fn attendance(&self, number: SeatNumber, now: TimeMs) -> Option<Attendance> {
        let seat = self.inner.known.get(number)?;
        Some(Attendance {
            name: seat.name.clone(),
            sessions: u32::try_from(seat.sessions(now)).unwrap_or(u32::MAX),
            revoked: seat.is_revoked(),
        })
    }
}

/// Who sits on a seat, as the instructor sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attendance {
    pub name: Option<String>,
    /// Browsers that are signed in.
    pub sessions: u32,
    /// The seat has no code.
    pub revoked: bool,
}
