//! The load's log: the newest figures, the lines as Locust wrote them, and its last tables when it has ended.
//! The stream brings the lines; what is done with them here (follow, pause, search) is this page's own.

use leptos::html::Div;
use leptos::prelude::*;

use crate::figures::seconds_between;
use crate::model::{LineKind, LoadLogTail, LoadTables, LogLine};
use crate::stream::Live;
use crate::words;

/// The log is at its newest line when it is scrolled up by less, in px.
const AT_END_PX: i32 = 2;

/// The figures, the log and the tables.
#[component]
pub(crate) fn LoadLogPanel(live: Live) -> impl IntoView {
    let paused = RwSignal::new(None::<LoadLogTail>);
    let all = RwSignal::new(false);
    let search = RwSignal::new(String::new());
    let lines = Memo::new(move |_| {
        let shown = |log: &LoadLogTail| shown(log, all.get());
        paused.with(|paused| match paused {
            Some(log) => shown(log),
            None => live.state.with(|state| shown(&state.history.log)),
        })
    });
    let hits = Memo::new(move |_| hits(&lines.read(), &search.read()));
    let tables = Memo::new(move |_| live.state.with(|state| state.history.log.tables.clone()));
    let has_load = Memo::new(move |_| {
        live.state
            .with(|state| state.snapshot.as_ref().is_some_and(|s| s.load.is_some()))
    });
    let log = NodeRef::<Div>::new();
    let at_end = RwSignal::new(true);
    view! {
        <div class="load-log">
            <FiguresLine live />
            <div class="tools">
                <Follow log at_end />
                <Pause paused live />
                <button
                    class="script-only"
                    type="button"
                    aria-pressed=move || all.get().to_string()
                    on:click=move |_| all.update(|all| *all = !*all)
                >
                    {words::ALL_LINES}
                </button>
                <Search search hits log />
                <a class="download" href="/load.log" download rel="external" hidden=move || !has_load.get()>
                    {words::DOWNLOAD_LOG}
                </a>
            </div>
            // The newest line is at the scroll's origin, so the box stands there from the first paint on, and also
            // after it was hidden; see style/load_log.css.
            <div
                class="lines"
                role="region"
                aria-label=words::LOAD_LOG
                tabindex="0"
                translate="no"
                node_ref=log
                on:scroll=move |_| {
                    if let Some(log) = log.get_untracked() {
                        at_end.set(log.scroll_top() > -AT_END_PX);
                    }
                }
            >
                <ol>
                    <For each=move || lines.get() key=|line| line.n let:line>
                        <Line line search />
                    </For>
                </ol>
            </div>
            <p class="hint" translate="no">{move || note(&live.state.read().history.log, has_load.get(), all.get())}</p>
            {move || tables.get().map(|tables| view! { <LastTables tables /> })}
        </div>
    }
}

/// What of the log is shown: without figures and tables, unless all lines are asked for.
fn shown(log: &LoadLogTail, all: bool) -> Vec<LogLine> {
    let lines = log.lines.iter();
    lines
        .filter(|line| all || line.kind == LineKind::Said)
        .cloned()
        .collect()
}

/// What stands below the log, instead of it or of what it lacks.
fn note(log: &LoadLogTail, has_load: bool, all: bool) -> String {
    match (has_load, log.lines.is_empty(), log.left_out()) {
        (false, true, _) => words::NO_LOAD_YET.to_owned(),
        (true, true, _) => words::NOTHING_LOGGED.to_owned(),
        (_, _, 0) => String::new(),
        // Without the tables nobody misses the older ones of them.
        (_, _, left_out) if all => words::lines_left_out(left_out),
        _ => String::new(),
    }
}

/// Numbers of the lines that have the text, whatever its case. No pattern: people look for what they see.
fn hits(lines: &[LogLine], search: &str) -> Vec<u64> {
    let found = lines.iter().filter(|line| has(&line.text, search));
    found.map(|line| line.n).collect()
}

fn has(text: &str, search: &str) -> bool {
    !search.is_empty()
        && text
            .to_ascii_lowercase()
            .contains(&search.to_ascii_lowercase())
}

/// The text in pieces, and whether each is a hit.
fn pieces(text: &str, search: &str) -> Vec<(String, bool)> {
    if !has(text, search) {
        return vec![(text.to_owned(), false)];
    }
    // Small letters of ASCII are as long as capitals: a place in the one is a place in the other.
    let (low, search) = (text.to_ascii_lowercase(), search.to_ascii_lowercase());
    let (mut pieces, mut from) = (Vec::new(), 0);
    for (at, hit) in low.match_indices(&search) {
        pieces.push((text[from..at].to_owned(), false));
        from = at + hit.len();
        pieces.push((text[at..from].to_owned(), true));
    }
    pieces.push((text[from..].to_owned(), false));
    pieces.retain(|(text, _)| !text.is_empty());
    pieces
}

