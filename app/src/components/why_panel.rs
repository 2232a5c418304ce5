//! Why the autoscaler did, or did not yet, act: one sentence, one line of arithmetic, the evidence behind `Why`.

use leptos::prelude::*;

use crate::figures::clock;
use crate::live::{LiveState, Told};
use crate::model::{Explanation, Finding, Snapshot, TimeMs};
use crate::stream::Live;
use crate::words::{self, Why};

/// One thing to say.
#[derive(Clone, Debug, PartialEq)]
enum Item {
    Trouble(Finding),
    Now(Explanation),
    Before(Told),
}

/// Troubles outrank the explanation; earlier explanations come last.
fn items(state: &LiveState) -> Vec<Item> {
    let Some(snapshot) = &state.snapshot else {
        return Vec::new();
    };
    let troubles = snapshot.findings.iter().cloned().map(Item::Trouble);
    let now = std::iter::once(Item::Now(snapshot.explanation.clone()));
    let before = state.told.iter().cloned().map(Item::Before);
    troubles.chain(now).chain(before).collect()
}

/// The panel between the buttons and the strip.
#[component]
pub(crate) fn WhyPanel(live: Live) -> impl IntoView {
    let items = Memo::new(move |_| live.state.with(items));
    let index = RwSignal::new(0_usize);
    // What is new is shown: whoever looked back is brought to the front again.
    Effect::new(move |before: Option<usize>| {
        let number = items.read().len();
        if before.is_some_and(|before| before != number) {
            index.set(0);
        }
        number
    });
    let shown = Memo::new(move |_| {
        let item = items.read().get(index.get()).cloned()?;
        live.state.with(|state| {
            let snapshot = state.snapshot.as_ref()?;
            let (now, zone) = (live.now.get(), live.zone.get());
            Some(match &item {
                Item::Trouble(finding) => {
                    (words::finding(finding, snapshot, now, zone), snapshot.time)
                }
                Item::Now(now_holds) => (
                    words::explanation(now_holds, snapshot, now, zone),
                    holds_since(snapshot),
                ),
                // An earlier countdown is over: it is told as it was then.
                Item::Before(told) => (
                    words::explanation(&told.explanation, snapshot, told.time, zone),
                    told.time,
                ),
            })
        })
    });
    let why = Memo::new(move |_| shown.get().map(|(why, _)| why).unwrap_or_default());
    let time = move || shown.get().map(|(_, time)| clock(time, live.zone.get()));
    let number = Memo::new(move |_| items.read().len());
    let oldest = move || index.get() + 1 >= number.get();
    // A sentence that counts down is announced by its other text, not with every second.
    let announced = Memo::new(move |_| why.get().announced);
    let polite = move || match announced.read().is_empty() {
        true => "polite",
        false => "off",
    };
    view! {
        <section class="why-panel" aria-label=words::WHY_TITLE data-trouble=move || why.read().trouble.to_string()>
            <div class="said" translate="no">
                <p class="sentence">
                    <span class="sign" aria-hidden="true">{move || why.read().sign}</span>
                    <span aria-live=polite>{move || why.read().sentence.clone()}</span>
                </p>
                <p class="arithmetic">{move || why.read().arithmetic.clone()}</p>
            </div>
            <p class="visually-hidden" role="status">{announced}</p>
            <div class="turn" translate="no">
                <span>{time}</span>
                <span>{move || words::nth_of(index.get() + 1, number.get())}</span>
                <button
                    class="script-only"
                    type="button"
                    data-quiet="true"
                    aria-label=words::NEWER
                    disabled=move || index.get() == 0
                    on:click=move |_| index.update(|i| *i = i.saturating_sub(1))
                >
                    "‹"
                </button>
                <button
                    class="script-only"
                    type="button"
                    data-quiet="true"
                    aria-label=words::OLDER
                    disabled=oldest
                    on:click=move |_| index.update(|i| *i += 1)
                >
                    "›"
                </button>
                <Evidence why live />
            </div>
        </section>
    }
}

/// When the explanation began to hold, as far as the objects tell: the HPA's last look.
fn holds_since(snapshot: &Snapshot) -> TimeMs {
    let look = snapshot.autoscaler.as_ref().and_then(|a| a.last_look);
    look.unwrap_or(snapshot.time)
}

/// The HPA's conditions and event, word for word, and the command that shows the same.
#[component]
fn Evidence(why: Memo<Why>, live: Live) -> impl IntoView {
    let autoscaler = Memo::new(move |_| {
        live.state
            .with(|s| s.snapshot.as_ref().and_then(|s| s.autoscaler.clone()))
    });
    let conditions = move || {
        let conditions = autoscaler.get().map(|a| a.conditions).unwrap_or_default();
        let row = |c: crate::model::Condition| {
            view! {
                <tr>
                    <th scope="row">{c.type_}</th>
                    <td>{c.status}</td>
                    <td>{c.reason}</td>
                    <td>{c.message}</td>
                </tr>
            }
        };
        conditions.into_iter().map(row).collect_view()
    };
    let command = move || {
        live.state.with(|s| {
            s.snapshot.as_ref().map(|s| match &s.autoscaler {
                Some(hpa) => format!("kubectl describe hpa {} -n {}", hpa.name, s.namespace),
                None => format!(
                    "kubectl get deploy,hpa,scaledobject,job,pod -n {}",
                    s.namespace
                ),
            })
        })
    };
    view! {
        <span class="says">
            {move || why.read().says.clone().map(|word| words::as_the_hpa_says(&word))}
        </span>
        <details class="evidence">
            <summary>{words::WHY}</summary>
            <div class="popover" translate="no">
                <p>{words::SAME_BY_KUBECTL}</p>
                <pre>{command}</pre>
                <p>{words::HPA_CONDITIONS}</p>
                <div class="scroll"><table><tbody>{conditions}</tbody></table></div>
                <p>{move || autoscaler.read().as_ref().and_then(|a| a.last_rescale_message.clone())}</p>
            </div>
        </details>
    }
}
