//! Each rescale of an HPA in its own words, and whether the panel told the same of it. The HPA is read beside the panel,
//! never through it. Shared by the journeys on the simulator and on a real cluster.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod account;
mod comparison;
mod sentence;
mod witness;

pub(crate) use account::Account;
pub(crate) use comparison::{objections, pairs};
pub(crate) use witness::Witness;
