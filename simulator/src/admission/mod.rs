//! What stands between a write and the store, for API clients and controllers alike: namespaces, defaults,
//! limits, validation, quota. Called by the store under its lock; reads other objects, never writes them.

mod namespace;

use serde_json::Value;

use crate::status::Result;
use crate::store::{Objects, Part, Resource};

/// Completes and checks a new object.
///
/// # Errors
/// 403, 404 or 422 with upstream's message.
pub(crate) fn create(objects: &Objects, resource: &Resource, object: &mut Value) -> Result<()> {
    namespace::check(objects, resource, object)?;
    Ok(())
}

/// Completes and checks a changed object.
///
/// # Errors
/// 422 with upstream's message.
pub(crate) fn update(
    _objects: &Objects,
    _resource: &Resource,
    _old: &Value,
    _new: &mut Value,
    _part: Part,
) -> Result<()> {
    Ok(())
}
