//! All texts of the pages, so that they can be read in one go, checked and translated. Pure: model → text.
//!
//! Texts about the cluster use Kubernetes' own words. What holds is decided elsewhere (`controls.rs`, the server's
//! explanations); here it is only said.

use crate::chart::Readout;
use crate::error::Error;
use crate::figures::{self, UNKNOWN, Zone, clock, count, minutes, seconds_between, span};
use crate::live::Connection;
use crate::model::{
    ClassPhase, Explanation, Finding, LoadEnd, LoadLimits, LoadOutcome, LoadState, Owner, Phase,
    SeatRow, SessionEnd, SignInError, SingleSignOnProblem, Snapshot, SourceState, TimeMs,
    Unwatched,
};

// === Sign-in ===

pub const PRODUCT: &str = "Autoscaling workshop";
pub const SEAT_CODE: &str = "Seat code";
pub const SEAT_CODE_HINT: &str =
    "On your seat card, for example 07-KQ2M-9DXA. Capitals, spaces and dashes do not matter.";
pub const SIGN_IN: &str = "Sign in";
pub const SIGN_OUT: &str = "Sign out";
/// Above the form, for people who are signed in already.
pub fn you_leave(seat: &str) -> String {
    format!("You are signed in to {seat}. Another code signs you out there.")
}

pub const YOUR_NAME: &str = "Your name";
pub const YOUR_NAME_HINT: &str = "Your instructor sees it. You get a seat of your own.";
pub const YOU_HAVE_A_SEAT: &str = "You have a seat";
pub const KEEP_THIS_CODE: &str =
    "Write this code down: it is shown once, and it opens your seat on another device.";
pub const GO_TO_MY_SEAT: &str = "Go to my seat";

/// The line under the field of the sign-in form.
pub fn sign_in_error(error: &SignInError) -> String {
    match error {
        SignInError::UnknownCode => {
            "This code is not known. Check it against your card, or ask your instructor for a new one.".to_owned()
        }
        SignInError::TooManyWrongCodes { wait_s } => {
            format!("Too many wrong codes are coming in. Wait {wait_s} s and try again.")
        }
        SignInError::ClusterUnreachable => {
            "The panel cannot reach the cluster, so your code could not be checked. Try again in a moment.".to_owned()
        }
        SignInError::Ended { end } => session_end(*end).to_owned(),
        SignInError::NameNeeded => "This is the code of the whole class. Type your name, too.".to_owned(),
        SignInError::NameTaken => {
            "Somebody has a seat under this name. Use that seat's own code, or add a letter to your name.".to_owned()
        }
        SignInError::NameUnreadable => {
            "A name has 1 to 40 letters. Type yours again.".to_owned()
        }
        SignInError::NoFreeSeat => "Every seat is taken. Ask your instructor for a seat card.".to_owned(),
        SignInError::SingleSignOn { problem } => single_sign_on_problem(problem),
    }
}

pub const SINGLE_SIGN_ON: &str = "Sign in with your account";
pub const SINGLE_SIGN_ON_HINT: &str = "The account that your school or company gave you.";
pub const OR: &str = "or";

/// The line under the button that leads to the identity provider.
fn single_sign_on_problem(problem: &SingleSignOnProblem) -> String {
    match problem {
        SingleSignOnProblem::NotBegunHere => {
            "This sign-in took too long, or it was begun in another tab or browser. Sign in again.".to_owned()
        }
        SingleSignOnProblem::Denied => "Your account was not signed in. Try again, or use a seat code.".to_owned(),
        SingleSignOnProblem::Unreachable => {
            "The sign-in of your organisation does not answer. Try again in a moment, or use a seat code.".to_owned()
        }
        SingleSignOnProblem::Unproven => {
            "The answer of your organisation's sign-in could not be checked. Sign in again; if that does not help, tell your instructor.".to_owned()
        }
        SingleSignOnProblem::TooMany { wait_s } => {
            format!("Too many people are signing in. Wait {wait_s} s and try again.")
        }
        SingleSignOnProblem::Unknown { contact } => {
            format!("Your account is right, but this class has no seat for it. Ask {contact}.")
        }
        SingleSignOnProblem::NoSuchSeat { contact } => {
            format!("The seat for your account is not there yet. Ask {contact}.")
        }
        SingleSignOnProblem::NoFreeSeat { contact } => format!("Every seat is taken. Ask {contact}."),
        SingleSignOnProblem::ClusterUnreachable => {
            "The panel cannot reach the cluster, so you could not be given your seat. Try again in a moment.".to_owned()
        }
    }
}

