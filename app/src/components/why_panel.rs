//! Why the autoscaler did, or did not yet, act: one sentence, one line of arithmetic, the evidence behind `Why`.

use leptos::prelude::*;

use super::evidence::Evidence;
use crate::figures::{Zone, clock};
use crate::live::LiveState;
use crate::model::{self, Finding, Snapshot, TimeMs, Told};
use crate::stream::Live;
use crate::words::{self, Why};

/// A sentence stays at least this long, unless a trouble appears.
const STAYS_MS: i64 = 3_000;

/// Who looked back is brought to the front again after this time.
const BACK_MS: i64 = 60_000;

/// Names one thing to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// By its place among the findings.
    Trouble(usize),
    /// By the time since when it holds or held.
    Said(TimeMs),
    /// What holds now, where the history does not tell of it: nothing is seen, or the page is of an older build.
    Now,
}

/// Troubles outrank the explanation; earlier explanations come last.
fn keys(state: &LiveState) -> Vec<Key> {
    let Some(snapshot) = &state.snapshot else {
        return Vec::new();
    };
    let troubles = (0..snapshot.findings.len()).map(Key::Trouble);
    let newest = state.history.told.last();
    let untold = newest.is_none_or(|told| told.explanation != snapshot.explanation);
    let now = untold.then_some(Key::Now);
    let said = state.history.told.iter().rev();
    troubles
        .chain(now)
        .chain(said.map(|told| Key::Said(told.time)))
        .collect()
}

/// What a key names.
pub(super) enum Item<'a> {
    Trouble(&'a Finding),
    Said(&'a Told),
    Now,
}

/// The thing of that name, if it is still there.
pub(super) fn item<'a>(
    key: Key,
    snapshot: &'a Snapshot,
    history: &'a model::History,
) -> Option<Item<'a>> {
    match key {
        Key::Trouble(index) => snapshot.findings.get(index).map(Item::Trouble),
        Key::Said(time) => {
            let told = history.told.iter().find(|told| told.time == time);
            told.map(Item::Said)
        }
        Key::Now => Some(Item::Now),
    }
}

/// What is shown, since when, and whether it was chosen by looking back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shown {
    key: Key,
    since: TimeMs,
}

/// What is shown when `front` is what holds: the last sentence stays for 3 s, unless a trouble comes.
fn stay(before: Option<&Shown>, front: Key, now: TimeMs) -> Shown {
    match before {
        Some(before) if before.key == front => *before,
        Some(before)
            if (0..STAYS_MS).contains(&(now.0 - before.since.0))
                && !matches!(front, Key::Trouble(_)) =>
        {
            *before
        }
        _ => Shown {
            key: front,
            since: now,
        },
    }
}

/// Its words, the time since when it holds, and whether it is past.
fn say(state: &LiveState, key: Key, now: TimeMs, zone: Zone) -> Option<(Why, TimeMs, bool)> {
    let snapshot = state.snapshot.as_ref()?;
    let explained = |explanation, now| words::explanation(explanation, snapshot, now, zone);
    Some(match item(key, snapshot, &state.history)? {
        Item::Trouble(finding) => (
            words::finding(finding, snapshot, now, zone),
            snapshot.time,
            false,
        ),
        Item::Now => (explained(&snapshot.explanation, now), snapshot.time, false),
        Item::Said(told) if told.explanation == snapshot.explanation => {
            (explained(&told.explanation, now), told.time, false)
        }
        // An earlier countdown is over: it is told as it was then.
        Item::Said(told) => (explained(&told.explanation, told.time), told.time, true),
    })
}

