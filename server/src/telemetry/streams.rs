//! Streams of events to browsers. Counted by `web/events.rs`.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Whose stream it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// One namespace.
    Attendee,
    /// The table of all.
    Instructor,
}

impl StreamKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Attendee => "attendee",
            Self::Instructor => "instructor",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    kind: &'static str,
}

/// Open streams and what they carried.
#[derive(Clone, Debug)]
pub struct Streams {
    open: Family<Labels, Gauge>,
    frames: Family<Labels, Counter>,
    bytes: Family<Labels, Counter>,
}

impl Streams {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let streams = Self {
            open: Family::default(),
            frames: Family::default(),
            bytes: Family::default(),
        };
        registry.register(
            "streams_open",
            "Open streams of events",
            streams.open.clone(),
        );
        registry.register(
            "stream_frames",
            "Events sent on streams",
            streams.frames.clone(),
        );
        registry.register(
            "stream_bytes",
            "Bytes sent on streams, before compression",
            streams.bytes.clone(),
        );
        // There from the start: none is open.
        for kind in [StreamKind::Attendee, StreamKind::Instructor] {
            drop(streams.open(kind));
        }
        streams
    }

    /// A stream was opened; it counts until the answer is dropped.
    pub fn open(&self, kind: StreamKind) -> Open {
        let labels = Labels {
            kind: kind.as_str(),
        };
        let open = self.open.get_or_create_owned(&labels);
        open.inc();
        Open {
            open,
            frames: self.frames.get_or_create_owned(&labels),
            bytes: self.bytes.get_or_create_owned(&labels),
        }
    }
}

/// One open stream.
#[derive(Debug)]
pub struct Open {
    open: Gauge,
    frames: Counter,
    bytes: Counter,
}

impl Open {
    /// One event of that many bytes was sent.
    pub fn sent(&self, bytes: usize) {
        self.frames.inc();
        self.bytes.inc_by(bytes as u64);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.open.dec();
    }
}