/// Why the page asks for a code again.
pub fn session_end(end: SessionEnd) -> &'static str {
    match end {
        SessionEnd::SignedOut => "You were signed out.",
        SessionEnd::SignedOutByInstructor => "Your instructor signed this seat out. Sign in again.",
        SessionEnd::Expired => {
            "You were signed out, because this seat was not used for 12 hours. Sign in again."
        }
        SessionEnd::NewCode => "Your instructor gave this seat a new code.",
        SessionEnd::Revoked => "Your instructor closed this seat. Ask for another one.",
        SessionEnd::ClassClosed => "The class is over. Seats are closed.",
    }
}

// === Failures ===

pub const NOT_A_NUMBER: &str =
    "One of the values is not a whole number. Check the form and try again.";
pub const NO_ANSWER: &str = "The panel did not answer. Check your network and try again.";
pub const RELOAD: &str = "Reload for new figures.";

/// On a page whose style or script is missing, by `shell/recover.js`.
pub const BEING_UPDATED: &str =
    "The panel is being updated. This page reloads by itself in a moment.";
pub const RELOAD_BY_HAND: &str = "This page could not be loaded whole. Reload it in a few minutes, and tell your instructor if that does not help.";
pub const WITHOUT_STYLE: &str =
    "The panel is being updated, so this page has no style. Everything on it works all the same.";

pub const TIMES_ARE_UTC: &str = "Times are UTC.";
pub const NOTHING_TO_SHOW: &str = "The panel has no data of this seat yet. Reload in a moment.";

/// What a failed command says.
pub fn error(error: &Error) -> String {
    match error {
        Error::Unauthenticated => "You were signed out. Sign in again.".to_owned(),
        Error::Forbidden => "Your seat may not do this. Ask your instructor.".to_owned(),
        Error::ClassOver => YOU_CAN_LOOK.to_owned(),
        Error::NotFound => "This is not there any more. Reload the page.".to_owned(),
        Error::OtherBuild => {
            "The panel is being updated, and this page is of another version. Reload the page and try again.".to_owned()
        }
        Error::Invalid { message }
        | Error::Conflict { message }
        | Error::Unavailable { message } => message.clone(),
    }
}

// === Phases, titles, header ===

/// The phase's word, the same on the page and in the instructor's table.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::NotWatched => "Not watched",
        Phase::NotStarted => "Not started",
        Phase::Deploying => "Deploying",
        Phase::WaitingForCpu => "Waiting for CPU",
        Phase::Ready => "Ready",
        Phase::LoadOn => "Load on",
        Phase::ScalingUp => "Scaling up",
        Phase::AtMaximum => "At maximum",
        Phase::Settled => "Settled",
        Phase::WaitingToScaleDown => "Waiting to scale down",
        Phase::BackToOne => "Back to 1",
        Phase::Removing => "Removing",
        Phase::CleanedUp => "Cleaned up",
    }
}

/// A sign for each phase, so that no colour has to be told apart.
pub fn phase_sign(phase: Phase) -> &'static str {
    match phase {
        Phase::NotWatched => "?",
        Phase::NotStarted | Phase::CleanedUp => "○",
        Phase::Deploying | Phase::WaitingForCpu | Phase::Removing => "◌",
        Phase::Ready | Phase::Settled | Phase::BackToOne => "●",
        Phase::LoadOn => "▶",
        Phase::ScalingUp => "▲",
        Phase::AtMaximum => "⊤",
        Phase::WaitingToScaleDown => "▽",
    }
}

/// `4 ready · Scaling up · workshop-user-1`.
pub fn title(ready: u32, now: Phase, namespace: &str) -> String {
    format!("{ready} ready · {} · {namespace}", phase(now))
}

/// `v1.35.4` in the header, with `simulated` where it is.
pub fn cluster(kubernetes: Option<&str>, simulated: bool) -> String {
    let version = kubernetes.map(|version| format!("Kubernetes {version}"));
    let simulated = simulated.then(|| "simulated".to_owned());
    let parts: Vec<_> = version.into_iter().chain(simulated).collect();
    parts.join(" · ")
}

