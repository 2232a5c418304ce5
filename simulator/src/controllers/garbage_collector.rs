//! Deletes what a deleted object owned, or lets it go: background, foreground and orphan.
//!
//! Upstream: `pkg/controller/garbagecollector/garbagecollector.go`. The index follows the changes, so no kind is
//! ever listed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::Controller;
use super::queue::{Key, WorkQueue};
use crate::status::{Result, Status};
use crate::store::resource::EVENTS;
use crate::store::{Change, ChangeType, DeleteOptions, Part, Propagation, Resource, Store};

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// An object's place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    kind: &'static str,
    namespace: String,
    name: String,
}

#[derive(Debug)]
struct Known {
    resource: &'static Resource,
    place: Place,
    owners: Vec<String>,
}

pub(super) struct GarbageCollector {
    store: Arc<Store>,
    queue: WorkQueue,
    /// All objects that are there, by UID.
    known: HashMap<String, Known>,
    /// UIDs of what each UID owns.
    dependents: BTreeMap<String, BTreeSet<String>>,
}

impl GarbageCollector {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            queue: WorkQueue::default(),
            known: HashMap::new(),
            dependents: BTreeMap::new(),
        }
    }

    fn learn(&mut self, uid: &str, change: &Change) {
        let owners = owners(&change.object);
        if let Some(known) = self.known.get(uid) {
            if known.owners == owners {
                return;
            }
            self.unlink(uid);
        }
        for owner in &owners {
            self.dependents
                .entry(owner.clone())
                .or_default()
                .insert(uid.to_owned());
        }
        if !owners.is_empty() {
            self.queue.add(Key::new("", uid));
        }
        self.known.insert(
            uid.to_owned(),
            Known {
                resource: change.resource,
                place: Place {
                    kind: change.resource.name,
                    namespace: change.namespace().to_owned(),
                    name: change.name().to_owned(),
                },
                owners,
            },
        );
    }

    fn unlink(&mut self, uid: &str) {
        let Some(known) = self.known.remove(uid) else {
            return;
        };
        for owner in known.owners {
            let Some(dependents) = self.dependents.get_mut(&owner) else {
                continue;
            };
            dependents.remove(uid);
            if dependents.is_empty() {
                self.dependents.remove(&owner);
            }
            // A foreground deletion may wait for this one.
            self.queue.add(Key::new("", owner));
        }
    }

    fn dependents(&self, uid: &str) -> Vec<String> {
        let dependents = self.dependents.get(uid);
        dependents.into_iter().flatten().cloned().collect()
    }

    fn object(&self, uid: &str) -> Option<(&'static Resource, Place, Arc<Value>)> {
        let known = self.known.get(uid)?;
        let place = known.place.clone();
        let object = self
            .store
            .get_value(known.resource, &place.namespace, &place.name)?;
        (object["metadata"]["uid"] == uid).then_some((known.resource, place, object))
    }

    /// Deletes an object none of whose owners is there any more (`attemptToDeleteItem`).
    fn collect(&self, uid: &str) -> Result<()> {
        let Some((resource, place, object)) = self.object(uid) else {
            return Ok(());
        };
        let owners = owners(&object);
        let ownerless =
            !owners.is_empty() && owners.iter().all(|owner| !self.known.contains_key(owner));
        if !ownerless || object["metadata"]["deletionTimestamp"].is_string() {
            return Ok(());
        }
        self.delete(resource, &place, uid, Propagation::Background)
    }

    fn delete(
        &self,
        resource: &'static Resource,
        place: &Place,
        uid: &str,
        propagation: Propagation,
    ) -> Result<()> {
        let options = DeleteOptions {
            uid: Some(uid.to_owned()),
            propagation: Some(propagation),
            ..DeleteOptions::default()
        };
        ignore_not_found(
            self.store
                .delete_value(resource, &place.namespace, &place.name, &options)
                .map(drop),
        )
    }

    fn change(
        &self,
        resource: &'static Resource,
        place: &Place,
        change: impl Fn(&mut Value),
    ) -> Result<()> {
        let written = self.store.update_value(
            resource,
            &place.namespace,
            &place.name,
            Part::All,
            None,
            |old| {
                let mut new = old.clone();
                change(&mut new["metadata"]);
                Ok(new)
            },
        );
        ignore_not_found(written.map(drop))
    }

    /// The dependents stay without their owner (`orphanDependents`).
    fn orphan(&self, uid: &str) -> Result<()> {
        for dependent in self.dependents(uid) {
            if let Some((resource, place, _)) = self.object(&dependent) {
                self.change(resource, &place, |meta| {
                    retain(meta, "ownerReferences", |owner| owner["uid"] != uid);
                })?;
            }
        }
        Ok(())
    }

    /// The dependents go first; whether those that hold the owner back are gone (`processDeletingDependentsItem`).
    fn foreground(&self, uid: &str) -> Result<bool> {
        let mut gone = true;
        for dependent in self.dependents(uid) {
            let Some((resource, place, object)) = self.object(&dependent) else {
                continue;
            };
            let blocks = references(&object).any(|owner| {
                owner["uid"] == uid && owner["blockOwnerDeletion"] == Value::Bool(true)
            });
            gone &= !blocks;
            if object["metadata"]["deletionTimestamp"].is_null() {
                // What owns something itself waits for that in turn.
                let propagation = if self.dependents.contains_key(&dependent) {
                    Propagation::Foreground
                } else {
                    Propagation::Background
                };
                self.delete(resource, &place, &dependent, propagation)?;
            }
        }
        Ok(gone)
    }
}

