//! How a command writes: as one attendee in one namespace, with a record of what it wrote.

use std::fmt::Debug;
use std::ops::Deref;
use std::sync::Arc;

use app::model::{Act, Done, Verb};
use kube::api::{ApiResource, DynamicObject};
use kube::{Api, Client};
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::Calls;
use crate::error::Result;
use crate::names::FIELD_MANAGER;
use crate::workshop::manifests::scaled_object_resource;

/// What one command acts with. Cloned into its task; the record is shared.
#[derive(Clone)]
pub(super) struct Hands {
    client: Client,
    namespace: String,
    done: Arc<Mutex<Done>>,
}

impl Hands {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self {
            client,
            namespace: namespace.to_owned(),
            done: Arc::default(),
        }
    }

    /// What was done until now.
    pub(super) fn done(&self) -> Done {
        self.done.lock().clone()
    }

    /// Notes something beside the writes.
    pub(super) fn note(&self, note: impl FnOnce(&mut Done)) {
        note(&mut self.done.lock());
    }

    /// Objects of a kind.
    pub(super) fn of<K>(&self) -> Recorded<K>
    where
        K: kube::Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + Debug
            + DeserializeOwned,
    {
        let api = Api::namespaced(self.client.clone(), &self.namespace);
        self.recorded(Calls::new(api), &K::kind(&()))
    }

    /// Objects of a kind, as the API server tells them, every field.
    pub(super) fn dynamic(&self, resource: &ApiResource) -> Recorded<DynamicObject> {
        let api = Api::namespaced_with(self.client.clone(), &self.namespace, resource);
        self.recorded(Calls::dynamic(api, &resource.kind), &resource.kind)
    }

    /// ScaledObjects.
    pub(super) fn scaled_objects(&self) -> Recorded<DynamicObject> {
        self.dynamic(&scaled_object_resource())
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    fn recorded<K>(&self, calls: Calls<K>, kind: &str) -> Recorded<K> {
        Recorded {
            calls,
            kind: kind.to_owned(),
            done: Arc::clone(&self.done),
        }
    }
}

/// [`Calls`] whose writes are recorded.
pub(super) struct Recorded<K> {
    calls: Calls<K>,
    kind: String,
    done: Arc<Mutex<Done>>,
}

impl<K> Deref for Recorded<K> {
    type Target = Calls<K>;

    fn deref(&self) -> &Self::Target {
        &self.calls
    }
}

impl<K: Clone + Debug + DeserializeOwned> Recorded<K> {
    fn record(&self, verb: Verb, name: &str, command: Option<String>) {
        let manager = (verb != Verb::Delete).then(|| FIELD_MANAGER.to_owned());
        self.done.lock().acts.push(Act {
            verb,
            kind: self.kind.clone(),
            name: name.to_owned(),
            manager,
            command,
        });
    }

    /// As [`Calls::apply`].
    pub(super) async fn apply<P: Serialize + Debug>(
        &self,
        name: &str,
        object: &P,
        force: bool,
    ) -> Result<K> {
        let applied = self.calls.apply(name, object, force).await?;
        self.record(Verb::Apply, name, None);
        Ok(applied)
    }

    /// The same; `command` is what does it by hand.
    pub(super) async fn apply_as<P: Serialize + Debug>(
        &self,
        name: &str,
        object: &P,
        force: bool,
        command: String,
    ) -> Result<K> {
        let applied = self.calls.apply(name, object, force).await?;
        self.record(Verb::Apply, name, Some(command));
        Ok(applied)
    }

    /// As [`Calls::create`].
    pub(super) async fn create(&self, name: &str, object: &K) -> Result<K>
    where
        K: Serialize,
    {
        let created = self.calls.create(name, object).await?;
        self.record(Verb::Create, name, None);
        Ok(created)
    }

    /// As [`Calls::delete`]; what was not there is no act.
    pub(super) async fn delete(&self, name: &str) -> Result<bool> {
        let was_there = self.calls.delete(name).await?;
        if was_there {
            self.record(Verb::Delete, name, None);
        }
        Ok(was_there)
    }
}
