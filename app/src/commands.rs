//! The server functions: what the buttons ask for. They check their input and call the [`Workshop`] or [`Class`] of the
//! request's session, nothing else. Called by forms with and without JavaScript.
//!
//! [`Workshop`]: crate::workshop::Workshop
//! [`Class`]: crate::workshop::Class

#![expect(
    clippy::too_many_arguments,
    reason = "a function has the fields of its form, and the macro writes it twice"
)]

use leptos::prelude::*;
use leptos::server_fn::codec::Post;

use crate::error::Result;
use crate::json::JsonText;
use crate::model::{
    ClassPhase, Done, FaultStates, File, RunRecord, RunSummary, SeatCard, Sentinel, Switch,
};

/// How every answer is written.
type Json = Post<JsonText>;

/// Applies the workshop's objects. `take_over` also replaces those that someone else applied.
#[server(prefix = "/api", output = Json, endpoint = "deploy")]
pub async fn deploy(take_over: bool) -> Result<Done> {
    session::workshop()?.deploy(take_over).await
}

/// Starts a load with these values. They come as they were typed: what is wrong with them is told in a sentence.
#[server(prefix = "/api", output = Json, endpoint = "start_load")]
pub async fn start_load(
    #[server(default)] users: String,
    #[server(default)] spawn_rate: String,
    #[server(default)] run_time_s: String,
    #[server(default)] n: String,
    #[server(default)] guess: String,
) -> Result<Done> {
    let typed = crate::model::TypedLoad {
        users,
        spawn_rate,
        run_time_s,
        n,
        guess,
    };
    let workshop = session::workshop();
    let most_pods = match &workshop {
        Ok(workshop) => session::most_pods(workshop.as_ref()).await,
        Err(_) => None,
    };
    let load = typed.check(&session::load_limits()?, most_pods)?;
    workshop?.start_load(load).await
}

/// Stops the load. `foreign` also one that the panel did not start.
#[server(prefix = "/api", output = Json, endpoint = "stop_load")]
pub async fn stop_load(foreign: bool) -> Result<Done> {
    session::workshop()?.stop_load(foreign).await
}

/// Removes everything of the workshop.
#[server(prefix = "/api", output = Json, endpoint = "clean_up")]
pub async fn clean_up() -> Result<Done> {
    session::workshop()?.clean_up().await
}

/// The seat's runs, newest first.
#[server(prefix = "/api", output = Json, endpoint = "list_runs")]
pub async fn list_runs() -> Result<Vec<RunSummary>> {
    session::workshop()?.runs().await
}

/// One of the seat's runs.
#[server(prefix = "/api", output = Json, endpoint = "open_run")]
pub async fn open_run(#[server(default)] uid: String) -> Result<RunRecord> {
    session::workshop()?.run(&uid).await
}

/// Changes settings of the app that is there. Each field as it was typed; `were` is what stood in all of them before
/// ([`AppSettings::to_list`](crate::model::AppSettings::to_list)), and only what differs from that is asked for.
/// `take_over` also changes fields that someone else's field manager owns.
#[server(prefix = "/api", output = Json, endpoint = "change_settings")]
pub async fn change_settings(
    #[server(default)] were: String,
    #[server(default)] target: String,
    #[server(default)] minimum: String,
    #[server(default)] maximum: String,
    #[server(default)] window_s: String,
    #[server(default)] cpu_request_m: String,
    #[server(default)] cpu_limit_m: String,
    #[server(default)] memory_request_mi: String,
    #[server(default)] memory_limit_mi: String,
    #[server(default)] take_over: bool,
) -> Result<Done> {
    let workshop = session::workshop()?;
    let form = crate::model::SettingsForm {
        typed: crate::model::Typed([
            target,
            minimum,
            maximum,
            window_s,
            cpu_request_m,
            cpu_limit_m,
            memory_request_mi,
            memory_limit_mi,
        ]),
        were: crate::model::AppSettings::from_list(&were),
    };
    workshop.change_settings(form, take_over).await
}

/// The workshop's files as they stand.
#[server(prefix = "/api", output = Json, endpoint = "read_files")]
pub async fn read_files() -> Result<Vec<File>> {
    session::workshop()?.files().await
}

/// Stops the load of one seat, by its number.
#[server(prefix = "/api", output = Json, endpoint = "stop_seat_load")]
pub async fn stop_seat_load(seat: String) -> Result<()> {
    session::class()?.stop_load(&seat).await
}

