//! When and how the stream is opened again. Pure: the browser's part tells it what happened.

/// Without any event for this long the stream is dead: the server sends `alive` every 5 s.
pub(super) const SILENCE_MS: f64 = 12_000.0;

/// A stream's first event comes at once. Without it for this long something on the way holds the stream back.
const FIRST_SILENCE_MS: f64 = 6_000.0;

/// After the panel's last words the page waits this long for the next replica before it says that it reconnects.
pub(super) const CALM_MS: f64 = 4_000.0;

/// A tab that was hidden for this long closes its stream.
pub(super) const HIDDEN_MS: f64 = 60_000.0;

/// Short streams end after each batch and are asked for again at this pace.
const SHORT_PACE_MS: f64 = 5_000.0;

/// Tries without any event after which only short streams are asked for.
const SILENT_TRIES: u32 = 2;

/// Short streams after which one long one is tried: people take their laptops to other networks. About ten minutes.
const SHORT_STREAMS: u32 = 120;

const LEAST_DELAY_MS: f64 = 500.0;
const MOST_DELAY_MS: f64 = 10_000.0;

/// What this tab has tried.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tries {
    /// Tries in a row that ended without any event.
    failed: u32,
    /// Those of them that were open and silent: a proxy holds the stream back.
    silent: u32,
    heard: bool,
    /// Short streams since a long one was tried.
    shorts: u32,
    /// The panel said that it stops, and when to come back.
    come_back_ms: Option<f64>,
    last_event_id: Option<String>,
}

impl Tries {
    /// A tab that knows that only short streams pass.
    pub fn only_short() -> Self {
        Self {
            silent: SILENT_TRIES,
            ..Self::default()
        }
    }

    /// An event came.
    pub fn event(&mut self, id: &str) {
        self.heard = true;
        self.failed = 0;
        self.come_back_ms = None;
        if !self.short() {
            self.silent = 0;
        }
        if !id.is_empty() {
            self.last_event_id = Some(id.to_owned());
        }
    }

    /// The panel stops: the stream's last words.
    pub fn leaving(&mut self, retry_ms: u32) {
        self.heard = true;
        self.failed = 0;
        self.come_back_ms = Some(f64::from(retry_ms));
    }

    /// The panel said that it stops, and no try has failed since.
    pub fn expects_another(&self) -> bool {
        self.come_back_ms.is_some() && self.failed == 0
    }

    /// The stream ended, or never came to be.
    pub fn ended(&mut self) {
        if !self.heard {
            self.failed += 1;
        }
        self.heard = false;
        if self.short() {
            self.shorts += 1;
            if self.shorts >= SHORT_STREAMS {
                self.shorts = 0;
                self.silent = SILENT_TRIES - 1;
            }
        }
    }

    /// After how long without an event the stream that is open is dead.
    pub fn silence_ms(&self) -> f64 {
        match self.heard {
            true => SILENCE_MS,
            false => FIRST_SILENCE_MS,
        }
    }

    /// The stream was open and said nothing for [`Self::silence_ms`].
    pub fn silent(&mut self) {
        let held_back = !self.heard;
        self.ended();
        if held_back {
            self.silent += 1;
        }
    }

    /// Only short streams pass.
    pub fn short(&self) -> bool {
        self.silent >= SILENT_TRIES
    }

    /// Where the next stream is opened.
    pub fn url(&self) -> String {
        let id = self
            .last_event_id
            .as_ref()
            .map(|id| format!("last_event_id={id}"));
        let short = self.short().then(|| "short=1".to_owned());
        let query: Vec<_> = id.into_iter().chain(short).collect();
        match query.is_empty() {
            true => "/events".to_owned(),
            false => format!("/events?{}", query.join("&")),
        }
    }

    /// How long to wait before that, in ms. `random` is from 0 to 1: a class must not come back in step.
    pub fn delay_ms(&self, random: f64) -> f64 {
        let doubled = LEAST_DELAY_MS * f64::from(2u32.pow(self.failed.min(5)));
        let delay = doubled.min(MOST_DELAY_MS) * (0.5 + random);
        match self.come_back_ms {
            Some(ms) if self.failed == 0 => ms,
            // It is known now what passes: no reason to wait for it.
            _ if self.short() && self.shorts == 0 => LEAST_DELAY_MS * (0.5 + random),
            _ if self.short() && self.failed == 0 => SHORT_PACE_MS,
            _ => delay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_stream_asks_for_all() {
        assert_eq!(Tries::default().url(), "/events");
    }

    #[test]
    fn next_stream_asks_for_what_is_missing() {
        let mut tries = Tries::default();
        tries.event("boot-7");
        tries.event("");
        tries.ended();
        assert_eq!(tries.url(), "/events?last_event_id=boot-7");
    }

    #[test]
    fn two_silent_tries_ask_for_short_streams() {
        let mut tries = Tries::default();
        tries.silent();
        assert!(!tries.short());
        tries.silent();
        assert_eq!(tries.url(), "/events?short=1");
        assert!((tries.delay_ms(0.5) - 500.0).abs() < f64::EPSILON);
        tries.event("boot-1");
        tries.ended();
        assert!(tries.short(), "a short stream that passes stays short");
        assert!((tries.delay_ms(0.9) - 5_000.0).abs() < f64::EPSILON);
    }

    #[test]
    fn silence_after_events_is_a_lost_network_and_no_proxy() {
        let mut tries = Tries::default();
        for _ in 0..3 {
            tries.event("boot-1");
            tries.silent();
        }
        assert!(!tries.short());
    }

    #[test]
    fn long_stream_is_tried_again_after_many_short_ones() {
        let mut tries = Tries::only_short();
        for _ in 0..SHORT_STREAMS {
            assert!(tries.short());
            tries.event("");
            tries.ended();
        }
        assert_eq!(tries.url(), "/events");
        tries.silent();
        assert!(tries.short(), "one silent try is enough to know it again");
        assert!(tries.delay_ms(1.5) < SHORT_PACE_MS);
    }

    #[test]
    fn first_event_is_waited_for_less_than_the_next_ones() {
        let mut tries = Tries::default();
        assert!((tries.silence_ms() - FIRST_SILENCE_MS).abs() < f64::EPSILON);
        tries.event("boot-1");
        assert!((tries.silence_ms() - SILENCE_MS).abs() < f64::EPSILON);
    }

    #[test]
    fn page_comes_back_when_the_panel_told_it_to_and_then_as_ever() {
        let mut tries = Tries::default();
        tries.event("boot-7");
        tries.leaving(1_700);
        tries.ended();
        assert!(tries.expects_another());
        assert!((tries.delay_ms(0.9) - 1_700.0).abs() < f64::EPSILON);
        assert_eq!(tries.url(), "/events?last_event_id=boot-7");
        tries.ended();
        assert!(!tries.expects_another());
        assert!((tries.delay_ms(0.5) - 1_000.0).abs() < f64::EPSILON);
        tries.event("other-1");
        tries.ended();
        assert!((tries.delay_ms(0.5) - 500.0).abs() < f64::EPSILON);
    }

    #[test]
    fn delays_grow_to_a_bound_and_are_spread() {
        let mut tries = Tries::default();
        let first = tries.delay_ms(0.5);
        for _ in 0..20 {
            tries.ended();
        }
        assert!((first - 500.0).abs() < f64::EPSILON);
        assert!((tries.delay_ms(0.5) - 10_000.0).abs() < f64::EPSILON);
        assert!(tries.delay_ms(0.0) < tries.delay_ms(1.0));
    }
}