/// How fresh the page is: a sign, a text, and how much that should trouble the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    pub state: &'static str,
    pub sign: &'static str,
    pub text: String,
}

/// The header's freshness. Three ages are kept apart: stream, cluster watch, CPU samples.
pub fn freshness(
    connection: Connection,
    snapshot: Option<&Snapshot>,
    time: TimeMs,
    now: TimeMs,
    zone: Zone,
) -> Freshness {
    let sources = snapshot.map(|s| &s.sources);
    let at = |time| clock(time, zone);
    let (state, sign, text) = match (connection, sources.map(|s| (s.cluster, s.metrics))) {
        (Connection::Lost, _) => ("lost", "◌", format!("Reconnecting. Data from {}", at(time))),
        (_, Some((SourceState::Lost { since }, _))) => (
            "trouble",
            "▲",
            format!("Cluster not reachable since {}", at(since)),
        ),
        (_, Some((SourceState::Unwatched { .. }, _))) => ("trouble", "▲", NOT_WATCHED.to_owned()),
        (_, Some((_, SourceState::Lost { since }))) => {
            ("trouble", "▲", format!("No CPU values since {}", at(since)))
        }
        (Connection::Slow, _) => (
            "slow",
            "◍",
            "Slow network: updates about every 5 s".to_owned(),
        ),
        (Connection::First, _) => ("first", "○", format!("Data from {}", at(time))),
        (Connection::Live, _) => ("live", "●", format!("Live {}", at(now))),
    };
    Freshness { state, sign, text }
}

pub const NOT_WATCHED: &str = "The panel does not see this namespace.";
pub const KUBECTL_WORKS: &str = "kubectl works as before.";
pub const LAST_KNOWN_STATE: &str = "Showing the last known state.";
pub const TEXT_SIZE: &str = "Larger text";
pub const THEME: &str = "Theme";

// === Buttons ===

pub const DEPLOY: &str = "Deploy";
pub const START_LOAD: &str = "Start load";
pub const STOP_LOAD: &str = "Stop load";
pub const CLEAN_UP: &str = "Clean up";
pub const CHANGE: &str = "Change";
pub const MORE: &str = "More";

pub const CONTROLS: &str = "Controls";

pub const CLASS_IS_OVER: &str = "The class is over.";
pub const YOU_CAN_LOOK: &str = "The class is over: you can look, but not change anything.";
pub const NO_CONNECTION: &str = "No connection to the panel.";
pub const DEPLOY_FIRST: &str = "Deploy first.";
pub const NO_LOAD: &str = "No load is running.";
pub const NOTHING_TO_REMOVE: &str = "Nothing to remove.";
pub const NOTHING_DEPLOYED: &str = "Nothing is deployed yet.";
pub const NOT_READY_YET: &str = "The app is not ready yet.";
pub const ALREADY_DEPLOYED: &str = "Already deployed.";
pub const STILL_STOPPING: &str = "The last load is still stopping.";
pub const BEING_REMOVED: &str = "Being removed.";
pub const DEPLOY_AGAIN: &str = "Deploy again with the same values.";
pub const REMOVING_LAST_JOB: &str = "Removing the last load's Job";
pub const DELETING_JOB: &str = "Deleting the Job";
pub const REMOVING_SCALED_OBJECT: &str = "Removing the ScaledObject";
pub const REMOVING_DEPLOYMENT: &str = "Removing the Deployment and Service";
pub const READY: &str = "Ready.";

/// While the API server is away.
pub fn cluster_away(since: TimeMs, zone: Zone) -> String {
    format!("Cluster not reachable since {}.", clock(since, zone))
}

pub fn created(objects: usize) -> String {
    format!("Created {objects} of 4 objects")
}

pub fn pulling(seconds: i64) -> String {
    format!("Pulling the image, {seconds} s")
}

pub fn starting_pod(seconds: i64) -> String {
    format!("Starting the pod, {seconds} s")
}

pub fn first_cpu_in(seconds: i64) -> String {
    format!("Ready. First CPU value in about {seconds} s; you may start now.")
}

/// `Ready. Idle: 4 % CPU.`; without the word where it is not.
pub fn ready(percent: Option<u32>, target: Option<u32>) -> String {
    match percent {
        None => READY.to_owned(),
        Some(percent) if percent * 3 < target.unwrap_or(60) => {
            format!("Ready. Idle: {percent} % CPU.")
        }
        Some(percent) => format!("Ready. CPU is {percent} % of the request."),
    }
}

