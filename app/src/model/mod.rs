//! The wire model: what crosses from the server to the page, one noun a file.
//!
//! Made by the server's pure `workshop/` folder, read by components, the chart and the tests.

mod app_settings;
mod autoscaler;
mod class;
mod event;
mod explanation;
mod faults;
mod file;
mod finding;
mod history;
mod load;
mod load_log;
mod overview;
mod pod;
mod reaction;
mod run;
#[cfg(test)]
pub(crate) mod samples;
mod session_end;
mod settings;
mod sign_in;
mod snapshot;
mod stream;
mod time;
mod told;
mod typed_load;

pub use app_settings::{
    AppSettings, Nowhere, OwnedField, Problem, Refused, Setting, SettingOf, SettingsForm, Typed,
    WhyRefused, Wrong,
};
pub use autoscaler::{AutoscalerState, Condition, ScalingRules};
pub use class::{ClassPhase, Qr, SeatCard};
pub use event::{EventLine, MOST_EVENTS, NormalWarning};
pub use explanation::{Counted, Explanation};
pub use faults::{FaultStates, SeatFault, Sentinel, Switch, SwitchState, SwitchValue};
pub use file::{ALL_IN_ONE, Act, Done, File, FileName, Stands, Verb};
pub use finding::{Finding, Notice};
pub use history::{
    CpuSample, History, Interval, LoadMark, LoadSample, Look, Observed, PodCounts, Rescale,
    StepTimes,
};
pub use load::{LoadEnd, LoadFigures, LoadOutcome, LoadStage, LoadState};
pub use load_log::{LONGEST_LINE, LONGEST_TABLE, LineKind, LoadLogTail, LoadTables, LogLine};
pub use overview::{Overview, SeatRow};
pub use pod::{PodCpu, PodRole, PodState};
pub use reaction::{MOST_REACTIONS, Reaction};
pub use run::{RunRecord, RunSummary};
pub use session_end::SessionEnd;
pub use settings::{LoadLimits, LoadSettings, Panel};
pub use sign_in::{Claimed, SignIn, SignInError, SingleSignOnProblem};
pub use snapshot::{
    DeploymentState, Owner, Phase, ScaledObjectState, ServiceState, Snapshot, SourceState, Sources,
    Unwatched,
};
pub use stream::StreamEvent;
pub use time::TimeMs;
pub use told::{Counts, Evidence, MOST_TOLD, SaidEvent, Told, UsedSample};
pub use typed_load::{Fault, LoadField, TypedLoad};
