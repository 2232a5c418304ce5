//! Knows people: seats and their codes, sessions and rights. Kept in labelled Secrets of the panel's own namespace, so
//! that every replica knows the same and none needs a database.

mod budget;
mod code;
pub mod provision;
mod record;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use app::model::{SignInError, TimeMs};
use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::Secret;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, ResourceExt};
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::call::Calls;
use crate::error::{Error, Result, chain};
use crate::names::SEAT_LABEL;

pub use code::{Code, NoCode, SeatNumber};
use record::{CodeKey, SESSION_IDLE_MS, Seat};
pub use record::{Ended, Person};

/// A watch that lags longer than this is dead, and then the panel is not ready.
const FORGET_ENDED_MS: i64 = 5 * 60 * 1000;

/// The expiry of a session in use is moved at most so often.
const TOUCH_MS: i64 = 10 * 60 * 1000;

/// A session unused for so long is over.
pub const SESSION_IDLE_S: i64 = SESSION_IDLE_MS / 1000;

/// A session, as the request's cookie opened it.
#[derive(Clone, Debug)]
pub struct Session {
    pub seat: SeatNumber,
    pub person: Person,
    /// Hash of the session's id: names it without opening it.
    pub hash: String,
}

/// No session.
#[derive(Debug)]
pub enum NoSession {
    /// No cookie, or one that never was ours.
    Anonymous,
    /// It was one.
    Ended(Ended),
    /// The cluster does not tell.
    Unavailable(Error),
}

/// Seats and sessions. Shared by all routes.
#[derive(Clone)]
pub struct Seats {
    inner: Arc<Inner>,
}

struct Inner {
    secrets: Store<Secret>,
    client: Client,
    namespace: String,
    key: OnceCell<CodeKey>,
    wrong_codes: budget::WrongCodes,
    /// Sessions that this process ended, until the watch surely knows it, too.
    ended: Mutex<HashMap<String, TimeMs>>,
    tasks: TaskTracker,
}

impl Seats {
    /// Watches the seats' Secrets in the panel's `namespace` until `shutdown`. The task ends only then.
    pub fn start(
        client: Client,
        namespace: String,
        shutdown: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let (secrets, writer) = reflector::store();
        let api: Api<Secret> = Api::namespaced(client.clone(), &namespace);
        let tasks = TaskTracker::new();
        let watch = watcher(
            api,
            watcher::Config::default().labels(SEAT_LABEL).timeout(60),
        )
        .default_backoff()
        .modify(|secret| secret.managed_fields_mut().clear())
        .reflect(writer)
        .take_until(shutdown.cancelled_owned());
        let written = tasks.clone();
        let task = tokio::spawn(async move {
            let mut watch = std::pin::pin!(watch);
            let mut told = false;
            while let Some(event) = watch.next().await {
                match event {
                    Ok(_) => told = false,
                    Err(error) if !told => {
                        told = true;
                        tracing::warn!(
                            error = chain(&error),
                            "the watch of the seats' Secrets failed"
                        );
                    }
                    Err(_) => {}
                }
            }
            written.close();
            written.wait().await;
        });
        let inner = Inner {
            secrets,
            client,
            namespace,
            key: OnceCell::new(),
            wrong_codes: budget::WrongCodes::default(),
            ended: Mutex::default(),
            tasks,
        };
        let inner = Arc::new(inner);
        (Self { inner }, task)
    }

    /// The seats were listed once.
    pub fn ready(&self) -> bool {
        matches!(
            self.inner.secrets.wait_until_ready().now_or_never(),
            Some(Ok(()))
        )
    }

    /// Opens a session and returns it with the cookie's value, which is told nobody else.
    ///
    /// # Errors
    /// What the sign-in page says. An unknown seat and a wrong code answer alike.
    pub async fn sign_in(&self, text: &str, now: TimeMs) -> Result<(Session, String), SignInError> {
        let seat = match text.parse::<Code>() {
            Ok(code) => self.open(&code).await,
            Err(NoCode) => Ok(None),
        };
        let opened = match seat {
            Ok(Some(seat)) => self.new_session(&seat, now).await,
            Ok(None) => {
                return Err(match self.inner.wrong_codes.count(now) {
                    Ok(()) => SignInError::UnknownCode,
                    Err(wait_s) => SignInError::TooManyWrongCodes { wait_s },
                });
            }
            Err(error) => Err(error),
        };
        opened.map_err(|error| {
            tracing::error!(error = chain(&error), "a code could not be checked");
            SignInError::ClusterUnreachable
        })
    }

    /// The seat that `code` opens.
    async fn open(&self, code: &Code) -> Result<Option<Seat>> {
        let key = self.key().await?;
        let seat = match self.known(code.seat()) {
            Some(seat) => Some(seat),
            // The watch knows every seat. Only while it has listed none yet is it worth a call.
            None if !self.ready() => self.ask(code.seat()).await?,
            None => None,
        };
        Ok(seat.filter(|seat| seat.opens(key, code)))
    }

