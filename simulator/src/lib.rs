//! A Kubernetes API in memory, with the controllers that the workshop needs.
//!
//! Read [`store`] first (the one owner of all objects), then [`status`] (every refusal). Time comes from
//! [`Clock`] alone, which follows tokio's, so that tests can pause it.

mod admission;
pub mod api;
mod clock;
pub mod controllers;
pub mod random;
pub mod status;
pub mod store;

pub use clock::Clock;
pub use status::Status;
pub use store::Store;
