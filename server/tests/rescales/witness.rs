//! Watches a namespace's HPA and its events beside the panel, with the administrator's rights. Nothing of it is the
//! panel's, and each state is seen: a list afterwards would tell only of the last one.

use std::fmt::Debug;
use std::pin::pin;
use std::sync::Arc;

use futures::StreamExt;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Event;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event as Change, watcher};
use kube::{Api, Client};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;

use super::Account;

/// What the HPAs of one namespace tell, from now on; ends when dropped.
pub(crate) struct Witness {
    account: Arc<Mutex<Account>>,
    watches: [JoinHandle<()>; 2],
}

impl Witness {
    /// Begins to watch. The namespace has no HPA yet.
    pub(crate) fn of(client: Client, namespace: &str) -> Self {
        let account = Arc::new(Mutex::new(Account::default()));
        let events: Api<Event> = Api::namespaced(client.clone(), namespace);
        let of_hpa = "involvedObject.kind=HorizontalPodAutoscaler";
        let of_hpa = watcher::Config::default().fields(of_hpa);
        let hpas: Api<HorizontalPodAutoscaler> = Api::namespaced(client, namespace);
        let (hears, sees) = (Arc::clone(&account), Arc::clone(&account));
        let watches = [
            tokio::spawn(watch(events, of_hpa, move |event| hears.lock().hear(event))),
            tokio::spawn(watch(hpas, watcher::Config::default(), move |hpa| {
                sees.lock().see(hpa);
            })),
        ];
        Self { account, watches }
    }

    /// What was told until now.
    pub(crate) fn account(&self) -> Account {
        let ended = self.watches.iter().any(JoinHandle::is_finished);
        assert!(!ended, "a watch of the HPA ended");
        self.account.lock().clone()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.watches.iter().for_each(JoinHandle::abort);
    }
}

/// Goes on after an error where it was: nothing between is lost.
async fn watch<K>(api: Api<K>, config: watcher::Config, mut take: impl FnMut(&K))
where
    K: kube::Resource + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let mut changes = pin!(watcher(api, config).default_backoff());
    while let Some(change) = changes.next().await {
        match change {
            Ok(Change::Apply(object) | Change::InitApply(object)) => take(&object),
            Ok(Change::Init | Change::InitDone | Change::Delete(_)) => {}
            Err(error) => eprintln!("the watch beside the panel: {error}"),
        }
    }
}
