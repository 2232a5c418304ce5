//! `GET /events`: the frames of a feed as a stream, and the signs of life between them.
//!
//! The body is a stream of bytes encoded once for all readers; axum's `Sse` would encode each event for each of them.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use app::model::{ClassPhase, StreamEvent};
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{FutureExt, Stream, StreamExt, stream};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::AppState;
use super::refusals::Audited;
use super::session;
use crate::audit::Actor;
use crate::publish::Frame;
use crate::seats::{Person, SeatChanges, Session};
use crate::telemetry::{Open, StreamKind};

/// A page that hears nothing for 12 s takes the stream for lost.
const ALIVE: Duration = Duration::from_secs(5);
/// How soon a stream learns that its session expired.
const RECHECK: Duration = Duration::from_secs(2);
/// When the panel stops, its readers come back within this time, each at a moment of its own: the next replica renders
/// a whole history for each. Long enough for that, short enough that no chart has a hole that is seen.
const COME_BACK_MS: std::ops::Range<u32> = 200..2_200;
/// Open streams of one session: its tabs and devices.
const STREAMS: u32 = 12;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// nginx and those who copied it hold streams back without this.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What the address may ask for.
#[derive(Deserialize)]
pub(super) struct Options {
    /// Like the header, which an `EventSource` sends only when it reconnects by itself.
    last_event_id: Option<String>,
    /// `1`: end after the first batch, for ways that pass on only what is complete.
    short: Option<u8>,
}

/// Open streams by session. Shared by all requests.
#[derive(Clone, Default)]
pub struct Streams {
    open: Arc<Mutex<HashMap<String, u32>>>,
}

/// One open stream; counted until dropped.
struct OpenStream {
    streams: Streams,
    session: String,
}

impl Streams {
    fn open(&self, session: &Session) -> Option<OpenStream> {
        let mut open = self.open.lock();
        let count = open.entry(session.hash.clone()).or_default();
        if *count >= STREAMS {
            return None;
        }
        *count += 1;
        Some(OpenStream {
            streams: self.clone(),
            session: session.hash.clone(),
        })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock();
        if let Some(count) = open.get_mut(&self.session) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.session);
            }
        }
    }
}