impl Controller for GarbageCollector {
    fn name(&self) -> &'static str {
        "garbage-collector"
    }

    fn observe(&mut self, change: &Change) {
        if *change.resource == EVENTS {
            // They own nothing and are owned by nobody.
            return;
        }
        let Some(uid) = change.object["metadata"]["uid"].as_str() else {
            return;
        };
        if change.change_type == ChangeType::Deleted {
            self.unlink(uid);
            for dependent in self.dependents(uid) {
                self.queue.add(Key::new("", dependent));
            }
            return;
        }
        self.learn(uid, change);
        if change.object["metadata"]["deletionTimestamp"].is_string() && waits(&change.object) {
            self.queue.add(Key::new("", uid));
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        let uid = &key.name;
        let Some((resource, place, object)) = self.object(uid) else {
            return Ok(());
        };
        let deleting = object["metadata"]["deletionTimestamp"].is_string();
        let finalizer = if !deleting {
            return self.collect(uid);
        } else if has_finalizer(&object, ORPHAN) {
            self.orphan(uid)?;
            ORPHAN
        } else if has_finalizer(&object, FOREGROUND) && self.foreground(uid)? {
            FOREGROUND
        } else {
            return Ok(());
        };
        self.change(resource, &place, |meta| {
            retain(meta, "finalizers", |present| present != finalizer);
        })
    }
}

fn references(object: &Value) -> impl Iterator<Item = &Value> {
    object["metadata"]["ownerReferences"]
        .as_array()
        .into_iter()
        .flatten()
}

fn owners(object: &Value) -> Vec<String> {
    references(object)
        .filter_map(|owner| owner["uid"].as_str().map(str::to_owned))
        .collect()
}

fn has_finalizer(object: &Value, finalizer: &str) -> bool {
    object["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|list| list.iter().any(|present| present == finalizer))
}

/// Whether the object waits for this controller.
fn waits(object: &Value) -> bool {
    has_finalizer(object, ORPHAN) || has_finalizer(object, FOREGROUND)
}

/// Keeps some of a list of `metadata`; an empty list is no list.
fn retain(meta: &mut Value, field: &str, keep: impl Fn(&Value) -> bool) {
    let Some(meta) = meta.as_object_mut() else {
        return;
    };
    let Some(list) = meta.get_mut(field).and_then(Value::as_array_mut) else {
        return;
    };
    list.retain(keep);
    if list.is_empty() {
        meta.remove(field);
    }
}

fn ignore_not_found(result: Result<()>) -> Result<(), Status> {
    match result {
        Err(error) if error.is_not_found() || error.code == 409 => Ok(()),
        other => other,
    }
}
