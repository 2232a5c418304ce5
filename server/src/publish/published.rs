//! What the publisher last told, shared with the routes. Written by the publisher's task alone.

use std::sync::Arc;

use app::model::{History, Overview, Snapshot, SourceState, TimeMs};

use super::Feed;

/// What the publisher last told, shared with the routes. Written by the publisher's task alone.
pub struct Published {}

impl Published {
    /// Every kind was listed once or is known to be absent.
    pub fn ready(&self) -> bool {
        false
    }

    /// The cluster's time now: the panel's clock corrected by the API server's `Date` header.
    pub fn now(&self) -> TimeMs {
        TimeMs(0)
    }

    /// Whether the watches are alive.
    pub fn cluster(&self) -> SourceState {
        SourceState::Absent
    }

    /// `v1.35.4`, once the API server told.
    pub fn kubernetes(&self) -> Option<String> {
        None
    }

    /// The newest snapshot of a workshop namespace; `None` if it is none.
    pub fn snapshot(&self, _namespace: &str) -> Option<Arc<Snapshot>> {
        None
    }

    /// What was observed of a workshop namespace.
    pub fn history(&self, _namespace: &str) -> Option<History> {
        None
    }

    /// The frames of a workshop namespace.
    pub fn feed(&self, _namespace: &str) -> Option<Arc<Feed>> {
        None
    }

    /// All seats.
    pub fn overview(&self) -> Arc<Overview> {
        Arc::default()
    }

    /// The overview's frames.
    pub fn overview_feed(&self) -> Option<Arc<Feed>> {
        None
    }
}
