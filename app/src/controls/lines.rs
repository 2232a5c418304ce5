//! The status line: the stage of what is going on, with its seconds. Pure.

use crate::figures::seconds_between;
use crate::model::{LoadOutcome, LoadStage, LoadState, Phase, PodRole, Snapshot, TimeMs};
use crate::words;

/// A container's first CPU value comes about 30 s after it started: two syncs of the HPA (measured, Kubernetes 1.35).
const FIRST_CPU_S: i64 = 30;

/// After this time a load pod that is left is named.
const STOPPING_IS_SLOW_S: i64 = 30;

/// How long the end of a load stays in the status line.
const ENDED_IS_NEWS_S: i64 = 120;

/// Users may come this much later than their rate says: figures are read every 2 s.
const RAMP_IS_LATE_S: i64 = 5;

pub(super) fn deploying(snapshot: &Snapshot, now: TimeMs) -> String {
    let mut pods = snapshot.pods.iter();
    let pod = pods.find(|p| p.role == PodRole::App && !p.terminating);
    match pod {
        None => words::created(4),
        Some(pod) => match pod.started {
            Some(started) => words::starting_pod(seconds_between(started, now)),
            None if pod.node.is_none() => words::finding_node(seconds_between(pod.created, now)),
            None => words::pulling(seconds_between(pod.created, now)),
        },
    }
}

pub(super) fn removing(snapshot: &Snapshot) -> String {
    let pods = u32::try_from(snapshot.pods.len()).unwrap_or(u32::MAX);
    if snapshot.scaled_object.is_some() {
        words::REMOVING_SCALED_OBJECT.to_owned()
    } else if snapshot.deployment.is_some() || snapshot.service.is_some() {
        words::REMOVING_DEPLOYMENT.to_owned()
    } else if pods > 0 {
        words::pods_are_ending(pods)
    } else {
        words::clean(&snapshot.namespace)
    }
}

pub(super) fn ready(snapshot: &Snapshot, now: TimeMs) -> String {
    if let Some(news) = news_of_the_end(snapshot, now) {
        return news;
    }
    let autoscaler = snapshot.autoscaler.as_ref();
    let percent = autoscaler.and_then(|a| a.utilization_percent);
    if snapshot.phase == Phase::WaitingForCpu && percent.is_none() {
        let started = snapshot.pods.iter().filter_map(|p| p.started).min();
        let left = started.map_or(FIRST_CPU_S, |s| FIRST_CPU_S - seconds_between(s, now));
        return words::first_cpu_in(left);
    }
    words::ready(percent, autoscaler.and_then(|a| a.target_percent))
}

/// How the last load ended, while that is news.
pub(super) fn news_of_the_end(snapshot: &Snapshot, now: TimeMs) -> Option<String> {
    let load = snapshot.load.as_ref()?;
    let end = load.end.as_ref()?;
    (seconds_between(end.time, now) < ENDED_IS_NEWS_S).then(|| words::load_ended(load, end))
}

/// What a start that was pressed does before its Job is there.
pub(super) fn before_the_job(snapshot: &Snapshot) -> String {
    let end = snapshot.load.as_ref().and_then(|load| load.end.as_ref());
    match end.map(|end| &end.outcome) {
        // A load that ended by itself leaves its Job; one that was stopped has none any more.
        Some(LoadOutcome::Finished | LoadOutcome::Failed { .. }) => {
            words::REMOVING_LAST_JOB.to_owned()
        }
        Some(LoadOutcome::Stopped { .. }) | None => words::starting_locust(0),
    }
}

/// A load that has not ended.
pub(super) fn load(snapshot: &Snapshot, load: &LoadState, now: TimeMs) -> String {
    match load.stage {
        LoadStage::Starting => words::starting_locust(seconds_between(load.created, now)),
        LoadStage::Stopping => stopping(snapshot, load, now),
        LoadStage::Running | LoadStage::Ended => {
            let users = load.figures.and_then(|f| f.users);
            match (users, load.users_wanted) {
                (Some(users), Some(wanted)) if is_ramping(load, now) => {
                    words::users_of(users, wanted)
                }
                _ => words::load_is_on(users.or(load.users_wanted), left(load, now)),
            }
        }
    }
}

/// Seconds until the load's run time is over.
pub(super) fn left(load: &LoadState, now: TimeMs) -> Option<i64> {
    load.ends.map(|ends| seconds_between(now, ends))
}

/// Users still come: fewer than were asked for, and their rate explains it.
pub(super) fn is_ramping(load: &LoadState, now: TimeMs) -> bool {
    let users = load.figures.and_then(|figures| figures.users);
    let (Some(users), Some(wanted), Some(first)) = (users, load.users_wanted, load.first_users)
    else {
        return false;
    };
    let rate = load.spawn_rate.unwrap_or(1).max(1);
    let all_after = i64::from(wanted.div_ceil(rate)) + RAMP_IS_LATE_S;
    load.stage == LoadStage::Running && users < wanted && seconds_between(first, now) <= all_after
}

fn stopping(snapshot: &Snapshot, load: &LoadState, now: TimeMs) -> String {
    let seconds = load.deleted.map(|deleted| seconds_between(deleted, now));
    let pod = snapshot.pods.iter().find(|p| p.role == PodRole::Load);
    match (load.pods, pod, seconds) {
        (0, ..) => words::DELETING_JOB.to_owned(),
        (pods, Some(pod), Some(seconds)) if seconds > STOPPING_IS_SLOW_S => {
            let message = pod.message.as_deref();
            words::still_stopping(pods, seconds, &pod.name, &pod.status, message)
        }
        (pods, ..) => words::locust_is_ending(pods),
    }
}
