//! One EventSource and its timers. Everything here that touches the browser runs in Effects and callbacks only.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Date, Math};
use leptos::leptos_dom::helpers::{IntervalHandle, TimeoutHandle};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent, VisibilityState};

use super::kept::{RELOADS, SHORT, keep, kept};
use super::session::{Session, leave_as, session};
use super::tries::{CALM_MS, HIDDEN_MS, SILENCE_MS};
use super::{Reloads, Tries};
use crate::figures::Zone;
use crate::json;
use crate::live::{Connection, LiveState};
use crate::model::{StreamEvent, TimeMs};

/// What the page shows and when: read by every component, written here alone.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    pub(crate) state: RwSignal<LiveState>,
    pub(crate) connection: RwSignal<Connection>,
    /// The server's time now, moved once a second. Equal to the state's time until the page is alive.
    pub(crate) now: RwSignal<TimeMs>,
    /// UTC until the browser tells its own.
    pub(crate) zone: RwSignal<Zone>,
}

/// Starts from what the server rendered and follows the stream from then on.
pub(crate) fn use_live(first: LiveState, build: Option<String>) -> Live {
    let live = Live {
        now: RwSignal::new(first.time),
        state: RwSignal::new(first),
        connection: RwSignal::new(Connection::First),
        zone: RwSignal::new(Zone::default()),
    };
    provide_context(live);
    // The effect's value owns the stream: it ends with the page.
    Effect::new(move |_: Option<Rc<Stream>>| {
        let stream = Stream::new(live, build.clone());
        stream.visible(is_visible());
        let seen = Rc::downgrade(&stream);
        let listener = window_event_listener_untyped("visibilitychange", move |_| {
            if let Some(stream) = seen.upgrade() {
                stream.visible(is_visible());
            }
        });
        on_cleanup(move || listener.remove());
        stream
    });
    live
}

fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// A dialog is open: a reload would take away what it asks, or a code that it shows only once.
fn is_asking() -> bool {
    let dialog = document().query_selector("[role=dialog], [role=alertdialog]");
    dialog.is_ok_and(|dialog| dialog.is_some())
}

/// The tab's stream: one EventSource at most, and what is known of it.
struct Stream {
    live: Live,
    /// The build of this page: another one reloads it.
    build: Option<String>,
    inner: RefCell<Inner>,
}

#[derive(Default)]
struct Inner {
    tries: Tries,
    source: Option<Source>,
    retry: Option<TimeoutHandle>,
    hide: Option<TimeoutHandle>,
    tick: Option<IntervalHandle>,
    visible: bool,
    /// When the last event came, by the browser's clock.
    heard_ms: f64,
    /// When the panel said that it stops, until its next event or until that took too long.
    left_ms: Option<f64>,
    /// Server's time less the browser's, in ms.
    ahead_ms: f64,
}

/// An open EventSource with the callbacks that it calls.
struct Source {
    source: EventSource,
    _on_event: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut()>,
}

impl Drop for Source {
    fn drop(&mut self) {
        self.source.close();
    }
}

impl Stream {
    fn new(live: Live, build: Option<String>) -> Rc<Self> {
        let stream = Rc::new(Self {
            live,
            build,
            inner: RefCell::default(),
        });
        let minutes_west = Date::new_0().get_timezone_offset();
        live.zone.set(Zone {
            minutes_east: -(minutes_west as i32),
        });
        let time = live.state.with_untracked(|s| s.time);
        stream.inner.borrow_mut().ahead_ms = time.0 as f64 - Date::now();
        if kept(SHORT).is_some() {
            stream.inner.borrow_mut().tries = Tries::only_short();
        }
        let ticking = Rc::downgrade(&stream);
        let tick = set_interval_with_handle(
            move || {
                if let Some(stream) = ticking.upgrade() {
                    stream.tick();
                }
            },
            Duration::from_secs(1),
        );
        stream.inner.borrow_mut().tick = tick.ok();
        stream
    }

    /// Opens when the tab is seen, closes when it was hidden for a while.
    fn visible(self: &Rc<Self>, visible: bool) {
        let mut inner = self.inner.borrow_mut();
        inner.visible = visible;
        if let Some(hide) = inner.hide.take() {
            hide.clear();
        }
        if visible {
            let open = inner.source.is_some() || inner.retry.is_some();
            drop(inner);
            if !open {
                self.open();
            }
        } else {
            let hiding = Rc::downgrade(self);
            let hide = move || {
                if let Some(stream) = hiding.upgrade() {
                    stream.close_source();
                }
            };
            let after = Duration::from_millis(HIDDEN_MS as u64);
            inner.hide = set_timeout_with_handle(hide, after).ok();
        }
    }

    fn open(self: &Rc<Self>) {
        let url = self.inner.borrow().tries.url();
        let Ok(source) = EventSource::new(&url) else {
            self.retry();
            return;
        };
        let on_event = Closure::new({
            let stream = Rc::downgrade(self);
            move |event: MessageEvent| {
                if let Some(stream) = stream.upgrade() {
                    stream.event(&event);
                }
            }
        });
        let on_error = Closure::new({
            let stream = Rc::downgrade(self);
            move || {
                if let Some(stream) = stream.upgrade() {
                    stream.ended();
                }
            }
        });
        for name in ["history", "change", "overview", "alive", "leaving", "ended"] {
            let listener = on_event.as_ref().unchecked_ref();
            if source
                .add_event_listener_with_callback(name, listener)
                .is_err()
            {
                leptos::logging::warn!("cannot listen to {name}");
            }
        }
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let mut inner = self.inner.borrow_mut();
        inner.heard_ms = Date::now();
        inner.source = Some(Source {
            source,
            _on_event: on_event,
            _on_error: on_error,
        });
    }

