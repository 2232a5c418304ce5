//! The only code that writes to attendees' namespaces: deploy, start load, stop load, clean up, settings. Acts as the
//! attendee's account, never as the panel, and tells what it wrote. Called by `web/act.rs`.
//!
//! A command runs in a task of its own, so that neither a closed connection nor a timeout leaves it half done. The
//! answer waits for it for [`ANSWER_WITHIN`]; what takes longer goes on, and the page sees its stages by the watch.

mod clean_up;
mod deploy;
mod files;
mod hands;
mod load;
mod own_fields;
mod recognise;
mod refusal;
mod room;
mod settings;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use app::model::{Done, File, LoadLimits, LoadSettings, SettingsForm, Snapshot};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::{Actor, Audit, Outcome};
use crate::cluster::Clients;
use crate::error::{Error, Result, chain};
use crate::workshop::manifests::Settings;
use hands::Hands;

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
    ) -> app::Result<Done> {
        let (commands, hands) = (self.clone(), self.hands(actor, namespace));
        let acts = hands.clone();
        self.run(actor, &acts, "deploy", Breakable::Yes, async move {
            let turn = commands.turn(hands.namespace());
            let _turn = turn.lock().await;
            let settings = &commands.inner.settings;
            deploy::deploy(&hands, settings, snapshot.as_deref(), take_over).await
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
    ) -> app::Result<Done> {
        load.check(&self.inner.limits)?;
        let (commands, hands) = (self.clone(), self.hands(actor, namespace));
        let acts = hands.clone();
        self.run(actor, &acts, "start_load", Breakable::Yes, async move {
            let turn = commands.turn(hands.namespace());
            let _turn = turn.lock().await;
            let settings = &commands.inner.settings;
            load::start(&hands, settings, snapshot.as_deref(), load).await
        })
        .await
    }

    /// Stops every load; each that it told to stop is one act. Never waits for another command; a start under way is
    /// broken off.
    ///
    /// # Errors
    /// What the person is told.
    pub async fn stop_load(
        &self,
        actor: Actor,
        namespace: &str,
        foreign: bool,
    ) -> app::Result<Done> {
        self.break_off(namespace);
        let hands = self.hands(actor, namespace);
        let acts = hands.clone();
        self.run(actor, &acts, "stop_load", Breakable::No, async move {
            load::stop(&hands, foreign).await.map(|_count| ())
        })
        .await
    }

    /// Removes everything of the workshop, from whatever state.
    ///
    /// # Errors
    /// What the person is told.
    pub async fn clean_up(&self, actor: Actor, namespace: &str) -> app::Result<Done> {
        self.break_off(namespace);
        let hands = self.hands(actor, namespace);
        let acts = hands.clone();
        self.run(actor, &acts, "clean_up", Breakable::No, async move {
            clean_up::clean_up(&hands).await
        })
        .await
    }

    /// Changes settings of the app's objects, whoever made them.
    ///
    /// # Errors
    /// What the person is told.
    pub async fn change_settings(
        &self,
        actor: Actor,
        namespace: &str,
        snapshot: Option<Arc<Snapshot>>,
        form: SettingsForm,
        take_over: bool,
    ) -> app::Result<Done> {
        let hands = self.hands(actor, namespace);
        let acts = hands.clone();
        let verb = "change_settings";
        self.run(actor, &acts, verb, Breakable::No, async move {
            settings::change(&hands, snapshot.as_deref(), &form, take_over).await
        })
        .await
    }

    /// The workshop's files as they stand; a load that was not started yet with the values of `load`.
    ///
    /// # Errors
    /// What the person is told.
    pub async fn files(
        &self,
        actor: Actor,
        namespace: &str,
        snapshot: Option<Arc<Snapshot>>,
        load: &LoadSettings,
    ) -> app::Result<Vec<File>> {
        let hands = self.hands(actor, namespace);
        let settings = &self.inner.settings;
        let files = files::files(&hands, settings, load, snapshot.as_deref());
        files.await.map_err(|error| {
            tracing::warn!(
                namespace,
                error = chain(&error),
                "the files could not be read"
            );
            refusal::refusal(&error)
        })
    }

    /// What a command acts with.
    fn hands(&self, actor: Actor, namespace: &str) -> Hands {
        Hands::new(
            self.inner.clients.attendee(namespace, actor.seat),
            namespace,
        )
    }

    /// Waits for commands under way: at the end of the process, when no more come in.
    pub async fn finish(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    async fn run(
        &self,
        actor: Actor,
        acts: &Hands,
        verb: &'static str,
        breakable: Breakable,
        work: impl Future<Output = Result<()>> + Send + 'static,
    ) -> app::Result<Done> {
        let broken_off = match breakable {
            // One for all that wait in a namespace: stop and clean-up break off each of them.
            Breakable::Yes => {
                let mut all = self.inner.breakable.lock();
                all.entry(acts.namespace().to_owned()).or_default().clone()
            }
            Breakable::No => CancellationToken::new(),
        };
        let (namespace, audit) = (acts.namespace().to_owned(), self.inner.audit.clone());
        let task = self.inner.tasks.spawn(async move {
            let result = match broken_off.run_until_cancelled(work).await {
                Some(result) => result,
                None => Err(Error::Refused(refusal::broken_off())),
            };
            log(&audit, actor, &namespace, verb, &result);
            result.map_err(|error| refusal::refusal(&error))
        });
        let finished = match tokio::time::timeout(ANSWER_WITHIN, task).await {
            Ok(Ok(result)) => result.map(|()| true)?,
            Ok(Err(_panicked)) => return Err(refusal::unavailable()),
            Err(_goes_on) => false,
        };
        Ok(Done {
            finished,
            ..acts.done()
        })
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
