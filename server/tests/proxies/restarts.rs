//! All streams are cut at once: everybody comes back, spread, and has missed nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::nginx::Nginx;
use super::readers::{Heard, Readers};
use super::world::{Browser, World};

const SEATS: u16 = 10;
const READERS: usize = 100;

/// Ten tabs of each of ten people.
async fn class(world: &World) -> Vec<Browser> {
    let mut people = Vec::new();
    for seat in &world.seats {
        let person = world.sign_in(&seat.code).await;
        people.extend(std::iter::repeat_n(person, READERS / usize::from(SEATS)));
    }
    people
}

/// For each reader that was cut, when its next stream told it something first.
fn returns(heard: &[Heard], cut: Instant) -> Vec<Duration> {
    let mut first = BTreeMap::new();
    for heard in heard.iter().filter(|heard| heard.stream > 0) {
        first.entry(heard.reader).or_insert(heard.at - cut);
    }
    let mut returns: Vec<_> = first.into_values().collect();
    returns.sort();
    returns
}

/// Nobody's hole is seen on a chart, and no tenth of a second has to serve half of the class.
fn spread(returns: &[Duration]) {
    let busiest = returns.iter().map(|begin| {
        let end = *begin + Duration::from_millis(100);
        returns
            .iter()
            .filter(|at| (*begin..end).contains(at))
            .count()
    });
    let (first, last) = (returns[0], returns[returns.len() - 1]);
    let busiest = busiest.max().unwrap();
    println!(
        "{} readers came back {first:?} to {last:?} after the cut, at most {busiest} within 100 ms",
        returns.len()
    );
    assert!(last < Duration::from_secs(5));
    assert!(busiest < returns.len() / 2);
}

/// Every reader's events from the whole history on are numbered without a gap, over all its streams.
fn nothing_is_missing(heard: &[Heard]) {
    let mut newest: BTreeMap<usize, (String, u64)> = BTreeMap::new();
    for heard in heard {
        let Some(id) = &heard.id else { continue };
        let (boot, seq) = id.rsplit_once('-').unwrap();
        let seq: u64 = seq.parse().unwrap();
        if let Some((last_boot, last)) = newest.get(&heard.reader)
            && heard.event == "change"
        {
            assert_eq!((last_boot.as_str(), last + 1), (boot, seq), "{heard:?}");
        }
        newest.insert(heard.reader, (boot.to_owned(), seq));
    }
    assert_eq!(newest.len(), READERS);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx"]
async fn class_comes_back_after_the_proxys_restart_and_has_missed_nothing() {
    let world = World::new(SEATS).await;
    let mut nginx = Nginx::start(&[world.listens().await], "").await;
    let people = class(&world).await;
    let mut readers = Readers::open(nginx.plain, &people);
    let mut heard = readers.during(Duration::from_secs(2)).await;
    nginx.stop();
    let cut = Instant::now();
    // While nobody hears.
    people[0].post("/api/deploy", "take_over=false").await;
    nginx.run().await;
    heard.extend(readers.during(Duration::from_secs(6)).await);

    let returns = returns(&heard, cut);
    assert_eq!(returns.len(), READERS);
    spread(&returns);
    nothing_is_missing(&heard);
    // By the changes that they missed, not by everything again.
    let again = |heard: &&Heard| heard.stream > 0 && heard.event == "history";
    assert_eq!(heard.iter().filter(again).count(), 0);
    let changed = |heard: &&Heard| heard.reader == 0 && heard.stream > 0 && heard.event == "change";
    assert!(heard.iter().any(|heard| changed(&heard)));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx"]
async fn readers_of_a_replica_that_stops_come_back_spread_to_the_one_that_stays() {
    let world = World::new(SEATS).await;
    let leaves = world.replica().await;
    let panels = [leaves.listens().await, world.listens().await];
    let nginx = Nginx::start(&panels, "").await;
    let people = class(&world).await;
    let mut readers = Readers::open(nginx.plain, &people);
    let mut heard = readers.during(Duration::from_secs(2)).await;
    let cut = Instant::now();
    leaves.shutdown.cancel();
    people[0].post("/api/deploy", "take_over=false").await;
    heard.extend(readers.during(Duration::from_secs(6)).await);

    let told = heard
        .iter()
        .filter(|heard| heard.event == "leaving")
        .count();
    // nginx asks both by turns.
    assert_eq!(told, READERS / 2);
    let returns = returns(&heard, cut);
    assert_eq!(returns.len(), told);
    spread(&returns);
    nothing_is_missing(&heard);
}
