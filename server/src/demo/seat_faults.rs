//! Breaks one seat by requests to the API, and restores what was there.

use app::model::{LoadSettings, Sentinel};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, ResourceQuota};
use kube::api::{ApiResource, DynamicObject, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

use super::sentinel;
use crate::call::{Calls, TIME_LIMIT};
use crate::error::{CallError, Error, Result};
use crate::workshop::manifests::{self, APP, LOAD, LOCUSTFILE, Settings};

/// The field manager of what is changed here: somebody other than the panel.
const MANAGER: &str = "instructor";
/// The quota that a seat's page names.
const QUOTA: &str = "faults";
/// A Deployment may change between a read and a write, as while it is scaled.
const TRIES: u32 = 5;

/// What has to be done to restore what was there.
#[derive(Debug)]
pub(super) enum Undo {
    /// The pods of the Deployment with this UID had this `spec`.
    PodSpec { uid: String, spec: Value },
    /// The quota was not there.
    Quota,
    /// No load was there.
    Load,
}

/// Acts as an administrator.
pub(super) struct SeatFaults {
    client: Client,
    settings: Settings,
}

impl SeatFaults {
    pub(super) fn new(client: Client, settings: Settings) -> Self {
        Self { client, settings }
    }

    /// Breaks a namespace; `None` where there is nothing that could be broken so.
    pub(super) async fn make(&self, namespace: &str, sentinel: Sentinel) -> Result<Option<Undo>> {
        match sentinel {
            Sentinel::QuotaFull => self.fill_quota(namespace).await.map(Some),
            Sentinel::LoadFails => self.fail_load(namespace).await,
            _ => {
                let change = |_: &DynamicObject, spec: &Value| sentinel::broken(spec, sentinel);
                let before = self.change_pod_spec(namespace, change).await?;
                Ok(before.map(|(uid, spec)| Undo::PodSpec { uid, spec }))
            }
        }
    }

    /// Restores. What was deleted meanwhile, or made anew, needs no cure.
    pub(super) async fn undo(&self, namespace: &str, undo: &Undo) -> Result<()> {
        match undo {
            Undo::PodSpec { uid, spec } => {
                let restore = |deployment: &DynamicObject, _: &Value| {
                    (deployment.uid().as_ref() == Some(uid)).then(|| spec.clone())
                };
                self.change_pod_spec(namespace, restore).await?;
            }
            Undo::Quota => {
                self.calls::<ResourceQuota>(namespace).delete(QUOTA).await?;
            }
            Undo::Load => {
                self.calls::<Job>(namespace).delete(LOAD).await?;
            }
        }
        Ok(())
    }

    /// Replaces the pods' `spec` in the web app's Deployment. Returns the Deployment's UID and what was there; `None` if
    /// there is no Deployment, or nothing to change.
    async fn change_pod_spec(
        &self,
        namespace: &str,
        change: impl Fn(&DynamicObject, &Value) -> Option<Value>,
    ) -> Result<Option<(String, Value)>> {
        let resource = ApiResource::erase::<Deployment>(&());
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), namespace, &resource);
        let params = PostParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PostParams::default()
        };
        let mut tries = 0;
        loop {
            let found = Calls::dynamic(api.clone(), "Deployment").get(APP).await?;
            let Some(mut deployment) = found.filter(|d| d.metadata.deletion_timestamp.is_none())
            else {
                return Ok(None);
            };
            let before = deployment.data["spec"]["template"]["spec"].clone();
            let Some(after) = change(&deployment, &before) else {
                return Ok(None);
            };
            deployment.data["spec"]["template"]["spec"] = after;
            let replace = api.replace(APP, &params, &deployment);
            let source = match tokio::time::timeout(TIME_LIMIT, replace).await {
                Ok(Ok(written)) => return Ok(written.uid().map(|uid| (uid, before))),
                Ok(Err(error)) => CallError::Kube(Box::new(error)),
                Err(_) => CallError::TimedOut(TIME_LIMIT),
            };
            let error = Error::Call {
                verb: "update",
                kind: "Deployment".to_owned(),
                name: APP.to_owned(),
                source,
            };
            tries += 1;
            if !error.is_conflict() || tries == TRIES {
                return Err(error);
            }
        }
    }

    /// Pods that are there stay; no other comes.
    async fn fill_quota(&self, namespace: &str) -> Result<Undo> {
        let resource = ApiResource::erase::<ResourceQuota>(&());
        let quota = DynamicObject::new(QUOTA, &resource)
            .data(json!({ "spec": { "hard": { "pods": "0" } } }));
        let api = Api::namespaced_with(self.client.clone(), namespace, &resource);
        let calls = Calls::dynamic(api, "ResourceQuota");
        calls.create_new(QUOTA, &quota).await?;
        Ok(Undo::Quota)
    }

    /// A load whose program ends with an error; `None` if there is a load.
    async fn fail_load(&self, namespace: &str) -> Result<Option<Undo>> {
        let locustfile = manifests::locustfile(APP, LoadSettings::DEFAULT.n);
        self.calls::<ConfigMap>(namespace)
            .apply(LOCUSTFILE, &locustfile, true)
            .await?;
        let settings = Settings {
            load_image: sentinel::tagged(&self.settings.load_image, "crash"),
            ..self.settings.clone()
        };
        let resource = ApiResource::erase::<Job>(&());
        let api = Api::namespaced_with(self.client.clone(), namespace, &resource);
        let job = manifests::job(&settings, &LoadSettings::DEFAULT);
        let made = Calls::dynamic(api, "Job").create_new(LOAD, &job).await?;
        Ok(made.then_some(Undo::Load))
    }

    fn calls<K>(&self, namespace: &str) -> Calls<K>
    where
        K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned,
    {
        Calls::new(Api::namespaced(self.client.clone(), namespace))
    }
}
