//! Reads each seat's namespace by itself: starts a reader when a seat's Secret appears, and ends it when it is gone.
//! It lists no namespaces and asks for nothing outside the seats'.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::reader::{Reader, Shared};
use super::readers::Each;
use super::scope::{MOST_NAMESPACES, Scope, TooManySeats};
use super::seats::Seat;
use crate::seats::Seats;

/// Between two seats' beginnings. All lists at once would open half as many connections again, which kube's client keeps;
/// and all watches would end in the same second of each minute.
const SPACING: Duration = Duration::from_millis(40);

/// The owner of all readers of namespaces.
pub(super) struct PerNamespace {
    people: Seats,
    shared: Shared,
    each: Arc<Each>,
    /// Ends one seat's tasks.
    stops: HashMap<String, CancellationToken>,
    /// Ends all seats' tasks.
    stop: CancellationToken,
    /// One task for each seat that is read, which owns that seat's.
    seats: JoinSet<Ended>,
    /// Seats beyond the most, as the log was told.
    left_out: usize,
}

/// The tasks of one seat ended.
struct Ended {
    /// The first that did.
    task: &'static str,
    /// They were told to.
    told: bool,
}

impl PerNamespace {
    pub(super) fn new(people: Seats, shared: Shared, each: Arc<Each>) -> Self {
        Self {
            people,
            shared,
            each,
            stops: HashMap::new(),
            stop: CancellationToken::new(),
            seats: JoinSet::new(),
            left_out: 0,
        }
    }

    /// Runs until `shutdown`, a task that ended by itself, or a first list of too many seats. Returns which task ended.
    pub(super) async fn run(mut self, shutdown: CancellationToken) -> &'static str {
        let ended = shutdown.run_until_cancelled(self.follow()).await;
        self.stop.cancel();
        while self.seats.join_next().await.is_some() {}
        ended.unwrap_or("seats")
    }

    async fn follow(&mut self) -> &'static str {
        let mut changed = self.people.changed();
        let mut is_first = true;
        loop {
            changed.mark_unchanged();
            if let Some(seats) = self.people.namespaces() {
                // A running class goes on when a seat too many is made; a start says at once what is wrong.
                if is_first && let Err(why) = TooManySeats::check(seats.len()) {
                    self.each.refuse(why);
                    return "seats";
                }
                is_first = false;
                self.take(seats).await;
            }
            tokio::select! {
                _ = changed.changed() => {}
                Some(ended) = self.seats.join_next() => match ended {
                    Ok(Ended { told: true, .. }) => {}
                    Ok(Ended { task, .. }) => return task,
                    Err(_) => return "a seat's tasks",
                },
            }
        }
    }

    /// Takes in which seats there are, as number by namespace.
    async fn take(&mut self, seats: BTreeMap<String, Seat>) {
        let chosen = choose(&seats, |namespace| self.stops.contains_key(namespace));
        let gone = self.stops.keys().filter(|name| !chosen.contains(*name));
        for namespace in gone.cloned().collect::<Vec<_>>() {
            self.end(&namespace);
        }
        for namespace in &chosen {
            if !self.stops.contains_key(namespace) {
                self.begin(namespace);
                sleep(SPACING).await;
            }
        }
        self.leave_out(&seats, &chosen);
        self.each
            .keep_only(|namespace| seats.contains_key(namespace));
        let seats = seats.into_iter().map(|(name, seat)| (name, Some(seat)));
        if self.shared.seats.replace(&seats.collect()) {
            self.shared.changes.mark_all();
        }
        self.each.listed();
    }

    fn begin(&mut self, namespace: &str) {
        let stop = self.stop.child_token();
        let mut tasks = JoinSet::new();
        let scope = Scope::Namespace(namespace.to_owned());
        let reader = Reader::start(scope, &self.shared, &stop, &mut tasks);
        self.each.read(namespace, reader);
        self.stops.insert(namespace.to_owned(), stop.clone());
        self.seats.spawn(async move {
            let first = tasks.join_next().await;
            let told = stop.is_cancelled();
            stop.cancel();
            while tasks.join_next().await.is_some() {}
            let task = first.and_then(Result::ok).unwrap_or("a watch");
            Ended { task, told }
        });
        tracing::debug!(namespace, "the seat is watched");
    }

    fn end(&mut self, namespace: &str) {
        if let Some(stop) = self.stops.remove(namespace) {
            stop.cancel();
        }
        tracing::debug!(namespace, "the seat is not watched any more");
    }

    fn leave_out(&mut self, seats: &BTreeMap<String, Seat>, chosen: &HashSet<String>) {
        let rest = seats.keys().filter(|name| !chosen.contains(*name));
        let rest: Vec<_> = rest.inspect(|name| self.each.leave_out(name)).collect();
        if rest.len() > self.left_out {
            let seats = seats.len();
            let why = TooManySeats { seats };
            tracing::warn!(not_watched = rest.len(), "{why}");
        }
        self.left_out = rest.len();
    }
}

/// Which namespaces are read: those that are, then the lowest numbers. A seat that is added takes nobody's place.
fn choose(seats: &BTreeMap<String, Seat>, is_read: impl Fn(&str) -> bool) -> HashSet<String> {
    let mut order: Vec<_> = seats.iter().collect();
    order.sort_by_key(|(namespace, seat)| (!is_read(namespace), seat.order()));
    let order = order.into_iter().map(|(namespace, _)| namespace.clone());
    order.take(MOST_NAMESPACES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_seats(numbers: impl IntoIterator<Item = usize>) -> BTreeMap<String, Seat> {
        let seat = |number: usize| Seat {
            number: format!("{number:02}"),
        };
        let seats = numbers.into_iter();
        seats
            .map(|number| (format!("seat-{number}"), seat(number)))
            .collect()
    }

    #[test]
    fn lowest_numbers_are_read_first() {
        let chosen = choose(&mk_seats(1..=52), |_| false);
        assert_eq!(chosen.len(), MOST_NAMESPACES);
        assert!(!chosen.contains("seat-51") && !chosen.contains("seat-52"));
    }

    #[test]
    fn seat_that_is_read_keeps_its_place() {
        let seats = mk_seats(1..=51);
        let chosen = choose(&seats, |namespace| namespace != "seat-3");
        assert!(!chosen.contains("seat-3"));
        let freed = mk_seats((1..=51).filter(|number| *number != 9));
        let chosen = choose(&freed, |namespace| namespace != "seat-3");
        assert!(chosen.contains("seat-3"));
    }
}
