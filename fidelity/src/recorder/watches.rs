//! One kind's watch: every event a line, and a new watch from the last version where one ends.

use std::collections::HashSet;
use std::time::Duration;

use futures::{StreamExt, pin_mut};
use kube::api::{Api, DynamicObject, ListParams, WatchEvent, WatchParams};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use super::notes::Notes;
use crate::error::{Error, Result};
use crate::line::{Change, ChangeType, Entry};

/// Between a watch that broke and the next one.
const PAUSE: Duration = Duration::from_millis(200);
/// Repeats the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The watch of one kind in one namespace.
pub(super) struct Watch {
    api: Api<DynamicObject>,
    kind: &'static str,
    version: String,
    notes: Notes,
    /// Hears of each Job's pod once, when it runs or has run.
    running: UnboundedSender<String>,
    told: HashSet<String>,
}

impl Watch {
    /// Learns the version to begin from.
    pub(super) async fn open(
        api: Api<DynamicObject>,
        kind: &'static str,
        notes: Notes,
        running: UnboundedSender<String>,
    ) -> Result<Self> {
        let list = api.list(&ListParams::default()).await;
        let list = list.map_err(Error::api(format!("list objects of kind {kind}")))?;
        Ok(Self {
            api,
            kind,
            version: list.metadata.resource_version.unwrap_or_default(),
            notes,
            running,
            told: HashSet::new(),
        })
    }

    /// Writes down every event, for ever.
    pub(super) async fn follow(mut self) {
        loop {
            if let Err(error) = self.follow_one().await {
                self.notes.add(Entry::Trouble {
                    what: format!("watch {}", self.kind),
                    message: Some(error.to_string()),
                });
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn follow_one(&mut self) -> kube::Result<()> {
        let parameters = WatchParams::default();
        let events = self.api.watch(&parameters, &self.version).await?;
        pin_mut!(events);
        while let Some(event) = events.next().await {
            let (change, object) = match event? {
                WatchEvent::Added(object) => (ChangeType::Added, object),
                WatchEvent::Modified(object) => (ChangeType::Modified, object),
                WatchEvent::Deleted(object) => (ChangeType::Deleted, object),
                WatchEvent::Bookmark(bookmark) => {
                    self.version = bookmark.metadata.resource_version;
                    continue;
                }
                WatchEvent::Error(status) => return Err(kube::Error::Api(status)),
            };
            self.see(change, object);
        }
        Ok(())
    }

    fn see(&mut self, change: ChangeType, mut object: DynamicObject) {
        if let Some(version) = &object.metadata.resource_version {
            self.version.clone_from(version);
        }
        object.metadata.managed_fields = None;
        if let Some(annotations) = &mut object.metadata.annotations {
            annotations.remove(LAST_APPLIED);
            if annotations.is_empty() {
                object.metadata.annotations = None;
            }
        }
        let Ok(object) = serde_json::to_value(object) else {
            return;
        };
        let job_pod = self.running_pod_of_a_job(&object);
        if let Some(entry) = Entry::watched(self.kind, Change { change, object }) {
            self.notes.add(entry);
        }
        if let Some(pod) = job_pod
            && self.told.insert(pod.clone())
        {
            // The receiver lives as long as the recording.
            let _ = self.running.send(pod);
        }
    }

    fn running_pod_of_a_job(&self, object: &Value) -> Option<String> {
        let labels = &object["metadata"]["labels"];
        if self.kind != "Pod" || labels["job-name"].is_null() {
            return None;
        }
        let containers = object["status"]["containerStatuses"].as_array()?;
        let started = containers
            .iter()
            .any(|c| !c["state"]["running"].is_null() || !c["state"]["terminated"].is_null());
        let name = object["metadata"]["name"].as_str()?;
        started.then(|| name.to_owned())
    }
}
