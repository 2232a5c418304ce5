//! What the instructor's session may see and do.

use app::model::{ClassPhase, Overview, Qr, SeatCard};
use app::words;
use app::workshop::Class;
use async_trait::async_trait;
use futures::{StreamExt, stream};

use super::AppState;
use crate::audit::{Actor, Audit, Outcome};
use crate::error::{Result, chain};
use crate::seats::{NewCode, SeatNumber, Seats, qr};

/// Loads stopped at the same time when all are stopped.
const STOPS_AT_ONCE: usize = 8;

/// The instructor's session.
pub(super) struct ClassSession {
    state: AppState,
    actor: Actor,
}

impl ClassSession {
    pub(super) fn new(state: AppState, actor: Actor) -> Self {
        Self { state, actor }
    }

    /// Does something to seats and writes its line, in a task of its own: neither a closed connection nor a time limit
    /// leaves it half done or untold.
    async fn act<T: Answered + Send + 'static>(
        &self,
        verb: &'static str,
        object: &str,
        act: impl Future<Output = Result<T>> + Send + 'static,
    ) -> app::Result<T> {
        let (actor, object) = (self.actor, object.to_owned());
        let audit = Audit::new(self.state.telemetry.commands.clone());
        let task = self.state.acts.spawn(async move {
            let result = act.await;
            match &result {
                Ok(answer) if answer.found() => {
                    audit.record(actor, verb, &object, Outcome::Done);
                }
                Ok(_) => {
                    audit.record(actor, verb, &object, Outcome::Refused("no such seat"));
                }
                Err(error) => {
                    audit.record(actor, verb, &object, Outcome::Failed(&chain(error)));
                }
            }
            result
        });
        match task.await {
            Ok(Ok(answer)) if answer.found() => Ok(answer),
            Ok(Ok(_)) => Err(app::Error::NotFound),
            // The cause is in the audit.
            Ok(Err(_)) | Err(_) => Err(app::Error::Unavailable {
                message: "The cluster did not take the change. Try again in a moment.".to_owned(),
            }),
        }
    }

    /// Does something to one seat.
    async fn act_on<T, F>(
        &self,
        seat: &str,
        verb: &'static str,
        act: impl FnOnce(Seats, SeatNumber) -> F,
    ) -> app::Result<T>
    where
        T: Answered + Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let number: SeatNumber = seat.parse().map_err(|_| app::Error::NotFound)?;
        let act = act(self.state.seats.clone(), number);
        self.act(verb, &number.to_string(), act).await
    }
}

/// Whether there was what an act was for.
trait Answered {
    fn found(&self) -> bool;
}

impl Answered for () {
    fn found(&self) -> bool {
        true
    }
}

impl Answered for bool {
    fn found(&self) -> bool {
        *self
    }
}

impl Answered for u32 {
    fn found(&self) -> bool {
        true
    }
}

impl<T> Answered for Option<T> {
    fn found(&self) -> bool {
        self.is_some()
    }
}

#[async_trait]
impl Class for ClassSession {
    async fn overview(&self) -> app::Result<Overview> {
        Ok(Overview::clone(&self.state.published.overview()))
    }

    async fn stop_load(&self, seat: &str) -> app::Result<()> {
        let overview = self.state.published.overview();
        let row = overview.seats.iter().find(|row| row.seat == seat);
        let namespace = &row.ok_or(app::Error::NotFound)?.namespace;
        // Whoever started it: an instructor who stops a load means all of it.
        let stopped = self.state.commands.stop_load(self.actor, namespace, true);
        stopped.await.map(|_done| ())
    }

    /// One seat that refuses does not keep the others; the first refusal is told at the end.
    async fn stop_all_loads(&self) -> app::Result<u32> {
        let overview = self.state.published.overview();
        let rows = overview.seats.iter().filter(|row| row.load);
        let namespaces: Vec<String> = rows.map(|row| row.namespace.clone()).collect();
        let stops = namespaces.into_iter().map(|namespace| {
            let commands = self.state.commands.clone();
            let actor = self.actor;
            async move { commands.stop_load(actor, &namespace, true).await }
        });
        let results: Vec<_> = stream::iter(stops)
            .buffer_unordered(STOPS_AT_ONCE)
            .collect()
            .await;
        results
            .into_iter()
            .try_fold(0, |count, stopped| Ok(count + stopped?.acts.len() as u32))
    }

    async fn renew(&self, seat: &str) -> app::Result<SeatCard> {
        let renew = |seats: Seats, seat| async move { seats.renew(seat).await };
        let new = self.act_on(seat, "renew_seat", renew).await?;
        new.map(|new| self.card(&new)).ok_or(app::Error::NotFound)
    }

    async fn revoke(&self, seat: &str) -> app::Result<()> {
        let revoke = |seats: Seats, seat| async move { seats.revoke(seat).await };
        let revoked = self.act_on(seat, "revoke_seat", revoke).await;
        revoked.map(|_found| ())
    }

    async fn sign_out(&self, seat: &str) -> app::Result<()> {
        let sign_out = |seats: Seats, seat| async move { seats.sign_out_seat(seat).await };
        let ended = self.act_on(seat, "sign_out_seat", sign_out).await;
        ended.map(|_found| ())
    }

    async fn sign_out_all(&self) -> app::Result<u32> {
        let (seats, now) = (self.state.seats.clone(), self.state.published.now());
        let sign_out = async move { seats.sign_out_all(now).await };
        self.act("sign_out_all", "all seats", sign_out).await
    }

    async fn set_phase(&self, phase: ClassPhase) -> app::Result<()> {
        let seats = self.state.seats.clone();
        let set = async move { seats.set_class_phase(phase).await };
        self.act("set_class_phase", words::class_phase(phase), set)
            .await
    }
}

impl ClassSession {
    /// What is shown of a seat's new code.
    fn card(&self, new: &NewCode) -> SeatCard {
        let address = self.state.public_url.origin();
        let code = new.code.to_string();
        // After the sign `#` nothing leaves the browser: neither a proxy's log nor ours has the code.
        let qr = qr::path(&format!("{address}/join#{code}"));
        SeatCard {
            seat: new.seat.to_string(),
            namespace: new.namespace.clone(),
            name: new.name.clone(),
            code,
            address: address.to_owned(),
            qr: qr.map(|(path, side)| Qr { path, side }),
        }
    }
}
