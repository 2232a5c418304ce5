//! The instructor's page of troubles at will. Only the demo has it: the server answers 404 elsewhere.

use leptos::prelude::*;
use leptos_meta::Title;

use super::seat::NoData;
use crate::components::{FaultBoard, Header};
use crate::first_paint::{Seen, Shown, use_first_paint};
use crate::live::LiveState;
use crate::stream::use_live;
use crate::words;
use crate::words::faults::FAULTS;

/// What the signed-in instructor of a demo sees.
#[component]
pub(crate) fn FaultsPage() -> impl IntoView {
    let Shown { panel, seen } = use_first_paint(|seen| match seen {
        Seen::Faults { overview, faults } => Some((overview, faults)),
        _ => None,
    });
    match seen {
        Some(Ok((overview, faults))) => {
            let build = panel.as_ref().map(|p| p.build.clone());
            let class = panel.as_ref().map(|p| p.class).unwrap_or_default();
            let live = use_live(LiveState::of_seats(overview).in_class(class), build);
            view! {
                <Title text=format!("{FAULTS} · {}", words::PRODUCT) />
                <div class="page faults">
                    <Header title=FAULTS.to_owned() panel live link=Some(("/seats", words::SEATS)) />
                    <main>
                        <FaultBoard first=faults />
                    </main>
                </div>
            }
            .into_any()
        }
        Some(Err(error)) => view! { <NoData text=words::error(&error) /> }.into_any(),
        None => view! { <NoData text=words::NOTHING_TO_SHOW.to_owned() /> }.into_any(),
    }
}
