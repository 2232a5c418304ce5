//! Keeps runs: each load as a compressed record in a ConfigMap of the panel's own namespace, so that a panel that is
//! restarted or replaced shows what was before it. Every replica writes; none is the leader.
//!
//! `cli/panel.rs` starts it. It reads what `publish/` told, and hands records back to it by [`Records`].

mod archive;
mod store;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::publish::Published;
use crate::workshop::Run;

pub use archive::Archive;
use store::Store;
pub use store::delete_of_seat;
use writer::Writer;

/// How long the first picture may wait for the records.
const FIRST_WITHIN: Duration = Duration::from_secs(5);

/// Records on their way to the publisher; it takes them at once.
const ON_THE_WAY: usize = 16;

/// The keeping of runs, not started yet.
pub struct Runs {
    store: Arc<Store>,
    tell: mpsc::Sender<Told>,
}

/// What was found in the records.
enum Told {
    Run(Box<Run>),
    /// All were read, or cannot be.
    Read,
}

impl Runs {
    /// Records in the panel's `namespace`. The second half is the publisher's.
    pub fn new(client: Client, namespace: &str) -> (Self, Records) {
        let (tell, told) = mpsc::channel(ON_THE_WAY);
        let store = Arc::new(Store::new(client, namespace));
        (Self { store, tell }, Records { told })
    }

    /// The same records, to be read.
    pub fn archive(&self) -> Archive {
        Archive::new(Arc::clone(&self.store))
    }

    /// Reads the records, then writes until `shutdown`, and once more what is under way then. The task ends only then.
    pub fn start(self, published: Arc<Published>, shutdown: CancellationToken) -> JoinHandle<()> {
        let writer = Writer::new(self.store, published, self.tell);
        tokio::spawn(writer.run(shutdown))
    }
}

/// What the records tell the publisher.
pub struct Records {
    told: mpsc::Receiver<Told>,
}

impl Records {
    /// The runs that were there at the start, oldest first for each namespace; fewer if they are not read in time.
    pub async fn first(&mut self) -> Vec<Run> {
        let until = Instant::now() + FIRST_WITHIN;
        let mut runs = Vec::new();
        while let Ok(Some(Told::Run(run))) = timeout_at(until, self.told.recv()).await {
            runs.push(*run);
        }
        runs
    }

    /// A run that holds more than is known here; `None` when there will be no more.
    pub async fn next(&mut self) -> Option<Run> {
        loop {
            match self.told.recv().await? {
                Told::Run(run) => return Some(*run),
                Told::Read => {}
            }
        }
    }
}