pub fn starting_locust(seconds: i64) -> String {
    format!("Starting Locust, {seconds} s")
}

pub fn users_of(users: u32, wanted: u32) -> String {
    format!("{users} of {wanted} users")
}

/// `A load is running: 3:59 left.`
pub fn load_is_running(left_s: Option<i64>) -> String {
    match left_s {
        Some(left) => format!("A load is running: {} left.", minutes(left)),
        None => "A load is running.".to_owned(),
    }
}

/// `Load is on: 150 users, 3:59 left.`
pub fn load_is_on(users: Option<u32>, left_s: Option<i64>) -> String {
    let users = users.map(|n| count(n, "user", "users"));
    let left = left_s.map(|left| format!("{} left", minutes(left)));
    let parts: Vec<_> = users.into_iter().chain(left).collect();
    match parts.is_empty() {
        true => "Load is on.".to_owned(),
        false => format!("Load is on: {}.", parts.join(", ")),
    }
}

pub fn locust_is_ending(pods: u32) -> String {
    format!("Locust is ending: {} left", count(pods, "pod", "pods"))
}

/// `Still 1 load pod after 31 s: locust-headless-rjdcm is Terminating.`
pub fn still_stopping(pods: u32, seconds: i64, name: &str, state: &str) -> String {
    let pods = count(pods, "load pod", "load pods");
    format!("Still {pods} after {seconds} s: {name} is {state}.")
}

/// How the last load ended.
pub fn load_ended(load: &LoadState, end: &LoadEnd) -> String {
    match &end.outcome {
        LoadOutcome::Stopped { after_ms } => {
            format!("Stopped after {} s. No load pod is left.", after_ms / 1000)
        }
        LoadOutcome::Finished => match load.figures {
            Some(f) => {
                let (requests, failures) = (
                    figures::thousands(f.requests),
                    figures::thousands(f.failures),
                );
                format!("Load finished: {requests} requests, {failures} failed.")
            }
            None => "Load finished.".to_owned(),
        },
        LoadOutcome::Failed { reason, error } => {
            format!("Load failed: {}", error.as_deref().unwrap_or(reason))
        }
    }
}

pub fn not_ready_because(cause: &str) -> String {
    format!("The app is not ready: {cause}.")
}

pub fn deploy_first_missing(missing: &str) -> String {
    format!("Deploy first: {missing} is missing.")
}

pub fn parts_missing(missing: &str) -> String {
    format!("Parts are missing: {missing}. Deploy puts them back.")
}

/// `Found your own ScaledObject webapp-scaler, applied with kubectl.`
pub fn found_your_own(object: &str, owner: &Owner) -> String {
    format!("Found your own {object}, applied with {}.", owner.manager)
}

pub fn pods_are_ending(pods: u32) -> String {
    match pods {
        1 => "1 pod is ending".to_owned(),
        _ => format!("{pods} pods are ending"),
    }
}

pub fn clean(namespace: &str) -> String {
    format!("Clean. Nothing of the workshop is left in {namespace}.")
}

/// The cause in a few words, for `The app is not ready: {cause}.`
pub fn cause(finding: &Finding) -> &'static str {
    match finding {
        Finding::ClusterUnreachable { .. } => "the cluster does not answer",
        Finding::NotWatched { why } => match why {
            Unwatched::NoClusterRole => "the panel may not read the cluster: `workshop check`",
            Unwatched::NoRole => "the panel may not read it: `workshop seats create --namespaced`",
            Unwatched::TooMany { .. } => "too many seats: the panel does not watch it",
        },
        Finding::KedaAbsent => "KEDA is missing",
        Finding::MetricsAbsent
        | Finding::MetricsUnavailable { .. }
        | Finding::NoCpuValue { .. } => "there are no CPU values",
        Finding::ImagePull { .. } => "its image cannot be pulled",
        Finding::CrashLoop { .. } => "its container ends again and again",
        Finding::PodsRefused { .. } => "its pods are refused",
        Finding::Unschedulable { .. } => "no node has room for it",
        Finding::ScaledObjectNotReady { .. } => "KEDA does not accept the ScaledObject",
    }
}

// === Confirmations ===

/// A question with its two answers; the safe one is first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub question: String,
    pub detail: String,
    pub safe: &'static str,
    pub go: &'static str,
}

