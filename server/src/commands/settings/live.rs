//! The app's objects as they stand, whoever made them.

use app::model::{AppSettings, Nowhere, Setting, SettingOf, Snapshot};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{ApiResource, DynamicObject};
use serde_json::Value;

use crate::commands::hands::{Hands, Recorded};
use crate::commands::refusal::conflict;
use crate::error::{Error, Result};
use crate::workshop::manifests::{APP, read};

/// The app's two objects as they are now.
pub(super) struct Live {
    pub(super) scaled_object: Option<Value>,
    pub(super) deployment: Option<Value>,
    /// The app's container.
    pub(super) container: Option<String>,
}

impl Live {
    /// Reads the objects that the panel sees.
    ///
    /// # Errors
    /// A conflict where none is there, or one is still being removed.
    pub(super) async fn read(hands: &Hands, snapshot: Option<&Snapshot>) -> Result<Self> {
        let app = snapshot.and_then(|seen| Some(seen.deployment.as_ref()?.name.as_str()));
        let scaled = snapshot.and_then(|seen| Some(seen.scaled_object.as_ref()?.name.as_str()));
        if app.is_none() && scaled.is_none() {
            let message = "Nothing is deployed yet. Deploy first.".to_owned();
            return Err(Error::Refused(conflict(message)));
        }
        let deployment = get(&deployments(hands), app).await?;
        let scaled_object = get(&hands.scaled_objects(), scaled).await?;
        let container = deployment.as_ref().and_then(app_container);
        for object in [&deployment, &scaled_object].into_iter().flatten() {
            if object["metadata"]["deletionTimestamp"].is_string() {
                let name = name(object["kind"].as_str().unwrap_or_default(), object);
                let message =
                    format!("{name} is still being removed. Deploy again when it is gone.");
                return Err(Error::Refused(conflict(message)));
            }
        }
        Ok(Self {
            scaled_object,
            deployment,
            container,
        })
    }

    /// The values that are known.
    pub(super) fn settings(&self) -> AppSettings {
        let scaled = self.scaled_object.as_ref().map(read::of_scaled_object);
        let app = self.deployment.as_ref().zip(self.container.as_ref());
        let app = app.map(|(deployment, container)| read::of_deployment(deployment, container));
        scaled.unwrap_or_default().or(&app.unwrap_or_default())
    }

    /// Why a setting cannot be changed here.
    pub(super) fn nowhere(&self, setting: Setting) -> Option<Nowhere> {
        match setting.of() {
            SettingOf::ScaledObject => match &self.scaled_object {
                None => Some(Nowhere::NoObject),
                Some(object) if setting == Setting::Target => {
                    let object_name = name("ScaledObject", object);
                    read::cpu_trigger(object)
                        .is_none()
                        .then_some(Nowhere::NoTrigger {
                            object: object_name,
                        })
                }
                Some(_) => None,
            },
            SettingOf::Deployment => match (&self.deployment, &self.container) {
                (None, _) => Some(Nowhere::NoObject),
                (Some(object), None) => Some(Nowhere::ManyContainers {
                    object: name("Deployment", object),
                    containers: containers(object).count() as u32,
                }),
                (Some(_), Some(_)) => None,
            },
        }
    }
}

pub(super) fn deployments(hands: &Hands) -> Recorded<DynamicObject> {
    hands.dynamic(&ApiResource::erase::<Deployment>(&()))
}

async fn get(of: &Recorded<DynamicObject>, name: Option<&str>) -> Result<Option<Value>> {
    let Some(name) = name else {
        return Ok(None);
    };
    let found = of.get(name).await?;
    Ok(found.and_then(|object| serde_json::to_value(object).ok()))
}

fn containers(deployment: &Value) -> impl Iterator<Item = &str> {
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array();
    let containers = containers.into_iter().flatten();
    containers.filter_map(|container| container["name"].as_str())
}

/// The container that the handout calls `webapp`, or the only one.
fn app_container(deployment: &Value) -> Option<String> {
    let all: Vec<_> = containers(deployment).collect();
    let found = match all[..] {
        [only] => Some(only),
        _ => all.into_iter().find(|name| *name == APP),
    };
    found.map(str::to_owned)
}

fn name(kind: &str, object: &Value) -> String {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    format!("{kind} {name}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn app_is_the_only_container_or_the_one_of_that_name() {
        let deployment = |names: &[&str]| {
            let containers: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
            json!({ "spec": { "template": { "spec": { "containers": containers } } } })
        };
        assert_eq!(app_container(&deployment(&["web"])).as_deref(), Some("web"));
        let two = deployment(&["proxy", "webapp"]);
        assert_eq!(app_container(&two).as_deref(), Some("webapp"));
        assert_eq!(app_container(&deployment(&["a", "b"])), None);
    }
}
