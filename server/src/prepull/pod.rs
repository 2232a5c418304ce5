//! The pod that pulls, and what its status says of each image. Pure.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use serde_json::json;

use super::Options;
use crate::names::{PART_OF, PART_OF_LABEL, PREPULL_LABEL};
use crate::workshop::manifests::Settings;

/// The two images, with the name of each one's container.
pub(super) fn images(settings: &Settings) -> [(&'static str, &str); 2] {
    [("app", &settings.app_image), ("load", &settings.load_image)]
}

/// How an image stands on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ImageState {
    /// Nothing is known yet, or it is being pulled.
    Pulling,
    Pulled,
    /// A pull failed; the kubelet tries again after a while.
    PullFailed(String),
    /// As before, while it waits to try again.
    BackOff(String),
    /// No pull will ever succeed.
    Refused(String),
}

/// The pod for one node. Both images have a shell.
pub(super) fn manifest(node: &str, run: &str, options: &Options) -> Pod {
    let settings = &options.settings;
    let containers = images(settings).map(|(name, image)| {
        json!({
            "name": name,
            "image": image,
            // As in the workshop's own pods: what is there is not pulled again.
            "imagePullPolicy": "IfNotPresent",
            "command": ["sh", "-c", "exit 0"],
            // A quota refuses pods without.
            "resources": {
                "requests": { "cpu": "1m", "memory": "16Mi" },
                "limits": { "cpu": "100m", "memory": "64Mi" },
            },
            // The strictest level of Pod Security has nothing against it.
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": { "drop": ["ALL"] },
                "runAsNonRoot": true,
                "runAsUser": 65534,
                "seccompProfile": { "type": "RuntimeDefault" },
            },
        })
    });
    let secrets = settings.image_pull_secrets.iter();
    let secrets: Vec<_> = secrets.map(|name| json!({ "name": name })).collect();
    let pod = json!({
        "metadata": {
            // Not the node's name, which may be longer than a name can be with a prefix.
            "generateName": "prepull-",
            "labels": { PART_OF_LABEL: PART_OF, PREPULL_LABEL: run },
        },
        "spec": {
            "nodeName": node,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": options.timeout.as_secs().max(1),
            "terminationGracePeriodSeconds": 0,
            "enableServiceLinks": false,
            "automountServiceAccountToken": false,
            "imagePullSecrets": secrets,
            "containers": containers,
        },
    });
    // What is written here in full always fits the type; a default pod would be refused by the API server.
    serde_json::from_value(pod).unwrap_or_default()
}

/// How both images stand, in the order of [`images`].
pub(super) fn states(pod: &Pod, settings: &Settings) -> [ImageState; 2] {
    let status = pod.status.as_ref();
    let containers = status.and_then(|status| status.container_statuses.as_ref());
    images(settings).map(|(name, _)| {
        let mut containers = containers.into_iter().flatten();
        let state = containers
            .find(|container| container.name == name)
            .map(state);
        match state {
            Some(ImageState::Pulling) | None if has_failed(pod) => ImageState::Refused(reason(pod)),
            state => state.unwrap_or(ImageState::Pulling),
        }
    })
}

fn state(container: &ContainerStatus) -> ImageState {
    let Some(state) = &container.state else {
        return ImageState::Pulling;
    };
    // However it ended, or could not start: the image was there for it.
    if state.terminated.is_some() || state.running.is_some() {
        return ImageState::Pulled;
    }
    let Some(waiting) = &state.waiting else {
        return ImageState::Pulling;
    };
    let message = || {
        let message = waiting.message.as_deref().unwrap_or("no reason is given");
        message.trim().to_owned()
    };
    // kubernetes `pkg/kubelet/images/types.go` and `pkg/kubelet/kuberuntime/kuberuntime_container.go`
    match waiting.reason.as_deref() {
        Some("ErrImagePull" | "RegistryUnavailable" | "SignatureValidationFailed") => {
            ImageState::PullFailed(message())
        }
        Some("ImagePullBackOff") => ImageState::BackOff(message()),
        Some("InvalidImageName" | "ErrImageNeverPull" | "ImageInspectError") => {
            ImageState::Refused(message())
        }
        Some(
            "CreateContainerConfigError"
            | "CreateContainerError"
            | "RunContainerError"
            | "CrashLoopBackOff",
        ) => ImageState::Pulled,
        _ => ImageState::Pulling,
    }
}

fn has_failed(pod: &Pod) -> bool {
    let phase = pod
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    phase == Some("Failed")
}

/// Why the node did not take the pod: `OutOfcpu: Node didn't have enough resource: cpu …`.
fn reason(pod: &Pod) -> String {
    let status = pod.status.as_ref();
    let reason = status.and_then(|status| status.reason.as_deref());
    let message = status.and_then(|status| status.message.as_deref());
    match (reason, message) {
        (Some(reason), Some(message)) => format!("{reason}: {message}"),
        (Some(text), None) | (None, Some(text)) => text.to_owned(),
        (None, None) => "the pod failed for no given reason".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn mk_options() -> Options {
        Options {
            namespace: "workshop".to_owned(),
            timeout: Duration::from_secs(600),
            settings: Settings {
                image_pull_secrets: vec!["registry".to_owned()],
                ..Settings::default()
            },
        }
    }

    #[test]
    fn pod_is_bound_to_its_node_and_ends_by_itself() {
        let pod = manifest("node-1", "0a", &mk_options());
        insta::assert_snapshot!("pod", serde_saphyr::to_string(&pod).unwrap());
    }

    fn mk_pod(app: &serde_json::Value, phase: &str) -> Pod {
        serde_json::from_value(json!({
            "metadata": { "name": "prepull-a" },
            "status": {
                "phase": phase,
                "containerStatuses": [{
                    "name": "app", "image": "a", "imageID": "", "ready": false, "restartCount": 0, "state": app,
                }],
            },
        }))
        .unwrap()
    }

    #[test]
    fn each_reason_of_a_kubelet_has_its_state() {
        let waiting = |reason: &str| json!({ "waiting": { "reason": reason, "message": "m" } });
        for (state, expected) in [
            (waiting("ContainerCreating"), ImageState::Pulling),
            (
                waiting("ErrImagePull"),
                ImageState::PullFailed("m".to_owned()),
            ),
            (
                waiting("ImagePullBackOff"),
                ImageState::BackOff("m".to_owned()),
            ),
            (
                waiting("InvalidImageName"),
                ImageState::Refused("m".to_owned()),
            ),
            (waiting("CreateContainerError"), ImageState::Pulled),
            (
                json!({ "terminated": { "exitCode": 128 } }),
                ImageState::Pulled,
            ),
        ] {
            let [app, load] = states(&mk_pod(&state, "Pending"), &Settings::default());
            assert_eq!((app, load), (expected, ImageState::Pulling));
        }
    }

    #[test]
    fn pod_that_the_node_refused_tells_why() {
        let pod: Pod = serde_json::from_value(json!({
            "status": { "phase": "Failed", "reason": "OutOfpods", "message": "Node didn't have enough resource: pods" },
        }))
        .unwrap();
        let refused = "OutOfpods: Node didn't have enough resource: pods";
        let expected = ImageState::Refused(refused.to_owned());
        assert_eq!(
            states(&pod, &Settings::default()),
            [expected.clone(), expected]
        );
    }
}
