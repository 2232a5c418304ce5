//! The process behind the page. `cluster/` reads, `workshop/` understands, `publish/` tells, `commands/` acts,
//! `seats/` knows people, `runs/` keeps runs, `web/` answers.

pub mod audit;
mod budget;
pub mod call;
pub mod check;
pub mod cluster;
pub mod commands;
pub mod config;
pub mod demo;
pub mod error;
mod loopback;
pub mod names;
pub mod oidc;
pub mod prepull;
pub mod publish;
pub mod runs;
pub mod seats;
pub mod telemetry;
pub mod web;
pub mod workshop;
