//! The instructor's plain live table: one row a seat, a button to stop its load, one to stop all.

use leptos::prelude::*;

use super::class_access::ClassAccess;
use super::seat_access::SeatAccess;
use crate::commands::{StopAllLoads, StopSeatLoad};
use crate::error::Error;
use crate::figures::{UNKNOWN, percent};
use crate::live::Connection;
use crate::model::{Overview, SeatRow, SessionEnd};
use crate::stream::{Live, leave_as};
use crate::words;

/// All seats in their order, which never changes.
#[component]
pub(crate) fn SeatsTable(live: Live) -> impl IntoView {
    let stop_seat = ServerAction::<StopSeatLoad>::new();
    let stop_all = ServerAction::<StopAllLoads>::new();
    let seats = Memo::new(move |_| {
        live.state.with(|s| {
            s.overview
                .as_ref()
                .map(|o: &Overview| o.seats.clone())
                .unwrap_or_default()
        })
    });
    let numbers = move || {
        seats
            .read()
            .iter()
            .map(|s| s.seat.clone())
            .collect::<Vec<_>>()
    };
    let loads = Memo::new(move |_| seats.read().iter().any(|s| s.load));
    let connected = move || live.connection.get() != Connection::Lost;
    let answer = move || match (stop_all.value().get(), stop_seat.value().get()) {
        (Some(Err(error)), _) | (_, Some(Err(error))) => Some(words::error(&error)),
        (Some(Ok(stopped)), _) => Some(words::stopped_loads(stopped)),
        _ => None,
    };
    Effect::new(move || {
        let all = stop_all.value().get().and_then(Result::err);
        let one = stop_seat.value().get().and_then(Result::err);
        if all.or(one) == Some(Error::Unauthenticated) {
            leave_as(SessionEnd::SignedOut);
        }
    });
    let access = RwSignal::new(None::<String>);
    view! {
        <section class="seats-table" aria-label=words::SEATS>
            <SeatAccess seats open=access />
            <div class="head">
                <p translate="no">{move || words::class(&seats.read())}</p>
                <p class="answer" role="status">{answer}</p>
                <ClassAccess live />
                <ActionForm action=stop_all>
                    <button
                        type="submit"
                        data-danger="true"
                        disabled=move || !connected() || !loads.get()
                        aria-busy=move || stop_all.pending().get().to_string()
                    >
                        {words::STOP_ALL_LOADS}
                    </button>
                </ActionForm>
            </div>
            <div class="scroll">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"seat"</th>
                            <th scope="col">"phase"</th>
                            <th scope="col" class="figure">"ready / asked"</th>
                            <th scope="col" class="figure">"CPU"</th>
                            <th scope="col" class="figure">"load left"</th>
                            <th scope="col">"help"</th>
                            <th scope="col">"signed in"</th>
                            <th scope="col"><span class="visually-hidden">{words::STOP_LOAD}</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=numbers key=Clone::clone let:seat>
                            <Row seat seats stop_seat access live />
                        </For>
                    </tbody>
                </table>
            </div>
            <p class="empty">{move || seats.read().is_empty().then_some(words::NO_SEATS)}</p>
        </section>
    }
}

#[component]
fn Row(
    seat: String,
    seats: Memo<Vec<SeatRow>>,
    stop_seat: ServerAction<StopSeatLoad>,
    access: RwSignal<Option<String>>,
    live: Live,
) -> impl IntoView {
    let number = seat.clone();
    let found = Memo::new(move |_| seats.read().iter().find(|s| s.seat == number).cloned());
    let text = move |part: fn(&SeatRow) -> String| move || found.read().as_ref().map(part);
    let load_left = move || {
        let now = live.now.get();
        found.read().as_ref().map(|row| words::load_left(row, now))
    };
    let stoppable = move || {
        let load = found.read().as_ref().is_some_and(|row| row.load);
        load && live.connection.get() != Connection::Lost
    };
    let pressed = seat.clone();
    let pending = move || {
        let waits = stop_seat.pending().get();
        waits
            && stop_seat
                .input()
                .get()
                .is_some_and(|input| input.seat == pressed)
    };
    let opened = seat.clone();
    let open_access = move |_| access.set(Some(opened.clone()));
    view! {
        <tr data-help=move || found.read().as_ref().is_some_and(|r| r.help.is_some()).to_string()>
            <th scope="row" translate="no">
                {seat.clone()}
                " "
                <span class="name">{text(|r| r.namespace.clone())} " " {text(|r| r.name.clone().unwrap_or_default())}</span>
            </th>
            <td>
                <span class="sign" aria-hidden="true">{text(|r| words::phase_sign(r.phase).to_owned())}</span>
                {text(|r| words::phase(r.phase).to_owned())}
            </td>
            <td class="figure" translate="no">{text(|r| format!("{} / {}", r.ready, r.asked))}</td>
            <td class="figure" translate="no">{text(|r| r.percent.map_or(UNKNOWN.to_owned(), percent))}</td>
            <td class="figure" translate="no">{load_left}</td>
            <td class="help">{text(|r| r.help.as_ref().map(|h| format!("▲ {h}")).unwrap_or_default())}</td>
            <td class="access" data-revoked=move || found.read().as_ref().is_some_and(|r| r.revoked).to_string()>
                {text(words::attendance)}
            </td>
            <td class="acts">
                <button
                    type="button"
                    class="script-only"
                    aria-label=words::access_to(&seat)
                    aria-haspopup="dialog"
                    on:click=open_access
                >
                    {words::ACCESS}
                </button>
                <ActionForm action=stop_seat>
                    <input type="hidden" name="seat" value=seat.clone() />
                    <button
                        type="submit"
                        aria-label=words::stop_load_of(&seat)
                        disabled=move || !stoppable()
                        aria-busy=move || pending().to_string()
                    >
                        {words::STOP_LOAD}
                    </button>
                </ActionForm>
            </td>
        </tr>
    }
}
