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

/// The code of a panel did not come.
pub const NOT_LOADED: &str = "This part of the page could not be loaded: the panel was not reached, or it is being updated. Nothing is lost.";

pub const TRY_AGAIN: &str = "Try again";
