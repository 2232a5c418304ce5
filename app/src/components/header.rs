//! The page's head: whose page it is, which cluster, how fresh, glossary, text size, theme, sign-out.

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use super::connection_badge::ConnectionBadge;
use super::kept::{keep, kept};
use super::tabs::{Chosen, Tab, panel_id};
use crate::model::Panel;
use crate::stream::Live;
use crate::words;

/// Themes in the order of the switch. `auto` follows the system and is not stored.
const THEMES: [(&str, &str); 3] = [("auto", "◐"), ("light", "○"), ("dark", "●")];

/// The head of both pages behind the sign-in.
#[component]
pub(crate) fn Header(
    /// The seat's namespace, or the instructor's title.
    title: String,
    /// The attendee's, if known.
    #[prop(optional_no_strip)]
    name: Option<String>,
    panel: Option<Panel>,
    live: Live,
    /// The instructor's other page, if there is one: its address and name.
    #[prop(optional_no_strip)]
    link: Option<(&'static str, &'static str)>,
) -> impl IntoView {
    let cluster = panel.map(|p| words::cluster(p.kubernetes.as_deref(), p.simulated));
    view! {
        <header class="header">
            <h1 translate="no">{title} {name.map(|name| view! { <span class="name">" " {name}</span> })}</h1>
            <span class="cluster" translate="no">{cluster}</span>
            {link.map(|(to, name)| view! { <a href=to rel="external">{name}</a> })}
            <ConnectionBadge live />
            // On a phone the rest opens by it, so that the age of the data has room.
            <details class="more"><summary aria-label=words::MENU>{words::MORE_SIGN}</summary></details>
            <div class="menu">
                {use_context::<Chosen>().map(|chosen| view! { <Glossary chosen /> })}
                <TextSwitch />
                <ThemeSwitch />
                <form method="post" action="/session/end">
                    <button type="submit" data-quiet="true">{words::SIGN_OUT}</button>
                </form>
            </div>
        </header>
    }
}

/// Leads to the glossary, which without JavaScript stands open below.
#[component]
fn Glossary(chosen: Chosen) -> impl IntoView {
    let show = move |event: MouseEvent| {
        event.prevent_default();
        chosen.show(Tab::Words);
    };
    let to = format!("#{}", panel_id(Tab::Words));
    view! { <a class="glossary" href=to aria-label=words::GLOSSARY on:click=show>"?"</a> }
}

/// Text at 100 or 125 %.
#[component]
fn TextSwitch() -> impl IntoView {
    let large = RwSignal::new(false);
    Effect::new(move || large.set(kept("text").as_deref() == Some("large")));
    let switch = move |_| {
        large.update(|large| *large = !*large);
        store("text", if large.get() { Some("large") } else { None });
    };
    view! {
        <button
            class="script-only"
            type="button"
            data-quiet="true"
            aria-label=words::TEXT_SIZE
            aria-pressed=move || large.get().to_string()
            on:click=switch
        >
            "A+"
        </button>
    }
}

/// Auto, light, dark.
#[component]
fn ThemeSwitch() -> impl IntoView {
    let index = RwSignal::new(0);
    Effect::new(move || {
        let stored = kept("theme");
        let known = THEMES
            .iter()
            .position(|(name, _)| stored.as_deref() == Some(*name));
        index.set(known.unwrap_or(0));
    });
    let switch = move |_| {
        index.update(|index| *index = (*index + 1) % THEMES.len());
        let (name, _) = THEMES[index.get()];
        store("theme", if name == "auto" { None } else { Some(name) });
    };
    view! {
        <button
            class="script-only"
            type="button"
            data-quiet="true"
            aria-label=move || format!("{}: {}", words::THEME, THEMES[index.get()].0)
            on:click=switch
        >
            {move || THEMES[index.get()].1}
        </button>
    }
}

/// Keeps a choice and applies it to the document, as the shell's script does before the first paint.
fn store(key: &str, value: Option<&str>) {
    keep(key, value);
    if let Some(root) = document().document_element() {
        let attribute = format!("data-{key}");
        let _applied = match value {
            Some(value) => root.set_attribute(&attribute, value),
            None => root.remove_attribute(&attribute),
        };
    }
}
