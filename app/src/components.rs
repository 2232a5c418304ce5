//! The parts of the pages, one a file. They read [`crate::stream::Live`] and say what `words.rs` says.
#![expect(unreachable_pub, reason = "the component macro writes `pub` itself")]

mod chart_panel;
mod class_access;
mod confirmation;
mod connection_badge;
mod control_bar;
mod events_panel;
mod evidence;
mod fault_board;
mod findings;
mod header;
mod kept;
mod load_form;
mod load_log_panel;
mod loop_strip;
mod pods_table;
mod run_view;
mod runs_panel;
mod reactions;
mod seat_access;
mod seat_card;
mod seats_table;
mod tabs;
mod why_panel;

pub(crate) use chart_panel::ChartPanel;
pub(crate) use control_bar::ControlBar;
pub(crate) use events_panel::{EventsPanel, events_count};
pub(crate) use fault_board::FaultBoard;
pub(crate) use header::Header;
pub(crate) use load_log_panel::LoadLogPanel;
pub(crate) use loop_strip::LoopStrip;
pub(crate) use pods_table::PodsTable;
pub(crate) use run_view::RunView;
pub(crate) use runs_panel::{RunList, RunsPanel, failure as run_failure};
pub(crate) use reactions::Reactions;
pub(crate) use seats_table::SeatsTable;
pub(crate) use tabs::{Tab, TabPanel, Tabs, provide_chosen};
pub(crate) use why_panel::WhyPanel;
