//! What a kubelet does for one container: volumes, image, configuration, start. Called by [`super::worker`] when a
//! step is due.
//!
//! Upstream: `pkg/kubelet/images/image_manager.go`, `kuberuntime/kuberuntime_container.go`, `pod_workers.go`.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, ObjectReference, Pod};

use super::images::{self, Image};
use super::probes;
use super::state::{Crash, Failure, Pull, State};
use super::worker::Sync;
use super::{configuration, timing};
use crate::controllers::recorder::{Kind, reference};
use crate::controllers::runtime::Program;
use crate::store::pod_log::LogKey;

/// The reference of an event about a container.
pub(super) fn of_container(pod: &Pod, container: &str) -> ObjectReference {
    ObjectReference {
        field_path: Some(format!("spec.containers{{{container}}}")),
        ..reference(pod)
    }
}

/// Volumes first; they are tried again without anything else.
pub(super) fn mount(
    spec: &Container,
    tries: u32,
    sync: &mut Sync<'_>,
) -> (State, Option<Timestamp>) {
    let Some(problem) = configuration::missing_volume(sync.store, sync.pod) else {
        return create(spec, None, None, sync);
    };
    sync.recorder
        .event(&reference(sync.pod), Kind::Warning, "FailedMount", &problem);
    let at = sync.now + timing::mount_backoff(tries);
    let state = State::Creating {
        at,
        tries: tries + 1,
    };
    (state, Some(at))
}

/// The image, then the container. `before` is how this went the last time, `again` what the container did before.
pub(super) fn create(
    spec: &Container,
    before: Option<Failure>,
    again: Option<Crash>,
    sync: &mut Sync<'_>,
) -> (State, Option<Timestamp>) {
    let image = spec.image.as_deref().unwrap_or("");
    let policy = spec.image_pull_policy.as_deref().unwrap_or("IfNotPresent");
    let mut say = |kind, reason: &str, message: &str| {
        let about = of_container(sync.pod, &spec.name);
        sync.recorder.event(&about, kind, reason, message);
    };
    let mut start = timing::START;
    match images::look(image, policy) {
        Image::Present => say(
            Kind::Normal,
            "Pulled",
            &format!(
                "Container image \"{image}\" already present on machine and can be accessed by the pod"
            ),
        ),
        Image::Pulled => {
            start += timing::PULL;
            let took = timing::go_duration(timing::PULL);
            say(
                Kind::Normal,
                "Pulling",
                &format!("Pulling image \"{image}\""),
            );
            say(
                Kind::Normal,
                "Pulled",
                &format!(
                    "Successfully pulled image \"{image}\" in {took} ({took} including waiting). Image size: {} bytes.",
                    images::SIZE
                ),
            );
        }
        Image::Unreachable(problem) => return pull(spec, &problem, before, again, sync),
        Image::Refused {
            event,
            reason,
            message,
        } => {
            say(Kind::Warning, event, &message);
            say(Kind::Warning, "Failed", &format!("Error: {reason}"));
            return fail((reason, message), None, before, again, sync);
        }
    }
    if let Some(problem) = configuration::missing_value(sync.store, sync.pod, spec) {
        say(Kind::Warning, "Failed", &format!("Error: {problem}"));
        let result = ("CreateContainerConfigError", problem);
        return fail(result, None, before, again, sync);
    }
    say(Kind::Normal, "Created", "Container created");
    let at = sync.now + start;
    (State::Starting { at, again }, Some(at))
}

/// The next look at a container that could not be created: soon the first time, because its sandbox has started
/// then, and after 10 to 15 s from then on.
fn fail(
    result: (&'static str, String),
    pull: Option<Pull>,
    before: Option<Failure>,
    again: Option<Crash>,
    sync: &mut Sync<'_>,
) -> (State, Option<Timestamp>) {
    let delay = match (&before, &pull) {
        (None, _) => timing::RELIST,
        (Some(_), Some(pull)) if pull.retry_at > sync.now && result.0 == "ImagePullBackOff" => {
            timing::until(pull.retry_at, sync.now, sync.random)
        }
        _ => timing::jittered(timing::SYNC_BACKOFF, sync.random),
    };
    let sync_at = sync.now + delay;
    let failure = Failure {
        sync_at,
        result,
        // The status lags one step behind.
        shown: before.map(|before| before.result),
        pull,
        again,
    };
    (State::Failing(failure), Some(sync_at))
}

/// A pull that fails, or the wait for the next one.
fn pull(
    spec: &Container,
    problem: &str,
    before: Option<Failure>,
    again: Option<Crash>,
    sync: &mut Sync<'_>,
) -> (State, Option<Timestamp>) {
    let image = spec.image.as_deref().unwrap_or("");
    let about = of_container(sync.pod, &spec.name);
    let last = before.as_ref().and_then(|before| before.pull.clone());
    if let Some(last) = &last
        && last.retry_at > sync.now
    {
        let message = format!("Back-off pulling image \"{image}\"");
        sync.recorder
            .event(&about, Kind::Normal, "BackOff", &message);
        sync.recorder
            .event(&about, Kind::Warning, "Failed", "Error: ImagePullBackOff");
        let message = format!("{message}: ErrImagePull: {problem}");
        let result = ("ImagePullBackOff", message);
        return fail(result, Some(last.clone()), before, again, sync);
    }
    let pulling = format!("Pulling image \"{image}\"");
    let failed = format!("Failed to pull image \"{image}\": {problem}");
    for (kind, reason, message) in [
        (Kind::Normal, "Pulling", pulling.as_str()),
        (Kind::Warning, "Failed", &failed),
        (Kind::Warning, "Failed", "Error: ErrImagePull"),
    ] {
        sync.recorder.event(&about, kind, reason, message);
    }
    let backoff = timing::next_backoff(last.map(|last| last.backoff));
    let pull = Pull {
        backoff,
        retry_at: sync.now + backoff,
    };
    let result = ("ErrImagePull", problem.to_owned());
    fail(result, Some(pull), before, again, sync)
}

/// Starts the created container and plans its probes.
pub(super) fn start(
    spec: &Container,
    log: &LogKey,
    address: &str,
    sync: &mut Sync<'_>,
) -> (State, Option<Timestamp>) {
    let Some(program) = Program::of_container(spec) else {
        return create(spec, None, None, sync);
    };
    sync.recorder.event(
        &of_container(sync.pod, &spec.name),
        Kind::Normal,
        "Started",
        "Container started",
    );
    let mut runtime = sync.runtime.lock();
    runtime.start(sync.pod, spec, program);
    let plan = probes::plan(spec, address, sync.now, runtime.listens_at(log));
    let tick = runtime.tick(log);
    let due = plan.due(sync.now);
    let state = State::Running {
        started: sync.now,
        plan,
        kill_at: None,
    };
    (state, due.into_iter().chain(tick).min())
}
