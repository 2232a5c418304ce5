//! The attendee's page: one namespace, what it does, and the four buttons.

use leptos::prelude::*;
use leptos_meta::Title;

use super::panels;
use crate::components::{
    ChartPanel, ControlBar, Header, LoopStrip, PodsTable, Reactions, Tab, TabPanel, Tabs, WhyPanel,
    later, provide_chosen, provide_last_command,
};
use crate::first_paint::{Seen, Shown, use_first_paint};
use crate::live::LiveState;
use crate::model::{Panel, Phase, Snapshot};
use crate::stream::use_live;
use crate::words;

/// What the signed-in attendee sees.
#[component]
pub(crate) fn SeatPage() -> impl IntoView {
    let Shown { panel, seen } = use_first_paint(|seen| match seen {
        Seen::Seat {
            namespace,
            name,
            snapshot,
            history,
        } => Some((namespace, name, snapshot, history)),
        _ => None,
    });
    match (panel, seen) {
        (Some(panel), Some(Ok((namespace, name, snapshot, history)))) => {
            let first = LiveState::of_seat(*snapshot, *history).in_class(panel.class);
            view! { <Seat namespace name panel first /> }.into_any()
        }
        (_, Some(Err(error))) => view! { <NoData text=words::error(&error) /> }.into_any(),
        _ => view! { <NoData text=words::NOTHING_TO_SHOW.to_owned() /> }.into_any(),
    }
}

#[component]
fn Seat(
    namespace: String,
    /// The attendee's.
    name: Option<String>,
    panel: Panel,
    first: LiveState,
) -> impl IntoView {
    let (limits, defaults) = (panel.load_limits, panel.load_defaults);
    let live = use_live(first, Some(panel.build.clone()));
    let title = {
        let namespace = namespace.clone();
        Memo::new(move |_| {
            live.state.with(|state| {
                let snapshot = state.snapshot.as_ref();
                let (ready, phase) =
                    snapshot.map_or((0, Phase::NotStarted), |s| (s.ready(), s.phase));
                words::title(ready, phase, &namespace)
            })
        })
    };
    let chosen = provide_chosen();
    let pods = Signal::derive(move || {
        live.state
            .with(|s| s.snapshot.as_ref().map_or(0, Snapshot::existing) as usize)
    });
    provide_last_command(&namespace);
    let events = Signal::derive(move || live.state.with(|state| state.history.events.len()));
    let of = namespace.clone();
    let open = |tab| Signal::derive(move || chosen.is_open(tab));
    let pods_panel = view! { <PodsTable live /> <Reactions live /> }.into_any();
    let log = later(open(Tab::LoadLog), move || panels::load_log(live));
    let events_panel = later(open(Tab::Events), move || panels::events(live));
    let settings = later(open(Tab::Settings), move || panels::settings(live));
    let files = later(open(Tab::Files), move || panels::files(of.clone(), live));
    let runs = later(open(Tab::Runs), move || panels::runs(chosen, live));
    let glossary = later(open(Tab::Words), panels::glossary);
    let panels = vec![
        TabPanel::new(Tab::Pods, pods_panel).counted(pods),
        TabPanel::new(Tab::LoadLog, log),
        TabPanel::new(Tab::Events, events_panel).counted(events),
        TabPanel::new(Tab::Settings, settings),
        TabPanel::new(Tab::Files, files),
        TabPanel::new(Tab::Runs, runs),
        TabPanel::new(Tab::Words, glossary),
    ];
    view! {
        <Title text=title />
        <div class="page seat" data-connection=move || format!("{:?}", live.connection.get())>
            <Header title=namespace name panel=Some(panel) live />
            <main>
                <ControlBar limits defaults live />
                <WhyPanel live />
                <LoopStrip live />
                <ChartPanel live />
                <Tabs chosen panels />
            </main>
        </div>
    }
}

/// Stands where a page would be, while the panel knows nothing of its namespace.
#[component]
pub(super) fn NoData(text: String) -> impl IntoView {
    view! {
        <main class="sign-in">
            <p role="alert">{text}</p>
            <form method="post" action="/session/end">
                <button type="submit">{words::SIGN_OUT}</button>
            </form>
        </main>
    }
}
