//! The one task that turns changes of the cluster into snapshots, history and frames.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Error, Options, Published};
use crate::cluster::Clients;

/// Starts the reading half of the process.
pub struct Publisher {}

impl Publisher {
    /// Starts watches, polls and the publisher itself on the current runtime.
    ///
    /// The handle ends with `Ok` after `shutdown`. It ends with an error when one of its tasks died: the pages would
    /// then show old data for ever, so the process must end too.
    pub fn start(
        _clients: Clients,
        _options: Options,
        shutdown: CancellationToken,
    ) -> (Arc<Published>, JoinHandle<Result<(), Error>>) {
        let task = tokio::spawn(async move {
            shutdown.cancelled().await;
            Ok(())
        });
        (Arc::new(Published {}), task)
    }
}
