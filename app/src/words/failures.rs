//! What a page says when something did not work.

use super::YOU_CAN_LOOK;
use crate::error::Error;

pub const NOT_A_NUMBER: &str =
    "One of the values is not a whole number. Check the form and try again.";
pub const NO_ANSWER: &str = "The panel did not answer. Check your network and try again.";
pub const RELOAD: &str = "Reload for new figures.";

/// On a page whose style or script is missing, by `shell/recover.js`.
pub const BEING_UPDATED: &str =
    "The panel is being updated. This page reloads by itself in a moment.";
pub const RELOAD_BY_HAND: &str = "This page could not be loaded whole. Reload it in a few minutes, and tell your instructor if that does not help.";
pub const WITHOUT_STYLE: &str =
    "The panel is being updated, so this page has no style. Everything on it works all the same.";

pub const TIMES_ARE_UTC: &str = "Times are UTC.";
pub const NOTHING_TO_SHOW: &str = "The panel has no data of this seat yet. Reload in a moment.";

/// What a failed command says.
pub fn error(error: &Error) -> String {
    match error {
        Error::Unauthenticated => "You were signed out. Sign in again.".to_owned(),
        Error::Forbidden => "Your seat may not do this. Ask your instructor.".to_owned(),
        Error::ClassOver => YOU_CAN_LOOK.to_owned(),
        Error::NotFound => "This is not there any more. Reload the page.".to_owned(),
        Error::OtherBuild => {
            "The panel is being updated, and this page is of another version. Reload the page and try again.".to_owned()
        }
        Error::Invalid { message }
        | Error::Settings { message, .. }
        | Error::InvalidLoad { message, .. }
        | Error::Conflict { message }
        | Error::Unavailable { message } => message.clone(),
    }
}
