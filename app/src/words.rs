//! All texts of the pages, so that they can be read in one go, checked and translated: one file a part of the page. Pure:
//! model → text.
//!
//! Texts about the cluster use Kubernetes' own words. What holds is decided elsewhere (`controls.rs`, the server's
//! explanations); here it is only said.

mod buttons;
mod chart;
mod class;
mod confirmations;
mod failures;
pub mod faults;
mod findings;
mod header;
mod load_form;
mod loop_strip;
mod sign_in;
mod steps;
mod tabs;
mod why;

pub use buttons::*;
pub use chart::*;
pub use class::*;
pub use confirmations::*;
pub use failures::*;
pub use findings::*;
pub use header::*;
pub use load_form::*;
pub use loop_strip::*;
pub use sign_in::*;
pub use steps::*;
pub use tabs::*;
pub use why::*;

pub const PRODUCT: &str = "Autoscaling workshop";

#[cfg(test)]
mod tests;
