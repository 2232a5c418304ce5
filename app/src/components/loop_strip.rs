//! The loop in five cells: load, pods, CPU sample, HPA, Deployment. Pure cells, a thin view.

use leptos::prelude::*;

use crate::figures::{UNKNOWN, count, rate, response, seconds_between};
use crate::live::LiveState;
use crate::model::{LoadStage, TimeMs};
use crate::stream::Live;
use crate::words;

/// A cell's value, and what it means now.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    title: &'static str,
    value: String,
    detail: String,
}

fn cells(state: &LiveState, now: TimeMs) -> [Cell; 5] {
    let cell = |title, value: Option<String>, detail: Option<String>| Cell {
        title,
        value: value.unwrap_or_else(|| UNKNOWN.to_owned()),
        detail: detail.unwrap_or_default(),
    };
    let snapshot = state.snapshot.as_ref();
    let load = snapshot
        .and_then(|s| s.load.as_ref())
        .filter(|l| l.stage != LoadStage::Ended);
    let users = load.map(|l| l.figures.and_then(|f| f.users).or(l.users_wanted));
    let load_cell = match users {
        None => cell(words::LOAD, Some(words::NO_LOAD_NOW.to_owned()), None),
        Some(users) => {
            let figures = load.and_then(|l| l.figures);
            let detail = figures.map(|f| {
                format!(
                    "{}/s · p95 {}",
                    rate(f.rps),
                    f.p95_ms.map_or(UNKNOWN.to_owned(), response)
                )
            });
            cell(
                words::LOAD,
                users.map(|n| count(n, "user", "users")),
                detail,
            )
        }
    };
    let pods = snapshot.filter(|s| s.deployment.is_some() || s.existing() > 0);
    let pods_cell = match pods {
        None => cell(words::PODS, None, Some(words::NO_DEPLOYMENT.to_owned())),
        Some(s) => {
            let text = words::pods_ready(s.ready(), s.existing());
            cell(
                words::PODS,
                Some(text),
                Some(words::THROUGH_SERVICE.to_owned()),
            )
        }
    };
    let cpu = state
        .history
        .cpu
        .last()
        .filter(|s| seconds_between(s.time, now) <= 60);
    let cpu_cell = match cpu {
        None => cell(words::CPU_SAMPLE, None, Some(words::NO_SAMPLE.to_owned())),
        Some(sample) => cell(
            words::CPU_SAMPLE,
            Some(words::percent_of_request(sample.percent as u32)),
            Some(words::sample_age(
                seconds_between(sample.time, now),
                sample.window_ms / 1000,
            )),
        ),
    };
    let autoscaler = snapshot.and_then(|s| s.autoscaler.as_ref());
    let wanted = state.history.pods.last().and_then(|p| p.wanted);
    let hpa_cell = match autoscaler {
        None => cell(words::HPA, None, None),
        Some(a) => {
            let allowed = a
                .utilization_percent
                .map(|_| words::wanted_allowed(wanted, a.desired_replicas));
            let next = a
                .next_look
                .filter(|t| *t > now)
                .map(|t| seconds_between(now, t));
            cell(words::HPA, allowed, Some(words::next_look_in(next)))
        }
    };
    let deployment = snapshot.and_then(|s| s.deployment.as_ref());
    let since = state
        .history
        .rescales
        .last()
        .map(|r| seconds_between(r.time, now));
    let deployment_cell = cell(
        words::DEPLOYMENT,
        deployment.map(|d| words::asked_for(d.asked)),
        match deployment {
            Some(_) => since.map(words::ago),
            None => Some(words::NO_DEPLOYMENT.to_owned()),
        },
    );
    [load_cell, pods_cell, cpu_cell, hpa_cell, deployment_cell]
}

/// The strip between the why panel and the chart.
#[component]
pub(crate) fn LoopStrip(live: Live) -> impl IntoView {
    let cells = Memo::new(move |_| live.state.with(|state| cells(state, live.now.get())));
    let keda = Memo::new(move |_| {
        live.state.with(|s| {
            s.snapshot
                .as_ref()
                .is_some_and(|s| s.scaled_object.is_some() && s.autoscaler.is_some())
        })
    });
    let cell = move |index: usize| {
        view! {
            <li>
                <span class="title">{move || cells.read()[index].title}</span>
                <span class="value" translate="no">{move || cells.read()[index].value.clone()}</span>
                <span class="detail" translate="no">{move || cells.read()[index].detail.clone()}</span>
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
    fn unknown_is_a_dash_and_never_zero() {
        let cells = cells(
            &LiveState::of_seat(samples::nothing(), Default::default()),
            samples::T0,
        );
        let values: Vec<_> = cells.iter().map(|c| c.value.as_str()).collect();
        assert_eq!(values, ["no load", "—", "—", "—", "—"]);
    }
}
