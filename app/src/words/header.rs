//! Phases, titles, and how fresh the page is.

use crate::figures::{Zone, clock};
use crate::live::Connection;
use crate::model::{Phase, Snapshot, SourceState, TimeMs};

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
pub const GLOSSARY: &str = "What the words mean";
pub const TEXT_SIZE: &str = "Larger text";
pub const THEME: &str = "Theme";
pub const MENU: &str = "Menu";