/// Before Clean up. What is not in the snapshot (the ConfigMaps) is what the panel itself makes.
pub fn confirm_clean_up(snapshot: &Snapshot) -> Question {
    let mut parts = Vec::new();
    if snapshot.scaled_object.is_some() {
        parts.push("1 ScaledObject".to_owned());
    }
    if snapshot.deployment.is_some() {
        let pods = count(snapshot.existing(), "pod", "pods");
        parts.push(format!("1 Deployment with {pods}"));
    }
    if snapshot.service.is_some() {
        parts.push("1 Service".to_owned());
    }
    parts.push("the workshop's ConfigMaps".to_owned());
    if snapshot
        .load
        .as_ref()
        .is_some_and(|load| load.end.is_none())
    {
        parts.push("1 running load".to_owned());
    }
    Question {
        question: format!("Remove the workshop from {}?", snapshot.namespace),
        detail: format!("{}.", parts.join(", ")),
        safe: "Keep",
        go: "Remove all",
    }
}

/// Before Deploy over objects that someone else applied.
pub fn confirm_take_over(namespace: &str, object: &str, owner: &Owner) -> Question {
    Question {
        question: format!(
            "{namespace} already has {object} for webapp, applied with {}.",
            owner.manager
        ),
        detail: "Two ScaledObjects on one Deployment are refused.".to_owned(),
        safe: "Use what is there",
        go: "Replace it",
    }
}

/// Before Stop load of a Job that the panel did not start.
pub fn confirm_stop(load: &LoadState) -> Question {
    Question {
        question: format!(
            "Stop also Job {}, which {} started?",
            load.job, load.manager
        ),
        detail: String::new(),
        safe: "Keep",
        go: "Stop it",
    }
}

// === The why panel ===

pub const WHY: &str = "Why";
pub const WHY_TITLE: &str = "Why it scales, or not yet";
pub const NEWER: &str = "Newer";
pub const OLDER: &str = "Older";
pub const SAME_BY_KUBECTL: &str = "The same in a terminal:";
pub const HPA_CONDITIONS: &str = "The HPA's conditions and its last event, word for word:";

/// `as the HPA says: ScaleUpLimit`.
pub fn as_the_hpa_says(word: &str) -> String {
    format!("as the HPA says: {word}")
}

/// `1 of 3`; nothing where there is but one.
pub fn nth_of(nth: usize, all: usize) -> String {
    if all > 1 {
        format!("{nth} of {all}")
    } else {
        String::new()
    }
}

// === The loop strip ===

pub const LOOP: &str = "The loop";

pub const LOAD: &str = "Load";
pub const PODS: &str = "Pods";
pub const CPU_SAMPLE: &str = "CPU sample";
pub const HPA: &str = "HPA";
pub const DEPLOYMENT: &str = "Deployment";
pub const KEDA_MADE_THIS: &str = "KEDA made this HPA";
pub const NO_LOAD_NOW: &str = "no load";
pub const THROUGH_SERVICE: &str = "through Service";
pub const NO_SAMPLE: &str = "no sample";
pub const NO_DEPLOYMENT: &str = "not deployed";

/// `181 % of request`.
pub fn percent_of_request(percent: u32) -> String {
    format!("{percent} % of request")
}

/// `6 s old, covers 15 s`.
pub fn sample_age(age_s: i64, window_s: i64) -> String {
    format!("{} old, covers {window_s} s", span(age_s))
}

/// `asked for 8`.
pub fn asked_for(pods: u32) -> String {
    format!("asked for {pods}")
}

/// `5 s ago`.
pub fn ago(seconds: i64) -> String {
    format!("{} ago", span(seconds))
}

/// `6 ready, 2 starting`.
pub fn pods_ready(ready: u32, existing: u32) -> String {
    match existing.saturating_sub(ready) {
        0 => format!("{ready} ready"),
        starting => format!("{ready} ready, {starting} starting"),
    }
}

pub fn next_look_in(seconds: Option<i64>) -> String {
    match seconds {
        Some(seconds) => format!("next look in {seconds} s"),
        None => "next look within 15 s".to_owned(),
    }
}

pub fn wanted_allowed(wanted: Option<u32>, allowed: u32) -> String {
    match wanted {
        Some(wanted) if wanted != allowed => format!("wanted {wanted}, allowed {allowed}"),
        _ => format!("wanted {allowed}"),
    }
}

