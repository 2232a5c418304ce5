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
    ///
    /// `apply` makes the change in the state that `tell_all` reads. It is done under the same lock, so that no whole
    /// state holds a change that is then told again.
    pub fn push(&self, event: &str, json: &str, apply: impl FnOnce()) {
        let mut ring = self.ring.lock();
        let seq = *self.newest.borrow() + 1;
        let frame = Frame {
            seq,
            bytes: encode(event, &self.boot, seq, json),
        };
        apply();
        if ring.len() == RING {
            ring.pop_front();
        }
        ring.push_back(frame);
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
        let _no_change = self.ring.lock();
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
        let index = usize::try_from(seq.checked_add(1)?.checked_sub(oldest)?).ok()?;
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

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};

    use super::*;

    /// A feed of numbers: each change adds one, the whole state is the sum.
    fn mk_feed() -> (Arc<Feed>, Arc<Mutex<u64>>) {
        let sum = Arc::new(Mutex::new(0));
        let all = Arc::clone(&sum);
        let feed = Feed::new("boot".to_owned(), move || ("all", all.lock().to_string()));
        (Arc::new(feed), sum)
    }

    fn add(feed: &Feed, sum: &Mutex<u64>) {
        feed.push("one", "1", || *sum.lock() += 1);
    }

    fn text(frame: &Frame) -> String {
        String::from_utf8(frame.bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_new_reader_gets_everything_and_then_each_change() {
        let (feed, sum) = mk_feed();
        add(&feed, &sum);
        let mut reader = Box::pin(feed.reader(None));
        let first = reader.next().await.unwrap();
        assert_eq!(text(&first), "event: all\nid: boot-1\ndata: 1\n\n");
        assert!(reader.next().now_or_never().is_none(), "nothing changed");
        add(&feed, &sum);
        add(&feed, &sum);
        assert_eq!(
            text(&reader.next().await.unwrap()),
            "event: one\nid: boot-2\ndata: 1\n\n"
        );
        assert_eq!(reader.next().await.unwrap().seq, 3);
    }

    #[tokio::test]
    async fn a_reader_that_comes_back_gets_what_it_lacks() {
        let (feed, sum) = mk_feed();
        for _ in 0..3 {
            add(&feed, &sum);
        }
        let mut reader = Box::pin(feed.reader(Some("boot-1")));
        assert_eq!(reader.next().await.unwrap().seq, 2);
        assert_eq!(reader.next().await.unwrap().seq, 3);
    }

    #[tokio::test]
    async fn unknown_ids_get_everything() {
        let (feed, sum) = mk_feed();
        add(&feed, &sum);
        for id in [
            "other-1",
            "boot-99",
            "boot-18446744073709551615",
            "boot-x",
            "",
        ] {
            let mut reader = Box::pin(feed.reader(Some(id)));
            let first = reader.next().await.unwrap();
            assert!(text(&first).starts_with("event: all\nid: boot-1\n"), "{id}");
        }
    }

    #[tokio::test]
    async fn a_lagging_reader_misses_no_change() {
        let (feed, sum) = mk_feed();
        let mut reader = Box::pin(feed.reader(None));
        assert_eq!(
            text(&reader.next().await.unwrap()),
            "event: all\nid: boot-0\ndata: 0\n\n"
        );
        for _ in 0..=RING {
            add(&feed, &sum);
        }
        // The first change has left the ring.
        let next = reader.next().await.unwrap();
        assert_eq!(text(&next), "event: all\nid: boot-65\ndata: 65\n\n");
        add(&feed, &sum);
        assert_eq!(reader.next().await.unwrap().seq, 66);
    }

    #[tokio::test]
    async fn the_whole_state_is_encoded_once_for_all_readers() {
        let encoded = Arc::new(Mutex::new(0));
        let count = Arc::clone(&encoded);
        let feed = Arc::new(Feed::new("boot".to_owned(), move || {
            *count.lock() += 1;
            ("all", String::new())
        }));
        for _ in 0..10 {
            Box::pin(feed.reader(None)).next().await.unwrap();
        }
        assert_eq!(*encoded.lock(), 1);
    }
}
