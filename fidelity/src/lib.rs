//! Holds the simulator to recordings of real clusters.
//!
//! A [`Scenario`] is a folder with manifests and the steps that are taken with them. The [`recorder`] writes down what
//! a cluster does meanwhile, line by line. [`replay`] takes the same steps on the simulator under the same recorder.
//! [`course`] reads either's lines, pure; [`compare`] holds the one course against many of the other, pure;
//! [`report`] tells it. The binaries `record` and `fidelity` are thin. Nothing else in the workspace uses this crate.

pub mod compare;
pub mod course;
mod error;
pub mod known;
pub mod line;
pub mod machine;
pub mod recorder;
pub mod recording;
pub mod replay;
pub mod report;
pub mod scenario;

pub use error::{Error, Result};
pub use line::{Entry, Line};
pub use recording::Recording;
pub use scenario::Scenario;