// === Chart ===

pub const CHART: &str = "Load, CPU and pods over time";
pub const WINDOW: &str = "Shown";
pub const THIS_RUN: &str = "This run";

pub const TIME: &str = "Time";
pub const TABLE: &str = "Table";
pub const PAUSE: &str = "Pause";
pub const NO_LOAD_HAS_RUN: &str = "No load has run yet.";
pub const NO_SAMPLE_YET: &str = "No CPU sample yet. The first comes about 25 s after a pod starts.";
pub const NOTHING_IS_DEPLOYED: &str = "Nothing is deployed.";
pub const NO_CPU_VALUES: &str = "no CPU values";
pub const AT_THE_LIMIT: &str = "at the limit: real demand may be higher";

/// `limit 100m = 200 % of request`.
pub fn limit_means(limit_m: Option<i64>, percent: f64) -> String {
    let limit = limit_m.map_or_else(
        || "limit".to_owned(),
        |m| format!("limit {}", figures::cpu(m)),
    );
    format!("{limit} = {percent:.0} % of request")
}

/// `5 min`.
pub fn minutes_shown(minutes: i64) -> String {
    format!("{minutes} min")
}

/// The whole readout as one text, for the slider: what is unknown is left out.
pub(crate) fn readout(at: &Readout, zone: Zone) -> String {
    let mut text = clock(at.time, zone);
    if let Some(seconds) = at.since_users_s {
        text.push_str(&format!(", {} after first users", minutes(seconds)));
    }
    text.push('.');
    let say = |parts: Vec<Option<String>>| {
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!(" {}.", parts.join(", "))
        }
    };
    text.push_str(&say(vec![
        at.users.map(|n| count(n, "user", "users")),
        at.rps
            .map(|rps| format!("{} requests per second", figures::rate(rps))),
        at.p95_ms
            .map(|ms| format!("p95 {}", figures::response(ms).replace(" s", " seconds"))),
    ]));
    text.push_str(&say(vec![
        at.percent.map(|p| format!("CPU {p} percent of request")),
    ]));
    let pods = say(vec![
        at.wanted.map(|n| format!("wanted {n}")),
        at.asked.map(|n| format!("asked for {n}")),
        at.ready.map(|n| format!("ready {n}")),
    ]);
    text.push_str(&pods.replacen(" wanted", " Wanted", 1));
    if let Some((from, to)) = at.rescale {
        text.push_str(&format!(" {from} to {to}."));
    }
    text
}

// === The load form ===

pub const USERS: &str = "Users";
pub const USERS_PER_SECOND: &str = "Users per second";
pub const RUN_TIME: &str = "Run time in seconds";
pub const N: &str = "n";
pub const USERS_MEAN: &str = "each sends a request, waits for the answer, sends the next";
pub const USERS_PER_SECOND_MEANS: &str = "how fast the users come";
pub const RUN_TIME_MEANS: &str = "the load ends by itself then";
pub const N_MEANS: &str = "each step makes a request about 1.6 times as costly";
pub const DEFAULTS: &str = "Reaches the maximum";
pub const HANDOUT: &str = "Values of the handout";

/// `1 to 500`.
pub fn range(least: u32, most: u32) -> String {
    format!("{least} to {}", figures::thousands(u64::from(most)))
}

/// The limits of the four fields in the order of the form.
pub fn ranges(limits: &LoadLimits) -> [String; 4] {
    [
        range(1, limits.users),
        range(1, limits.spawn_rate),
        range(10, limits.run_time_s),
        range(1, limits.n),
    ]
}

/// `150 users · 15/s · 5:00 · n 26`.
pub fn load_values(users: u32, spawn_rate: u32, run_time_s: u32, n: u32) -> String {
    format!(
        "{users} users · {spawn_rate}/s · {} · n {n}",
        minutes(i64::from(run_time_s))
    )
}

// === The instructor's table ===

pub const SEATS: &str = "Seats";
pub const STOP_ALL_LOADS: &str = "Stop all loads";
pub const NO_SEATS: &str = "No seat yet. `workshop seats create` makes them.";

pub fn stop_load_of(seat: &str) -> String {
    format!("Stop load of seat {seat}")
}