/// An attendee's namespace, or for the instructor the table of all.
pub(super) async fn events(
    State(state): State<AppState>,
    Query(options): Query<Options>,
    request: Request,
) -> Response {
    let session = match state.session(request.headers()).await {
        Ok(session) => session,
        Err(stranger) => return session::refuse(stranger),
    };
    let (feed, kind) = match &session.person {
        Person::Attendee { namespace } => (state.published.feed(namespace), StreamKind::Attendee),
        Person::Instructor => (state.published.overview_feed(), StreamKind::Instructor),
    };
    let Some(feed) = feed else {
        return later(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    };
    let Some(open) = state.streams.open(&session) else {
        let mut refused = later(StatusCode::TOO_MANY_REQUESTS, "too_many_streams");
        let seat = Some(session.seat);
        let client = state.client(&request);
        let actor = Actor { seat, client };
        refused.extensions_mut().insert(Audited::By(actor));
        return refused;
    };
    let header = request.headers().get(LAST_EVENT_ID);
    let header = header.and_then(|id| id.to_str().ok());
    let last_event_id = header.or(options.last_event_id.as_deref());
    let live = Live {
        frames: Box::pin(feed.reader(last_event_id)),
        ready: VecDeque::new(),
        // The first at once: who comes back and has missed nothing learns so.
        ticks: every(ALIVE, Instant::now()),
        changes: state.seats.follow(&session),
        class: state.seats.class_phase(),
        recheck: every(RECHECK, Instant::now() + RECHECK),
        short: options.short == Some(1),
        begun: false,
        over: false,
        counted: state.telemetry.streams.open(kind),
        state,
        session,
        _open: open,
    };
    let body = stream::unfold(live, |mut live| async move {
        let bytes = live.next().await?;
        live.counted.sent(bytes.len());
        Some((Ok::<_, std::convert::Infallible>(bytes), live))
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-cache, no-transform"),
        (X_ACCEL_BUFFERING, "no"),
    ];
    (headers, Body::from_stream(body)).into_response()
}

fn later(status: StatusCode, error: &str) -> Response {
    let told = axum::Json(json!({ "error": error, "reason": null }));
    (status, [(RETRY_AFTER, "2")], told).into_response()
}

fn every(period: Duration, first: Instant) -> Interval {
    let mut interval = interval_at(first, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// One open stream's state.
struct Live {
    frames: Pin<Box<dyn Stream<Item = Frame> + Send>>,
    /// To be sent before anything else.
    ready: VecDeque<Bytes>,
    ticks: Interval,
    recheck: Interval,
    changes: SeatChanges,
    /// As the reader was told last.
    class: ClassPhase,
    short: bool,
    /// A frame was sent.
    begun: bool,
    /// Ends once `ready` is empty.
    over: bool,
    counted: Open,
    state: AppState,
    session: Session,
    _open: OpenStream,
}

impl Live {
    /// The next bytes; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(bytes) = self.ready.pop_front() {
            return Some(bytes);
        }
        if self.over {
            return None;
        }
        let shutdown = self.state.shutdown.clone();
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => {
                    self.over = true;
                    return Some(leaving());
                }
                // An instructor's act, or a sign-out on another device: before whatever else there is to tell.
                () = self.changes.changed() => {
                    if let Some(bytes) = self.ended() {
                        return Some(bytes);
                    }
                    if self.class != self.state.seats.class_phase() {
                        return Some(self.alive());
                    }
                }
                frame = self.frames.next() => {
                    let frame = frame?;
                    if !self.begun || self.short {
                        self.begun = true;
                        // A short stream with one change each would fall behind what happens.
                        while self.short && let Some(Some(more)) = self.frames.next().now_or_never() {
                            self.ready.push_back(more.bytes);
                        }
                        let alive = self.alive();
                        self.ready.push_back(alive);
                        self.ticks.reset();
                    }
                    self.over = self.short;
                    return Some(frame.bytes);
                }
                _ = self.ticks.tick() => {
                    self.over = self.short;
                    return Some(self.alive());
                }
                // Time alone ends a session, too.
                _ = self.recheck.tick() => {
                    if let Some(bytes) = self.ended() {
                        return Some(bytes);
                    }
                }
            }
        }
    }

    /// The stream lives.
    fn alive(&mut self) -> Bytes {
        self.class = self.state.seats.class_phase();
        encode(&StreamEvent::Alive {
            build: self.state.site.build().to_owned(),
            time: self.state.published.now(),
            class: self.class,
        })
    }

    /// The stream's last words if its session is over, and why.
    fn ended(&mut self) -> Option<Bytes> {
        let now = self.state.published.now();
        let end = self.state.seats.still(&self.session, now).err()?;
        self.over = true;
        Some(encode(&StreamEvent::Ended { end }))
    }
}

/// The last words of a panel that stops. `retry` is for readers that are no page of ours: a page's script cannot see it.
fn leaving() -> Bytes {
    // Without randomness all come back in the middle.
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    let retry_ms = COME_BACK_MS.start + random % (COME_BACK_MS.end - COME_BACK_MS.start);
    let retry = format!("retry: {retry_ms}\n");
    let event = encode(&StreamEvent::Leaving { retry_ms });
    Bytes::from([retry.as_bytes(), &event].concat())
}

/// Signs of life and last words. No `id`, so that they do not count as something received.
fn encode(event: &StreamEvent) -> Bytes {
    Bytes::from(format!(
        "event: {}\ndata: {}\n\n",
        event.name(),
        json!(event)
    ))
}

#[cfg(test)]
mod tests {
    use app::model::TimeMs;

    use super::*;
    use crate::seats::SeatNumber;

    fn mk_session(hash: &str) -> Session {
        Session {
            seat: SeatNumber(7),
            person: Person::Instructor,
            name: None,
            hash: hash.to_owned(),
        }
    }

    #[test]
    fn alive_has_no_id() {
        let text = encode(&StreamEvent::Alive {
            build: "abc".to_owned(),
            time: TimeMs(5),
            class: ClassPhase::Running,
        });
        assert_eq!(
            text,
            "event: alive\ndata: {\"alive\":{\"build\":\"abc\",\"class\":\"running\",\"time\":5}}\n\n"
        );
    }

    #[test]
    fn streams_of_a_session_are_limited_and_given_back() {
        let streams = Streams::default();
        let session = mk_session("a");
        let mut open: Vec<_> = (0..STREAMS).map(|_| streams.open(&session)).collect();
        assert!(open.iter().all(Option::is_some));
        assert!(streams.open(&session).is_none());
        assert!(streams.open(&mk_session("b")).is_some());
        open.pop();
        assert!(streams.open(&session).is_some());
        open.clear();
        assert!(streams.open.lock().is_empty());
    }
}