#[component]
fn Line(line: LogLine, search: RwSignal<String>) -> impl IntoView {
    let cut = line.cut.then_some(words::LINE_CUT);
    let text = line.text;
    let content = move || {
        let pieces = pieces(&text, &search.read());
        let piece = |(text, is_hit): (String, bool)| match is_hit {
            true => view! { <mark>{text}</mark> }.into_any(),
            false => text.into_any(),
        };
        pieces.into_iter().map(piece).collect_view()
    };
    view! { <li id=format!("log-line-{}", line.n)>{content}{cut}</li> }
}

/// The newest figures with their age; when the load has ended, how.
#[component]
fn FiguresLine(live: Live) -> impl IntoView {
    let told = Memo::new(move |_| {
        live.state.with(|state| {
            let load = state.snapshot.as_ref().and_then(|s| s.load.as_ref())?;
            let figures = load.figures;
            let parts = figures.as_ref().map(words::load_figures);
            Some((figures.map(|f| f.time), parts, words::load_verdict(load)))
        })
    });
    let age = move || {
        let told = told.read();
        let (time, _, verdict) = told.as_ref()?;
        let seconds = seconds_between((*time)?, live.now.get());
        // An ended load's figures are of its end, however long ago.
        verdict.is_none().then(|| words::ago(seconds))
    };
    let parts = move || {
        let (_, parts, _) = told.get()?;
        let parts = parts?.map(|part| view! { <span>{part}</span> });
        Some(view! { <b>"Aggregated"</b> {parts.collect_view()} })
    };
    let verdict = move || told.get().and_then(|(.., verdict)| verdict);
    view! {
        <div class="figures-line" role="group" aria-label=words::LOAD_FIGURES translate="no">
            <strong>{verdict}</strong>
            <span class="age">{age}</span>
            {parts}
        </div>
    }
}

/// On while the newest line is in view; scrolling up turns it off.
#[component]
fn Follow(log: NodeRef<Div>, at_end: RwSignal<bool>) -> impl IntoView {
    let toggle = move |_| {
        if let Some(log) = log.get_untracked() {
            // Away from its origin the box stays where it is when lines come in.
            let to = if at_end.get_untracked() {
                -AT_END_PX
            } else {
                0
            };
            log.set_scroll_top(to);
        }
    };
    view! {
        <button class="script-only" type="button" aria-pressed=move || at_end.get().to_string() on:click=toggle>
            {words::FOLLOW}
        </button>
    }
}

/// Keeps the lines as they are now.
#[component]
fn Pause(paused: RwSignal<Option<LoadLogTail>>, live: Live) -> impl IntoView {
    let newer = move || {
        let last = |log: &LoadLogTail| log.lines.last().map_or(0, |line| line.n);
        let held = paused.with(|paused| paused.as_ref().map(last))?;
        let now = live.state.with(|state| last(&state.history.log));
        Some(words::newer_lines(now.saturating_sub(held)))
    };
    let toggle = move |_| {
        let held = match paused.with_untracked(Option::is_some) {
            true => None,
            false => Some(live.state.with_untracked(|state| state.history.log.clone())),
        };
        paused.set(held);
    };
    view! {
        <button
            class="script-only"
            type="button"
            aria-pressed=move || paused.with(Option::is_some).to_string()
            on:click=toggle
        >
            {words::PAUSE}
        </button>
        <span class="newer" translate="no">{newer}</span>
    }
}

