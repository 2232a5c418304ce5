//! The pages as the server sends them: what stands there before WebAssembly, and what the policy of the page forbids.
//!
//! With `WRITE_PAGES=<folder>` the pages are also written there, to be looked at in a browser.

mod runs;
mod sign_in;

use std::path::Path;
use std::sync::Arc;

use any_spawner::Executor;
use futures::StreamExt;
use futures::executor::block_on;
use hydration_context::{SharedContext, SsrSharedContext};
use leptos::prelude::*;
use leptos_router::location::RequestUrl;

use crate::first_paint::{FirstPaint, Seen};
use crate::model::samples;
use crate::model::{
    Claimed, FaultStates, Finding, Panel, SeatFault, Sentinel, SignIn, SignInError,
    SingleSignOnProblem, Snapshot, Switch, SwitchState, SwitchValue,
};

/// One page as HTML, with the data that the browser starts from.
fn render(path: &str, first: FirstPaint, sign_in: Option<SignIn>) -> String {
    // Another test may have been first.
    let _known = Executor::init_futures_executor();
    let shared = Arc::new(SsrSharedContext::new());
    let owner = Owner::new_root(Some(shared.clone()));
    let html = owner.with(|| {
        provide_context(RequestUrl::new(path));
        provide_context(first);
        if let Some(sign_in) = sign_in {
            provide_context(sign_in);
        }
        let options = LeptosOptions::builder()
            .output_name("app")
            .site_pkg_dir("pkg/test")
            .build();
        crate::shell(options).to_html()
    });
    let data = shared
        .pending_data()
        .map(|data| block_on(data.collect::<String>()));
    let script = format!("<script>{}</script></body>", data.unwrap_or_default());
    html.replacen("</body>", &script, 1)
}

fn seat(snapshot: Snapshot, history: crate::model::History) -> FirstPaint {
    FirstPaint {
        panel: Some(samples::panel()),
        seen: Seen::Seat {
            namespace: snapshot.namespace.clone(),
            name: Some("Ana".to_owned()),
            snapshot: Box::new(snapshot),
            history: Box::new(history),
        },
    }
}

fn mid_load() -> FirstPaint {
    let (snapshot, history) = samples::mid_load();
    seat(snapshot, history)
}

/// Writes the page for looking at, when asked to: scripts are left out, the stylesheet is beside it.
fn write(name: &str, html: &str) {
    let Some(folder) = std::env::var_os("WRITE_PAGES") else {
        return;
    };
    let folder = Path::new(&folder);
    let style = concat!(env!("CARGO_MANIFEST_DIR"), "/../style");
    for file in std::fs::read_dir(style).expect("the style is there") {
        let file = file.expect("the style can be read");
        std::fs::copy(file.path(), folder.join(file.file_name()))
            .expect("the folder of WRITE_PAGES exists");
    }
    // As it is served: with the site beside it as `pkg/test`, it comes to life.
    std::fs::write(folder.join(format!("{name}.html")), html).expect("the page can be written");
    let html = html.replace("/pkg/test/main.css", "main.css");
    for theme in ["light", "dark"] {
        let root = format!("<html data-theme=\"{theme}\" ");
        let page = folder.join(format!("{name}-{theme}.html"));
        std::fs::write(page, html.replacen("<html ", &root, 1)).expect("the page can be written");
    }
}

#[test]
fn seat_page_says_everything_before_webassembly() {
    let html = render("/", mid_load(), None);
    write("seat", &html);
    for text in [
        "workshop-user-7",
        "Load is on: 150 users, 3:58 left.",
        "4 → 8, not 13: at most 4 more pods, or double, in 15 s.",
        "ceil(4 × 181 / 60) = 13 · limit max(4 + 4, 4 × 2) = 8",
        "as the HPA says: ScaleUpLimit",
        "6 ready, 2 starting",
        "webapp-…-gpz5k",
        "Reload for new figures.",
        "kubectl describe hpa keda-hpa-webapp -n workshop-user-7",
    ] {
        assert!(html.contains(text), "{text} is missing");
    }
}

#[test]
fn page_carries_the_data_that_it_was_rendered_from() {
    let html = render("/", mid_load(), None);
    let (_, scripts) = html.rsplit_once("<script>").expect("the data come last");
    for part in [
        "__RESOLVED_RESOURCES",
        "scaled_up_limited",
        "webapp-d5b46ffdb-gpz5k",
    ] {
        assert!(scripts.contains(part), "{part} is missing");
    }
}

#[test]
fn buttons_are_forms() {
    let html = render("/", mid_load(), None);
    for form in [
        "action=\"/api/deploy\"",
        "action=\"/api/start_load\"",
        "action=\"/api/stop_load\"",
        "action=\"/api/clean_up\"",
        "action=\"/session/end\"",
    ] {
        assert!(html.contains(form), "{form} is missing");
    }
    for field in ["users", "spawn_rate", "run_time_s", "n"] {
        let field = format!("name=\"{field}\" form=\"start-load\"");
        assert!(html.contains(&field), "{field} is missing");
    }
}

#[test]
fn clean_up_asks_first_without_javascript_too() {
    let asked = render("/?confirm=clean_up", mid_load(), None);
    write("confirm", &asked);
    assert!(asked.contains("Remove the workshop from workshop-user-7?"));
    assert!(!render("/", mid_load(), None).contains("Remove the workshop from"));
}

