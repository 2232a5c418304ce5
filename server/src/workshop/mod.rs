//! Understands one namespace. Pure: values in, values out; no async, no clock, no lock.
//!
//! [`Memory::observe`] is the way in: the objects as they are now, and out come the snapshot and what it adds to the
//! history.

pub mod autoscaler;
pub mod diagnose;
pub mod events;
pub mod explain;
pub mod history;
pub mod hot_pod;
pub mod load;
pub mod locust_log;
pub mod looks;
pub mod manifests;
pub mod memory;
pub mod objects;
pub mod pod;
pub mod reactions;
pub mod recognise;
pub mod run;
pub mod snapshot;
pub mod time;
pub mod told;

pub use memory::{Memory, Observed};
pub use run::Run;
