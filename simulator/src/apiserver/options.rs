//! The options of a request, checked as the API server checks them: which values they have, and which exclude each
//! other. Pure. Upstream: `apimachinery/pkg/apis/meta/v1/validation`, `…/meta/internalversion/validation`.

use serde_json::{Value, json};

use super::body::{self, type_meta_error};
use super::kind::no_kind;
use super::request::Query;
use crate::status::{Cause, Result, Status};
use crate::store::{DeleteOptions, Propagation};

/// Upstream: `FieldManagerMaxLength`.
const MAX_FIELD_MANAGER: usize = 128;

/// Which of the options a write has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteKind {
    Create,
    Update,
    Patch,
    Apply,
}

impl WriteKind {
    const fn options(self) -> &'static str {
        match self {
            Self::Create => "CreateOptions",
            Self::Update => "UpdateOptions",
            Self::Patch | Self::Apply => "PatchOptions",
        }
    }
}

/// Checks `dryRun`, `fieldManager`, `fieldValidation` and `force`.
///
/// # Errors
/// 422 with all that is wrong.
pub(super) fn check_write(query: &Query, kind: WriteKind) -> Result<()> {
    let mut causes = Vec::new();
    let manager = query.get("fieldManager").unwrap_or("");
    if kind == WriteKind::Apply && manager.is_empty() {
        causes.push(Cause::required(
            "fieldManager",
            "is required for apply patch",
        ));
    }
    if kind == WriteKind::Patch && query.has("force") {
        causes.push(Cause::forbidden(
            "force",
            "may not be specified for non-apply patch",
        ));
    }
    if manager.len() > MAX_FIELD_MANAGER {
        causes.push(Cause::too_long("fieldManager", MAX_FIELD_MANAGER));
    }
    causes.extend(dry_run(&json!(query.all("dryRun"))));
    let validation = query.get("fieldValidation").unwrap_or("");
    if !matches!(validation, "" | "Ignore" | "Strict" | "Warn") {
        causes.push(Cause::not_supported(
            "fieldValidation",
            validation,
            &["", "Ignore", "Strict", "Warn"],
        ));
    }
    refuse(kind.options(), &causes)
}

fn refuse(options: &str, causes: &[Cause]) -> Result<()> {
    if causes.is_empty() {
        Ok(())
    } else {
        Err(Status::invalid_options(options, causes))
    }
}

fn dry_run(values: &Value) -> Option<Cause> {
    let list = values.as_array()?;
    list.iter().any(|value| value != "All").then(|| Cause {
        reason: "FieldValueNotSupported",
        field: "dryRun".to_owned(),
        message: format!("Unsupported value: {values}: supported values: \"All\""),
    })
}

/// Checks the options of a list or watch that speak of versions.
///
/// # Errors
/// 422 with all that is wrong.
pub(super) fn check_list(query: &Query, watch: bool) -> Result<()> {
    const FIELD: &str = "resourceVersionMatch";
    let rule = query.get(FIELD).unwrap_or("");
    let version = query.get("resourceVersion").unwrap_or("");
    let initial = query.has("sendInitialEvents");
    let forbidden = |detail: &str| Cause::forbidden(FIELD, detail);
    let mut causes = Vec::new();
    if watch && initial {
        if rule != "NotOlderThan" {
            causes.push(forbidden(
                "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            ));
            if !rule.is_empty() {
                causes.push(Cause::not_supported(FIELD, rule, &["NotOlderThan"]));
            }
        }
    } else if watch && !rule.is_empty() {
        causes.push(forbidden(
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ));
    } else if initial {
        causes.push(Cause::forbidden(
            "sendInitialEvents",
            "sendInitialEvents is forbidden for list",
        ));
    } else if !rule.is_empty() {
        if version.is_empty() {
            causes.push(forbidden(
                "resourceVersionMatch is forbidden unless resourceVersion is provided",
            ));
        }
        if query.has("continue") {
            causes.push(forbidden(
                "resourceVersionMatch is forbidden when continue is provided",
            ));
        }
        if !matches!(rule, "Exact" | "NotOlderThan") {
            causes.push(Cause::not_supported(
                FIELD,
                rule,
                &["Exact", "NotOlderThan", ""],
            ));
        }
        if rule == "Exact" && version == "0" {
            causes.push(forbidden(
                "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            ));
        }
    }
    refuse("ListOptions", &causes)
}

/// The options of a deletion: those of the body, or else those of the query.
///
/// # Errors
/// 400 when they cannot be read, 422 for values that they cannot have.
pub(super) fn delete(query: &Query, bytes: &[u8]) -> Result<DeleteOptions> {
    let sent = if bytes.is_empty() {
        from_query(query)?
    } else {
        let tree =
            body::json(bytes).map_err(|error| Status::bad_request(type_meta_error(&error)))?;
        tree.value()
    };
    let text = |field: &str| sent[field].as_str().unwrap_or("");
    if !matches!(text("kind"), "" | "DeleteOptions") {
        return Err(Status::bad_request(no_kind(
            text("apiVersion"),
            text("kind"),
        )));
    }
    let policy = text("propagationPolicy");
    let orphans = sent["orphanDependents"].as_bool();
    let mut causes = Vec::new();
    if !policy.is_empty() && orphans.is_some() {
        causes.push(Cause::invalid(
            "propagationPolicy",
            &json!(policy),
            "orphanDependents and deletionPropagation cannot be both set",
        ));
    }
    let propagation = Propagation::parse(policy);
    if !policy.is_empty() && propagation.is_none() {
        causes.push(Cause::not_supported(
            "propagationPolicy",
            policy,
            &["Foreground", "Background", "Orphan", "nil"],
        ));
    }
    causes.extend(dry_run(&sent["dryRun"]));
    refuse("DeleteOptions", &causes)?;
    let preconditions = &sent["preconditions"];
    Ok(DeleteOptions {
        propagation: propagation.or(match orphans {
            Some(true) => Some(Propagation::Orphan),
            Some(false) => Some(Propagation::Background),
            None => None,
        }),
        grace_period_seconds: sent["gracePeriodSeconds"].as_i64(),
        uid: preconditions["uid"].as_str().map(str::to_owned),
        resource_version: preconditions["resourceVersion"].as_str().map(str::to_owned),
        dry_run: sent["dryRun"]
            .as_array()
            .is_some_and(|list| !list.is_empty()),
    })
}

fn from_query(query: &Query) -> Result<Value> {
    let mut sent = json!({});
    if let Some(policy) = query.get("propagationPolicy") {
        sent["propagationPolicy"] = json!(policy);
    }
    if let Some(seconds) = query.number("gracePeriodSeconds")? {
        sent["gracePeriodSeconds"] = json!(seconds);
    }
    if query.has("orphanDependents") {
        sent["orphanDependents"] = json!(query.flag("orphanDependents"));
    }
    if query.has("dryRun") {
        sent["dryRun"] = json!(query.all("dryRun"));
    }
    Ok(sent)
}
