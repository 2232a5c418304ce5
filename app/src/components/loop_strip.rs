//! The loop in five cells: load, pods, CPU sample, HPA, Deployment. Pure cells, a thin view.

use leptos::prelude::*;

use crate::figures::{self, UNKNOWN, count, rate, response, seconds_between};
use crate::live::LiveState;
use crate::model::{LoadStage, TimeMs};
use crate::stream::Live;
use crate::words;

/// A sample older than this is none of now, in seconds.
const FRESH_S: i64 = 60;

/// A cell's value, and what it means now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cell {
    title: &'static str,
    value: String,
    detail: String,
    /// Both in one, where there is room for no more; empty in the cell that has no place there.
    short: String,
}

impl Cell {
    /// A value that is not known, and why.
    fn unknown(title: &'static str, why: &str) -> Self {
        Self {
            title,
            value: UNKNOWN.to_owned(),
            detail: why.to_owned(),
            short: format!("{title} {UNKNOWN}"),
        }
    }
}

fn cells(state: &LiveState, now: TimeMs) -> [Cell; 5] {
    [
        load_cell(state),
        pods_cell(state),
        cpu_cell(state, now),
        hpa_cell(state, now),
        deployment_cell(state, now),
    ]
}

fn load_cell(state: &LiveState) -> Cell {
    let load = state.snapshot.as_ref().and_then(|s| s.load.as_ref());
    let Some(load) = load.filter(|load| load.stage != LoadStage::Ended) else {
        return Cell {
            title: words::LOAD,
            value: words::NO_LOAD_NOW.to_owned(),
            detail: String::new(),
            short: words::NO_LOAD_NOW.to_owned(),
        };
    };
    let users = load.figures.and_then(|f| f.users).or(load.users_wanted);
    let figures = load.figures.map(|f| {
        let p95 = f.p95_ms.map_or(UNKNOWN.to_owned(), response);
        words::rate_and_p95(&rate(f.rps), &p95)
    });
    let figures = figures.unwrap_or_else(|| words::NO_FIGURES_YET.to_owned());
    Cell {
        title: words::LOAD,
        value: users.map_or(UNKNOWN.to_owned(), |n| count(n, "user", "users")),
        detail: figures.clone(),
        short: figures,
    }
}

fn pods_cell(state: &LiveState) -> Cell {
    let snapshot = state.snapshot.as_ref();
    match snapshot.filter(|s| s.deployment.is_some() || s.existing() > 0) {
        None => Cell::unknown(words::PODS, words::NO_DEPLOYMENT),
        Some(s) => Cell {
            title: words::PODS,
            value: words::pods_ready(s.ready(), s.existing()),
            detail: words::THROUGH_SERVICE.to_owned(),
            short: words::ready_of_asked(s.ready(), s.asked()),
        },
    }
}

fn cpu_cell(state: &LiveState, now: TimeMs) -> Cell {
    let newest = state.history.cpu.last();
    match newest.filter(|s| seconds_between(s.time, now) <= FRESH_S) {
        None => Cell::unknown(words::CPU_SAMPLE, words::NO_SAMPLE),
        Some(sample) => {
            let percent = sample.percent as u32;
            let age = seconds_between(sample.time, now);
            Cell {
                title: words::CPU_SAMPLE,
                value: words::percent_of_request(percent),
                detail: words::sample_age(age, sample.window_ms / 1000),
                short: words::cpu_percent(&figures::percent(percent)),
            }
        }
    }
}

fn hpa_cell(state: &LiveState, now: TimeMs) -> Cell {
    let Some(autoscaler) = state.snapshot.as_ref().and_then(|s| s.autoscaler.as_ref()) else {
        return Cell::unknown(words::HPA, words::NO_HPA);
    };
    let wanted = state.history.pods.last().and_then(|p| p.wanted);
    let allowed = autoscaler
        .utilization_percent
        .map(|_| words::wanted_allowed(wanted, autoscaler.desired_replicas));
    let next = autoscaler.look_after(now).map(|t| seconds_between(now, t));
    let next = words::next_look_in(next);
    Cell {
        title: words::HPA,
        detail: match allowed {
            Some(_) => next.clone(),
            None => format!("{}, {next}", words::NO_VALUE_YET),
        },
        value: allowed.unwrap_or_else(|| UNKNOWN.to_owned()),
        short: next,
    }
}

