//! The tabs below the chart. Where there is room the pods stand beside the chart instead, and their tab is not shown.
//! Without JavaScript all panels stand one below the other.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::kept;
use crate::words;

/// From this width on the pods stand beside the chart: the same in style/frame.css.
const WIDE: &str = "(min-width: 1200px)";

/// What the browser keeps the choice under.
const KEPT_AS: &str = "tab";

/// The tabs in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Pods,
    LoadLog,
    Events,
    Settings,
    Files,
    Runs,
    Words,
}

impl Tab {
    const ALL: [Self; 7] = [
        Self::Pods,
        Self::LoadLog,
        Self::Events,
        Self::Settings,
        Self::Files,
        Self::Runs,
        Self::Words,
    ];

    /// Its name in ids and in the browser's storage.
    const fn id(self) -> &'static str {
        match self {
            Self::Pods => "pods",
            Self::LoadLog => "load-log",
            Self::Events => "events",
            Self::Settings => "settings",
            Self::Files => "files",
            Self::Runs => "runs",
            Self::Words => "words",
        }
    }
}

/// One tab and what it opens.
pub(crate) struct TabPanel {
    tab: Tab,
    /// How many there are of what it shows, beside its name.
    count: Option<Signal<usize>>,
    view: AnyView,
}

impl TabPanel {
    pub(crate) fn new(tab: Tab, view: AnyView) -> Self {
        Self {
            tab,
            count: None,
            view,
        }
    }

    pub(crate) fn counted(self, count: Signal<usize>) -> Self {
        Self {
            count: Some(count),
            ..self
        }
    }
}

/// Which tab is chosen, and whether the pods need one. A context, so that any part of the page can open a tab.
#[derive(Clone, Copy)]
pub(crate) struct Chosen {
    tab: RwSignal<Option<Tab>>,
    wide: RwSignal<bool>,
}

impl Chosen {
    /// The open tab; `all` are those that there are.
    fn open(self, all: &[Tab]) -> Option<Tab> {
        let wide = self.wide.get();
        let usable = |tab: &Tab| !(wide && *tab == Tab::Pods);
        let chosen = self.tab.get().filter(|tab| all.contains(tab));
        chosen
            .filter(usable)
            .or_else(|| all.iter().copied().find(usable))
    }

    /// Whether this tab is open, of all that there are.
    pub(crate) fn is_open(self, tab: Tab) -> bool {
        self.open(&Tab::ALL) == Some(tab)
    }

    /// Whether somebody opened this tab. The first one is open without that.
    pub(crate) fn is_chosen(self, tab: Tab) -> bool {
        self.tab.get() == Some(tab)
    }

    /// Opens a tab, and remembers it in this browser.
    pub(crate) fn choose(self, tab: Tab) {
        self.tab.set(Some(tab));
        kept::keep(KEPT_AS, Some(tab.id()));
    }

    /// Opens a tab for somebody who is elsewhere on the page: focus goes to it, and what it opens comes into view.
    pub(crate) fn show(self, tab: Tab) {
        self.choose(tab);
        focus(tab);
        // A page that is still short cannot be scrolled so far.
        request_animation_frame(move || {
            if let Some(button) = document().get_element_by_id(&button_id(tab)) {
                button.scroll_into_view();
            }
        });
    }
}

/// Makes the choice of the page. The browser's own memory and width are read once it is there.
pub(crate) fn provide_chosen() -> Chosen {
    let chosen = Chosen {
        tab: RwSignal::new(None),
        wide: RwSignal::new(true),
    };
    Effect::new(move || {
        let before = kept::kept(KEPT_AS);
        let known = |tab: &Tab| before.as_deref() == Some(tab.id());
        if let Some(tab) = Tab::ALL.into_iter().find(known) {
            chosen.tab.set(Some(tab));
        }
        let fit = move || {
            let query = window().match_media(WIDE).ok().flatten();
            chosen.wide.set(query.is_none_or(|query| query.matches()));
        };
        fit();
        let resized = window_event_listener(leptos::ev::resize, move |_| fit());
        on_cleanup(move || resized.remove());
    });
    provide_context(chosen);
    chosen
}

