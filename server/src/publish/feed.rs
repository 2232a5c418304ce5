//! One namespace's frames: a ring of encoded bytes and the newest sequence number.
//!
//! A reader keeps its own number and writes what it lacks, so no reader slows another and none misses a change
//! silently: what has left the ring is replaced by the frame that tells all.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use parking_lot::Mutex;
use tokio::sync::watch;

/// Changes that stay in the ring: a reader that lags more gets everything anew.
const RING: usize = 64;

/// One encoded SSE event, `id:` included.
#[derive(Clone, Debug)]
pub struct Frame {
    pub seq: u64,
    pub bytes: Bytes,
}

/// Makes the frame that tells all, encoded for the given sequence number.
type TellAll = Box<dyn Fn() -> (&'static str, String) + Send + Sync>;

/// The frames of one namespace (or of the overview). Pushed to by the publisher alone.
pub struct Feed {
    boot: String,
    ring: Mutex<VecDeque<Frame>>,
    newest: watch::Sender<u64>,
    /// Encoded at most once per sequence number.
    whole: Mutex<Option<Frame>>,
    tell_all: TellAll,
}

impl Feed {
    /// `boot` names this start of the process; `tell_all` gives event name and JSON of the whole state.
    pub fn new(
        boot: String,
        tell_all: impl Fn() -> (&'static str, String) + Send + Sync + 'static,
    ) -> Self {
        Self {
            boot,
            ring: Mutex::default(),
            newest: watch::Sender::new(0),
            whole: Mutex::default(),
            tell_all: Box::new(tell_all),
        }
    }

    /// Adds a change and wakes the readers.
    pub fn push(&self, event: &str, json: &str) {
        let seq = *self.newest.borrow() + 1;
        let frame = Frame {
            seq,
            bytes: encode(event, &self.boot, seq, json),
        };
        let mut ring = self.ring.lock();
        if ring.len() == RING {
            ring.pop_front();
        }
        ring.push_back(frame);
        drop(ring);
        self.newest.send_replace(seq);
    }

    /// Frames from what `last_event_id` names on; everything first if that is unknown, of another boot, or too old.
    ///
    /// It never ends by itself: the route ends it on shutdown and when the session ends.
    pub fn reader(
        self: &Arc<Self>,
        last_event_id: Option<&str>,
    ) -> impl Stream<Item = Frame> + Send + use<> {
        let seen = last_event_id.and_then(|id| {
            id.strip_prefix(self.boot.as_str())?
                .strip_prefix('-')?
                .parse()
                .ok()
        });
        let state = Reader {
            feed: Arc::clone(self),
            newest: self.newest.subscribe(),
            seen,
        };
        futures::stream::unfold(state, |mut reader| async move {
            let frame = reader.next().await?;
            Some((frame, reader))
        })
    }

    /// The whole state as one frame.
    fn whole(&self) -> Frame {
        let mut whole = self.whole.lock();
        // The number is read before the state: a change in between is told twice rather than never.
        let seq = *self.newest.borrow();
        match &*whole {
            Some(frame) if frame.seq == seq => frame.clone(),
            _ => {
                let (event, json) = (self.tell_all)();
                let frame = Frame {
                    seq,
                    bytes: encode(event, &self.boot, seq, &json),
                };
                *whole = Some(frame.clone());
                frame
            }
        }
    }

    /// The oldest change after `seq`, or `None` if it has left the ring.
    fn after(&self, seq: u64) -> Option<Frame> {
        let ring = self.ring.lock();
        let oldest = ring.front()?.seq;
        let index = usize::try_from((seq + 1).checked_sub(oldest)?).ok()?;
        ring.get(index).cloned()
    }
}

struct Reader {
    feed: Arc<Feed>,
    newest: watch::Receiver<u64>,
    seen: Option<u64>,
}

impl Reader {
    async fn next(&mut self) -> Option<Frame> {
        let frame = match self.seen {
            None => self.feed.whole(),
            Some(seen) => {
                let newest = *self.newest.wait_for(|newest| *newest != seen).await.ok()?;
                // A number from the future is of no use: tell all.
                let next = if newest > seen {
                    self.feed.after(seen)
                } else {
                    None
                };
                next.unwrap_or_else(|| self.feed.whole())
            }
        };
        self.seen = Some(frame.seq);
        Some(frame)
    }
}

/// One SSE event. JSON has no raw line break, so one `data:` line is enough.
fn encode(event: &str, boot: &str, seq: u64, json: &str) -> Bytes {
    Bytes::from(format!(
        "event: {event}\nid: {boot}-{seq}\ndata: {json}\n\n"
    ))
}
