//! What can go wrong with a recording or a replay.

use std::path::PathBuf;

/// This crate's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is absent or unreadable.
    #[error("failed to read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("failed to write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line of `steps` is no step.
    #[error("{path}, line {number}: {what}")]
    Step {
        /// The file `steps`.
        path: PathBuf,
        /// Counted from one.
        number: usize,
        /// What is wrong with it.
        what: String,
    },
    /// `steps` as a whole makes no scenario.
    #[error("{path}: {what}")]
    Scenario {
        /// The file `steps`.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A line of a recording is not in its format.
    #[error("{path}, line {number}: not a line of a recording")]
    Line {
        /// The recording's file.
        path: PathBuf,
        /// Counted from one.
        number: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A recording lacks its first line.
    #[error("{path} has no line of kind Start")]
    NoStart {
        /// The recording's file.
        path: PathBuf,
    },
    /// A command cannot be replayed.
    #[error("`{step}` cannot be replayed: {what}")]
    Command {
        /// The step.
        step: String,
        /// What is not understood.
        what: String,
    },
    /// A manifest is no YAML of objects.
    #[error("{path} holds no Kubernetes objects: {what}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The API refused what a step or the recorder asked for.
    #[error("failed to {what}")]
    Api {
        /// The request.
        what: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// The kubeconfig names no cluster.
    #[error("failed to read the kubeconfig")]
    Kubeconfig(#[source] kube::config::KubeconfigError),
    /// kubectl is not there, or the namespace cannot be made by it.
    #[error("failed to run `{command}`: {what}")]
    Kubectl {
        /// The command line.
        command: String,
        /// What it said.
        what: String,
    },
    /// The simulator did not start.
    #[error("failed to start the simulator: {0}")]
    Simulator(String),
}

impl Error {
    /// For `map_err` of a request.
    pub(crate) fn api(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |source| Self::Api {
            what,
            source: Box::new(source),
        }
    }
}
