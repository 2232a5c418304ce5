//! What is not known is a gap that says why, never a value.

use super::*;
use crate::model::Interval;

#[test]
fn unobserved_pods_are_a_gap_with_its_reason() {
    let (_, mut history) = samples::mid_load();
    let whole = render(&history, &view(958));
    history.observed.cluster = vec![
        Interval {
            from: at(0.0),
            to: Some(at(50.0)),
        },
        Interval {
            from: at(105.0),
            to: None,
        },
    ];
    let cut = render(&history, &view(958));
    let moves = |svg: &str| path(svg, "asked").map_or(0, |d| d.matches('M').count());
    assert_eq!((moves(&whole), moves(&cut)), (1, 2));
    assert!(texts(&cut).contains(&"not seen by the panel"));
    assert!(!texts(&whole).contains(&"not seen by the panel"));
    history.observed.cluster.truncate(1);
    let ended = render(&history, &view(958));
    assert!(
        !texts(&ended).contains(&"ready"),
        "what is not observed has no name at its end"
    );
}

#[test]
fn absent_metrics_are_a_gap_with_its_reason_and_no_zero() {
    let (_, mut history) = samples::mid_load();
    history.cpu.truncate(2);
    history.observed.metrics = vec![Interval {
        from: at(0.0),
        to: Some(at(40.0)),
    }];
    let svg = render(&history, &view(958));
    assert!(texts(&svg).contains(&"no CPU values: metrics-server did not answer"));
    let drawn = path(&svg, "cpu").expect("there are two samples");
    let plot = view(958).plot();
    let end = plot.x(at(37.7), &view(958));
    assert!(drawn.ends_with(&format!("H{end}")), "{drawn}");

    history.observed.metrics[0].to = None;
    let svg = render(&history, &view(958));
    assert!(!svg.contains("metrics-server did not answer"));
}

#[test]
fn load_without_an_answer_has_a_gap_and_its_reason() {
    let (_, mut history) = samples::mid_load();
    for sample in &mut history.load[5..] {
        (sample.p50_ms, sample.p95_ms) = (None, None);
    }
    let svg = render(&history, &view(958));
    assert!(texts(&svg).contains(&"no answer in the last 10 s"));
    assert!(!texts(&svg).contains(&"p95"), "what is unknown has no name");
}

#[test]
fn lost_stream_is_hatched_and_nothing_is_drawn_there() {
    let (_, history) = samples::mid_load();
    let lost = ChartView {
        heard: Some(at(112.0)),
        ..window(20.0, 160.0)
    };
    let svg = render(&history, &lost);
    assert!(path(&svg, "lost").is_some());
    assert!(svg.contains("no connection"));
    let heard = lost.plot().x(at(112.0), &lost);
    let asked = path(&svg, "asked").expect("pods were asked for");
    assert!(asked.ends_with(&format!("H{heard}")), "{asked}");
    assert!(path(&render(&history, &window(20.0, 112.0)), "lost").is_none());
}

#[test]
fn restarted_panel_goes_on_after_its_gap() {
    let (_, mut history) = samples::mid_load();
    history.observed.cluster = vec![
        Interval {
            from: at(0.0),
            to: Some(at(60.0)),
        },
        Interval {
            from: at(66.0),
            to: None,
        },
    ];
    insta::assert_snapshot!(path(&render(&history, &view(958)), "asked").unwrap_or_default());
}
