//! The pages, one a file. Routed by `lib.rs`; each puts components together and holds no logic of its own.
#![expect(unreachable_pub, reason = "the component macro writes `pub` itself")]

mod claimed;
mod faults;
mod runs;
mod seat;
mod seats;
mod sign_in;

pub(crate) use faults::FaultsPage;
pub(crate) use runs::RunsPage;
pub(crate) use seat::SeatPage;
pub(crate) use seats::SeatsPage;
pub(crate) use sign_in::SignInPage;

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;
