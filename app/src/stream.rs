//! The browser's side of `GET /events`: one EventSource a tab, from events to signals. Effects start it, so it never
//! runs on the server. What an event changes stands in `live.rs`; when to try again stands in [`Tries`], and when another
//! build makes the page reload in [`Reloads`], both pure.

mod builds;
mod kept;
mod session;
mod source;
mod tries;

use builds::Reloads;
pub(crate) use session::leave_as;
pub(crate) use source::{Live, use_live};
pub use tries::Tries;
