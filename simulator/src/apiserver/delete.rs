//! DELETE of an object or a collection: reads the options, and says what became of it.

use http::StatusCode;
use serde_json::json;

use super::list::Filter;
use super::write::{Write, Written};
use super::{options, respond};
use crate::store::resource::JOBS;
use crate::store::{Deleted, text};

/// What is printed when a Job is deleted without a policy.
/// Upstream: `pkg/registry/batch/job/storage/storage.go`, `deleteOptionWarnings`.
const ORPHAN_WARNING: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

impl Write<'_> {
    /// DELETE of an object.
    pub(super) fn delete(self) -> Written {
        let options = options::delete(self.query, self.body)?;
        let deleted = self.store.delete_value(
            self.resource(),
            &self.target.namespace,
            &self.target.name,
            &options,
        )?;
        let mut response = match deleted {
            Deleted::Gone(object) => {
                let resource = self.resource();
                let mut details = json!({
                    "name": self.target.name, "kind": resource.plural, "uid": object["metadata"]["uid"],
                });
                if !resource.group.is_empty() {
                    details["group"] = json!(resource.group);
                }
                let status = json!({
                    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                    "details": details,
                });
                respond::json(StatusCode::OK, &status)
            }
            Deleted::Marked(object) => self.answer(StatusCode::OK, &object, &[]),
        };
        if *self.resource() == JOBS && options.propagation.is_none() {
            respond::warn(&mut response, ORPHAN_WARNING);
        }
        Ok(response)
    }

    /// DELETE of a collection.
    pub(super) fn delete_collection(self) -> Written {
        let options = options::delete(self.query, self.body)?;
        let filter = Filter::of(self.target, self.query)?;
        let (mut items, version) = self.store.list_values(self.resource(), filter.namespace());
        items.retain(|object| filter.matches(object));
        for object in &items {
            let (namespace, name) = (text(object, "namespace"), text(object, "name"));
            match self
                .store
                .delete_value(self.resource(), &namespace, &name, &options)
            {
                Err(status) if !status.is_not_found() => return Err(status),
                _ => {}
            }
        }
        let metadata = json!({"resourceVersion": version.to_string()});
        Ok(respond::json(
            StatusCode::OK,
            &self.presenter.list(&items, &metadata),
        ))
    }
}
