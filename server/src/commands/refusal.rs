//! What a person is told when a command failed: whole sentences of this program that say what to do, never the
//! cluster's words. The cause is in the log.

use app::Error as Refusal;
use kube::core::Status;

use crate::error::{CallError, Error};

/// An [`Error`] as the person sees it.
pub(super) fn refusal(error: &Error) -> Refusal {
    match error {
        Error::Refused(refusal) => refusal.clone(),
        Error::Call {
            verb,
            kind,
            name,
            source,
        } => match source {
            CallError::TimedOut(_) if *verb == "delete" => conflict(format!(
                "{kind} {name} is still being removed. Try again in a moment, and tell your instructor if it stays."
            )),
            CallError::Kube(_) | CallError::TimedOut(_) => match error.status() {
                Some(status) => answered(verb, kind, name, status),
                None => unavailable(),
            },
        },
        Error::Random(_)
        | Error::ReadSecret { .. }
        | Error::ReadManifest { .. }
        | Error::NoRight { .. }
        | Error::TakeNamespace { .. }
        | Error::TooManySeats(_)
        | Error::Hangs { .. }
        | Error::SeatsUnknown => unavailable(),
    }
}

/// KEDA's webhook did not find what the ScaledObject scales: `Deployment.apps "webapp" not found`, after its own name.
pub(super) fn is_of_unseen_target(status: &Status) -> bool {
    status.code == 404 && status.message.contains("vscaledobject.kb.io")
}

/// KEDA's webhook found another autoscaler of the same target: keda `apis/keda/v1alpha1/scaledobject_webhook.go`.
pub(super) fn is_of_managed_target(status: &Status) -> bool {
    status.message.contains("already managed by the")
}

/// The API server answered, and refused.
fn answered(verb: &str, kind: &str, name: &str, status: &Status) -> Refusal {
    let text = status.message.as_str();
    if is_of_managed_target(status) {
        return conflict(format!(
            "Another autoscaler already scales the app, so {kind} {name} was refused. Remove that one, or deploy again \
             and choose “Replace it”."
        ));
    }
    if text.contains("exceeded quota") {
        return conflict(format!(
            "The namespace's quota has no room for {kind} {name}. Remove what you do not need, or ask your instructor."
        ));
    }
    if status.is_conflict() && verb == "apply" {
        let owner = field_owner(text).unwrap_or("somebody else");
        return conflict(format!(
            "{kind} {name} was changed with {owner}. Deploy again and choose “Replace it” to overwrite that, or leave it \
             as it is."
        ));
    }
    match status.code {
        404 if is_of_unseen_target(status) => conflict(
            "KEDA does not know the Deployment yet, so nothing scales the app. Deploy again in a few seconds.".to_owned(),
        ),
        404 if kind == "ScaledObject" => conflict(
            "This cluster has no KEDA, so nothing scales the app. The rest is deployed. Tell your instructor.".to_owned(),
        ),
        404 => Refusal::NotFound,
        409 => conflict(format!(
            "{kind} {name} is just being made or removed. Try again in a few seconds."
        )),
        401 | 403 => Refusal::Forbidden,
        400 | 422 => conflict(format!(
            "The cluster does not accept {kind} {name}. Clean up and deploy again, and tell your instructor if it stays so."
        )),
        _ => unavailable(),
    }
}

/// The field manager that a conflict names: `Apply failed with 1 conflict: conflict with "kubectl-client-side-apply"
/// using apps/v1: .spec.template…` (apimachinery `pkg/util/managedfields/internal/conflict.go`).
pub(super) fn field_owner(message: &str) -> Option<&str> {
    let manager = message.split_once("with \"")?.1.split_once('"')?.0;
    Some(if manager.starts_with("kubectl") {
        "kubectl"
    } else {
        manager
    })
}

pub(super) fn conflict(message: String) -> Refusal {
    Refusal::Conflict { message }
}

/// Stop or clean-up came before the command was done.
pub(super) fn broken_off() -> Refusal {
    conflict("This was broken off by Stop load or Clean up.".to_owned())
}

/// Nothing to be done but to try again.
pub(super) fn unavailable() -> Refusal {
    Refusal::Unavailable {
        message: "The cluster does not answer. Try again in a moment.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_error(kind: &str, code: u16, reason: &str, message: &str) -> Error {
        let status = Status::failure(message, reason).with_code(code).boxed();
        Error::Call {
            verb: "apply",
            kind: kind.to_owned(),
            name: "webapp".to_owned(),
            source: CallError::Kube(Box::new(kube::Error::Api(status))),
        }
    }

    #[test]
    fn conflict_names_object_and_owner() {
        let message = "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: \
                       .spec.template.spec.containers[name=\"webapp\"].image";
        let told = refusal(&mk_error("Deployment", 409, "Conflict", message)).to_string();
        assert!(
            told.starts_with("Deployment webapp was changed with kubectl."),
            "{told}"
        );
    }

    #[test]
    fn many_conflicts_name_the_first_owner() {
        let message =
            "Apply failed with 2 conflicts: conflicts with \"argocd\":\n- .spec.minReplicaCount";
        assert_eq!(field_owner(message), Some("argocd"));
    }

    #[test]
    fn second_scaled_object_is_told_as_such() {
        let message = "admission webhook \"vscaledobject.kb.io\" denied the request: the workload 'webapp' of type \
                       'apps/v1.Deployment' is already managed by the ScaledObject 'webapp-scaler'";
        let told = refusal(&mk_error("ScaledObject", 403, "Forbidden", message));
        assert!(matches!(&told, Refusal::Conflict { message } if message.contains("Replace it")));
    }

    #[test]
    fn absent_keda_is_told_as_such() {
        let message = "the server could not find the requested resource";
        let told = refusal(&mk_error("ScaledObject", 404, "NotFound", message)).to_string();
        assert!(told.contains("no KEDA"), "{told}");
    }

    #[test]
    fn webhook_that_lags_behind_is_no_absent_keda() {
        let message = "admission webhook \"vscaledobject.kb.io\" denied the request: Deployment.apps \"webapp\" not found";
        let told = refusal(&mk_error("ScaledObject", 404, "NotFound", message)).to_string();
        assert!(told.contains("in a few seconds"), "{told}");
    }

    #[test]
    fn words_of_the_cluster_are_never_told() {
        for (code, reason) in [
            (400, "BadRequest"),
            (403, "Forbidden"),
            (422, "Invalid"),
            (500, "InternalError"),
        ] {
            let told = refusal(&mk_error("Job", code, reason, "secret words")).to_string();
            assert!(!told.contains("secret words"), "{told}");
        }
    }
}
