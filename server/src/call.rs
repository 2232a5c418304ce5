//! One call to the API server, with a time limit and the names that its error needs. Used by `commands/`,
//! `seats/` and `runs/`.

use std::fmt::Debug;
use std::time::Duration;

use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::{PartialObjectMeta, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{CallError, Error, Result};
use crate::names::FIELD_MANAGER;

/// The longest that any call may take. kube's client has no time limit for an answer of its own.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Objects in one page of a list.
const PAGE: u32 = 500;

/// Calls on objects of one kind, with time limits. Wraps an [`Api`] that acts as whoever its client is.
pub struct Calls<K> {
    api: Api<K>,
    kind: String,
}

impl<K> Calls<K>
where
    K: Clone + Debug + DeserializeOwned + kube::Resource,
    K::DynamicType: Default,
{
    pub fn new(api: Api<K>) -> Self {
        let kind = K::kind(&K::DynamicType::default()).into_owned();
        Self { api, kind }
    }
}

impl<K: Clone + Debug + DeserializeOwned> Calls<K> {
    /// For kinds whose name is known at run time only.
    pub fn dynamic(api: Api<K>, kind: &str) -> Self {
        Self {
            api,
            kind: kind.to_owned(),
        }
    }

    async fn call<T>(
        &self,
        verb: &'static str,
        name: &str,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T> {
        let source = match tokio::time::timeout(TIME_LIMIT, call).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => CallError::Kube(Box::new(error)),
            Err(_) => CallError::TimedOut(TIME_LIMIT),
        };
        Err(Error::Call {
            verb,
            kind: self.kind.clone(),
            name: name.to_owned(),
            source,
        })
    }

    /// `None` if it is not there.
    pub async fn get(&self, name: &str) -> Result<Option<K>> {
        self.call("get", name, self.api.get_opt(name)).await
    }

    /// All of the namespace; empty if the cluster does not have the kind.
    pub async fn list(&self, labels: Option<&str>) -> Result<Vec<K>> {
        let params = ListParams {
            label_selector: labels.map(str::to_owned),
            ..ListParams::default()
        };
        match self.call("list", "", self.api.list(&params)).await {
            Ok(list) => Ok(list.items),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Name, labels and annotations of all with these labels, by pages: for objects whose content is large.
    pub async fn list_metadata(&self, labels: &str) -> Result<Vec<PartialObjectMeta<K>>> {
        let mut params = ListParams::default().labels(labels).limit(PAGE);
        let mut all = Vec::new();
        loop {
            let page = self.call("list", "", self.api.list_metadata(&params));
            let page = page.await?;
            all.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok(all),
            }
        }
    }

    /// Server-Side Apply with the panel's field manager. `force` takes fields from other managers.
    pub async fn apply<P: Serialize + Debug>(
        &self,
        name: &str,
        object: &P,
        force: bool,
    ) -> Result<K> {
        let mut params = PatchParams::apply(FIELD_MANAGER);
        params.force = force;
        let patch = Patch::Apply(object);
        self.call("apply", name, self.api.patch(name, &params, &patch))
            .await
    }

    /// As [`Calls::apply`] without force, but nothing is kept of it: whether it would be taken.
    pub async fn apply_dry_run<P: Serialize + Debug>(&self, name: &str, object: &P) -> Result<K> {
        let params = PatchParams::apply(FIELD_MANAGER).dry_run();
        let patch = Patch::Apply(object);
        self.call("apply", name, self.api.patch(name, &params, &patch))
            .await
    }

    /// JSON merge patch.
    pub async fn merge(&self, name: &str, patch: &serde_json::Value) -> Result<K> {
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(patch);
        self.call("patch", name, self.api.patch(name, &params, &patch))
            .await
    }

    /// Creates it; an object of that name is an error.
    pub async fn create(&self, name: &str, object: &K) -> Result<K>
    where
        K: Serialize,
    {
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        self.call("create", name, self.api.create(&params, object))
            .await
    }

    /// Creates it. Returns whether it was made now: that somebody else made it meanwhile is fine.
    pub async fn create_new(&self, name: &str, object: &K) -> Result<bool>
    where
        K: Serialize,
    {
        match self.create(name, object).await {
            Ok(_) => Ok(true),
            Err(error) if error.status().is_some_and(Status::is_already_exists) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes it with background propagation; one that is not there is fine. Returns whether it was there.
    ///
    /// The default propagation of batch/v1 Jobs orphans their pods, so it is always named.
    /// kubernetes `pkg/registry/batch/job/strategy.go`, `DefaultGarbageCollectionPolicy`
    pub async fn delete(&self, name: &str) -> Result<bool> {
        let params = DeleteParams::background();
        match self
            .call("delete", name, self.api.delete(name, &params))
            .await
        {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits until it is gone, or until another object bears its name.
    ///
    /// It asks anew instead of watching: the attendee's account may not watch, and the wait is short.
    pub async fn gone(&self, name: &str, uid: Option<&str>, within: Duration) -> Result<()>
    where
        K: kube::Resource,
    {
        let gone = async {
            loop {
                match self.get(name).await? {
                    Some(object) if uid.is_none() || object.meta().uid.as_deref() == uid => {}
                    _ => return Ok(()),
                }
                tokio::time::sleep(ASK_AGAIN).await;
            }
        };
        match tokio::time::timeout(within, gone).await {
            Ok(result) => result,
            Err(_) => Err(Error::Call {
                verb: "delete",
                kind: self.kind.clone(),
                name: name.to_owned(),
                source: CallError::TimedOut(within),
            }),
        }
    }
}

const ASK_AGAIN: Duration = Duration::from_millis(500);
