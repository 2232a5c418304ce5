//! What an attendee's session may see and do. The namespace comes from the session, never from the request.

use std::sync::Arc;

use app::model::{
    ClassPhase, Done, File, History, LoadSettings, RunRecord, RunSummary, SettingsForm, Snapshot,
};
use app::workshop::Workshop;
use async_trait::async_trait;

use super::AppState;
use crate::audit::Actor;
use crate::error::chain;
use crate::workshop::Run;

/// An attendee's session.
pub(super) struct SeatSession {
    state: AppState,
    actor: Actor,
    namespace: String,
}

impl SeatSession {
    pub(super) fn new(state: AppState, actor: Actor, namespace: &str) -> Self {
        Self {
            state,
            actor,
            namespace: namespace.to_owned(),
        }
    }

    /// After the class a seat is looked at and no more, but for a load, which can be stopped.
    fn may_change(&self) -> app::Result<()> {
        match self.state.seats.class_phase() {
            ClassPhase::Running => Ok(()),
            ClassPhase::ReadOnly | ClassPhase::Closed => Err(app::Error::ClassOver),
        }
    }

    fn seen(&self) -> Option<Arc<Snapshot>> {
        self.state.published.snapshot(&self.namespace)
    }

    /// The newest load's run as far as it was observed here: its record may be two minutes old.
    fn observed_run(&self) -> Option<Run> {
        let (published, snapshot) = (&self.state.published, self.seen()?);
        let history = published.history(&self.namespace)?;
        let load = snapshot.load.as_ref()?;
        Run::cut(&history, &snapshot, load, published.now())
    }

    /// One run with what was observed here since it was recorded.
    pub(super) async fn recorded(&self, uid: &str) -> app::Result<Run> {
        let recorded = self.state.archive.one(&self.namespace, uid).await;
        let observed = self.observed_run().filter(|run| run.load.uid == uid);
        match (recorded, observed) {
            (Ok(Some(recorded)), Some(observed)) => Ok(recorded.merge(&observed)),
            (Ok(Some(run)), None) | (Ok(None) | Err(_), Some(run)) => Ok(run),
            (Ok(None), None) => Err(app::Error::NotFound),
            (Err(error), None) => Err(runs_unread(&error)),
        }
    }

    async fn all_runs(&self) -> app::Result<Vec<Run>> {
        let seat = self.actor.seat.ok_or(app::Error::Unauthenticated)?;
        let archive = &self.state.archive;
        let recorded = archive.of_seat(&seat.to_string(), &self.namespace).await;
        let mut runs = recorded.map_err(|error| runs_unread(&error))?;
        if let Some(observed) = self.observed_run() {
            match runs
                .iter_mut()
                .find(|run| run.load.uid == observed.load.uid)
            {
                Some(recorded) => *recorded = recorded.merge(&observed),
                None => runs.push(observed),
            }
        }
        runs.sort_by_key(|run| std::cmp::Reverse(run.load.created));
        Ok(runs)
    }
}

fn runs_unread(error: &crate::error::Error) -> app::Error {
    tracing::warn!(error = chain(error), "the runs of a seat cannot be read");
    app::Error::Unavailable {
        message: "The runs cannot be read now. Try again in a moment.".to_owned(),
    }
}

#[async_trait]
impl Workshop for SeatSession {
    async fn snapshot(&self) -> app::Result<Snapshot> {
        let snapshot = self.seen().ok_or_else(not_seen_yet)?;
        Ok(Snapshot::clone(&snapshot))
    }

    async fn history(&self) -> app::Result<History> {
        let history = self.state.published.history(&self.namespace);
        history.ok_or_else(not_seen_yet)
    }

    async fn runs(&self) -> app::Result<Vec<RunSummary>> {
        let runs = self.all_runs().await?;
        Ok(runs.iter().map(Run::summary).collect())
    }

    async fn run(&self, uid: &str) -> app::Result<RunRecord> {
        self.recorded(uid).await.map(|run| run.record())
    }

    async fn deploy(&self, take_over: bool) -> app::Result<Done> {
        self.may_change()?;
        let commands = &self.state.commands;
        commands
            .deploy(self.actor, &self.namespace, self.seen(), take_over)
            .await
    }

    async fn start_load(&self, load: LoadSettings) -> app::Result<Done> {
        self.may_change()?;
        let commands = &self.state.commands;
        commands
            .start_load(self.actor, &self.namespace, self.seen(), load)
            .await
    }

    async fn stop_load(&self, foreign: bool) -> app::Result<Done> {
        let commands = &self.state.commands;
        commands
            .stop_load(self.actor, &self.namespace, foreign)
            .await
    }

    async fn clean_up(&self) -> app::Result<Done> {
        self.may_change()?;
        self.state
            .commands
            .clean_up(self.actor, &self.namespace)
            .await
    }

    async fn change_settings(&self, form: SettingsForm, take_over: bool) -> app::Result<Done> {
        self.may_change()?;
        let commands = &self.state.commands;
        commands
            .change_settings(self.actor, &self.namespace, self.seen(), form, take_over)
            .await
    }

    async fn files(&self) -> app::Result<Vec<File>> {
        let commands = &self.state.commands;
        let load = &self.state.load_defaults;
        commands
            .files(self.actor, &self.namespace, self.seen(), load)
            .await
    }
}

fn not_seen_yet() -> app::Error {
    app::Error::Unavailable {
        message: "The panel has not seen this namespace yet. Reload in a moment, and tell your instructor if it stays so."
            .to_owned(),
    }
}
