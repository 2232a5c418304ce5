//! The attendee's page: one namespace, what it does, and the four buttons.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{
    ChartPanel, ControlBar, EventsPanel, FilesPanel, Header, LoadLogPanel, LoopStrip, PodsTable,
    Reactions, RunsPanel, SettingsPanel, Tab, TabPanel, Tabs, WhyPanel, WordsPanel, events_count,
    provide_chosen, provide_last_command,
};
use crate::first_paint::{FirstPaint, Seen, use_first_paint};
use crate::live::LiveState;
use crate::model::{Panel, Phase, Snapshot};
use crate::stream::use_live;
use crate::words;

/// What the signed-in attendee sees.
#[component]
pub(crate) fn SeatPage() -> impl IntoView {
    let FirstPaint { panel, seen } = use_first_paint();
    match (panel, seen) {
        (
            Some(panel),
            Seen::Seat {
                namespace,
                name,
                snapshot,
                history,
            },
        ) => {
            let first = LiveState::of_seat(*snapshot, *history).in_class(panel.class);
            view! { <Seat namespace name panel first /> }.into_any()
        }
        (_, Seen::Failed { error }) => view! { <NoData text=words::error(&error) /> }.into_any(),
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
    let of = namespace.clone();
    let panels = vec![
        TabPanel::new(Tab::Pods, view! { <PodsTable live /> <Reactions live /> }).counted(pods),
        TabPanel::new(Tab::LoadLog, view! { <LoadLogPanel live /> }),
        TabPanel::new(Tab::Events, view! { <EventsPanel live /> }).counted(events_count(live)),
        TabPanel::new(Tab::Settings, view! { <SettingsPanel live /> }),
        TabPanel::new(Tab::Files, view! { <FilesPanel namespace=of live /> }),
        TabPanel::new(Tab::Runs, view! { <RunsPanel chosen live /> }),
        TabPanel::new(Tab::Words, view! { <WordsPanel /> }),
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