fn deployment_cell(state: &LiveState, now: TimeMs) -> Cell {
    let deployment = state.snapshot.as_ref().and_then(|s| s.deployment.as_ref());
    let Some(deployment) = deployment else {
        return Cell {
            short: String::new(),
            ..Cell::unknown(words::DEPLOYMENT, words::NO_DEPLOYMENT)
        };
    };
    // Of this Deployment, not of one that was there before.
    let rescales = state.history.rescales.iter().rev();
    let last = rescales.map(|r| r.time).find(|t| *t >= deployment.created);
    let ago = last.map(|last| words::ago(seconds_between(last, now)));
    Cell {
        title: words::DEPLOYMENT,
        value: words::asked_for(deployment.asked),
        detail: ago.unwrap_or_else(|| words::NOT_RESCALED.to_owned()),
        short: String::new(),
    }
}

/// The strip between the why panel and the chart.
#[component]
pub(crate) fn LoopStrip(live: Live) -> impl IntoView {
    let cells = Memo::new(move |_| live.state.with(|state| cells(state, live.now.get())));
    let keda = Memo::new(move |_| {
        live.state.with(|s| {
            s.snapshot
                .as_ref()
                .and_then(|s| s.autoscaler.as_ref())
                .is_some_and(|a| a.made_by_keda)
        })
    });
    let cell = move |index: usize| {
        view! {
            <li>
                <span class="title">{move || cells.read()[index].title}</span>
                <span class="value" translate="no">{move || cells.read()[index].value.clone()}</span>
                <span class="detail" translate="no">{move || cells.read()[index].detail.clone()}</span>
                <span class="short" translate="no">{move || cells.read()[index].short.clone()}</span>
            </li>
        }
    };
    view! {
        <section class="loop-strip" aria-label=words::LOOP>
            <ol>{(0..5).map(cell).collect_view()}</ol>
            <p class="keda">{move || keda.get().then_some(words::KEDA_MADE_THIS)}</p>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples;

    #[test]
    fn strip_tells_the_loop_of_a_scale_up() {
        let (snapshot, history) = samples::mid_load();
        let now = snapshot.time;
        let cells = cells(&LiveState::of_seat(snapshot, history), now);
        let told: Vec<_> = cells
            .iter()
            .map(|c| format!("{} | {}", c.value, c.detail))
            .collect();
        assert_eq!(
            told,
            [
                "150 users | 31/s · p95 9.8 s",
                "6 ready, 2 starting | through Service",
                "181 % of request | 14 s old, covers 15 s",
                "wanted 13, allowed 8 | next look in 8 s",
                "asked for 8 | 6 s ago",
            ]
        );
    }

    #[test]
    fn unknown_is_a_dash_with_its_reason_and_never_zero() {
        let cells = cells(
            &LiveState::of_seat(samples::nothing(), Default::default()),
            samples::T0,
        );
        let told: Vec<_> = cells
            .iter()
            .map(|c| format!("{} | {}", c.value, c.detail))
            .collect();
        assert_eq!(
            told,
            [
                "no load | ",
                "— | not deployed",
                "— | no sample",
                "— | no HPA",
                "— | not deployed",
            ]
        );
    }

    #[test]
    fn phone_has_four_short_cells() {
        let (snapshot, history) = samples::mid_load();
        let now = snapshot.time;
        let cells = cells(&LiveState::of_seat(snapshot, history), now);
        let short: Vec<_> = cells.iter().map(|c| c.short.as_str()).collect();
        assert_eq!(
            short,
            [
                "31/s · p95 9.8 s",
                "6 of 8 asked",
                "CPU 181 %",
                "next look in 8 s",
                ""
            ]
        );
    }

    #[test]
    fn looks_go_on_where_nothing_is_told() {
        let mut snapshot = samples::idle();
        snapshot.time = samples::at(100.0);
        let state = LiveState::of_seat(snapshot, Default::default());
        assert_eq!(
            hpa_cell(&state, samples::at(100.0)).short,
            "next look in 5 s"
        );
        let mut first = samples::idle();
        if let Some(autoscaler) = &mut first.autoscaler {
            (autoscaler.next_look, autoscaler.utilization_percent) = (None, None);
        }
        let cell = hpa_cell(
            &LiveState::of_seat(first, Default::default()),
            samples::at(45.0),
        );
        assert_eq!(
            (cell.value.as_str(), cell.detail.as_str()),
            ("—", "no CPU value yet, next look within 15 s")
        );
    }
}
