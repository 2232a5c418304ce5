//! Writes: each is checked, admitted, numbered and told in one step. Reads are in `mod.rs`.

use std::sync::Arc;

use parking_lot::MutexGuard;
use serde_json::Value;

use super::stored::Stored;
use super::{
    APART, Change, ChangeType, DeleteOptions, Deleted, Part, Resource, State, Store, Writer,
};
use super::{delete, managed_fields, meta, text};
use crate::admission;
use crate::status::{Result, Status};

impl Store {
    /// Adds an object after admission (defaults, validation, limits, quota), as the API server does.
    ///
    /// # Errors
    /// 403, 404, 409, 422 as upstream.
    pub fn create_value(
        &self,
        resource: &'static Resource,
        object: Value,
        writer: Option<&Writer>,
    ) -> Result<Arc<Value>> {
        self.create_with(resource, object, writer, false)
    }

    /// Like [`Self::create_value`]; with `dry_run` nothing is kept.
    pub(crate) fn create_with(
        &self,
        resource: &'static Resource,
        mut object: Value,
        writer: Option<&Writer>,
        dry_run: bool,
    ) -> Result<Arc<Value>> {
        let mut state = self.state.lock();
        let State {
            objects,
            random,
            random_apart,
            ..
        } = &mut *state;
        let random = if APART.contains(&resource) {
            random_apart
        } else {
            random
        };
        meta::begin_create(resource, &mut object, self.api_clock(), random)?;
        let namespace = text(&object, "namespace");
        let name = text(&object, "name");
        if let Some(existing) = objects.get(resource, &namespace, &name) {
            return Err(if existing["metadata"]["deletionTimestamp"].is_string() {
                Status::being_deleted(resource, &name)
            } else {
                Status::already_exists(resource, &name)
            });
        }
        admission::create(objects, resource, &mut object)?;
        if let Some(writer) = writer {
            managed_fields::record(
                &Value::Null,
                &mut object,
                resource,
                writer,
                self.api_clock(),
            );
        }
        if dry_run {
            return Ok(Arc::new(object));
        }
        let object = state.commit(resource, object);
        self.wake(state);
        Ok(Arc::clone(object.value()))
    }

    /// Changes an object by a pure function of its present state, after admission. Tries again when the object
    /// changed meanwhile, unless the new state names the version that it was made from.
    ///
    /// The answer is `None` when the write removed the object (its last finalizer went).
    ///
    /// # Errors
    /// 404, those of `change`, and those of admission.
    pub fn update_value(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        part: Part,
        writer: Option<&Writer>,
        change: impl FnMut(&Value) -> Result<Value>,
    ) -> Result<Arc<Value>> {
        self.update_with(resource, namespace, name, part, writer, false, change)
    }

    /// Like [`Self::update_value`]; with `dry_run` nothing is kept.
    #[expect(
        clippy::too_many_arguments,
        reason = "the request's parts, each of its own type"
    )]
    pub(crate) fn update_with(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        part: Part,
        writer: Option<&Writer>,
        dry_run: bool,
        mut change: impl FnMut(&Value) -> Result<Value>,
    ) -> Result<Arc<Value>> {
        let change = |old: &Stored| change(old.value());
        let stored =
            self.update_stored(resource, namespace, name, part, writer, dry_run, change)?;
        Ok(Arc::clone(stored.value()))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the request's parts, each of its own type"
    )]
    pub(super) fn update_stored(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        part: Part,
        writer: Option<&Writer>,
        dry_run: bool,
        mut change: impl FnMut(&Stored) -> Result<Value>,
    ) -> Result<Arc<Stored>> {
        loop {
            let stored = self
                .stored(resource, namespace, name)
                .ok_or_else(|| Status::not_found(resource, name))?;
            let old = stored.value();
            let new = change(&stored)?;
            let mut state = self.state.lock();
            let current = state.objects.stored(resource, namespace, name);
            if !current.is_some_and(|current| Arc::ptr_eq(current, &stored)) {
                continue;
            }
            let Some(mut new) = meta::begin_update(resource, old, new, part)? else {
                return Ok(stored);
            };
            admission::update(&state.objects, resource, old, &mut new, part)?;
            let mut new = match meta::finish_update(resource, old, new) {
                Some(new) => new,
                // An apply that changes no value can still change who owns what.
                None if writer.is_some_and(Writer::is_apply) => Value::clone(old),
                None => return Ok(stored),
            };
            if let Some(writer) = writer {
                managed_fields::record(old, &mut new, resource, writer, self.api_clock());
                if new == **old {
                    return Ok(stored);
                }
            }
            if dry_run {
                return Ok(Arc::new(Stored::new(Arc::new(new))));
            }
            let object = if delete::is_finished(resource, &new) {
                Arc::new(Stored::new(state.remove(resource, new)))
            } else {
                state.commit(resource, new)
            };
            self.wake(state);
            return Ok(object);
        }
    }

    /// Marks an object for deletion, or removes it when nothing holds it back.
    ///
    /// # Errors
    /// 404, or 409 when a precondition does not hold.
    pub fn delete_value(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Deleted> {
        let mut state = self.state.lock();
        let old = state
            .objects
            .get(resource, namespace, name)
            .ok_or_else(|| Status::not_found(resource, name))?;
        delete::check(resource, &old, options)?;
        let new = delete::mark(resource, &old, options, self.api_clock());
        let finished = delete::is_finished(resource, &new);
        if options.dry_run {
            let object = Arc::new(new);
            return Ok(if finished {
                Deleted::Gone(object)
            } else {
                Deleted::Marked(object)
            });
        }
        let deleted = if finished {
            Deleted::Gone(state.remove(resource, new))
        } else if new == *old {
            Deleted::Marked(old)
        } else {
            Deleted::Marked(Arc::clone(state.commit(resource, new).value()))
        };
        self.wake(state);
        Ok(deleted)
    }

    fn wake(&self, state: MutexGuard<'_, State>) {
        let newest = state.log.newest();
        drop(state);
        self.newest.send_if_modified(|version| {
            let newer = newest > *version;
            *version = newest.max(*version);
            newer
        });
    }
}

impl State {
    fn commit(&mut self, resource: &'static Resource, mut object: Value) -> Arc<Stored> {
        let version = self.log.newest() + 1;
        object["metadata"]["resourceVersion"] = version.to_string().into();
        let object = Arc::new(object);
        let stored = Arc::new(Stored::new(Arc::clone(&object)));
        let old = self.objects.insert(resource, Arc::clone(&stored));
        self.log.push(Change {
            resource_version: version,
            resource,
            change_type: if old.is_some() {
                ChangeType::Modified
            } else {
                ChangeType::Added
            },
            object,
            old,
        });
        stored
    }

    fn remove(&mut self, resource: &'static Resource, mut object: Value) -> Arc<Value> {
        let version = self.log.newest() + 1;
        object["metadata"]["resourceVersion"] = version.to_string().into();
        let object = Arc::new(object);
        let old = self.objects.remove(resource, &object);
        self.log.push(Change {
            resource_version: version,
            resource,
            change_type: ChangeType::Deleted,
            object: Arc::clone(&object),
            old,
        });
        object
    }
}
