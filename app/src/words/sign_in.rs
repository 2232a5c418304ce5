//! What people read while they sign in, or must do so again.

use crate::model::{SessionEnd, SignInError, SingleSignOnProblem};

pub const SEAT_CODE: &str = "Seat code";
pub const SEAT_CODE_HINT: &str =
    "On your seat card, for example 07-KQ2M-9DXA. Capitals, spaces and dashes do not matter.";
pub const SIGN_IN: &str = "Sign in";
pub const SIGN_OUT: &str = "Sign out";
/// Above the form, for people who are signed in already.
pub fn you_leave(seat: &str) -> String {
    format!("You are signed in to {seat}. Another code signs you out there.")
}

pub const YOUR_NAME: &str = "Your name";
pub const YOUR_NAME_HINT: &str = "Your instructor sees it. You get a seat of your own.";
pub const YOU_HAVE_A_SEAT: &str = "You have a seat";
pub const KEEP_THIS_CODE: &str =
    "Write this code down: it is shown once, and it opens your seat on another device.";
pub const GO_TO_MY_SEAT: &str = "Go to my seat";

/// The line under the field of the sign-in form.
pub fn sign_in_error(error: &SignInError) -> String {
    match error {
        SignInError::UnknownCode => {
            "This code is not known. Check it against your card, or ask your instructor for a new one.".to_owned()
        }
        SignInError::TooManyWrongCodes { wait_s } => {
            format!("Too many wrong codes are coming in. Wait {wait_s} s and try again.")
        }
        SignInError::ClusterUnreachable => {
            "The panel cannot reach the cluster, so your code could not be checked. Try again in a moment.".to_owned()
        }
        SignInError::Ended { end } => session_end(*end).to_owned(),
        SignInError::NameNeeded => "This is the code of the whole class. Type your name, too.".to_owned(),
        SignInError::NameTaken => {
            "Somebody has a seat under this name. Use that seat's own code, or add a letter to your name.".to_owned()
        }
        SignInError::NameUnreadable => {
            "A name has 1 to 40 letters. Type yours again.".to_owned()
        }
        SignInError::NoFreeSeat => "Every seat is taken. Ask your instructor for a seat card.".to_owned(),
        SignInError::SingleSignOn { problem } => single_sign_on_problem(problem),
    }
}

pub const SINGLE_SIGN_ON: &str = "Sign in with your account";
pub const SINGLE_SIGN_ON_HINT: &str = "The account that your school or company gave you.";
pub const OR: &str = "or";

/// The line under the button that leads to the identity provider.
fn single_sign_on_problem(problem: &SingleSignOnProblem) -> String {
    match problem {
        SingleSignOnProblem::NotBegunHere => {
            "This sign-in took too long, or it was begun in another tab or browser. Sign in again.".to_owned()
        }
        SingleSignOnProblem::Denied => "Your account was not signed in. Try again, or use a seat code.".to_owned(),
        SingleSignOnProblem::Unreachable => {
            "The sign-in of your organisation does not answer. Try again in a moment, or use a seat code.".to_owned()
        }
        SingleSignOnProblem::Unproven => {
            "The answer of your organisation's sign-in could not be checked. Sign in again; if that does not help, tell your instructor.".to_owned()
        }
        SingleSignOnProblem::TooMany { wait_s } => {
            format!("Too many people are signing in. Wait {wait_s} s and try again.")
        }
        SingleSignOnProblem::Unknown { contact } => {
            format!("Your account is right, but this class has no seat for it. Ask {contact}.")
        }
        SingleSignOnProblem::NoSuchSeat { contact } => {
            format!("The seat for your account is not there yet. Ask {contact}.")
        }
        SingleSignOnProblem::NoFreeSeat { contact } => format!("Every seat is taken. Ask {contact}."),
        SingleSignOnProblem::ClusterUnreachable => {
            "The panel cannot reach the cluster, so you could not be given your seat. Try again in a moment.".to_owned()
        }
    }
}

/// Why the page asks for a code again.
pub fn session_end(end: SessionEnd) -> &'static str {
    match end {
        SessionEnd::SignedOut => "You were signed out.",
        SessionEnd::SignedOutByInstructor => "Your instructor signed this seat out. Sign in again.",
        SessionEnd::Expired => {
            "You were signed out, because this seat was not used for 12 hours. Sign in again."
        }
        SessionEnd::NewCode => "Your instructor gave this seat a new code.",
        SessionEnd::Revoked => "Your instructor closed this seat. Ask for another one.",
        SessionEnd::ClassClosed => "The class is over. Seats are closed.",
    }
}
