//! The instructor's way into one seat's access: a new code, shown large, a sign-out, or a closed seat. It opens over
//! the table, takes the focus, and Esc closes it.

use leptos::html::Button;
use leptos::prelude::*;

use super::seat_card::NewSeatCard;
use crate::commands::{RenewSeat, RevokeSeat, SignOutSeat};
use crate::error::Error;
use crate::model::{SeatRow, SessionEnd};
use crate::stream::leave_as;
use crate::words;

/// What this dialog asks the server for.
#[derive(Clone, Copy)]
struct Actions {
    renew: ServerAction<RenewSeat>,
    revoke: ServerAction<RevokeSeat>,
    sign_out: ServerAction<SignOutSeat>,
}

impl Actions {
    fn new() -> Self {
        Self {
            renew: ServerAction::new(),
            revoke: ServerAction::new(),
            sign_out: ServerAction::new(),
        }
    }

    /// Above all the code, which must not stay in the page.
    fn forget(self) {
        self.renew.value().set(None);
        self.revoke.value().set(None);
        self.sign_out.value().set(None);
    }

    fn pending(self) -> bool {
        self.renew.pending().get() || self.revoke.pending().get() || self.sign_out.pending().get()
    }

    fn failure(self) -> Option<Error> {
        let renew = self.renew.value().get().and_then(Result::err);
        let revoke = self.revoke.value().get().and_then(Result::err);
        let sign_out = self.sign_out.value().get().and_then(Result::err);
        renew.or(revoke).or(sign_out)
    }

    /// What was done, in words.
    fn done(self, seat: &str) -> Option<String> {
        let revoked = matches!(self.revoke.value().get(), Some(Ok(())));
        let signed_out = matches!(self.sign_out.value().get(), Some(Ok(())));
        match (revoked, signed_out) {
            (true, _) => Some(words::seat_was_closed(seat)),
            (_, true) => Some(words::seat_was_signed_out(seat)),
            _ => None,
        }
    }
}

/// The dialog of the seat in `open`, if any.
#[component]
pub(super) fn SeatAccess(
    seats: Memo<Vec<SeatRow>>,
    open: RwSignal<Option<String>>,
) -> impl IntoView {
    let actions = Actions::new();
    Effect::new(move || {
        if actions.failure() == Some(Error::Unauthenticated) {
            leave_as(SessionEnd::SignedOut);
        }
    });
    // A code belongs to the seat that it was asked for, and to the dialog that asked.
    Effect::new(move || {
        open.track();
        actions.forget();
    });
    move || {
        let seat = open.get()?;
        Some(view! { <Dialog seat seats open actions /> })
    }
}

#[component]
fn Dialog(
    seat: String,
    seats: Memo<Vec<SeatRow>>,
    open: RwSignal<Option<String>>,
    actions: Actions,
) -> impl IntoView {
    let first = NodeRef::<Button>::new();
    Effect::new(move || {
        if let Some(first) = first.get() {
            // An element that left the page in the meantime needs no focus.
            let _focused = first.focus();
        }
    });
    let close = move || {
        actions.forget();
        open.set(None);
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" {
            close();
        }
    };
    let number = seat.clone();
    let row = Memo::new(move |_| seats.read().iter().find(|row| row.seat == number).cloned());
    let detail = move || row.read().as_ref().map(words::access_detail);
    let revoked = move || row.read().as_ref().is_some_and(|row| row.revoked);
    let nobody = move || row.read().as_ref().is_none_or(|row| row.sessions == 0);
    let asked = seat.clone();
    let card = Memo::new(move |_| {
        let card = actions.renew.value().get().and_then(Result::ok);
        card.filter(|card| card.seat == asked)
    });
    // The button that was pressed is gone with the question: Esc and Enter go to what closes the answer.
    let last = NodeRef::<Button>::new();
    Effect::new(move || {
        if let (true, Some(last)) = (card.read().is_some(), last.get()) {
            let _focused = last.focus();
        }
    });
    let named = seat.clone();
    let told = move || {
        let failure = actions.failure().map(|error| words::error(&error));
        failure.or_else(|| actions.done(&named))
    };
    let form_seat = StoredValue::new(seat.clone());
    view! {
        <div class="seat-access" role="dialog" aria-labelledby="seat-access-title" on:keydown=on_key>
            <h2 id="seat-access-title">{words::access_to(&seat)}</h2>
            {move || match card.get() {
                Some(card) => view! { <NewSeatCard card /> }.into_any(),
                None => view! {
                    <p translate="no">{detail}</p>
                    <p class="answer" role="status">{told.clone()}</p>
                    <div class="buttons">
                        <ActionForm action=actions.renew>
                            <input type="hidden" name="seat" value=form_seat.get_value() />
                            <button type="submit" data-filled="true" node_ref=first aria-busy=move || actions.pending().to_string()>
                                {words::NEW_CODE}
                            </button>
                        </ActionForm>
                        <ActionForm action=actions.sign_out>
                            <input type="hidden" name="seat" value=form_seat.get_value() />
                            <button type="submit" disabled=nobody>{words::SIGN_OUT}</button>
                        </ActionForm>
                        <ActionForm action=actions.revoke>
                            <input type="hidden" name="seat" value=form_seat.get_value() />
                            <button type="submit" data-danger="true" disabled=revoked>{words::CLOSE_SEAT}</button>
                        </ActionForm>
                    </div>
                }.into_any(),
            }}
            <div class="buttons">
                <button type="button" class="last" node_ref=last on:click=move |_| close()>{words::DONE}</button>
            </div>
        </div>
    }
}
