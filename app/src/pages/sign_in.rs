//! The sign-in page: one field, one button, a plain form that the server answers; above it, where the panel has an identity
//! provider, a link that leads there.

use leptos::prelude::*;
use leptos_meta::Title;

use super::claimed::ClaimedPage;
use crate::address::Address;
use crate::first_paint::{Seen, Shown, use_first_paint};
use crate::json::JsonText;
use crate::model::{SessionEnd, SignIn, SignInError};
use crate::words;

/// Asks for the seat's code.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let Shown { panel, seen } = use_first_paint(|seen| match seen {
        Seen::Claimed { claimed } => Some(claimed),
        _ => None,
    });
    let single_sign_on = panel.is_some_and(|panel| panel.single_sign_on);
    match seen {
        Some(Ok(claimed)) => view! { <ClaimedPage claimed /> }.into_any(),
        _ => view! { <SignInForm single_sign_on /> }.into_any(),
    }
}

#[component]
fn SignInForm(
    /// The panel has an identity provider.
    single_sign_on: bool,
) -> impl IntoView {
    let sign_in = use_sign_in();
    let asks_name = sign_in.error.as_ref().is_some_and(SignInError::asks_name);
    // Who asks whether to change seats came with a card.
    let single_sign_on = single_sign_on && sign_in.leaves.is_none();
    let of_provider = matches!(sign_in.error, Some(SignInError::SingleSignOn { .. }));
    let error = sign_in.error.as_ref().map(words::sign_in_error);
    let (provider_error, error) = match of_provider && single_sign_on {
        true => (error, None),
        false => (None, error),
    };
    let described = match &error {
        Some(_) => "seat-code-hint seat-code-error",
        None => "seat-code-hint",
    };
    view! {
        <Title text=format!("{} · {}", words::SIGN_IN, words::PRODUCT) />
        <main class="sign-in">
            <Mark />
            <h1>{words::PRODUCT}</h1>
            {sign_in.leaves.as_deref().map(|seat| view! { <p translate="no">{words::you_leave(seat)}</p> })}
            {single_sign_on.then(|| view! { <SingleSignOn error=provider_error /> })}
            <form method="post" action="/session" data-asks=sign_in.leaves.is_some().to_string()>
                <label for="seat-code">{words::SEAT_CODE}</label>
                <input
                    id="seat-code"
                    name="code"
                    type="text"
                    required=true
                    autofocus=!single_sign_on
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                    maxlength="64"
                    value=sign_in.code
                    aria-invalid=error.is_some().then_some("true")
                    aria-describedby=described
                />
                <p class="error" id="seat-code-error" role="alert">{error}</p>
                <p class="hint" id="seat-code-hint">{words::SEAT_CODE_HINT}</p>
                {asks_name.then(|| view! {
                    <label for="name">{words::YOUR_NAME}</label>
                    <input
                        id="name"
                        name="name"
                        type="text"
                        required=true
                        autocomplete="name"
                        maxlength="40"
                        value=sign_in.name
                        aria-describedby="name-hint"
                    />
                    <p class="hint" id="name-hint">{words::YOUR_NAME_HINT}</p>
                })}
                <button type="submit" data-filled=(!single_sign_on).to_string()>{words::SIGN_IN}</button>
            </form>
        </main>
    }
}

/// Leads to the identity provider. A link and no form: the policy lets forms go nowhere else.
#[component]
fn SingleSignOn(
    /// Why the last try led to nothing.
    error: Option<String>,
) -> impl IntoView {
    let described = match &error {
        Some(_) => "single-sign-on-hint single-sign-on-error",
        None => "single-sign-on-hint",
    };
    view! {
        <div class="single-sign-on">
            <a class="button" href="/oidc/start" rel="external" aria-describedby=described>
                {words::SINGLE_SIGN_ON}
            </a>
            <p class="error" id="single-sign-on-error" role="alert">{error}</p>
            <p class="hint" id="single-sign-on-hint">{words::SINGLE_SIGN_ON_HINT}</p>
        </div>
        <p class="or">{words::OR}</p>
    }
}

/// What the form says: from the server after a failure, else from the address.
fn use_sign_in() -> SignIn {
    let from_address = || {
        let address = Address::here();
        let end = address.query("reason").and_then(SessionEnd::from_reason);
        SignIn {
            error: end.map(|end| SignInError::Ended { end }),
            ..SignIn::default()
        }
    };
    let offered = || use_context::<SignIn>().unwrap_or_else(from_address);
    SharedValue::<_, JsonText>::new_with_encoding(offered).into_inner()
}

/// The panel's mark: the five cells of the loop.
#[component]
fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 80 20" width="80" height="20" aria-hidden="true">
            <path d="M1 13h14v6H1zM17 13h14v6H17zM33 9h14v10H33zM49 5h14v14H49zM65 1h14v18H65z" />
        </svg>
    }
}
