//! What the last button of this page did: the objects it wrote, and the commands that do the same.

use leptos::prelude::*;

use super::kept;
use crate::error::Result;
use crate::json;
use crate::model::Done;
use crate::words::{files, settings};

/// What this browser keeps it under, so that it outlives a reload.
const KEPT_AS: &str = "last-command";

/// The newest answer of a command. A context of the page: every form with a command puts its answer here.
#[derive(Clone, Copy)]
pub(crate) struct LastCommand {
    done: RwSignal<Option<Done>>,
    /// Whose it is: another seat in this browser has done nothing yet.
    namespace: StoredValue<String>,
}

impl LastCommand {
    fn of(namespace: String) -> Self {
        Self {
            done: RwSignal::new(None),
            namespace: StoredValue::new(namespace),
        }
    }

    pub(super) fn set(self, done: Done) {
        let kept = (self.namespace.get_value(), &done);
        if let Ok(text) = serde_json::to_string(&kept) {
            kept::keep(KEPT_AS, Some(&text));
        }
        self.done.set(Some(done));
    }

    /// Takes over what the answers to a command tell, as they come.
    pub(super) fn follow(self, answers: impl Fn() -> Option<Result<Done>> + 'static) {
        Effect::new(move || {
            if let Some(Ok(done)) = answers() {
                self.set(done);
            }
        });
    }
}

/// Makes the page's own. What this browser kept is read once it is there.
pub(crate) fn provide_last_command(namespace: &str) {
    let last = LastCommand::of(namespace.to_owned());
    provide_context(last);
    Effect::new(move || {
        let text = kept::kept(KEPT_AS).unwrap_or_default();
        if let Ok((of, done)) = json::read::<(String, Done)>(&text)
            && last.namespace.with_value(|own| *own == of)
        {
            last.done.set(Some(done));
        }
    });
}

/// The page's own.
pub(super) fn use_last_command() -> LastCommand {
    use_context().unwrap_or_else(|| LastCommand::of(String::new()))
}

/// The list.
#[component]
pub(super) fn LastCommandPart(namespace: String) -> impl IntoView {
    let done = use_last_command().done;
    let body = move || match done.get() {
        None => view! { <p class="hint">{files::NO_LAST_COMMAND}</p> }.into_any(),
        Some(done) => {
            let by_hand = files::same_by_hand(&done, &namespace);
            let acts = done
                .acts
                .iter()
                .map(|act| view! { <li>{files::act(act)}</li> });
            view! {
                <ol translate="no">{acts.collect_view()}</ol>
                <p>{done.acts.is_empty().then_some(files::NOTHING_WRITTEN)}</p>
                <p>{(!done.set.is_empty()).then(|| settings::applied(&done.set))}</p>
                <p>{files::kept(&done)}</p>
                <p>{(!done.finished).then_some(files::GOES_ON)}</p>
                {(!by_hand.is_empty()).then(|| view! {
                    <p class="hint">{files::BY_HAND}</p>
                    <pre translate="no" tabindex="0">{by_hand}</pre>
                })}
            }
            .into_any()
        }
    };
    view! {
        <section class="last-command" aria-labelledby="last-command">
            <h2 id="last-command">{files::LAST_COMMAND}</h2>
            <div aria-live="polite">{body}</div>
        </section>
    }
}
