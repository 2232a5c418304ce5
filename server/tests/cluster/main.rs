//! The journey on a real cluster: the panel as a process with its own account's token, a browser's requests, and
//! kubectl beside it. Run by `cargo xtask test-cluster`; needs KUBECONFIG of someone who may make namespaces and roles.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod attendee;
mod browser;
mod journey;
mod kubectl;
mod panel;

/// Held by each test: the cluster is one, and a panel shows the seats of all of it.
mod seats;
static CLUSTER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
