//! The wire model: what crosses from the server to the page, one noun a file.
//!
//! Made by the server's pure `workshop/` folder, read by components, the chart and the tests.

mod autoscaler;
mod class;
mod explanation;
mod faults;
mod finding;
mod history;
mod load;
mod overview;
mod pod;
#[cfg(test)]
pub(crate) mod samples;
mod session_end;
mod settings;
mod sign_in;
mod snapshot;
mod stream;
mod time;
mod typed_load;

pub use autoscaler::{AutoscalerState, Condition, ScalingRules};
pub use class::{ClassPhase, Qr, SeatCard};
pub use explanation::Explanation;
pub use faults::{FaultStates, SeatFault, Sentinel, Switch, SwitchState, SwitchValue};
pub use finding::Finding;
pub use history::{
    CpuSample, History, Interval, LoadMark, LoadSample, Look, Observed, PodCounts, Rescale,
    StepTimes,
};
pub use load::{LoadEnd, LoadFigures, LoadOutcome, LoadStage, LoadState};
pub use overview::{Overview, SeatRow};
pub use pod::{PodCpu, PodRole, PodState};
pub use session_end::SessionEnd;
pub use settings::{LoadLimits, LoadSettings, Panel};
pub use sign_in::{Claimed, SignIn, SignInError, SingleSignOnProblem};
pub use snapshot::{
    DeploymentState, Owner, Phase, ScaledObjectState, ServiceState, Snapshot, SourceState, Sources,
    Unwatched,
};
pub use stream::StreamEvent;
pub use time::TimeMs;
pub use typed_load::{Fault, LoadField, TypedLoad};
