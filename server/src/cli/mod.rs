//! The commands, one file each: options in, something printed or served. Called by `main.rs`.

mod check;
mod client;
mod config;
mod demo;
mod log;
mod panel;
mod ping;
mod prepull;
mod seats;
mod serve;
mod shutdown;

pub(crate) use check::check;
pub(crate) use config::config;
pub(crate) use demo::demo;
pub(crate) use log::{failed, log};
pub(crate) use ping::ping;
pub(crate) use prepull::prepull;
pub(crate) use seats::{class, seats};
pub(crate) use serve::serve;