/// The panel between the buttons and the strip.
#[component]
pub(crate) fn WhyPanel(live: Live) -> impl IntoView {
    let keys = Memo::new(move |_| live.state.with(keys));
    // What somebody looks back at, and when the button was pressed.
    let back = RwSignal::new(None::<(Key, TimeMs)>);
    let troubles = Memo::new(move |_| {
        let keys = keys.read();
        keys.iter()
            .filter(|key| matches!(key, Key::Trouble(_)))
            .count()
    });
    Effect::new(move |before: Option<usize>| {
        let number = troubles.get();
        if before.is_some_and(|before| number > before) {
            back.set(None);
        }
        number
    });
    let front = Memo::new(move |before: Option<&Option<Shown>>| {
        let front = keys.read().first().copied()?;
        Some(stay(
            before.copied().flatten().as_ref(),
            front,
            live.now.get(),
        ))
    });
    let key = Memo::new(move |_| {
        let kept = |key: &Key| keys.read().contains(key);
        let back = back
            .get()
            .filter(|(_, pressed)| live.now.get().0 - pressed.0 < BACK_MS)
            .map(|(key, _)| key)
            .filter(kept);
        back.or_else(|| front.get().map(|shown| shown.key).filter(kept))
            .or_else(|| keys.read().first().copied())
    });
    let said = Memo::new(move |_| {
        let key = key.get()?;
        live.state
            .with(|state| say(state, key, live.now.get(), live.zone.get()))
    });
    let why = Memo::new(move |_| said.get().map(|(why, ..)| why).unwrap_or_default());
    let time = move || said.get().map(|(_, time, _)| clock(time, live.zone.get()));
    let past = move || said.get().is_some_and(|(.., past)| past);
    let number = Memo::new(move |_| keys.read().len());
    let index = Memo::new(move |_| {
        let key = key.get();
        keys.read()
            .iter()
            .position(|k| Some(*k) == key)
            .unwrap_or(0)
    });
    let turn = move |by: i32| {
        let at = (index.get_untracked() as i32 + by).max(0) as usize;
        let key = keys.with_untracked(|keys| keys.get(at).copied());
        if let Some(key) = key {
            let now = live.now.get_untracked();
            back.set((at > 0).then_some((key, now)));
        }
    };
    // A sentence that counts down is announced without its countdown.
    let announced = Memo::new(move |_| {
        let why = why.read();
        match why.announced.is_empty() {
            true => why.sentence.clone(),
            false => why.announced.clone(),
        }
    });
    // Natively disabled buttons would lose the focus of who goes through all of them by keyboard.
    view! {
        <section
            class="why-panel"
            aria-label=words::WHY_TITLE
            data-trouble=move || why.read().trouble.to_string()
            data-past=move || past().to_string()
        >
            <div class="said" translate="no">
                <p class="sentence">
                    <span class="sign" aria-hidden="true">{move || why.read().sign}</span>
                    <span>{move || why.read().sentence.clone()}</span>
                </p>
                <p class="arithmetic">{move || why.read().arithmetic.clone()}</p>
            </div>
            <p class="visually-hidden" role="status">{announced}</p>
            <div class="turn" translate="no">
                <span>{time}</span>
                <span>{move || words::nth_of(index.get() + 1, number.get())}</span>
                <button
                    class="script-only"
                    type="button"
                    data-quiet="true"
                    aria-label=words::NEWER
                    aria-disabled=move || (index.get() == 0).to_string()
                    on:click=move |_| turn(-1)
                >
                    "‹"
                </button>
                <button
                    class="script-only"
                    type="button"
                    data-quiet="true"
                    aria-label=words::OLDER
                    aria-disabled=move || (index.get() + 1 >= number.get()).to_string()
                    on:click=move |_| turn(1)
                >
                    "›"
                </button>
                <span class="says">
                    {move || why.read().says.clone().map(|word| words::as_the_hpa_says(&word))}
                </span>
                <Evidence key live />
            </div>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{self, at};
    use crate::model::{Evidence, Explanation};

    fn seat() -> LiveState {
        let (snapshot, history) = samples::mid_load();
        LiveState::of_seat(snapshot, history)
    }

    #[test]
    fn troubles_come_first_and_the_past_last() {
        let mut state = seat();
        let times: Vec<_> = state
            .history
            .told
            .iter()
            .rev()
            .map(|told| told.time)
            .collect();
        let said: Vec<_> = times.into_iter().map(Key::Said).collect();
        assert!(said.len() > 2);
        assert_eq!(keys(&state), said);
        let mut snapshot = state.snapshot.clone().expect("it has one");
        snapshot.findings = vec![Finding::KedaAbsent, Finding::MetricsAbsent];
        state.snapshot = Some(snapshot);
        assert_eq!(keys(&state)[..2], [Key::Trouble(0), Key::Trouble(1)]);
        assert_eq!(keys(&state)[2..], said);
    }

    #[test]
    fn what_the_history_does_not_tell_is_said_all_the_same() {
        let mut state = seat();
        let mut snapshot = state.snapshot.clone().expect("it has one");
        snapshot.explanation = Explanation::NotWatched;
        state.snapshot = Some(snapshot);
        assert_eq!(keys(&state)[0], Key::Now);
        let said = say(&state, Key::Now, at(112.0), Zone::default());
        let (why, _, past) = said.expect("something is said");
        assert_eq!(why.sentence, words::NOT_WATCHED);
        assert!(!past);
    }

    #[test]
    fn sentence_stays_for_three_seconds_unless_a_trouble_comes() {
        let first = stay(None, Key::Said(at(1.0)), at(1.0));
        let next = Key::Said(at(2.0));
        assert_eq!(stay(Some(&first), next, at(3.9)).key, first.key);
        let then = stay(Some(&first), next, at(4.0));
        assert_eq!((then.key, then.since), (next, at(4.0)));
        let trouble = Key::Trouble(0);
        assert_eq!(stay(Some(&first), trouble, at(2.0)).key, trouble);
    }

    #[test]
    fn past_countdown_is_told_as_it_was() {
        let mut state = seat();
        let held = Explanation::HeldByWindow {
            replicas: 10,
            percent: 4,
            target: 60,
            would_do: 1,
            window_s: 80,
            highest_at: Some(at(10.0)),
            highest: Some(17),
            until: Some(at(100.0)),
        };
        state.history.told.insert(
            0,
            Told {
                time: at(35.0),
                explanation: held,
                evidence: Evidence::default(),
            },
        );
        let said = say(&state, Key::Said(at(35.0)), at(112.0), Zone::default());
        let (why, time, past) = said.expect("it is kept");
        assert!(why.sentence.starts_with("Stays at 10 for about 1:05 more."));
        assert_eq!((time, past), (at(35.0), true));
    }
}
