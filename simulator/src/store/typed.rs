//! The store with types, for controllers. Works for every kind of `k8s-openapi`, and for those that it has not
//! with the structs of [`crate::api`]. No HTTP, no authorization, no managedFields (but for [`Store::scale`]).

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{DeleteOptions, Deleted, Part, Resource, Store, Writer};
use crate::status::{Result, Status};

/// A kind with a type. Implemented for everything that has what it needs.
pub trait Object:
    kube::Resource<DynamicType = ()>
    + Serialize
    + DeserializeOwned
    + Clone
    + PartialEq
    + Send
    + Sync
    + 'static
{
}

impl<K> Object for K where
    K: kube::Resource<DynamicType = ()>
        + Serialize
        + DeserializeOwned
        + Clone
        + PartialEq
        + Send
        + Sync
        + 'static
{
}

fn resource<K: Object>() -> Result<&'static Resource> {
    Resource::of::<K>()
        .ok_or_else(|| Status::internal(format_args!("kind {} is not in the table", K::kind(&()))))
}

/// Reads a stored object as its type; `None` when it does not fit, which the log tells.
pub(crate) fn from_value<K: DeserializeOwned>(value: &Value) -> Option<K> {
    K::deserialize(value)
        .inspect_err(|error| {
            let kind = value["kind"].as_str();
            tracing::error!(%error, kind, "a stored object does not fit its type");
        })
        .ok()
}

pub(crate) fn to_value<K: Object>(object: &K) -> Result<Value> {
    let mut value = serde_json::to_value(object).map_err(Status::internal)?;
    value["apiVersion"] = json!(K::api_version(&()));
    value["kind"] = json!(K::kind(&()));
    Ok(value)
}

impl Store {
    /// One object. `namespace` is empty for cluster-wide kinds.
    pub fn get<K: Object>(&self, namespace: &str, name: &str) -> Option<K> {
        let stored = self.stored(Resource::of::<K>()?, namespace, name)?;
        stored.typed().map(Arc::unwrap_or_clone)
    }

    /// All objects of one namespace, or of all namespaces.
    pub fn list<K: Object>(&self, namespace: Option<&str>) -> Vec<K> {
        self.list_where(namespace, |_| true)
    }

    /// All objects of one namespace, or of all, that `keep` wants.
    pub fn list_where<K: Object>(
        &self,
        namespace: Option<&str>,
        keep: impl Fn(&K) -> bool,
    ) -> Vec<K> {
        let Some(resource) = Resource::of::<K>() else {
            return Vec::new();
        };
        let stored = self.list_stored(resource, namespace);
        let typed = stored.iter().filter_map(|stored| stored.typed::<K>());
        typed
            .filter(|object| keep(object))
            .map(Arc::unwrap_or_clone)
            .collect()
    }

    /// Adds an object; admission (defaults, validation, LimitRange, quota) applies. `metadata.generateName` works.
    ///
    /// # Errors
    /// 403 (quota, namespace terminating), 404 (namespace), 409, 422, with upstream's messages.
    pub fn create<K: Object>(&self, object: &K) -> Result<K> {
        let stored = self.create_value(resource::<K>()?, to_value(object)?, None)?;
        K::deserialize(&*stored).map_err(Status::internal)
    }

    /// Replaces all but the status.
    ///
    /// # Errors
    /// 404; 409 when `metadata.resourceVersion` is set and not the stored one; 422.
    pub fn update<K: Object>(&self, object: &K) -> Result<K> {
        self.replace(object, Part::Main)
    }

    /// Replaces the status.
    ///
    /// # Errors
    /// As [`Self::update`].
    pub fn update_status<K: Object>(&self, object: &K) -> Result<K> {
        self.replace(object, Part::Status)
    }

    fn replace<K: Object>(&self, object: &K, part: Part) -> Result<K> {
        let meta = object.meta();
        let namespace = meta.namespace.as_deref().unwrap_or("");
        let name = meta.name.as_deref().unwrap_or("");
        let new = to_value(object)?;
        let stored = self.update_value(resource::<K>()?, namespace, name, part, None, |_| {
            Ok(new.clone())
        })?;
        K::deserialize(&*stored).map_err(Status::internal)
    }

    /// Changes an object, status and metadata included, in one write: more than the real API can, so for the
    /// simulated controllers only. `change` may run again when another writer was faster.
    ///
    /// Without a difference there is no new resourceVersion; a changed spec counts `metadata.generation`.
    /// The answer is `None` when the object does not exist. Taking the last finalizer off an object that is being
    /// deleted removes it.
    ///
    /// # Errors
    /// Those of validation.
    pub fn modify<K: Object>(
        &self,
        namespace: &str,
        name: &str,
        mut change: impl FnMut(&mut K),
    ) -> Result<Option<K>> {
        let resource = resource::<K>()?;
        let written =
            self.update_stored(resource, namespace, name, Part::All, None, false, |old| {
                let before = old.typed::<K>().ok_or_else(|| {
                    Status::internal(format_args!(
                        "{} {name} does not fit its type",
                        resource.kind
                    ))
                })?;
                let mut after = K::clone(&before);
                change(&mut after);
                // An untouched object is given back as it is stored, whatever its type leaves out.
                if after == *before {
                    Ok(Value::clone(old.value()))
                } else {
                    to_value(&after)
                }
            });
        match written {
            Ok(stored) => Ok(stored.typed().map(Arc::unwrap_or_clone)),
            Err(status) if status.is_not_found() => Ok(None),
            Err(status) => Err(status),
        }
    }

    /// Deletes an object. `DeleteOptions::default()` is what the API does without options, so a Job's pods stay.
    ///
    /// # Errors
    /// 404, or 409 when a precondition does not hold.
    pub fn delete<K: Object>(
        &self,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Deleted> {
        self.delete_value(resource::<K>()?, namespace, name, options)
    }

    /// Writes `spec.replicas` through the scale subresource, with the owner in managedFields as upstream, so
    /// that a later Server-Side Apply of that field conflicts. Gives the replicas before.
    ///
    /// # Errors
    /// 404, 422.
    pub fn scale<K: Object>(
        &self,
        namespace: &str,
        name: &str,
        replicas: i32,
        manager: &str,
    ) -> Result<i32> {
        let resource = resource::<K>()?;
        let mut before = 0;
        let writer = Writer::update(manager).on("scale");
        self.update_value(
            resource,
            namespace,
            name,
            Part::Main,
            Some(&writer),
            |old| {
                before = old["spec"]["replicas"].as_i64().unwrap_or(1);
                let mut new = old.clone();
                new["spec"]["replicas"] = json!(replicas);
                Ok(new)
            },
        )?;
        Ok(i32::try_from(before).unwrap_or(i32::MAX))
    }

    /// All objects of one namespace that `keep` wants, as stored. Cheaper than [`Self::list`] for large kinds.
    pub fn filter_values(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        mut keep: impl FnMut(&Value) -> bool,
    ) -> Vec<Arc<Value>> {
        self.read(|objects| {
            objects
                .list(resource, namespace)
                .filter(|object| keep(object))
                .cloned()
                .collect()
        })
    }
}
