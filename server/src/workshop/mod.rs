//! Understands the cluster's objects: pure functions from values to values. No async, no clock, no lock.

pub mod manifests;
