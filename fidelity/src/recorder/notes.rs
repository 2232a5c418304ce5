//! The lines of a recording under way, its clock, and the objects as they are now. The recorder's tasks share it.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::Instant;

use crate::line::{ChangeType, Entry, Line};

/// Clones share the lines.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    start: Option<Instant>,
    lines: Vec<Line>,
    live: HashMap<(&'static str, String), Value>,
}

impl Notes {
    /// Zero on the clock.
    pub(super) fn start(&self) {
        self.0.lock().start = Some(Instant::now());
    }

    /// Seconds since the start, to a thousandth; zero before it.
    pub fn now(&self) -> f64 {
        self.0.lock().now()
    }

    /// Writes a line with the present time.
    pub(super) fn add(&self, entry: Entry) {
        let mut inner = self.0.lock();
        if let Some((kind, change)) = entry.change()
            && let Some(name) = change.object["metadata"]["name"].as_str()
        {
            let key = (kind, name.to_owned());
            if change.change == ChangeType::Deleted {
                inner.live.remove(&key);
            } else {
                inner.live.insert(key, change.object.clone());
            }
        }
        let t = inner.now();
        inner.lines.push(Line { t, entry });
    }

    /// The objects of a kind as they were last seen.
    pub fn live(&self, kind: &str) -> Vec<Value> {
        let inner = self.0.lock();
        let of_kind = inner.live.iter().filter(|((own, _), _)| *own == kind);
        of_kind.map(|(_, object)| object.clone()).collect()
    }

    /// All lines, in order of time.
    pub(super) fn take(&self) -> Vec<Line> {
        std::mem::take(&mut self.0.lock().lines)
    }
}

impl Inner {
    fn now(&self) -> f64 {
        let elapsed = self
            .start
            .map_or(0.0, |start| start.elapsed().as_secs_f64());
        (elapsed * 1e3).round() / 1e3
    }
}
