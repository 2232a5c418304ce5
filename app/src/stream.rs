//! The browser's side of `GET /events`: one EventSource a tab, from events to signals. Effects start it, so it never
//! runs on the server. What an event changes stands in `live.rs`; when to try again stands in [`Tries`], pure.

mod source;
mod tries;

pub(crate) use source::{Live, leave_as, use_live};
use tries::Tries;
