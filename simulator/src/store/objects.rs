//! Objects by kind, namespace, and name. The store changes them; admission and the authorizer only read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::stored::Stored;
use super::{Resource, text};

/// All objects as they are now.
#[derive(Debug, Default)]
pub struct Objects {
    kinds: HashMap<&'static str, BTreeMap<String, BTreeMap<String, Arc<Stored>>>>,
}

impl Objects {
    /// One object. `namespace` is empty for cluster-wide kinds.
    pub fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let stored = self.stored(resource, namespace, name)?;
        Some(Arc::clone(stored.value()))
    }

    /// One object, with its type if somebody has asked for that before.
    pub(super) fn stored(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Option<&Arc<Stored>> {
        let namespaces = self.kinds.get(resource.name)?;
        namespaces.get(namespace)?.get(name)
    }

    /// Objects of one namespace, or of all, in the order of namespace and name.
    pub fn list<'a>(
        &'a self,
        resource: &Resource,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<Value>> + 'a {
        self.list_stored(resource, namespace)
            .map(|stored| stored.value())
    }

    /// As [`Self::list`].
    pub(super) fn list_stored<'a>(
        &'a self,
        resource: &Resource,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<Stored>> + 'a {
        let namespaces = self.kinds.get(resource.name);
        let one = namespaces
            .zip(namespace)
            .and_then(|(namespaces, namespace)| namespaces.get(namespace));
        let all = namespaces.filter(|_| namespace.is_none());
        let all = all.into_iter().flat_map(|namespaces| namespaces.values());
        one.into_iter().chain(all).flat_map(BTreeMap::values)
    }

    pub(super) fn insert(
        &mut self,
        resource: &Resource,
        object: Arc<Stored>,
    ) -> Option<Arc<Value>> {
        let value = object.value();
        let (namespace, name) = (text(value, "namespace"), text(value, "name"));
        let namespaces = self.kinds.entry(resource.name).or_default();
        let old = namespaces
            .entry(namespace)
            .or_default()
            .insert(name, object);
        old.map(|old| Arc::clone(old.value()))
    }

    pub(super) fn remove(&mut self, resource: &Resource, object: &Value) -> Option<Arc<Value>> {
        let namespaces = self.kinds.get_mut(resource.name)?;
        let namespace = text(object, "namespace");
        let names = namespaces.get_mut(&namespace)?;
        let old = names.remove(&text(object, "name"));
        if names.is_empty() {
            namespaces.remove(&namespace);
        }
        old.map(|old| Arc::clone(old.value()))
    }
}
