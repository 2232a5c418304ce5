//! The pods as `kubectl get pods` and `kubectl top pods | sort` would show them: the busiest first, the load's in a
//! group of their own. A row opens to what the kubelet says of it and to its events.

use leptos::prelude::*;

use crate::figures::{UNKNOWN, clock, cpu, minutes, seconds_between};
use crate::model::{EventLine, PodRole, PodState, TimeMs};
use crate::stream::Live;
use crate::words;

/// How long a pod is called new, in seconds.
const NEW_S: i64 = 15;

/// How long a row stays after its pod is gone: long enough to be seen, too short to be counted.
const GONE_MS: i64 = 6_000;

/// All columns: the details span them.
const COLUMNS: &str = "8";

/// The pods that are, and those that were a moment ago.
#[derive(Clone, Debug, Default, PartialEq)]
struct Shown {
    pods: Vec<PodState>,
    gone: Vec<(PodState, TimeMs)>,
}

impl Shown {
    /// What is shown after `before`, now that `pods` are there.
    fn after(before: Option<&Self>, pods: Vec<PodState>, now: TimeMs) -> Self {
        let is_there = |name: &str| pods.iter().any(|pod| pod.name == name);
        let before = before.cloned().unwrap_or_default();
        let left = before.pods.into_iter().map(|pod| (pod, now));
        let gone = before.gone.into_iter().chain(left);
        let gone = gone.filter(|(pod, at)| !is_there(&pod.name) && now.0 - at.0 < GONE_MS);
        Self {
            gone: gone.collect(),
            pods,
        }
    }

    /// The names of one group, the busiest first, those without a sample last. A pod that is gone keeps its place.
    fn names(&self, role: PodRole) -> Vec<String> {
        let all = self.pods.iter().chain(self.gone.iter().map(|(pod, _)| pod));
        let mut pods: Vec<_> = all.filter(|pod| pod.role == role).collect();
        pods.sort_by_key(|pod| {
            let usage = pod.cpu.map_or(i64::MIN, |cpu| cpu.usage_m);
            (std::cmp::Reverse(usage), pod.created, &pod.name)
        });
        pods.into_iter().map(|pod| pod.name.clone()).collect()
    }

    fn find(&self, name: &str) -> Option<(&PodState, bool)> {
        let gone = || self.gone.iter().find(|(pod, _)| pod.name == name);
        let is = self.pods.iter().find(|pod| pod.name == name);
        is.map(|pod| (pod, false))
            .or_else(|| gone().map(|(pod, _)| (pod, true)))
    }
}

/// One row's texts but the age, which moves by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Row {
    usage: String,
    memory: String,
    ready: bool,
    restarts: u32,
    status: String,
    node: String,
    created: TimeMs,
    leaving: bool,
    gone: bool,
}

fn row(pod: &PodState, gone: bool) -> Row {
    let usage = match (pod.cpu, pod.cpu_request_m) {
        (Some(sample), Some(request)) if request > 0 => {
            format!(
                "{} {} %",
                cpu(sample.usage_m),
                sample.usage_m * 100 / request
            )
        }
        (Some(sample), _) => cpu(sample.usage_m),
        (None, _) if pod.started.is_some() && pod.ready => words::NO_SAMPLE.to_owned(),
        (None, _) => UNKNOWN.to_owned(),
    };
    let unknown = || UNKNOWN.to_owned();
    Row {
        usage,
        memory: pod
            .cpu
            .map_or_else(unknown, |cpu| format!("{} Mi", cpu.memory_mi)),
        ready: pod.ready && !gone,
        restarts: pod.restarts,
        status: pod.status.clone(),
        node: pod.node.clone().unwrap_or_else(unknown),
        created: pod.created,
        leaving: pod.terminating,
        gone,
    }
}

impl Row {
    /// Sign and word of who comes or goes.
    fn mark(&self, age_s: i64) -> &'static str {
        match (self.gone, self.leaving) {
            (true, _) => words::GONE,
            (false, true) => words::LEAVING,
            (false, false) if age_s < NEW_S => words::NEW,
            (false, false) => "",
        }
    }
}

