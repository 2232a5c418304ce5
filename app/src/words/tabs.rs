//! The tabs below the chart.

use crate::components::Tab;

/// The bar's own name, for screen readers.
pub const DETAILS: &str = "Details";

/// A tab's name.
pub(crate) fn tab(tab: Tab) -> &'static str {
    match tab {
        Tab::Pods => "Pods",
        Tab::LoadLog => "Load log",
        Tab::Events => "Events",
        Tab::Settings => "Settings",
        Tab::Files => "Files and commands",
        Tab::Runs => "Runs",
        Tab::Words => "Words",
    }
}
