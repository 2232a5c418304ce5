//! What people see: the wire model, pages, components and the chart.
//!
//! Built twice: natively with feature `ssr` into the server, and for the browser with feature `hydrate`.
//! It knows neither kube nor axum nor tokio; what it needs of the server stands in [`workshop`].

pub mod error;
pub mod model;
#[cfg(feature = "ssr")]
pub mod workshop;

pub use error::{Error, Result};
