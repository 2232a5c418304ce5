//! The instructor's page: all seats as one live table.

use leptos::prelude::*;
use leptos_meta::Title;

use super::seat::NoData;
use crate::components::{Header, SeatsTable};
use crate::first_paint::{Seen, Shown, use_first_paint};
use crate::live::LiveState;
use crate::stream::use_live;
use crate::words;

/// What the signed-in instructor sees.
#[component]
pub(crate) fn SeatsPage() -> impl IntoView {
    let Shown { panel, seen } = use_first_paint(|seen| match seen {
        Seen::Seats { overview, faults } => Some((overview, faults)),
        _ => None,
    });
    match seen {
        Some(Ok((overview, faults))) => {
            let build = panel.as_ref().map(|p| p.build.clone());
            let class = panel.as_ref().map(|p| p.class).unwrap_or_default();
            let live = use_live(LiveState::of_seats(overview).in_class(class), build);
            let link = faults.then_some(("/faults", words::faults::FAULTS));
            view! {
                <Title text=format!("{} · {}", words::SEATS, words::PRODUCT) />
                <div class="page seats">
                    <Header title=words::SEATS.to_owned() panel live link />
                    <main>
                        <SeatsTable live />
                    </main>
                </div>
            }
            .into_any()
        }
        Some(Err(error)) => view! { <NoData text=words::error(&error) /> }.into_any(),
        None => view! { <NoData text=words::NOTHING_TO_SHOW.to_owned() /> }.into_any(),
    }
}
