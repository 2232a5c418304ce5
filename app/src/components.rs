//! The parts of the pages, one a file. They read [`crate::stream::Live`] and say what `words.rs` says.
#![expect(unreachable_pub, reason = "the component macro writes `pub` itself")]

mod chart_panel;
mod class_access;
mod confirmation;
mod connection_badge;
mod control_bar;
mod copy;
mod fault_board;
mod focus;
mod header;
mod kept;
mod kubectl_command;
mod load_form;
mod loop_strip;
mod pods_table;
mod seat_access;
mod seat_card;
mod seats_table;
mod steps;
mod tabs;
mod why_panel;

pub(crate) use chart_panel::ChartPanel;
pub(crate) use control_bar::ControlBar;
pub(crate) use fault_board::FaultBoard;
pub(crate) use header::Header;
pub(crate) use loop_strip::LoopStrip;
pub(crate) use pods_table::PodsTable;
pub(crate) use seats_table::SeatsTable;
pub(crate) use tabs::{Tab, TabPanel, Tabs, provide_chosen};
pub(crate) use why_panel::WhyPanel;
