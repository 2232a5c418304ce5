//! A controller that can be stopped for a while: it goes on hearing of changes, as one that lists everything again when it
//! comes back, and works on nothing.

use tokio::time::Duration;

use super::Controller;
use super::queue::{Key, WorkQueue};
use crate::status::Result;
use crate::store::Change;

/// How soon it is seen that the controller may work again: about what a pod takes to be elected.
const RETRY: Duration = Duration::from_secs(2);

pub(super) struct Stoppable<C, S> {
    controller: C,
    is_stopped: S,
}

impl<C: Controller, S: Fn() -> bool + Send> Stoppable<C, S> {
    pub(super) fn new(controller: C, is_stopped: S) -> Self {
        Self {
            controller,
            is_stopped,
        }
    }
}

impl<C: Controller, S: Fn() -> bool + Send> Controller for Stoppable<C, S> {
    fn name(&self) -> &'static str {
        self.controller.name()
    }

    fn observe(&mut self, change: &Change) {
        self.controller.observe(change);
    }

    fn queue(&mut self) -> &mut WorkQueue {
        self.controller.queue()
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        if (self.is_stopped)() {
            self.controller.queue().add_after(key.clone(), RETRY);
            return Ok(());
        }
        self.controller.reconcile(key)
    }
}
