//! What stands between a write and the store, for API clients and controllers alike: namespaces, defaults,
//! limits, validation, quota. Called by the store under its lock; reads other objects, never writes them.

mod default;
mod limit_range;
mod metadata;
mod namespace;
mod quota;
mod validate;

use serde_json::Value;

use crate::status::Result;
use crate::store::resource::PODS;
use crate::store::{Objects, Part, Resource};

pub(crate) use quota::usage;

/// Completes and checks a new object.
///
/// # Errors
/// 403, 404 or 422 with upstream's message.
pub(crate) fn create(objects: &Objects, resource: &Resource, object: &mut Value) -> Result<()> {
    namespace::check(objects, resource, object)?;
    default::create(objects, resource, object);
    if *resource == PODS {
        limit_range::apply(objects, object)?;
    }
    validate::create(resource, object)?;
    quota::check(objects, resource, None, object)
}

/// Completes and checks a changed object.
///
/// # Errors
/// 403 or 422 with upstream's message.
pub(crate) fn update(
    objects: &Objects,
    resource: &Resource,
    old: &Value,
    new: &mut Value,
    part: Part,
) -> Result<()> {
    if part == Part::Status {
        return Ok(());
    }
    default::update(resource, old, new);
    validate::update(resource, old, new)?;
    quota::check(objects, resource, Some(old), new)
}
