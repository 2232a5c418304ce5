//! What a kubelet does for one container: volumes, image, start. Called by [`super::worker`] when a step is due.
//!
//! Upstream: `pkg/kubelet/images/image_manager.go`, `kuberuntime/kuberuntime_container.go`.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{ConfigMap, Container, ObjectReference, Pod};

use super::worker::{PullFailure, State, Sync};
use super::{images, probes};
use crate::controllers::recorder::{Kind, reference};
use crate::controllers::runtime::Program;
use crate::store::Store;
use crate::store::pod_log::LogKey;

/// From a container's creation to its start: measured (`recordings`).
pub(super) const START: SignedDuration = SignedDuration::from_millis(200);
/// First back-off of an image and of a crashing container, doubled each time up to the longest
/// (`MaxImageBackOff`, `MaxCrashLoopBackOff` in `pkg/kubelet/kubelet.go`).
const BACKOFF: SignedDuration = SignedDuration::from_secs(10);
const MAX_BACKOFF: SignedDuration = SignedDuration::from_mins(5);
/// A pod that waits for its image is looked at after a second, then about so often: measured.
const FIRST_IMAGE_SYNC: SignedDuration = SignedDuration::from_secs(1);
const IMAGE_SYNC: SignedDuration = SignedDuration::from_secs(12);
/// A volume whose ConfigMap is missing is tried again after this long.
const MOUNT_RETRY: SignedDuration = SignedDuration::from_secs(4);

pub(super) fn backoff(doublings: u32) -> SignedDuration {
    BACKOFF
        .saturating_mul(2_i32.saturating_pow(doublings.min(10)))
        .min(MAX_BACKOFF)
}

/// The reference of an event about a container.
pub(super) fn of_container(pod: &Pod, container: &str) -> ObjectReference {
    ObjectReference {
        field_path: Some(format!("spec.containers{{{container}}}")),
        ..reference(pod)
    }
}

/// Volumes, then the image.
pub(super) fn create(spec: &Container, sync: &mut Sync<'_>) -> (State, Option<Timestamp>) {
    if let Some((volume, map)) = missing_config_map(sync.store, sync.pod) {
        sync.recorder.event(
            &reference(sync.pod),
            Kind::Warning,
            "FailedMount",
            &format!(
                "MountVolume.SetUp failed for volume \"{volume}\" : configmap \"{map}\" not found"
            ),
        );
        let at = sync.now + MOUNT_RETRY;
        return (State::Creating { at }, Some(at));
    }
    let image = spec.image.as_deref().unwrap_or("");
    if let Some(problem) = images::problem(image) {
        return pull(spec, &problem, 0, None, sync);
    }
    let about = of_container(sync.pod, &spec.name);
    let mut say =
        |reason, message: &str| sync.recorder.event(&about, Kind::Normal, reason, message);
    say(
        "Pulled",
        &format!(
            "Container image \"{image}\" already present on machine and can be accessed by the pod"
        ),
    );
    say("Created", "Container created");
    let at = sync.now + START;
    (State::Starting { at }, Some(at))
}

/// A pull that fails.
fn pull(
    spec: &Container,
    problem: &str,
    attempts: u32,
    shown: Option<&'static str>,
    sync: &mut Sync<'_>,
) -> (State, Option<Timestamp>) {
    let image = spec.image.as_deref().unwrap_or("");
    let about = of_container(sync.pod, &spec.name);
    let message = format!("Failed to pull image \"{image}\": {problem}");
    let recorder = &mut *sync.recorder;
    recorder.event(
        &about,
        Kind::Normal,
        "Pulling",
        &format!("Pulling image \"{image}\""),
    );
    recorder.event(&about, Kind::Warning, "Failed", &message);
    recorder.event(&about, Kind::Warning, "Failed", "Error: ErrImagePull");
    let sync_at = sync.now
        + if attempts == 0 {
            FIRST_IMAGE_SYNC
        } else {
            IMAGE_SYNC
        };
    let failure = PullFailure {
        attempts,
        retry_at: sync.now + backoff(attempts),
        sync_at,
        result: "ErrImagePull",
        shown,
        message: problem.to_owned(),
    };
    (State::Pulling(failure), Some(sync_at))
}

/// A look at a pod that waits for its image: another pull once the back-off is over.
pub(super) fn pull_again(
    spec: &Container,
    failure: PullFailure,
    sync: &mut Sync<'_>,
) -> (State, Option<Timestamp>) {
    let image = spec.image.as_deref().unwrap_or("");
    let shown = Some(failure.result);
    if failure.retry_at <= sync.now {
        return match images::problem(image) {
            Some(problem) => pull(spec, &problem, failure.attempts + 1, shown, sync),
            None => create(spec, sync),
        };
    }
    let about = of_container(sync.pod, &spec.name);
    let message = format!("Back-off pulling image \"{image}\"");
    sync.recorder
        .event(&about, Kind::Normal, "BackOff", &message);
    sync.recorder
        .event(&about, Kind::Warning, "Failed", "Error: ImagePullBackOff");
    let sync_at = sync.now + IMAGE_SYNC;
    let failure = PullFailure {
        sync_at,
        result: "ImagePullBackOff",
        shown,
        ..failure
    };
    (State::Pulling(failure), Some(sync_at))
}

pub(super) fn start(
    spec: &Container,
    log: &LogKey,
    sync: &mut Sync<'_>,
) -> (State, Option<Timestamp>) {
    let Some(program) = Program::of_container(spec) else {
        return create(spec, sync);
    };
    sync.recorder.event(
        &of_container(sync.pod, &spec.name),
        Kind::Normal,
        "Started",
        "Container started",
    );
    let mut runtime = sync.runtime.lock();
    runtime.start(sync.pod, spec, program);
    let times = probes::times(spec, sync.now, runtime.listens_at(log));
    let tick = runtime.tick(log);
    let state = State::Running {
        started: sync.now,
        passes_at: times.started,
        ready_at: times.ready,
    };
    let due = [times.started, times.ready].into_iter().flatten();
    (state, due.filter(|at| *at > sync.now).chain(tick).min())
}

/// A volume's ConfigMap that is not there, by the names of both.
fn missing_config_map(store: &Store, pod: &Pod) -> Option<(String, String)> {
    let namespace = pod.metadata.namespace.as_deref()?;
    let volumes = pod.spec.as_ref()?.volumes.as_ref()?;
    volumes.iter().find_map(|volume| {
        let source = volume.config_map.as_ref()?;
        let needed = source.optional != Some(true);
        let missing = needed && store.get::<ConfigMap>(namespace, &source.name).is_none();
        missing.then(|| (volume.name.clone(), source.name.clone()))
    })
}