/// `webapp-…-gpz5k`: the ReplicaSet's hash tells nothing here.
fn short(name: &str) -> String {
    let parts: Vec<_> = name.split('-').collect();
    match parts[..] {
        [ref app @ .., _, own] if !app.is_empty() => format!("{}-…-{own}", app.join("-")),
        _ => name.to_owned(),
    }
}

/// The table at the right of the chart.
#[component]
pub(crate) fn PodsTable(live: Live) -> impl IntoView {
    let shown = Memo::new(move |before: Option<&Shown>| {
        let pods = live.state.with(|state| {
            let pods = state.snapshot.as_ref().map(|s| s.pods.clone());
            pods.unwrap_or_default()
        });
        // A second's tick matters only while a row is about to go.
        let now = live.now.get_untracked();
        let shown = Shown::after(before, pods, now);
        if !shown.gone.is_empty() {
            live.now.track();
        }
        shown
    });
    let open = RwSignal::new(None::<String>);
    let existing = move || {
        let shown = shown.read();
        let app = shown.pods.iter().filter(|pod| pod.role == PodRole::App);
        app.count()
    };
    let names = move |role: PodRole| Memo::new(move |_| shown.read().names(role));
    let (app, load) = (names(PodRole::App), names(PodRole::Load));
    view! {
        <section class="pods-table" aria-label=words::PODS tabindex="0">
            <table translate="no">
                <thead>
                    <tr>
                        <th scope="col">{words::PODS} " " {existing}</th>
                        <th scope="col" class="figure">"CPU"</th>
                        <th scope="col" data-worth="4">"ready"</th>
                        <th scope="col" class="figure" data-worth="3">"restarts"</th>
                        <th scope="col" class="figure" data-worth="2">"memory"</th>
                        <th scope="col" class="figure">"age"</th>
                        <th scope="col">"state"</th>
                        <th scope="col" data-worth="1">"node"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || app.get() key=Clone::clone let:name>
                        <PodRow name shown open live />
                    </For>
                </tbody>
                <tbody data-load=move || (!load.read().is_empty()).to_string()>
                    <tr class="group"><th scope="rowgroup" colspan=COLUMNS>{words::LOAD_PODS}</th></tr>
                    <For each=move || load.get() key=Clone::clone let:name>
                        <PodRow name shown open live />
                    </For>
                </tbody>
            </table>
            <p class="empty">
                {move || (app.read().is_empty() && load.read().is_empty()).then_some(words::NOTHING_IS_DEPLOYED)}
            </p>
        </section>
    }
}

#[component]
fn PodRow(
    name: String,
    shown: Memo<Shown>,
    /// The pod whose row is open.
    open: RwSignal<Option<String>>,
    live: Live,
) -> impl IntoView {
    let name = StoredValue::new(name);
    let found = Memo::new(move |_| {
        let shown = shown.read();
        let found = name.with_value(|name| shown.find(name).map(|(pod, gone)| row(pod, gone)));
        found.unwrap_or_default()
    });
    let text = move |part: fn(&Row) -> String| move || part(&found.read());
    let age = move || seconds_between(found.read().created, live.now.get());
    let is_open = move || name.with_value(|name| open.read().as_ref() == Some(name));
    let turn = move |_| open.set((!is_open()).then(|| name.get_value()));
    view! {
        <tr
            data-ready=move || found.read().ready.to_string()
            data-gone=move || found.read().gone.to_string()
        >
            <th scope="row" title=name.get_value()>
                <button
                    type="button"
                    data-quiet="true"
                    aria-expanded=move || is_open().to_string()
                    aria-label=words::more_of(&name.get_value())
                    on:click=turn
                >
                    {short(&name.get_value())}
                </button>
            </th>
            <td class="figure">{text(|r| r.usage.clone())}</td>
            <td data-worth="4">{text(|r| if r.ready { "✓" } else { "…" }.to_owned())}</td>
            <td class="figure" data-worth="3">{text(|r| r.restarts.to_string())}</td>
            <td class="figure" data-worth="2">{text(|r| r.memory.clone())}</td>
            <td class="figure">{move || minutes(age())}</td>
            <td class="state" title=text(|r| r.status.clone())>
                <i>{move || found.read().mark(age())}</i>
                <span>{text(|r| r.status.clone())}</span>
            </td>
            <td data-worth="1">{text(|r| r.node.clone())}</td>
        </tr>
        {move || is_open().then(|| view! { <Details name=name.get_value() shown live /> })}
    }
}

