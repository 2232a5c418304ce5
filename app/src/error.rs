//! All that a user ever sees of a failure. The server keeps causes for its log; nothing here has free text of the cluster.

use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::json::{JsonText, Sealed};
use crate::model::{Refused, TypedLoad};

/// What went wrong, for the person at the page. The words stand in `words.rs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Error {
    /// No session, or one that ended (401).
    #[error("not signed in")]
    Unauthenticated,
    /// The session may not do this (403).
    #[error("not allowed")]
    Forbidden,
    /// The class is over: seats are looked at, not changed (403).
    #[error("the class is over")]
    ClassOver,
    /// What was asked for is not there (404).
    #[error("not found")]
    NotFound,
    /// The panel that answered has no such function: it is of another build than the page (404).
    #[error("page and panel are of different builds")]
    OtherBuild,
    /// The input was refused (422). `message` is a whole sentence made by this program, never by the cluster.
    #[error("{message}")]
    Invalid { message: String },
    /// A value of the load form was refused (422). `message` names the first; what was typed comes back, so that nothing
    /// of it is lost.
    #[error("{message}")]
    InvalidLoad {
        message: String,
        typed: Box<TypedLoad>,
    },
    /// The cluster's state does not allow it now (409). `message` is a whole sentence that says what to do.
    #[error("{message}")]
    Conflict { message: String },
    /// Settings of the app were refused: fields are at fault (422), or they belong to others (409). `message` says all;
    /// what was refused is for the form, which a tab has that few open.
    #[error("{message}")]
    Settings {
        message: String,
        refused: Sealed<Refused>,
    },
    /// The cluster or the panel cannot answer (503). `message` is a whole sentence that says what to do.
    #[error("{message}")]
    Unavailable { message: String },
}

/// A result whose error is what the user sees.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl FromServerFnError for Error {
    type Encoder = JsonText;

    /// Failures of the call itself. What the form sent is at fault in some, the way to the panel in the others.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::Invalid {
                message: crate::words::NOT_A_NUMBER.to_owned(),
            },
            _ => Self::Unavailable {
                message: crate::words::NO_ANSWER.to_owned(),
            },
        }
    }
}
