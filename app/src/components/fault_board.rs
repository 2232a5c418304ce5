//! The instructor's switches for a simulated cluster: troubles of all, and of one seat. Every button is a form; each answer
//! brings the state of all.

use leptos::prelude::*;

use crate::commands::{BreakSeat, EndFaults, MendSeat, SetFault};
use crate::error::{Error, Result};
use crate::model::{FaultStates, SeatFault, Sentinel, SessionEnd, Switch};
use crate::stream::leave_as;
use crate::words;
use crate::words::faults;

/// What the board asks the server for.
#[derive(Clone, Copy)]
struct Actions {
    set: ServerAction<SetFault>,
    end: ServerAction<EndFaults>,
    break_seat: ServerAction<BreakSeat>,
    mend: ServerAction<MendSeat>,
}

/// All faults as they were with the page's first paint, then as the last answer told.
#[component]
pub(crate) fn FaultBoard(first: FaultStates) -> impl IntoView {
    let actions = Actions {
        set: ServerAction::new(),
        end: ServerAction::new(),
        break_seat: ServerAction::new(),
        mend: ServerAction::new(),
    };
    let (states, set_states) = signal(first);
    let (failure, set_failure) = signal(None::<Error>);
    let take = move |answer: Option<Result<FaultStates>>| match answer {
        Some(Ok(new)) => {
            set_failure.set(None);
            set_states.set(new);
        }
        Some(Err(Error::Unauthenticated)) => leave_as(SessionEnd::SignedOut),
        Some(Err(error)) => set_failure.set(Some(error)),
        None => {}
    };
    Effect::new(move || take(actions.set.value().get()));
    Effect::new(move || take(actions.end.value().get()));
    Effect::new(move || take(actions.break_seat.value().get()));
    Effect::new(move || take(actions.mend.value().get()));
    let told = move || match failure.get() {
        Some(error) => words::error(&error),
        None => faults::summary(&states.read()),
    };
    view! {
        <section class="fault-board" aria-label=faults::FAULTS>
            <div class="head">
                <p role="status" data-failed=move || failure.read().is_some().to_string()>{told}</p>
                <ActionForm action=actions.end>
                    <button type="submit" data-filled="true" aria-busy=move || actions.end.pending().get().to_string()>
                        {faults::ALL_WORKS}
                    </button>
                </ActionForm>
            </div>
            <p class="hint">{faults::WHAT_THIS_IS}</p>
            <h2>{faults::WHOLE_CLUSTER}</h2>
            <ul class="switches">
                {Switch::ALL.map(|switch| view! { <SwitchRow switch states action=actions.set /> }).collect_view()}
            </ul>
            <h2>{faults::ONE_SEAT}</h2>
            <BreakOne states action=actions.break_seat />
            <h3>{faults::BROKEN_SEATS}</h3>
            <Broken states action=actions.mend />
        </section>
    }
}

/// One switch: what it does, what the class sees, and its button, which stays the same element in both states.
#[component]
fn SwitchRow(
    switch: Switch,
    states: ReadSignal<FaultStates>,
    action: ServerAction<SetFault>,
) -> impl IntoView {
    let state = Memo::new(move |_| {
        let states = states.read();
        states.switches.iter().find(|s| s.switch == switch).cloned()
    });
    let is_on = move || state.read().as_ref().is_some_and(|state| state.on);
    let name = state.with_untracked(|s| s.as_ref().map(|s| s.name.clone()).unwrap_or_default());
    let value = state.with_untracked(|s| s.as_ref().and_then(|s| s.value.clone()));
    let field = value.map(|range| {
        let id = format!("value-{name}");
        let label = faults::range(&range.unit, range.least, range.most);
        let present = move || {
            let state = state.read();
            let value = state.as_ref().and_then(|state| state.value.as_ref());
            value.map(|value| value.value.to_string())
        };
        view! {
            <label for=id.clone()>
                <span class="visually-hidden">{faults::title(switch)} ": "</span>
                {label}
            </label>
            <input
                id=id
                name="value"
                type="number"
                inputmode="numeric"
                required
                min=range.least
                max=range.most
                value=present
                prop:value=present
                readonly=is_on
            />
        }
    });
    let pending = move || {
        let waits = action.pending().get();
        let input = action.input().get();
        (waits && input.is_some_and(|input| input.fault == switch)).to_string()
    };
    let told = move || state.read().as_ref().map(faults::state);
    view! {
        <li data-on=move || is_on().to_string()>
            <div class="said">
                <h3>{faults::title(switch)} " " <code translate="no">{name.clone()}</code></h3>
                <p>{faults::does(switch)}</p>
                <p class="seen">{faults::THE_CLASS_SEES} {faults::seen(switch)}</p>
            </div>
            <ActionForm action>
                <input type="hidden" name="fault" value=name.clone() />
                <input type="hidden" name="on" value=move || (!is_on()).to_string() />
                {field}
                <p class="state">{told}</p>
                <button
                    type="submit"
                    aria-label=move || faults::turn(is_on(), switch)
                    aria-busy=pending
                    data-danger=move || is_on().to_string()
                >
                    {move || if is_on() { faults::TURN_OFF } else { faults::TURN_ON }}
                </button>
            </ActionForm>
        </li>
    }
}

