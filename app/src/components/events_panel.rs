//! The tab `Events`: what is wrong, then the namespace's events, newest last.

use leptos::html::Div;
use leptos::prelude::*;

use super::findings::Findings;
use crate::figures::{Zone, clock};
use crate::model::EventLine;
use crate::stream::Live;
use crate::words;

/// Which events are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Filter {
    warnings: bool,
    /// As [`words::event_object`] names it; empty for any.
    object: String,
}

impl Filter {
    fn shows(&self, event: &EventLine) -> bool {
        (event.warning || !self.warnings)
            && (self.object.is_empty() || words::event_object(event) == self.object)
    }
}

/// The objects that events are about, each once, in order of name.
fn objects(events: &[EventLine]) -> Vec<String> {
    let mut objects: Vec<_> = events.iter().map(words::event_object).collect();
    objects.sort_unstable();
    objects.dedup();
    objects
}

/// The whole panel.
#[component]
pub(crate) fn EventsPanel(live: Live) -> impl IntoView {
    let events = Memo::new(move |_| live.state.with(|state| state.history.events.clone()));
    let filter = RwSignal::new(Filter::default());
    let shown = Memo::new(move |_| {
        let filter = filter.read();
        let events = events.read();
        events
            .iter()
            .filter(|event| filter.shows(event))
            .cloned()
            .collect::<Vec<_>>()
    });
    let follow = RwSignal::new(true);
    let list = NodeRef::<Div>::new();
    // After the rows are there: the newest one is brought into view.
    Effect::new(move || {
        shown.track();
        if follow.get()
            && let Some(list) = list.get()
        {
            list.set_scroll_top(list.scroll_height());
        }
    });
    let empty = move || {
        let text = if events.read().is_empty() {
            words::NO_EVENTS
        } else {
            words::NO_SUCH_EVENTS
        };
        shown.read().is_empty().then_some(text)
    };
    view! {
        <div class="events-panel">
            <Findings live />
            <Filters filter events follow />
            <div class="events" role="log" aria-live="off" aria-label=words::EVENTS tabindex="0" translate="no" node_ref=list>
                <ol>
                    <For
                        each=move || shown.get()
                        key=|event| (event.uid.clone(), event.time, event.count)
                        let:event
                    >
                        <Line event zone=live.zone.into() />
                    </For>
                </ol>
                <p class="none">{empty}</p>
            </div>
        </div>
    }
}

#[component]
fn Filters(
    filter: RwSignal<Filter>,
    events: Memo<Vec<EventLine>>,
    follow: RwSignal<bool>,
) -> impl IntoView {
    let objects = Memo::new(move |_| objects(&events.read()));
    let which = move |warnings: bool, name: &'static str| {
        view! {
            <button
                type="button"
                aria-pressed=move || (filter.read().warnings == warnings).to_string()
                on:click=move |_| filter.update(|filter| filter.warnings = warnings)
            >
                {name}
            </button>
        }
    };
    let options = move || {
        let option = |name: String| {
            let value = name.clone();
            view! { <option value=value>{name}</option> }
        };
        objects.get().into_iter().map(option).collect_view()
    };
    view! {
        <div class="filters script-only">
            <div role="group" aria-label=words::WHICH_EVENTS>
                {which(false, words::ALL_EVENTS)}
                {which(true, words::WARNINGS)}
            </div>
            <label>
                <span>{words::OF_OBJECT}</span>
                <select
                    prop:value=move || filter.read().object.clone()
                    on:change:target=move |event| filter.update(|filter| filter.object = event.target().value())
                >
                    <option value="">{words::ANY_OBJECT}</option>
                    {options}
                </select>
            </label>
            <button
                type="button"
                aria-pressed=move || follow.get().to_string()
                on:click=move |_| follow.update(|follow| *follow = !*follow)
            >
                {words::FOLLOW_EVENTS}
            </button>
        </div>
    }
}

/// One event; a row of a list of class `events`.
#[component]
pub(super) fn Line(event: EventLine, zone: Signal<Zone>) -> impl IntoView {
    let (time, first) = (event.time, event.clone());
    let normal = event
        .normal
        .map(|normal| view! { <span class="normal">{words::normal(normal)}</span> });
    let is_alarming = event.warning && event.normal.is_none();
    view! {
        <li data-warning=is_alarming.to_string()>
            <span class="time">{move || clock(time, zone.get())}</span>
            <span class="type">{words::event_type(event.warning)}</span>
            <span class="reason">{event.reason.clone()} {normal}</span>
            <span class="object">{words::event_object(&event)}</span>
            <span class="repeats">{move || words::repeats(&first, zone.get())}</span>
            <span class="message">{event.message.clone()} " " <span class="source">{event.source}</span></span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples;

    #[test]
    fn filters_leave_what_they_name() {
        let events = samples::events();
        let count = |filter: Filter| events.iter().filter(|event| filter.shows(event)).count();
        assert_eq!(count(Filter::default()), events.len());
        let warnings = Filter {
            warnings: true,
            ..Filter::default()
        };
        assert_eq!(
            count(warnings),
            events.iter().filter(|event| event.warning).count()
        );
        let object = objects(&events).remove(0);
        let of_object = Filter {
            object,
            ..Filter::default()
        };
        assert!(count(of_object) > 0);
    }
}
