//! The only code that writes to attendees' namespaces: deploy, start load, stop load, clean up. Acts as the attendee's
//! account, never as the panel. Called by `web/act.rs`.
//!
//! A command runs in a task of its own, so that neither a closed connection nor a timeout leaves it half done. The
//! answer waits for it for [`ANSWER_WITHIN`]; what takes longer goes on, and the page sees its stages by the watch.

mod clean_up;
mod deploy;
mod load;
mod recognise;
mod refusal;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use app::model::{LoadLimits, LoadSettings, Snapshot};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::{Actor, Audit, Outcome};
use crate::cluster::Clients;
use crate::error::{Error, Result, chain};
use crate::workshop::manifests::Settings;

/// How long an answer waits for its command.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// Runs commands. Shared by all routes.
#[derive(Clone)]
pub struct Commands {
    inner: Arc<Inner>,
}

struct Inner {
    clients: Clients,
    settings: Settings,
    limits: LoadLimits,
    audit: Audit,
    tasks: TaskTracker,
    /// The command under way in a namespace that stop and clean-up break off: a start or a deploy.
    breakable: Mutex<HashMap<String, CancellationToken>>,
    /// Of each namespace: one start or deploy after the other, so that the second finds what the first has made.
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// Whether stop and clean-up end a command that still runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Breakable {
    Yes,
    No,
}

impl Commands {
    pub fn new(clients: Clients, settings: Settings, limits: LoadLimits, audit: Audit) -> Self {
        let inner = Inner {
            clients,
            settings,
            limits,
            audit,
            tasks: TaskTracker::new(),
            breakable: Mutex::default(),
            turns: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Applies the workshop's objects. Doing it twice is harmless.
    ///
    /// # Errors
    /// What the person is told, here and below.
    pub async fn deploy(
        &self,
        actor: Actor,
        namespace: &str,
        snapshot: Option<Arc<Snapshot>>,
        take_over: bool,
    ) -> app::Result<()> {
        let client = self.inner.clients.attendee(namespace, actor.seat);
        let (commands, name) = (self.clone(), namespace.to_owned());
        self.run(actor, namespace, "deploy", Breakable::Yes, async move {
            let turn = commands.turn(&name);
            let _turn = turn.lock().await;
            let settings = &commands.inner.settings;
            deploy::deploy(&client, &name, settings, snapshot.as_deref(), take_over).await
        })
        .await
    }

    /// Starts a load; one that ended is removed first.
    ///
    /// # Errors
    /// What the person is told.
    pub async fn start_load(
        &self,
        actor: Actor,
        namespace: &str,
        snapshot: Option<Arc<Snapshot>>,
        load: LoadSettings,
    ) -> app::Result<()> {
        load.check(&self.inner.limits)?;
        let client = self.inner.clients.attendee(namespace, actor.seat);
        let (commands, name) = (self.clone(), namespace.to_owned());
        self.run(actor, namespace, "start_load", Breakable::Yes, async move {
            let turn = commands.turn(&name);
            let _turn = turn.lock().await;
            let settings = &commands.inner.settings;
            load::start(&client, &name, settings, snapshot.as_deref(), load).await
        })
        .await
    }

    /// Stops every load; returns how many it told to stop. Never waits for another command; a start under way is
    /// broken off.
    ///
    /// # Errors
    /// What the person is told.
    pub async fn stop_load(
        &self,
        actor: Actor,
        namespace: &str,
        foreign: bool,
    ) -> app::Result<u32> {
        self.break_off(namespace);
        let client = self.inner.clients.attendee(namespace, actor.seat);
        let name = namespace.to_owned();
        let stopped = Arc::new(Mutex::new(0));
        let count = Arc::clone(&stopped);
        self.run(actor, namespace, "stop_load", Breakable::No, async move {
            *count.lock() = load::stop(&client, &name, foreign).await?;
            Ok(())
        })
        .await?;
        let stopped = *stopped.lock();
        Ok(stopped)
    }

    /// Removes everything of the workshop, from whatever state.
    ///
    /// # Errors
    /// What the person is told.
    pub async fn clean_up(&self, actor: Actor, namespace: &str) -> app::Result<()> {
        self.break_off(namespace);
        let client = self.inner.clients.attendee(namespace, actor.seat);
        let name = namespace.to_owned();
        self.run(actor, namespace, "clean_up", Breakable::No, async move {
            clean_up::clean_up(&client, &name).await
        })
        .await
    }

    /// Waits for commands under way: at the end of the process, when no more come in.
    pub async fn finish(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    async fn run(
        &self,
        actor: Actor,
        namespace: &str,
        verb: &'static str,
        breakable: Breakable,
        work: impl Future<Output = Result<()>> + Send + 'static,
    ) -> app::Result<()> {
        let broken_off = match breakable {
            // One for all that wait in a namespace: stop and clean-up break off each of them.
            Breakable::Yes => {
                let mut all = self.inner.breakable.lock();
                all.entry(namespace.to_owned()).or_default().clone()
            }
            Breakable::No => CancellationToken::new(),
        };
        let (namespace, audit) = (namespace.to_owned(), self.inner.audit.clone());
        let task = self.inner.tasks.spawn(async move {
            let result = match broken_off.run_until_cancelled(work).await {
                Some(result) => result,
                None => Err(Error::Refused(refusal::broken_off())),
            };
            log(&audit, actor, &namespace, verb, &result);
            result.map_err(|error| refusal::refusal(&error))
        });
        match tokio::time::timeout(ANSWER_WITHIN, task).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panicked)) => Err(refusal::unavailable()),
            Err(_goes_on) => Ok(()),
        }
    }

    fn turn(&self, namespace: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut all = self.inner.turns.lock();
        Arc::clone(all.entry(namespace.to_owned()).or_default())
    }

    /// Breaks off a start or a deploy that is still at work.
    fn break_off(&self, namespace: &str) {
        if let Some(token) = self.inner.breakable.lock().remove(namespace) {
            token.cancel();
        }
    }
}

/// One line for each command.
fn log(audit: &Audit, actor: Actor, namespace: &str, verb: &'static str, result: &Result<()>) {
    match result {
        Ok(()) => audit.record(actor, verb, namespace, Outcome::Done),
        Err(Error::Refused(reason)) => {
            let reason = reason.to_string();
            audit.record(actor, verb, namespace, Outcome::Refused(&reason));
        }
        Err(error) => {
            audit.record(actor, verb, namespace, Outcome::Failed(&chain(error)));
        }
    }
}