/// The form that breaks a seat.
#[component]
fn BreakOne(states: ReadSignal<FaultStates>, action: ServerAction<BreakSeat>) -> impl IntoView {
    let seats = states.with_untracked(|states| states.seats.clone());
    let option = |seat: SeatFault| {
        let text = faults::seat(&seat);
        view! { <option value=seat.seat>{text}</option> }
    };
    let choice = |sentinel: Sentinel| {
        let id = value(sentinel);
        view! {
            <li>
                <input
                    type="radio"
                    name="sentinel"
                    id=id
                    value=id
                    checked=sentinel == Sentinel::ALL[0]
                    aria-describedby=format!("{id}-does")
                />
                <label for=id>{faults::sentinel(sentinel)}</label>
                <span class="hint" id=format!("{id}-does")>{faults::sentinel_does(sentinel)}</span>
            </li>
        }
    };
    view! {
        <ActionForm action>
            <div class="break-seat">
                <label for="break-seat">{faults::SEAT}</label>
                <select id="break-seat" name="seat">{seats.into_iter().map(option).collect_view()}</select>
                <fieldset>
                    <legend>{faults::TROUBLE}</legend>
                    <ul>{Sentinel::ALL.map(choice).collect_view()}</ul>
                </fieldset>
                <button type="submit" aria-busy=move || action.pending().get().to_string()>{faults::BREAK}</button>
            </div>
        </ActionForm>
    }
}

/// The seats that are broken, each with its cure.
#[component]
fn Broken(states: ReadSignal<FaultStates>, action: ServerAction<MendSeat>) -> impl IntoView {
    let broken = Memo::new(move |_| {
        let states = states.read();
        let broken = states
            .seats
            .iter()
            .filter_map(|seat| Some((seat.clone(), seat.broken?)));
        broken.collect::<Vec<_>>()
    });
    let row = move |(seat, sentinel): (SeatFault, Sentinel)| {
        view! {
            <li>
                <span translate="no">{faults::seat(&seat)}</span>
                <span>{faults::sentinel(sentinel)}</span>
                <ActionForm action>
                    <input type="hidden" name="seat" value=seat.seat.clone() />
                    <button type="submit" aria-label=faults::mend_seat(&seat)>{faults::MEND}</button>
                </ActionForm>
            </li>
        }
    };
    view! {
        <p class="empty">{move || broken.read().is_empty().then_some(faults::NO_BROKEN_SEAT)}</p>
        <ul class="broken">{move || broken.get().into_iter().map(row).collect_view()}</ul>
    }
}

/// As the form sends it: serde's name of the sentinel.
fn value(sentinel: Sentinel) -> &'static str {
    match sentinel {
        Sentinel::ImageMissing => "image-missing",
        Sentinel::CrashLoop => "crash-loop",
        Sentinel::OutOfMemory => "out-of-memory",
        Sentinel::NoNode => "no-node",
        Sentinel::QuotaFull => "quota-full",
        Sentinel::ConfigMapMissing => "config-map-missing",
        Sentinel::NeverReady => "never-ready",
        Sentinel::LoadFails => "load-fails",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_what_they_stand_for() {
        for sentinel in Sentinel::ALL {
            let read: Sentinel = serde_json::from_value(value(sentinel).into()).unwrap();
            assert_eq!(read, sentinel);
        }
    }
}
