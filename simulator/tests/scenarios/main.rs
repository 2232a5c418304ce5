//! Whole stories of the workshop in simulated time, with tokio's clock paused: nothing here waits.
//! They are held to the recordings of a real cluster; figures in comments are theirs.

#![expect(clippy::unwrap_used, reason = "a test may")]

mod horizontal;
mod lifecycle;
mod load;
mod trouble;
mod world;
