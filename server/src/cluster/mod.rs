//! Reads the cluster: clients, watches, metrics and the load's log. Never writes.

mod clients;

pub use clients::Clients;