    async fn new_session(&self, seat: &Seat, now: TimeMs) -> Result<(Session, String)> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(Error::Random)?;
        let id = format!("{:032x}", u128::from_be_bytes(id));
        let hash = record::session_hash(&id);
        let superseded = seat.superseded(now);
        let superseded = superseded.iter().map(String::as_str);
        let record = seat.new_session(now);
        let patch = record::session_patch([(hash.as_str(), &record)], superseded);
        self.calls()
            .merge(&seat.number.secret_name(), &patch)
            .await?;
        let session = Session {
            seat: seat.number,
            person: seat.person.clone(),
            hash,
        };
        Ok((session, format!("{}.{id}", seat.number)))
    }

    /// The session that a cookie's value opens.
    ///
    /// One that the watch does not know yet (a sign-in on another replica a moment ago) costs one GET.
    ///
    /// # Errors
    /// There is none, or the cluster does not tell.
    pub async fn session(&self, cookie: Option<&str>, now: TimeMs) -> Result<Session, NoSession> {
        let (seat, id) = cookie
            .and_then(|cookie| cookie.split_once('.'))
            .ok_or(NoSession::Anonymous)?;
        let number: SeatNumber = seat.parse().map_err(|_| NoSession::Anonymous)?;
        if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NoSession::Anonymous);
        }
        self.find(number, record::session_hash(id), now).await
    }

    /// Whether a session still holds, looked up anew: for answers that last.
    ///
    /// # Errors
    /// It ended, or the cluster does not tell.
    pub async fn still(&self, session: &Session, now: TimeMs) -> Result<Session, NoSession> {
        self.find(session.seat, session.hash.clone(), now).await
    }

    async fn find(
        &self,
        number: SeatNumber,
        hash: String,
        now: TimeMs,
    ) -> Result<Session, NoSession> {
        if self.inner.ended.lock().contains_key(&hash) {
            return Err(NoSession::Ended(Ended::SignedOut));
        }
        let known = self.known(number);
        let seat = match known.filter(|seat| seat.session(&hash, now).is_ok()) {
            Some(seat) => seat,
            None => {
                let asked = self.ask(number).await.map_err(NoSession::Unavailable)?;
                asked.ok_or(NoSession::Anonymous)?
            }
        };
        let record = seat.session(&hash, now).map_err(NoSession::Ended)?;
        if record.expires.0 - now.0 < SESSION_IDLE_MS - TOUCH_MS {
            self.touch(number, hash.clone(), now);
        }
        Ok(Session {
            seat: number,
            person: seat.person,
            hash,
        })
    }

    /// Moves the expiry of a session in use, beside the request that used it.
    fn touch(&self, number: SeatNumber, hash: String, now: TimeMs) {
        let reference = self.reference(number);
        let Some(secret) = self.inner.secrets.get(&reference) else {
            return;
        };
        let seats = self.clone();
        self.inner.tasks.spawn(async move {
            let Ok(seat) = Seat::read(&secret) else {
                return;
            };
            let Ok(record) = seat.session(&hash, now) else {
                return;
            };
            let record = record::SessionRecord {
                expires: now.plus_ms(SESSION_IDLE_MS),
                ..record.clone()
            };
            let mut patch = record::session_patch([(hash.as_str(), &record)], []);
            // A session signed out meanwhile must not come back: the patch holds only for the Secret as it was read.
            patch["metadata"] = serde_json::json!({ "resourceVersion": secret.resource_version() });
            let written = seats.calls().merge(&number.secret_name(), &patch).await;
            if let Err(error) = written
                && !error.status().is_some_and(kube::core::Status::is_conflict)
            {
                tracing::warn!(seat = %number, error = chain(&error), "a session's expiry was not moved");
            }
        });
    }

    /// Ends a session on every replica.
    ///
    /// # Errors
    /// The cluster did not take it; the session still holds.
    pub async fn sign_out(&self, session: &Session, now: TimeMs) -> Result<()> {
        let patch = record::session_patch([], [session.hash.as_str()]);
        let name = session.seat.secret_name();
        self.calls().merge(&name, &patch).await?;
        let mut ended = self.inner.ended.lock();
        ended.retain(|_, at| now.0 - at.0 < FORGET_ENDED_MS);
        ended.insert(session.hash.clone(), now);
        Ok(())
    }

    /// A seat as the watch knows it.
    fn known(&self, number: SeatNumber) -> Option<Seat> {
        let secret = self.inner.secrets.get(&self.reference(number))?;
        Seat::read(&secret)
            .inspect_err(|error| tracing::warn!(error = chain(error), "a seat is left out"))
            .ok()
    }

    /// A seat as the API server has it now.
    async fn ask(&self, number: SeatNumber) -> Result<Option<Seat>> {
        let secret = self.calls().get(&number.secret_name()).await?;
        secret.as_ref().map(Seat::read).transpose()
    }

    async fn key(&self) -> Result<&CodeKey> {
        self.inner
            .key
            .get_or_try_init(|| provision::read_key(&self.inner.client, &self.inner.namespace))
            .await
    }

    fn reference(&self, number: SeatNumber) -> ObjectRef<Secret> {
        ObjectRef::new(&number.secret_name()).within(&self.inner.namespace)
    }

    fn calls(&self) -> Calls<Secret> {
        Calls::new(Api::namespaced(
            self.inner.client.clone(),
            &self.inner.namespace,
        ))
    }
}

/// How soon a stream learns that its session ended.
pub const RECHECK: Duration = Duration::from_secs(2);
