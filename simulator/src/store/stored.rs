//! One version of an object: its JSON, and its type once somebody asked for it. Controllers read the same version many
//! times, and reading a pod's JSON costs more than all they do with it.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::typed::{Object, from_value};

/// Never changes: a write makes another one.
#[derive(Debug)]
pub(super) struct Stored {
    value: Arc<Value>,
    typed: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Stored {
    pub(super) fn new(value: Arc<Value>) -> Self {
        Self {
            value,
            typed: OnceLock::new(),
        }
    }

    pub(super) fn value(&self) -> &Arc<Value> {
        &self.value
    }

    /// The object as its type; `None` when it does not fit, which the log tells.
    pub(super) fn typed<K: Object>(&self) -> Option<Arc<K>> {
        if let Some(known) = self.typed.get()
            && let Ok(typed) = Arc::clone(known).downcast()
        {
            return Some(typed);
        }
        let typed = Arc::new(from_value::<K>(&self.value)?);
        // Whoever asks for the same kind by another type reads it anew each time.
        let _ = self
            .typed
            .set(Arc::clone(&typed) as Arc<dyn Any + Send + Sync>);
        Some(typed)
    }
}