#[test]
fn no_page_has_what_its_policy_forbids() {
    let overview = FirstPaint {
        panel: Some(samples::panel()),
        seen: Seen::Seats {
            overview: samples::overview(),
            faults: false,
        },
    };
    for (path, first) in [
        ("/", mid_load()),
        ("/seats", overview),
        ("/faults", faults()),
        ("/sign-in", FirstPaint::default()),
    ] {
        let html = render(path, first, None);
        assert!(!html.contains(" style="), "{path} has a style attribute");
        assert!(!html.contains("<style"), "{path} has a style element");
        assert!(!html.contains(" onclick="), "{path} has an inline handler");
    }
}

#[test]
fn instructor_can_stop_each_load() {
    let first = FirstPaint {
        panel: Some(samples::panel()),
        seen: Seen::Seats {
            overview: samples::overview(),
            faults: false,
        },
    };
    let html = render("/seats", first, None);
    write("seats", &html);
    for text in [
        "Stop load of seat 07",
        "Stop all loads",
        "6 / 8",
        "3:58",
        "Scaling up",
        "1 device",
        "nobody",
        "Access to seat 07",
        "Class: running",
        "The image registry.invalid/webapp cannot be pulled.",
    ] {
        assert!(html.contains(text), "{text} is missing");
    }
    assert!(html.contains("action=\"/api/stop_seat_load\""));
}

fn faults() -> FirstPaint {
    let state = |switch, name: &str, on, value| SwitchState {
        switch,
        name: name.to_owned(),
        on,
        value,
    };
    let slow = SwitchValue {
        value: 700,
        least: 100,
        most: 30_000,
        unit: "ms".to_owned(),
    };
    FirstPaint {
        panel: Some(samples::panel()),
        seen: Seen::Faults {
            overview: samples::overview(),
            faults: FaultStates {
                switches: vec![
                    state(Switch::KedaAbsent, "keda-absent", false, None),
                    state(Switch::ApiServerSlow, "api-server-slow", true, Some(slow)),
                ],
                seats: vec![SeatFault {
                    seat: "07".to_owned(),
                    namespace: "workshop-user-7".to_owned(),
                    broken: Some(Sentinel::CrashLoop),
                }],
            },
        },
    }
}

#[test]
fn faults_are_plain_forms_with_their_state() {
    let html = render("/faults", faults(), None);
    write("faults", &html);
    for text in [
        "1 fault is on, 1 seat is broken.",
        "● on, 700 ms",
        "Turn on: No KEDA",
        "Turn off: Slow API server",
        "Milliseconds, 100 to 30000",
        "Mend seat 07",
        "action=\"/api/set_fault\"",
        "action=\"/api/end_faults\"",
        "action=\"/api/break_seat\"",
        "action=\"/api/mend_seat\"",
    ] {
        assert!(html.contains(text), "{text} is missing");
    }
}

#[test]
fn other_states_are_rendered_too() {
    let nothing = render("/", seat(samples::nothing(), Default::default()), None);
    write("nothing", &nothing);
    assert!(nothing.contains("Nothing is deployed in workshop-user-7."));

    let (mut snapshot, history) = samples::mid_load();
    snapshot.findings = vec![Finding::PodsRefused {
        asked: 8,
        existing: 4,
        message: "exceeded quota: workshop, requested: requests.cpu=50m, used: requests.cpu=300m, limited: requests.cpu=300m".to_owned(),
    }];
    let trouble = render("/", seat(snapshot, history), None);
    write("trouble", &trouble);
    assert!(trouble.contains("Asked for 8, only 4 exist: quota workshop is full."));
}

#[test]
fn page_without_data_offers_a_way_out() {
    let html = render("/", FirstPaint::default(), None);
    assert!(html.contains("Sign out"));
}

#[test]
fn events_and_pods_are_readable_before_webassembly() {
    let html = render("/", mid_load(), None);
    write("events", &html);
    for text in [
        "normal at the start",
        "New size: 8; reason: cpu resource utilization (percentage of request) above target",
        "×2 since 14:00:15",
        "Nothing is wrong.",
        "+ new",
        "webapp-…-mj22j",
        "locust-…-rjdcm",
    ] {
        assert!(html.contains(text), "{text} is missing");
    }
    let place = |text: &str| html.find(text).unwrap();
    assert!(
        place("webapp-…-gpz5k") < place("webapp-…-cfzw8"),
        "the busiest first"
    );
}

#[test]
fn troubles_are_told_in_full_and_markup_in_them_is_text() {
    let (mut snapshot, mut history) = samples::mid_load();
    snapshot.findings = vec![
        Finding::ConfigMissing {
            pod: "webapp-d5b46ffdb-mj22j".to_owned(),
            object: "ConfigMap".to_owned(),
            name: "webapp-code".to_owned(),
            message: "configmap \"webapp-code\" not found".to_owned(),
        },
        Finding::OneHotPod {
            pod: "webapp-d5b46ffdb-gpz5k".to_owned(),
            percent: 198,
            idle: 3,
        },
    ];
    snapshot.notices = vec![crate::model::Notice::Pods {
        names: vec!["debug".to_owned()],
    }];
    history.events[0].message = "<script>alert(1)</script>".to_owned();
    let html = render("/", seat(snapshot, history), None);
    write("findings", &html);
    for text in [
        "The pod waits: ConfigMap webapp-code is missing, or a key of it.",
        "kubectl describe pod webapp-d5b46ffdb-mj22j -n workshop-user-7",
        "One pod works, 3 are idle: connections stay on the first pod.",
        "Pod debug is no part of the workshop.",
        "&lt;script&gt;alert(1)",
    ] {
        assert!(html.contains(text), "{text} is missing");
    }
    assert!(!html.contains("<script>alert(1)"));
}
