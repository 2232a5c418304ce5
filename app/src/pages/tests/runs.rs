//! Pages of runs, and of what is kept of them.

use super::*;

#[test]
fn log_is_text_and_its_figures_stand_above_it() {
    let html = render("/", mid_load(), None);
    for text in [
        "Ramping to 150 users at a rate of 15.00 per second",
        "a &lt;b&gt;line&lt;/b&gt; of the locustfile &amp; its own",
        "1,036 requests",
        "p95 9.8 s",
        "href=\"/load.log\"",
    ] {
        assert!(html.contains(text), "{text} is missing");
    }
    let (shown, _data) = html.rsplit_once("<script").expect("the data come last");
    assert!(!shown.contains("workshop_load"), "figures are folded away");
}

#[test]
fn last_tables_and_the_verdict_stay() {
    let (mut snapshot, mut history) = samples::mid_load();
    let run = samples::run();
    snapshot.load = Some(run.summary.load);
    history.log = run.history.log;
    let html = render("/", seat(snapshot, history), None);
    write("ended", &html);
    for text in [
        "Finished: 1,036 requests, 0 failed.",
        "Response time percentiles in ms",
        "99.99%",
    ] {
        assert!(html.contains(text), "{text} is missing");
    }
}

#[test]
fn runs_are_pages_too() {
    let first = |seen| FirstPaint {
        panel: Some(samples::panel()),
        seen,
    };
    let (namespace, run) = ("workshop-user-7".to_owned(), samples::run());
    let list = Seen::Runs {
        namespace: namespace.clone(),
        time: run.until,
        runs: vec![run.summary.clone()],
    };
    let html = render("/runs", first(list), None);
    write("runs", &html);
    for text in [
        "150 users, 15/s, 5:00",
        "after 25 s",
        "12.0 s → 4.0 s",
        "href=\"/runs/9b0d\"",
        "href=\"/runs/9b0d.csv\"",
    ] {
        assert!(html.contains(text), "{text} is missing");
    }
    let run = Seen::Run {
        namespace,
        run: Box::new(run),
    };
    let html = render("/runs/9b0d", first(run), None);
    write("run", &html);
    for text in ["<svg", "4 → 8", "55 s", "Finished: 1,036 requests"] {
        assert!(html.contains(text), "{text} is missing");
    }
    assert!(!html.contains(" style="));
    let (shown, _data) = html.rsplit_once("<script").expect("the data come last");
    for text in [
        "+0:25",
        "1 → 4: CPU is 200 % of the request, the target is 60 %.",
        "ceil(1 × 200 / 60) = ceil(3.33) = 4",
        "Stays at 4: 3 new pods have no CPU sample yet and count as 0 %.",
        "as the HPA says: ScaleUpLimit",
        "kubectl describe hpa keda-hpa-webapp -n workshop-user-7",
        "The HPA looked at 14:01:45.",
        "no: counts as 0 %",
        "Reaction, 1 → 4",
        "counted by the HPA",
        "p95 before 12.0 s, 30 s after 5.1 s",
        "normal at the start",
        "New size: 8; reason: cpu resource utilization (percentage of request) above target",
    ] {
        assert!(shown.contains(text), "{text} is missing");
    }
    let place = |text: &str| shown.find(text).unwrap();
    assert!(
        place("−0:20") < place("+0:25") && place("+0:25") < place("+0:55"),
        "in the order in which it was said"
    );
    let gone = Seen::Failed {
        error: crate::error::Error::NotFound,
    };
    let html = render("/runs/9b0d", first(gone), None);
    assert!(html.contains("This run is not kept any more"));
}

#[test]
fn run_says_where_nothing_of_it_is_kept() {
    let mut run = samples::run();
    run.history.told.clear();
    run.history.reactions.clear();
    run.history.events.clear();
    let first = FirstPaint {
        panel: Some(samples::panel()),
        seen: Seen::Run {
            namespace: run.namespace.clone(),
            run: Box::new(run),
        },
    };
    let html = render("/runs/9b0d", first, None);
    for text in [
        "No explanation of this run is kept.",
        "Nothing was scaled up in this run.",
        "No event of this run is kept.",
    ] {
        assert!(html.contains(text), "{text} is missing");
    }
}