/// The head of the instructor's page: `38 of 40 signed in · 3 loads on · 12 pods ready · 1 seat needs help`.
pub fn class(seats: &[SeatRow]) -> String {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let loads = number(seats.iter().filter(|s| s.load).count());
    let help = number(seats.iter().filter(|s| s.help.is_some()).count());
    let pods: u32 = seats.iter().map(|s| s.ready).sum();
    let help = match help {
        0 => String::new(),
        1 => " · 1 seat needs help".to_owned(),
        _ => format!(" · {help} seats need help"),
    };
    let signed_in = seats.iter().filter(|s| s.sessions > 0).count();
    format!(
        "{signed_in} of {} signed in · {} on · {} ready{help}",
        seats.len(),
        count(loads, "load", "loads"),
        count(pods, "pod", "pods")
    )
}

pub const ACCESS: &str = "Access";
pub const NEW_CODE: &str = "New code";
pub const CLOSE_SEAT: &str = "Close seat";
pub const SIGN_ALL_OUT: &str = "Sign all out";
pub const CLASS: &str = "Class";
pub const DONE: &str = "Done";
pub const QR_CODE: &str = "QR code that signs in to this seat";
pub const SCAN_OR_TYPE: &str = "Scan it, or type it at";
pub const SHOWN_ONCE: &str = "Shown once: it cannot be looked up later, only renewed.";

/// `Access to seat 07`
pub fn access_to(seat: &str) -> String {
    format!("Access to seat {seat}")
}

/// Who is signed in to a seat: `2 devices`.
pub fn attendance(row: &SeatRow) -> String {
    match (row.revoked, row.sessions) {
        (true, _) => "closed".to_owned(),
        (false, 0) => "nobody".to_owned(),
        (false, n) => count(n, "device", "devices"),
    }
}

/// What the three acts on a seat do, before one is chosen.
pub fn access_detail(row: &SeatRow) -> String {
    let now = if row.revoked {
        "This seat is closed: nobody can sign in. A new code opens it again.".to_owned()
    } else {
        format!(
            "Signed in: {}. A new code signs them out and makes the old card useless. Closing the seat also keeps new \
             sign-ins out. What runs in the namespace goes on.",
            attendance(row)
        )
    };
    match &row.name {
        Some(name) => format!("{} · {name}. {now}", row.namespace),
        None => format!("{}. {now}", row.namespace),
    }
}

pub fn seat_was_closed(seat: &str) -> String {
    format!("Seat {seat} is closed.")
}

pub fn seat_was_signed_out(seat: &str) -> String {
    format!("Seat {seat} is signed out. Its code still opens it.")
}

/// The phases of a class as an instructor chooses them.
pub fn class_phase(phase: ClassPhase) -> &'static str {
    match phase {
        ClassPhase::Running => "Running",
        ClassPhase::ReadOnly => "Read-only",
        ClassPhase::Closed => "Closed",
    }
}

/// The button to the class's switches.
pub fn class_is(phase: ClassPhase) -> String {
    format!("{CLASS}: {}", class_phase(phase).to_lowercase())
}

/// What a phase means.
pub fn class_phase_means(phase: ClassPhase) -> &'static str {
    match phase {
        ClassPhase::Running => "attendees deploy, load and clean up",
        ClassPhase::ReadOnly => "attendees look at what is there, and may stop a load",
        ClassPhase::Closed => "attendees are signed out and cannot sign in",
    }
}

/// `Signed 31 seats out.`
pub fn signed_out_seats(seats: u32) -> String {
    match seats {
        0 => "Nobody was signed in.".to_owned(),
        _ => format!("Signed {} out.", count(seats, "seat", "seats")),
    }
}

/// `Stopped 3 loads.`
pub fn stopped_loads(loads: u32) -> String {
    match loads {
        0 => "No load was running.".to_owned(),
        _ => format!("Stopping {}.", count(loads, "load", "loads")),
    }
}

/// Load left in the instructor's table.
pub fn load_left(row: &SeatRow, now: TimeMs) -> String {
    match (row.load, row.load_ends) {
        (false, _) => UNKNOWN.to_owned(),
        (true, Some(ends)) => minutes(seconds_between(now, ends)),
        (true, None) => "on".to_owned(),
    }
}

pub mod faults;
mod why;
pub(crate) use why::tolerated;
pub use why::{Why, explanation, finding};

/// `about 1:05 more`, or `about 25 s more`.
fn about(seconds: i64) -> String {
    format!("about {}", span(seconds))
}

#[cfg(test)]
mod tests;
