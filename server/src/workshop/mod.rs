//! Understands one namespace. Pure: values in, values out; no async, no clock, no lock.

pub mod locust_log;
pub mod manifests;
pub mod objects;
pub mod time;
