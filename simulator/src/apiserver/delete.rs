//! DELETE of an object or a collection: reads the options, and says what became of it.

use http::StatusCode;
use serde_json::json;

use super::list::Filter;
use super::request::{Query, parse_body};
use super::respond;
use super::write::{Write, Written};
use crate::status::{Result, Status};
use crate::store::resource::JOBS;
use crate::store::{DeleteOptions, Deleted, Propagation, text};

/// What is printed when a Job is deleted without a policy.
/// Upstream: `pkg/registry/batch/job/storage/storage.go`, `deleteOptionWarnings`.
const ORPHAN_WARNING: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

impl Write<'_> {
    /// DELETE of an object.
    pub(super) fn delete(self) -> Written {
        let options = delete_options(self.query, self.body)?;
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
        let options = delete_options(self.query, self.body)?;
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

fn delete_options(query: &Query, body: &[u8]) -> Result<DeleteOptions> {
    let body = if body.is_empty() {
        json!({})
    } else {
        parse_body(body)?
    };
    let propagation = body["propagationPolicy"]
        .as_str()
        .or_else(|| query.get("propagationPolicy"))
        .map(|text| {
            Propagation::parse(text).ok_or_else(|| {
                Status::new(
                    422,
                    "Invalid",
                    format!("DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: {text:?}: supported values: \"Background\", \"Foreground\", \"Orphan\""),
                )
            })
        })
        .transpose()?;
    let orphans = body["orphanDependents"].as_bool().unwrap_or(false);
    let preconditions = &body["preconditions"];
    Ok(DeleteOptions {
        propagation: propagation.or_else(|| orphans.then_some(Propagation::Orphan)),
        grace_period_seconds: match body["gracePeriodSeconds"].as_i64() {
            Some(seconds) => Some(seconds),
            None => query.number("gracePeriodSeconds")?,
        },
        uid: preconditions["uid"].as_str().map(str::to_owned),
        resource_version: preconditions["resourceVersion"].as_str().map(str::to_owned),
        dry_run: query.dry_run()
            || body["dryRun"]
                .as_array()
                .is_some_and(|list| !list.is_empty()),
    })
}
