//! All texts of the pages, so that they can be read in one go, checked and translated: one file a part of the page. Pure:
//! model → text.
//!
//! Texts about the cluster use Kubernetes' own words. What holds is decided elsewhere (`controls.rs`, the server's
//! explanations); here it is only said.

mod buttons;
mod chart;
mod class;
mod confirmations;
mod events;
mod evidence;
mod failures;
pub mod faults;
pub mod files;
mod findings;
pub mod glossary;
mod header;
mod load_form;
mod load_log;
mod loop_strip;
mod pods;
mod reactions;
mod runs;
pub mod settings;
mod sign_in;
mod steps;
mod tabs;
mod why;

pub use buttons::*;
pub use chart::*;
pub use class::*;
pub use confirmations::*;
pub use events::*;
pub use evidence::*;
pub use failures::*;
pub use findings::*;
pub use header::*;
pub use load_form::*;
pub use load_log::*;
pub use loop_strip::*;
pub use pods::*;
pub use reactions::*;
pub use runs::*;
pub use sign_in::*;
pub use steps::*;
pub use tabs::*;
pub use why::*;

pub const PRODUCT: &str = "Autoscaling workshop";

#[cfg(test)]
mod tests;