/// The field, the count, and the way from hit to hit.
#[component]
fn Search(search: RwSignal<String>, hits: Memo<Vec<u64>>, log: NodeRef<Div>) -> impl IntoView {
    // The line that was gone to.
    let line = RwSignal::new(None::<u64>);
    let at = move || {
        let line = line.get()?;
        hits.read().iter().position(|hit| *hit == line)
    };
    let told = move || {
        let is_empty = search.read().is_empty();
        (!is_empty).then(|| words::log_hits(at(), hits.read().len()))
    };
    let go = move |back: bool| {
        let hits = hits.get_untracked();
        let at = line
            .get_untracked()
            .and_then(|line| hits.iter().position(|hit| *hit == line));
        let Some(to) = next_hit(at, hits.len(), back) else {
            return;
        };
        line.set(Some(hits[to]));
        show(log, hits[to]);
    };
    let none = move || hits.read().is_empty();
    view! {
        <div class="search script-only" role="search">
            <input
                type="search"
                aria-label=words::SEARCH_LOG
                placeholder=words::SEARCH_LOG
                autocomplete="off"
                spellcheck="false"
                prop:value=search
                on:input:target=move |event| search.set(event.target().value())
                on:keydown=move |event| {
                    if event.key() == "Enter" {
                        event.prevent_default();
                        go(event.shift_key());
                    }
                }
            />
            <button type="button" aria-label=words::PREVIOUS_HIT title=words::PREVIOUS_HIT disabled=none on:click=move |_| go(true)>
                "↑"
            </button>
            <button type="button" aria-label=words::NEXT_HIT title=words::NEXT_HIT disabled=none on:click=move |_| go(false)>
                "↓"
            </button>
            <output translate="no">{told}</output>
        </div>
    }
}

/// Which hit comes next, round and round.
fn next_hit(at: Option<usize>, hits: usize, back: bool) -> Option<usize> {
    let last = hits.checked_sub(1)?;
    Some(match (at, back) {
        (None, true) => last,
        (None, false) => 0,
        (Some(at), true) => at.checked_sub(1).unwrap_or(last),
        (Some(at), false) => (at + 1) % hits,
    })
}

/// Scrolls the log, and nothing else, so that the line is in its middle.
fn show(log: NodeRef<Div>, line: u64) {
    use leptos::wasm_bindgen::JsCast;

    let element = document().get_element_by_id(&format!("log-line-{line}"));
    let element = element.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok());
    if let (Some(log), Some(element)) = (log.get_untracked(), element) {
        log.set_scroll_top(element.offset_top() - log.client_height() / 2);
    }
}

/// Locust's last tables, as it printed them.
#[component]
pub(super) fn LastTables(tables: LoadTables) -> impl IntoView {
    let table = |name: &'static str, text: Option<String>| {
        text.map(|text| {
            view! {
                <figure>
                    <figcaption>{name}</figcaption>
                    <pre tabindex="0" role="region" aria-label=name>{text}</pre>
                </figure>
            }
        })
    };
    view! {
        <section class="last-tables" aria-label=words::LAST_TABLES translate="no">
            {table(words::STATISTICS, Some(tables.statistics))}
            {table(words::PERCENTILES, tables.percentiles)}
            {table(words::ERROR_REPORT, tables.errors)}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TimeMs;

    fn line(n: u64, kind: LineKind, text: &str) -> LogLine {
        LogLine::new(n, TimeMs(0), kind, text)
    }

    #[test]
    fn search_finds_plain_text_in_any_case() {
        let lines = [
            line(1, LineKind::Said, "GET /fib"),
            line(2, LineKind::Said, "nothing"),
            line(3, LineKind::Said, "get /FIB.*"),
        ];
        assert_eq!(hits(&lines, "/Fib"), [1, 3]);
        assert_eq!(hits(&lines, ".*"), [3]);
        assert_eq!(hits(&lines, ""), [0; 0]);
    }

    #[test]
    fn pieces_are_the_text_again() {
        for (text, search) in [
            ("GET /fib GET", "get"),
            ("\u{fc}ber \u{dc}", "ber"),
            ("x", "y"),
            ("aaa", "aa"),
        ] {
            let pieces = pieces(text, search);
            let whole: String = pieces.iter().map(|(text, _)| text.as_str()).collect();
            assert_eq!(whole, text);
        }
        let found = pieces("GET /fib GET", "get");
        assert_eq!(found.iter().filter(|(_, hit)| *hit).count(), 2);
    }

    #[test]
    fn hits_go_round() {
        assert_eq!(next_hit(None, 3, true), Some(2));
        assert_eq!(next_hit(Some(0), 3, true), Some(2));
        assert_eq!(next_hit(Some(2), 3, false), Some(0));
        assert_eq!(next_hit(None, 0, false), None);
    }

    #[test]
    fn figures_and_tables_are_folded_away() {
        let mut log = LoadLogTail::of("9b0d", "x", "u");
        for (n, kind) in [
            (1, LineKind::Said),
            (2, LineKind::Figures),
            (3, LineKind::Table),
        ] {
            log.push(line(n, kind, "x"));
        }
        assert_eq!(shown(&log, false).len(), 1);
        assert_eq!(shown(&log, true).len(), 3);
    }
}
