//! The app's pods, as `kubectl get pods` and `kubectl top pods` would show them.

use leptos::prelude::*;

use crate::figures::{UNKNOWN, cpu, minutes, seconds_between};
use crate::model::{PodRole, PodState};
use crate::stream::Live;
use crate::words;

/// One row's texts but the age, which moves by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    name: String,
    short: String,
    usage: String,
    ready: &'static str,
    status: String,
}

fn row(pod: &PodState) -> Row {
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
    Row {
        name: pod.name.clone(),
        short: short(&pod.name),
        usage,
        ready: if pod.ready { "✓" } else { "…" },
        status: pod.status.clone(),
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
    let pods = Memo::new(move |_| {
        live.state.with(|state| {
            let pods = state.snapshot.iter().flat_map(|s| &s.pods);
            pods.filter(|p| p.role == PodRole::App)
                .cloned()
                .collect::<Vec<_>>()
        })
    });
    let names = move || {
        pods.read()
            .iter()
            .map(|p| p.name.clone())
            .collect::<Vec<_>>()
    };
    view! {
        <section class="pods-table" aria-label=words::PODS tabindex="0">
            <table translate="no">
                <thead>
                    <tr>
                        <th scope="col">{words::PODS} " " {move || pods.read().len()}</th>
                        <th scope="col" class="figure">"CPU"</th>
                        <th scope="col">"ready"</th>
                        <th scope="col" class="figure">"age"</th>
                        <th scope="col">"state"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=names key=Clone::clone let:name>
                        <PodRow name pods live />
                    </For>
                </tbody>
            </table>
            <p class="empty">{move || pods.read().is_empty().then_some(words::NOTHING_IS_DEPLOYED)}</p>
        </section>
    }
}

#[component]
fn PodRow(name: String, pods: Memo<Vec<PodState>>, live: Live) -> impl IntoView {
    let title = name.clone();
    let found = Memo::new(move |_| {
        let pods = pods.read();
        pods.iter()
            .find(|p| p.name == name)
            .map(|p| (row(p), p.created))
    });
    let text = move |part: fn(Row) -> String| move || found.get().map(|(row, _)| part(row));
    let age = move || {
        let age = found
            .get()
            .map(|(_, created)| seconds_between(created, live.now.get()));
        age.map(minutes)
    };
    view! {
        <tr data-ready=move || found.get().is_some_and(|(row, _)| row.ready == "✓").to_string()>
            <th scope="row" title=title>{text(|r| r.short)}</th>
            <td class="figure">{text(|r| r.usage)}</td>
            <td>{text(|r| r.ready.to_owned())}</td>
            <td class="figure">{age}</td>
            <td class="state" title=text(|r| r.status)>{text(|r| r.status)}</td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples;

    #[test]
    fn sample_is_shown_of_the_request_and_its_lack_in_words() {
        let (snapshot, _) = samples::mid_load();
        let usage: Vec<_> = snapshot.pods.iter().map(|p| row(p).usage).collect();
        assert_eq!(usage[2], "93m 186 %");
        assert_eq!(usage[4], "no sample");
        assert_eq!(
            usage[7], "—",
            "a pod that is not ready is not expected to have one"
        );
        assert_eq!(short("webapp-d5b46ffdb-gpz5k"), "webapp-…-gpz5k");
        assert_eq!(short("webapp"), "webapp");
    }
}
