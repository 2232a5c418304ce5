//! What can fail in this process, with causes for the log. Users see [`app::Error`], made in `commands/refusal.rs`.

use std::time::Duration;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Variant = operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call to the API server. `verb` is Kubernetes': get, list, apply, create, patch, delete.
    #[error("failed to {verb} {kind} {name}")]
    Call {
        verb: &'static str,
        kind: String,
        name: String,
        source: CallError,
    },
    /// The operating system gave no random bytes.
    #[error("failed to make a random number")]
    Random(#[source] getrandom::Error),
    /// A Secret of the panel's namespace lacks a key or holds nonsense.
    #[error("failed to read Secret {name}: {what}")]
    ReadSecret { name: String, what: &'static str },
    /// Whoever runs the program may not do what it is about.
    #[error("you have no right to {what}")]
    NoRight { what: String },
    /// A namespace cannot be, or stay, a seat's.
    #[error("failed to make namespace {namespace} seat {seat}'s: {why}")]
    TakeNamespace {
        namespace: String,
        seat: String,
        why: String,
    },
    /// The panel could not watch the class.
    #[error(transparent)]
    TooManySeats(#[from] crate::cluster::TooManySeats),
    /// Something that was deleted waits for somebody.
    #[error("failed to delete {kind} {name}: {why}")]
    Hangs {
        kind: &'static str,
        name: String,
        why: String,
    },
    /// The panel has just started.
    #[error("the seats were not listed yet")]
    SeatsUnknown,
    /// A manifest that is part of this program.
    #[error("failed to read {file}")]
    ReadManifest {
        file: &'static str,
        source: Box<serde_saphyr::Error>,
    },
    /// What was asked for cannot be done now; the person is told the sentence.
    #[error("refused: {0}")]
    Refused(#[source] app::Error),
}

/// Why a call to the API server failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Kube(Box<kube::Error>),
    /// No answer in time, or not gone in time.
    #[error("not done within {} s", .0.as_secs())]
    TimedOut(Duration),
}

impl Error {
    /// The API server's answer, if it gave one.
    pub fn status(&self) -> Option<&kube::core::Status> {
        match self {
            Self::Call {
                source: CallError::Kube(error),
                ..
            } => match &**error {
                kube::Error::Api(status) => Some(status),
                _ => None,
            },
            _ => None,
        }
    }

    /// The object is not any more as it was read.
    pub fn is_conflict(&self) -> bool {
        self.status().is_some_and(kube::core::Status::is_conflict)
    }

    /// The object, or its whole kind, is not there.
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(kube::core::Status::is_not_found)
    }
}

/// The causes of an error in one line, outermost first, for the log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some libraries repeat their source's text in their own.
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