    fn event(self: &Rc<Self>, event: &MessageEvent) {
        let Some(data) = event.data().as_string() else {
            return;
        };
        let event_id = event.last_event_id();
        match json::read::<StreamEvent>(&data) {
            // The stream's last words: no need to ask why it ends.
            Ok(StreamEvent::Ended { end }) => leave_as(end),
            // Last words, too: the end follows, and for the usual second until the next replica nothing is wrong.
            Ok(StreamEvent::Leaving { retry_ms }) => {
                let mut inner = self.inner.borrow_mut();
                inner.tries.leaving(retry_ms);
                inner.left_ms = Some(Date::now());
            }
            Ok(item) => {
                let short = {
                    let mut inner = self.inner.borrow_mut();
                    inner.tries.event(&event_id);
                    inner.heard_ms = Date::now();
                    inner.left_ms = None;
                    inner.tries.short()
                };
                if !short {
                    keep(SHORT, None);
                }
                self.live.state.update(|state| state.apply(item));
                self.live.connection.set(match short {
                    true => Connection::Slow,
                    false => Connection::Live,
                });
                self.follow_clock();
                self.reload_if_other_build();
            }
            // A newer server may send what this page does not know: its build will reload the page.
            Err(error) => leptos::logging::warn!("an event could not be read: {error}"),
        }
    }

    /// The server's clock, never the browser's, moves countdowns.
    fn follow_clock(&self) {
        let time = self.live.state.with_untracked(|s| s.time);
        let mut inner = self.inner.borrow_mut();
        let heard = time.0 as f64 - Date::now();
        // An event that the network held back must not turn the clock back; a clock that was set anew must.
        if heard > inner.ahead_ms || heard < inner.ahead_ms - SILENCE_MS {
            inner.ahead_ms = heard;
        }
        drop(inner);
        self.show_time();
    }

    fn show_time(&self) {
        let now = Date::now() + self.inner.borrow().ahead_ms;
        self.live.now.set(TimeMs(now as i64));
    }

    fn tick(self: &Rc<Self>) {
        self.show_time();
        let (silent, overdue) = {
            let mut inner = self.inner.borrow_mut();
            let silence = Date::now() - inner.heard_ms;
            let silent = inner.source.is_some() && silence > inner.tries.silence_ms();
            let overdue = inner.left_ms.take_if(|left| Date::now() - *left > CALM_MS);
            (silent, overdue.is_some())
        };
        if overdue {
            self.live.connection.set(Connection::Lost);
        }
        if silent {
            let mut inner = self.inner.borrow_mut();
            inner.tries.silent();
            if inner.tries.short() {
                keep(SHORT, Some("1"));
            }
            drop(inner);
            self.close_source();
            self.live.connection.set(Connection::Lost);
            self.retry();
        }
    }

    /// The EventSource failed or the server ended the stream. Its status is hidden, so the session is asked for it.
    fn ended(self: &Rc<Self>) {
        let mut inner = self.inner.borrow_mut();
        let Some(source) = inner.source.take() else {
            return;
        };
        let closed = source.source.ready_state() == EventSource::CLOSED;
        // Now, or it would come back by itself beside the next one: a hidden tab has no animation frames.
        source.source.close();
        inner.tries.ended();
        let calm = inner.tries.short() || inner.tries.expects_another();
        drop(inner);
        // This callback is running: the source may be dropped only after it.
        request_animation_frame(move || drop(source));
        if !calm {
            self.live.connection.set(Connection::Lost);
        }
        if closed {
            let stream = Rc::clone(self);
            spawn_local(async move {
                match session().await {
                    Session::Ended(end) => leave_as(end),
                    Session::Alive | Session::Unknown => stream.retry(),
                }
            });
        } else {
            self.retry();
        }
    }

    fn retry(self: &Rc<Self>) {
        let mut inner = self.inner.borrow_mut();
        if !inner.visible || inner.retry.is_some() {
            return;
        }
        let delay = inner.tries.delay_ms(Math::random());
        let stream = Rc::downgrade(self);
        let open = move || {
            if let Some(stream) = stream.upgrade() {
                stream.inner.borrow_mut().retry = None;
                stream.open();
            }
        };
        inner.retry = set_timeout_with_handle(open, Duration::from_millis(delay as u64)).ok();
    }

    /// Until page and server are of one build; [`Reloads`] says how often.
    fn reload_if_other_build(&self) {
        let server = self.live.state.with_untracked(|s| s.build.clone());
        if server.is_none() || self.build.is_none() || server == self.build || is_asking() {
            return;
        }
        let reloads = kept(RELOADS).and_then(|text| json::read(&text).ok());
        let again = reloads.unwrap_or_default();
        let Some(again) = Reloads::again(again, Date::now()) else {
            return;
        };
        // A tab that keeps nothing must not reload: it would never stop.
        let counted = serde_json::to_string(&again).is_ok_and(|text| keep(RELOADS, Some(&text)));
        if counted && window().location().reload().is_err() {
            leptos::logging::warn!("the page could not be reloaded");
        }
    }

    fn close_source(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.source = None;
        if let Some(retry) = inner.retry.take() {
            retry.clear();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.close_source();
        let mut inner = self.inner.borrow_mut();
        if let Some(hide) = inner.hide.take() {
            hide.clear();
        }
        if let Some(tick) = inner.tick.take() {
            tick.clear();
        }
    }
}