/// Stops every load of the class.
#[server(prefix = "/api", output = Json, endpoint = "stop_all_loads")]
pub async fn stop_all_loads() -> Result<u32> {
    session::class()?.stop_all_loads().await
}

/// Gives a seat another code.
#[server(prefix = "/api", output = Json, endpoint = "renew_seat")]
pub async fn renew_seat(seat: String) -> Result<SeatCard> {
    session::class()?.renew(&seat).await
}

/// Takes a seat's code away.
#[server(prefix = "/api", output = Json, endpoint = "revoke_seat")]
pub async fn revoke_seat(seat: String) -> Result<()> {
    session::class()?.revoke(&seat).await
}

/// Ends all sessions of a seat.
#[server(prefix = "/api", output = Json, endpoint = "sign_out_seat")]
pub async fn sign_out_seat(seat: String) -> Result<()> {
    session::class()?.sign_out(&seat).await
}

/// Ends all attendees' sessions.
#[server(prefix = "/api", output = Json, endpoint = "sign_out_all")]
pub async fn sign_out_all() -> Result<u32> {
    session::class()?.sign_out_all().await
}

/// Lets attendees act, only look, or neither.
#[server(prefix = "/api", output = Json, endpoint = "set_class_phase")]
pub async fn set_class_phase(phase: ClassPhase) -> Result<()> {
    session::class()?.set_phase(phase).await
}

/// Turns a trouble of the whole cluster on or off. Only in the demo, as the next three.
#[server(prefix = "/api", output = Json, endpoint = "set_fault")]
pub async fn set_fault(
    fault: Switch,
    on: bool,
    #[server(default)] value: Option<i64>,
) -> Result<FaultStates> {
    let faults = session::faults()?;
    faults.set(fault, on, value).await?;
    Ok(faults.states().await)
}

/// Turns all troubles off, and mends every seat.
#[server(prefix = "/api", output = Json, endpoint = "end_faults")]
pub async fn end_faults() -> Result<FaultStates> {
    let faults = session::faults()?;
    faults.end().await?;
    Ok(faults.states().await)
}

/// Breaks one seat.
#[server(prefix = "/api", output = Json, endpoint = "break_seat")]
pub async fn break_seat(seat: String, sentinel: Sentinel) -> Result<FaultStates> {
    let faults = session::faults()?;
    faults.break_seat(&seat, sentinel).await?;
    Ok(faults.states().await)
}

/// Restores what was there.
#[server(prefix = "/api", output = Json, endpoint = "mend_seat")]
pub async fn mend_seat(seat: String) -> Result<FaultStates> {
    let faults = session::faults()?;
    faults.mend_seat(&seat).await?;
    Ok(faults.states().await)
}

/// Who asks, from the request's context.
#[cfg(feature = "ssr")]
mod session {
    use std::sync::Arc;

    use leptos::prelude::use_context;

    use crate::error::{Error, Result};
    use crate::model::LoadLimits;
    use crate::workshop::{Class, Faults, PageContext, Viewer, Workshop};

    fn viewer() -> Result<PageContext> {
        use_context::<PageContext>().ok_or(Error::Unauthenticated)
    }

    pub(super) fn workshop() -> Result<Arc<dyn Workshop>> {
        match viewer()?.viewer {
            Viewer::Attendee { workshop, .. } => Ok(workshop),
            Viewer::Instructor { .. } => Err(Error::Forbidden),
            Viewer::Anonymous => Err(Error::Unauthenticated),
        }
    }

    pub(super) fn class() -> Result<Arc<dyn Class>> {
        match viewer()?.viewer {
            Viewer::Instructor { class } => Ok(class),
            Viewer::Attendee { .. } => Err(Error::Forbidden),
            Viewer::Anonymous => Err(Error::Unauthenticated),
        }
    }

    pub(super) fn faults() -> Result<Arc<dyn Faults>> {
        class()?;
        viewer()?.faults.ok_or(Error::NotFound)
    }

    /// The maximum of the seat's HPA, if there is one.
    pub(super) async fn most_pods(workshop: &dyn Workshop) -> Option<u32> {
        let snapshot = workshop.snapshot().await.ok()?;
        snapshot
            .autoscaler
            .map(|autoscaler| autoscaler.max_replicas)
    }

    pub(super) fn load_limits() -> Result<LoadLimits> {
        Ok(viewer()?.panel.load_limits)
    }
}
