//! The instructor's faults as a session may use them: each act is a line of the audit. Only a demo has any.

use std::sync::Arc;

use app::model::{FaultStates, Sentinel, Switch};
use app::workshop::Faults;
use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::Serialize;

use super::{AppState, act, files};
use crate::audit::{Actor, Audit, Outcome};
use crate::seats::SeatNumber;

/// An instructor's session in a demo.
pub(super) struct FaultsSession {
    faults: Arc<dyn Faults>,
    state: AppState,
    actor: Actor,
}

impl FaultsSession {
    /// `None` where there are no faults.
    pub(super) fn of(state: &AppState, actor: Actor) -> Option<Arc<dyn Faults>> {
        Some(Arc::new(Self {
            faults: state.faults.clone()?,
            state: state.clone(),
            actor,
        }))
    }

    /// In a task of its own: a closed connection leaves nothing half broken.
    async fn act(
        &self,
        verb: &'static str,
        object: String,
        act: impl Future<Output = app::Result<()>> + Send + 'static,
    ) -> app::Result<()> {
        let (actor, audit) = (
            self.actor,
            Audit::new(self.state.telemetry.commands.clone()),
        );
        let task = self.state.acts.spawn(async move {
            let result = act.await;
            let reason = result.as_ref().err().map(ToString::to_string);
            let outcome = match (&result, &reason) {
                (Err(app::Error::Unavailable { .. }), Some(cause)) => Outcome::Failed(cause),
                (Err(_), Some(reason)) => Outcome::Refused(reason),
                _ => Outcome::Done,
            };
            audit.record(actor, verb, &object, outcome);
            result
        });
        task.await.unwrap_or_else(|_| {
            Err(app::Error::Unavailable {
                message: app::words::NO_ANSWER.to_owned(),
            })
        })
    }
}

#[async_trait]
impl Faults for FaultsSession {
    async fn states(&self) -> FaultStates {
        self.faults.states().await
    }

    async fn set(&self, switch: Switch, on: bool, value: Option<i64>) -> app::Result<()> {
        let object = match (on, value) {
            (false, _) => format!("{} off", name(&switch)),
            (true, None) => name(&switch),
            (true, Some(value)) => format!("{}={value}", name(&switch)),
        };
        let faults = Arc::clone(&self.faults);
        let act = async move { faults.set(switch, on, value).await };
        self.act("set_fault", object, act).await
    }

    async fn break_seat(&self, seat: &str, sentinel: Sentinel) -> app::Result<()> {
        let seat = number(seat)?;
        let object = format!("{seat} {}", name(&sentinel));
        let faults = Arc::clone(&self.faults);
        let act = async move { faults.break_seat(&seat, sentinel).await };
        self.act("break_seat", object, act).await
    }

    async fn mend_seat(&self, seat: &str) -> app::Result<()> {
        let (faults, seat) = (Arc::clone(&self.faults), number(seat)?);
        let object = seat.clone();
        let act = async move { faults.mend_seat(&seat).await };
        self.act("mend_seat", object, act).await
    }

    async fn end(&self) -> app::Result<()> {
        let faults = Arc::clone(&self.faults);
        let act = async move { faults.end().await };
        self.act("end_faults", "all faults".to_owned(), act).await
    }
}

/// As cards and labels show it; nothing else of what was asked for comes into the audit.
fn number(seat: &str) -> app::Result<String> {
    let number: SeatNumber = seat.parse().map_err(|_| app::Error::NotFound)?;
    Ok(number.to_string())
}

/// As the form sends it.
fn name(value: &impl Serialize) -> String {
    let name = serde_json::to_value(value).ok();
    let name = name.as_ref().and_then(serde_json::Value::as_str);
    name.unwrap_or_default().to_owned()
}

/// `POST /api/…` of the faults: nothing is here but in a demo.
pub(super) async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    match state.faults {
        Some(_) => act::server_function(State(state), request).await,
        None => files::nothing_here(request).await,
    }
}
