//! What the pages need of the server. Implemented in `server/src/web/`, bound to the request's session:
//! **no method of [`Workshop`] takes a namespace**.

use std::sync::Arc;

use async_trait::async_trait;

use crate::error::Result;
use crate::model::{
    ClassPhase, Done, FaultStates, File, History, LoadSettings, Overview, Panel, RunRecord,
    RunSummary, SeatCard, Sentinel, SettingsForm, Snapshot, Switch,
};

/// One attendee's namespace, as their session may see it and act on it.
#[async_trait]
pub trait Workshop: Send + Sync {
    /// The namespace now.
    async fn snapshot(&self) -> Result<Snapshot>;

    /// What was observed of it.
    async fn history(&self) -> Result<History>;

    /// Its loads, newest first, as far as they are recorded.
    async fn runs(&self) -> Result<Vec<RunSummary>>;

    /// One of them, by its load's UID.
    async fn run(&self, uid: &str) -> Result<RunRecord>;

    /// Applies the workshop's objects. `take_over` also those that someone else's field manager owns.
    async fn deploy(&self, take_over: bool) -> Result<Done>;

    /// Starts a load, after removing one that ended.
    async fn start_load(&self, load: LoadSettings) -> Result<Done>;

    /// Stops every load of the namespace. `foreign` also one that the panel did not start.
    async fn stop_load(&self, foreign: bool) -> Result<Done>;

    /// Removes everything of the workshop.
    async fn clean_up(&self) -> Result<Done>;

    /// Changes settings of the app's objects, whoever made them. `take_over` also fields that someone else's field
    /// manager owns.
    async fn change_settings(&self, form: SettingsForm, take_over: bool) -> Result<Done>;

    /// The workshop's files as they stand, read from the cluster.
    async fn files(&self) -> Result<Vec<File>>;
}

/// The whole class, as an instructor's session may see it and act on it.
#[async_trait]
pub trait Class: Send + Sync {
    /// All seats.
    async fn overview(&self) -> Result<Overview>;

    /// Stops the load of one seat, by its number.
    async fn stop_load(&self, seat: &str) -> Result<()>;

    /// Stops every load; returns how many there were.
    async fn stop_all_loads(&self) -> Result<u32>;

    /// Gives a seat another code, which is told this once. Sessions of the old one end.
    async fn renew(&self, seat: &str) -> Result<SeatCard>;

    /// Takes a seat's code away. Its sessions end, and nobody signs in until it is renewed.
    async fn revoke(&self, seat: &str) -> Result<()>;

    /// Ends all sessions of a seat; its code still opens it.
    async fn sign_out(&self, seat: &str) -> Result<()>;

    /// Ends all attendees' sessions; returns on how many seats there were any.
    async fn sign_out_all(&self) -> Result<u32>;

    /// Lets attendees act, only look, or neither.
    async fn set_phase(&self, phase: ClassPhase) -> Result<()>;
}

/// Troubles at will. Only a demo has it, since only its cluster is simulated; an instructor's session alone gets it.
#[async_trait]
pub trait Faults: Send + Sync {
    /// What is broken now.
    async fn states(&self) -> FaultStates;

    /// Turns a trouble of the whole cluster on, with its usual value if none is given, or off.
    async fn set(&self, switch: Switch, on: bool, value: Option<i64>) -> Result<()>;

    /// Breaks one seat, by its number.
    async fn break_seat(&self, seat: &str, sentinel: Sentinel) -> Result<()>;

    /// Restores what was there before.
    async fn mend_seat(&self, seat: &str) -> Result<()>;

    /// Turns everything off and mends every seat.
    async fn end(&self) -> Result<()>;
}

/// Who asks. Provided as context to every page and server function.
#[derive(Clone)]
pub enum Viewer {
    /// Nobody signed in. `reason` is shown on the sign-in page.
    Anonymous,
    /// An attendee with the seat's number, namespace and name.
    Attendee {
        namespace: String,
        name: Option<String>,
        workshop: Arc<dyn Workshop>,
    },
    /// An instructor.
    Instructor { class: Arc<dyn Class> },
}

/// The page's context: who asks, and of which panel.
#[derive(Clone)]
pub struct PageContext {
    pub viewer: Viewer,
    /// `None` for everybody but the instructor of a demo.
    pub faults: Option<Arc<dyn Faults>>,
    pub panel: Panel,
    /// The folder of this build's assets, `/pkg/<hash>`.
    pub assets: String,
    /// The nonce of this answer's Content-Security-Policy.
    pub nonce: String,
}
