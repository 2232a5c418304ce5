//! A panel whose code the browser loads when the panel is wanted first: most people open few of them, and what they see
//! first must not wait for the others. The server renders it whole, so there is something to read until then, and for
//! ever where scripts do not run.

use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;

#[cfg(feature = "hydrate")]
use crate::words;

/// What the functions of [`crate::pages`] give that are files of their own in the browser.
pub(crate) type Loaded = Result<AnyView, SplitLoaderError>;

/// The panel as the server renders it.
#[cfg(not(feature = "hydrate"))]
pub(crate) fn later(_wanted: Signal<bool>, content: impl Fn() -> Loaded + 'static) -> AnyView {
    // There is nothing to load here, so it cannot fail.
    let served = content().ok();
    let state = || None::<AnyView>;
    view! {
        <div class="later">{served}</div>
        {state}
    }
    .into_any()
}

/// The panel as the server rendered it, and once `wanted` holds, the one that lives, in its place.
#[cfg(feature = "hydrate")]
pub(crate) fn later<F>(wanted: Signal<bool>, content: impl Fn() -> F + 'static) -> AnyView
where
    F: Future<Output = Loaded> + 'static,
{
    use leptos::html::Div;

    let state = RwSignal::new(State::Served);
    let view = StoredValue::new_local(None::<AnyView>);
    let served = NodeRef::<Div>::new();
    // What the panel makes lives as long as the page does, not until the next run of the effect.
    let owner = Owner::current().unwrap_or_default();
    Effect::new(move || {
        if !wanted.get() || state.get() != State::Served {
            return;
        }
        state.set(State::Loading);
        let content = content();
        owner.with(|| {
            leptos::task::spawn_local_scoped(async move {
                match content.await {
                    Ok(loaded) => {
                        // Its ids come again with the living one.
                        if let Some(served) = served.get_untracked() {
                            served.set_inner_html("");
                        }
                        view.set_value(Some(loaded));
                        state.set(State::Lives);
                    }
                    Err(_told_in_the_console) => state.set(State::Failed),
                }
            });
        });
    });
    let lives = move || match state.get() {
        State::Lives => view.try_update_value(Option::take).flatten(),
        State::Failed => Some(view! { <Failed state /> }.into_any()),
        State::Served | State::Loading => None,
    };
    view! {
        // Whatever the server put there stays, and nobody can press what does not work yet.
        <div class="later" node_ref=served inert=move || true inner_html="" />
        {lives}
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Served,
    Loading,
    Lives,
    Failed,
}

#[cfg(feature = "hydrate")]
#[component]
fn Failed(state: RwSignal<State>) -> impl IntoView {
    view! {
        <p class="error" role="alert">
            {words::NOT_LOADED}
            " "
            <button type="button" on:click=move |_| state.set(State::Served)>{words::TRY_AGAIN}</button>
        </p>
    }
}
