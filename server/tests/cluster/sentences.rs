//! The sentences of one journey against what the HPA itself tells: on a page that is open all the time, on each replica
//! of the panel, and on the page as it comes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::figures::{Zone, clock};
use app::live::LiveState;
use app::model::{Explanation, Snapshot, StreamEvent, Told};
use app::words;
use kube::config::KubeConfigOptions;
use kube::{Client, Config};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::browser::Browser;
use crate::rescales::{Account, Witness, objections, pairs};

/// Either replica tells of the last rescale within this time: the HPA's status comes after its event.
const TOLD_EVERYWHERE_WITHIN: Duration = Duration::from_secs(30);

/// Until the page that comes and the stream tell the same.
const SAME_WITHIN: Duration = Duration::from_secs(30);

/// An attendee's page from the start to the end of a journey, and the HPA beside it. Ends when dropped.
pub(crate) struct Sentences {
    witness: Witness,
    page: Arc<Mutex<Page>>,
    reading: JoinHandle<()>,
}

/// What a page shows, and what it should never have shown.
#[derive(Default)]
struct Page {
    live: LiveState,
    troubles: Vec<String>,
}

impl Sentences {
    /// Begins to listen. Nothing is deployed yet.
    pub(crate) async fn of(browser: &Browser, namespace: &str) -> Self {
        let witness = Witness::of(administrator().await, namespace);
        let mut events = browser.follow().await;
        let page = Arc::new(Mutex::new(Page::default()));
        let shown = Arc::clone(&page);
        let reading = tokio::spawn(async move {
            loop {
                let event = events.next().await;
                shown.lock().take(event);
            }
        });
        Self {
            witness,
            page,
            reading,
        }
    }

    /// Compares what was told of the journey until now, and prints it.
    pub(crate) async fn are_those_of_the_hpa(self, browser: &Browser) {
        let last = self.witness.account().rescales.last().cloned();
        let last = last.expect("the HPA has scaled").to;
        let replicas = of_each_replica(browser, last).await;
        let account = self.witness.account();
        assert!(!self.reading.is_finished(), "the page has gone on");
        let page = self.page.lock();
        let snapshot = page.live.snapshot.as_ref().expect("it is open");
        print(&account, &page.live.history.told, snapshot);
        compare("the page", &account, &page.live.history.told, snapshot);
        for (replica, told) in &replicas {
            compare(&format!("replica {replica}"), &account, told, snapshot);
        }
        let troubles = &page.troubles;
        assert_eq!(troubles, &[""; 0], "none in a healthy journey");
    }
}

impl Drop for Sentences {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl Page {
    fn take(&mut self, event: StreamEvent) {
        self.live.apply(event);
        let Some(snapshot) = &self.live.snapshot else {
            return;
        };
        let findings = snapshot
            .findings
            .iter()
            .map(|finding| format!("{finding:?}"));
        let unexplained = matches!(snapshot.explanation, Explanation::NotReproducible { .. })
            .then(|| format!("{:?}", snapshot.explanation));
        for trouble in findings.chain(unexplained) {
            if !self.troubles.contains(&trouble) {
                println!("{} {trouble}", clock(snapshot.time, Zone::default()));
                self.troubles.push(trouble);
            }
        }
    }
}

/// Of `KUBECONFIG`, as kubectl beside the panel is.
async fn administrator() -> Client {
    let options = KubeConfigOptions::default();
    let config = Config::from_kubeconfig(&options).await;
    let config = config.expect("KUBECONFIG is one");
    Client::try_from(config).expect("it makes a client")
}

/// What each of the two replicas tells, by its name, once its last rescale is to `last`.
async fn of_each_replica(browser: &Browser, last: u32) -> BTreeMap<String, Vec<Told>> {
    let began = Instant::now();
    let mut replicas = BTreeMap::new();
    while replicas.len() < 2 {
        // The Service chooses the replica.
        let mut page = browser.follow().await;
        let told = page.history().await.told;
        let mut rescales = told.iter().filter_map(|told| told.explanation.rescale());
        if rescales.next_back().is_some_and(|(_, to)| to == last) {
            replicas.insert(page.boot().to_owned(), told);
        }
        let waited = began.elapsed();
        assert!(
            waited < TOLD_EVERYWHERE_WITHIN,
            "only {} of two replicas tell of the last rescale",
            replicas.len()
        );
    }
    replicas
}

fn compare(who: &str, account: &Account, told: &[Told], snapshot: &Snapshot) {
    let pairs = match pairs(account, told, snapshot) {
        Ok(pairs) => pairs,
        Err(error) => panic!("{who}: {error}\n{told:#?}"),
    };
    let objections = objections(account, &pairs, told);
    assert!(objections.is_empty(), "{who}:\n{}", objections.join("\n"));
    println!("{who} tells of all {} rescales as the HPA", pairs.len());
}

/// For who reads the log: each rescale twice, then all that was told.
fn print(account: &Account, told: &[Told], snapshot: &Snapshot) {
    println!("each rescale, as the HPA and as the panel tell it:");
    match pairs(account, told, snapshot) {
        Ok(pairs) => pairs.iter().for_each(|pair| println!("{pair}")),
        Err(_) => println!("{:#?}", account.rescales),
    }
    println!("all that was told:");
    for told in told {
        let zone = Zone::default();
        let why = words::explanation(&told.explanation, snapshot, told.time, zone);
        println!("{} {}", clock(told.time, zone), why.sentence);
    }
}

/// The page as it comes, without JavaScript, says what the stream tells last.
pub(crate) async fn first_paint_says_it(browser: &Browser) {
    let began = Instant::now();
    while began.elapsed() < SAME_WITHIN {
        let before = newest(browser).await;
        let page = browser.page("/").await;
        // Otherwise the HPA looked meanwhile.
        if newest(browser).await == before {
            assert!(page.contains(&before), "{before:?} is not in {page}");
            println!("the page without JavaScript says: {before}");
            return;
        }
    }
    panic!("each page comes from another look");
}

/// The newest sentence.
async fn newest(browser: &Browser) -> String {
    let mut live = LiveState::default();
    let mut events = browser.follow().await;
    while live.snapshot.is_none() {
        live.apply(events.next().await);
    }
    let told = live.history.told.last().expect("something is told");
    let snapshot = live.snapshot.expect("it was waited for");
    words::explanation(&told.explanation, &snapshot, told.time, Zone::default()).sentence
}