/// Why it is as it is: the kubelet's or the scheduler's words, what has no column here, and its events.
#[component]
fn Details(name: String, shown: Memo<Shown>, live: Live) -> impl IntoView {
    let of_pod = name.clone();
    let pod = Memo::new(move |_| shown.read().find(&of_pod).map(|(pod, _)| pod.clone()));
    let of_pod = name.clone();
    let events = Memo::new(move |_| {
        live.state.with(|state| {
            let events = state.history.events.iter();
            let own = events.filter(|event| event.kind == "Pod" && event.name == of_pod);
            own.cloned().collect::<Vec<_>>()
        })
    });
    let line = move |event: EventLine| {
        let zone = live.zone.get();
        view! {
            <li>
                {clock(event.time, zone)} " " {event.warning.then_some("▲ ")} <b>{event.reason.clone()}</b> " "
                {words::repeats(&event, zone)} " " {event.message}
            </li>
        }
    };
    let part =
        move |part: fn(&PodState) -> Option<String>| move || pod.read().as_ref().and_then(part);
    view! {
        <tr class="details">
            <td colspan=COLUMNS>
                <p><code>{name}</code></p>
                <p class="message">{part(|pod| pod.message.clone())}</p>
                <p class="message">{part(|pod| pod.last_end.clone())}</p>
                <p>{part(|pod| Some(words::pod_details(pod)))}</p>
                <p>{move || if events.read().is_empty() { words::NO_EVENTS_OF_POD } else { words::EVENTS_OF_POD }}</p>
                <ol>{move || events.get().into_iter().map(line).collect_view()}</ol>
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{self, at};

    #[test]
    fn sample_is_shown_of_the_request_and_its_lack_in_words() {
        let (snapshot, _) = samples::mid_load();
        let usage: Vec<_> = snapshot.pods.iter().map(|p| row(p, false).usage).collect();
        assert_eq!(usage[2], "93m 186 %");
        assert_eq!(usage[4], "no sample");
        assert_eq!(
            usage[7], "—",
            "a pod that is not ready is not expected to have one"
        );
        assert_eq!(short("webapp-d5b46ffdb-gpz5k"), "webapp-…-gpz5k");
        assert_eq!(short("webapp"), "webapp");
    }

    #[test]
    fn busiest_come_first_and_those_without_a_sample_last() {
        let (snapshot, _) = samples::mid_load();
        let shown = Shown::after(None, snapshot.pods, at(112.0));
        let names = shown.names(PodRole::App);
        let own: Vec<_> = names
            .iter()
            .filter_map(|name| name.rsplit('-').next())
            .collect();
        assert_eq!(
            own,
            [
                "gpz5k", "2kzxw", "ld6f4", "cfzw8", "fk2ll", "k2rhg", "lvbg9", "mj22j"
            ]
        );
        assert_eq!(shown.names(PodRole::Load), ["locust-headless-rjdcm"]);
    }

    #[test]
    fn pod_that_is_gone_keeps_its_place_for_some_seconds() {
        let (snapshot, _) = samples::mid_load();
        let all = Shown::after(None, snapshot.pods.clone(), at(112.0));
        let mut left = snapshot.pods;
        let gone = left.remove(1).name;
        let shown = Shown::after(Some(&all), left.clone(), at(113.0));
        assert_eq!(shown.names(PodRole::App), all.names(PodRole::App));
        let (pod, is_gone) = shown.find(&gone).unwrap();
        assert!(is_gone);
        assert_eq!(row(pod, true).mark(100), words::GONE);
        let later = Shown::after(Some(&shown), left, at(119.5));
        assert!(later.find(&gone).is_none());
    }

    #[test]
    fn who_comes_and_who_goes_is_told_by_sign_and_word() {
        let (snapshot, _) = samples::mid_load();
        let mut pod = snapshot.pods[0].clone();
        assert_eq!(row(&pod, false).mark(3), "+ new");
        assert_eq!(row(&pod, false).mark(60), "");
        pod.terminating = true;
        assert_eq!(row(&pod, false).mark(60), "− leaving");
    }
}
