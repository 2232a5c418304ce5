//! The objects of one kind by namespace. Filled by a watch, read by the publisher.
//!
//! kube's own reflector has no index by namespace; a snapshot needs one namespace out of hundreds.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use parking_lot::RwLock;

type ByNamespace<K> = HashMap<String, BTreeMap<String, Arc<K>>>;

/// The objects of one kind.
pub(super) struct Store<K> {
    objects: RwLock<Objects<K>>,
}

struct Objects<K> {
    current: ByNamespace<K>,
    /// What a running list has brought; replaces `current` when it is done.
    listed: ByNamespace<K>,
}

impl<K> Default for Store<K> {
    fn default() -> Self {
        Self {
            objects: RwLock::new(Objects {
                current: HashMap::new(),
                listed: HashMap::new(),
            }),
        }
    }
}

impl<K> Store<K> {
    /// The objects of a namespace in order of name.
    pub(super) fn of(&self, namespace: &str) -> Vec<Arc<K>> {
        let objects = self.objects.read();
        let of = objects.current.get(namespace);
        of.map(|of| of.values().cloned().collect())
            .unwrap_or_default()
    }

    /// A list begins.
    pub(super) fn init(&self) {
        self.objects.write().listed.clear();
    }

    /// One object of the list.
    pub(super) fn init_apply(&self, namespace: &str, name: &str, object: K) {
        insert(&mut self.objects.write().listed, namespace, name, object);
    }

    /// The list is complete. Returns every namespace that had or has objects.
    pub(super) fn init_done(&self) -> HashSet<String> {
        let mut objects = self.objects.write();
        let listed = std::mem::take(&mut objects.listed);
        let before = std::mem::replace(&mut objects.current, listed);
        let now = objects.current.keys().cloned();
        before.into_keys().chain(now).collect()
    }

    /// Adds or replaces one object.
    pub(super) fn apply(&self, namespace: &str, name: &str, object: K) {
        insert(&mut self.objects.write().current, namespace, name, object);
    }

    /// Removes one object.
    pub(super) fn delete(&self, namespace: &str, name: &str) {
        let mut objects = self.objects.write();
        if let Some(of) = objects.current.get_mut(namespace) {
            of.remove(name);
            if of.is_empty() {
                objects.current.remove(namespace);
            }
        }
    }

    /// Removes all objects of a namespace.
    pub(super) fn forget(&self, namespace: &str) {
        let mut objects = self.objects.write();
        objects.current.remove(namespace);
        objects.listed.remove(namespace);
    }

    /// Removes everything; returns the namespaces that had objects.
    pub(super) fn clear(&self) -> HashSet<String> {
        let mut objects = self.objects.write();
        objects.listed.clear();
        std::mem::take(&mut objects.current).into_keys().collect()
    }
}

fn insert<K>(objects: &mut ByNamespace<K>, namespace: &str, name: &str, object: K) {
    let of = match objects.get_mut(namespace) {
        Some(of) => of,
        None => objects.entry(namespace.to_owned()).or_default(),
    };
    of.insert(name.to_owned(), Arc::new(object));
}