/// The bar and its panels.
#[component]
pub(crate) fn Tabs(chosen: Chosen, panels: Vec<TabPanel>) -> impl IntoView {
    let all: Vec<Tab> = panels.iter().map(|panel| panel.tab).collect();
    let known = StoredValue::new(all);
    let open = Memo::new(move |_| known.with_value(|all| chosen.open(all)));
    let is_open = move |tab: Tab| open.get() == Some(tab);
    let on_key = move |event: KeyboardEvent| {
        let next = known.with_value(|all| {
            next(
                all,
                open.get_untracked(),
                chosen.wide.get_untracked(),
                &event.key(),
            )
        });
        if let Some(tab) = next {
            event.prevent_default();
            chosen.choose(tab);
            focus(tab);
        }
    };
    let bar = panels
        .iter()
        .map(|panel| {
            let (tab, count) = (panel.tab, panel.count);
            view! {
                <button
                    type="button"
                    role="tab"
                    id=button_id(tab)
                    data-tab=tab.id()
                    aria-controls=panel_id(tab)
                    aria-selected=move || is_open(tab).to_string()
                    tabindex=move || if is_open(tab) { "0" } else { "-1" }
                    on:click=move |_| chosen.choose(tab)
                >
                    {words::tab(tab)}
                    <span translate="no">{move || count.map(|count| format!(" {}", count.get()))}</span>
                </button>
            }
        })
        .collect_view();
    let panels = panels
        .into_iter()
        .map(|TabPanel { tab, view, .. }| {
            // Beside the chart the pods are a part of the page of their own.
            let hidden = move || !(is_open(tab) || tab == Tab::Pods && chosen.wide.get());
            view! {
                <section
                    class="tab-panel"
                    role="tabpanel"
                    id=panel_id(tab)
                    data-tab=tab.id()
                    aria-label=words::tab(tab)
                    hidden=hidden
                >
                    {view}
                </section>
            }
        })
        .collect_view();
    view! {
        <div class="tabs" role="tablist" aria-label=words::DETAILS on:keydown=on_key>{bar}</div>
        {panels}
    }
}

/// The tab that a key leads to, as in the pattern of <https://www.w3.org/WAI/ARIA/apg/patterns/tabs/>.
fn next(all: &[Tab], open: Option<Tab>, wide: bool, key: &str) -> Option<Tab> {
    let shown: Vec<Tab> = all
        .iter()
        .copied()
        .filter(|tab| !(wide && *tab == Tab::Pods))
        .collect();
    let at = shown.iter().position(|tab| Some(*tab) == open)?;
    let to = match key {
        "ArrowLeft" => (at + shown.len() - 1) % shown.len(),
        "ArrowRight" => (at + 1) % shown.len(),
        "Home" => 0,
        "End" => shown.len() - 1,
        _ => return None,
    };
    shown.get(to).copied()
}

/// Where a link to what a tab opens leads.
pub(crate) fn panel_id(tab: Tab) -> String {
    format!("panel-{}", tab.id())
}

fn button_id(tab: Tab) -> String {
    format!("tab-{}", tab.id())
}

fn focus(tab: Tab) {
    use leptos::wasm_bindgen::JsCast;

    let element = document().get_element_by_id(&button_id(tab));
    if let Some(element) =
        element.and_then(|found| found.dyn_into::<leptos::web_sys::HtmlElement>().ok())
    {
        // Focus fails only for an element that is gone.
        let _focused = element.focus();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Tab; 3] = [Tab::Pods, Tab::LoadLog, Tab::Words];

    #[test]
    fn arrows_go_round_and_leave_out_what_stands_beside_the_chart() {
        let right = |open, wide| next(&ALL, Some(open), wide, "ArrowRight");
        assert_eq!(right(Tab::Words, false), Some(Tab::Pods));
        assert_eq!(right(Tab::Words, true), Some(Tab::LoadLog));
        assert_eq!(
            next(&ALL, Some(Tab::LoadLog), true, "Home"),
            Some(Tab::LoadLog)
        );
        assert_eq!(
            next(&ALL, Some(Tab::LoadLog), false, "End"),
            Some(Tab::Words)
        );
        assert_eq!(next(&ALL, Some(Tab::LoadLog), false, "x"), None);
    }

    #[test]
    fn pods_are_the_first_tab_only_where_they_have_no_place_of_their_own() {
        let owner = Owner::new();
        owner.with(|| {
            let chosen = Chosen {
                tab: RwSignal::new(Some(Tab::Pods)),
                wide: RwSignal::new(true),
            };
            assert_eq!(chosen.open(&ALL), Some(Tab::LoadLog));
            chosen.wide.set(false);
            assert_eq!(chosen.open(&ALL), Some(Tab::Pods));
            chosen.tab.set(Some(Tab::Settings));
            assert_eq!(
                chosen.open(&ALL),
                Some(Tab::Pods),
                "a tab that is not there is not chosen"
            );
        });
    }
}
