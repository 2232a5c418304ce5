//! The journey on a real cluster: the panel as a process with its own account's token, a browser's requests, and
//! kubectl beside it. Run by `cargo xtask test-cluster`; needs KUBECONFIG of someone who may make namespaces and roles.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod attendee;
mod browser;
mod check;
mod front;
mod journey;
mod kubectl;
mod namespaced;
mod panel;
mod release;
#[path = "../rescales/mod.rs"]
mod rescales;
mod rights;
mod seats;
mod sentences;
mod walls;

/// Held by each test: the cluster is one, and each of them loads all of it.
static CLUSTER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
