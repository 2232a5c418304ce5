//! The picture of a short run, and what must never be in it.

use super::*;
use crate::model::Interval;
use crate::model::samples::{self, at};

fn view(width: u32) -> ChartView {
    ChartView {
        width,
        from: at(20.0),
        to: at(172.0),
        now: at(112.0),
        cursor: None,
        zone: Zone::default(),
        next_look: Some(at(120.8)),
        limit_m: Some(100),
        scale_down: None,
    }
}

fn texts(svg: &str) -> Vec<&str> {
    svg.split("</text>")
        .filter_map(|part| Some(part.rsplit_once('>')?.1.trim()))
        .collect()
}

#[test]
fn mid_load_is_drawn() {
    let (_, history) = samples::mid_load();
    insta::assert_snapshot!(render(&history, &view(952)));
}

#[test]
fn empty_history_says_why_and_still_has_axes() {
    let svg = render(&History::default(), &view(952));
    let texts = texts(&svg);
    assert!(texts.contains(&"No load has run yet."), "{texts:?}");
    assert!(texts.contains(&"Nothing is deployed."), "{texts:?}");
    assert!(texts.contains(&"14:01"), "{texts:?}");
}

#[test]
fn limit_is_told_with_its_meaning() {
    let (_, history) = samples::mid_load();
    let svg = render(&history, &view(952));
    assert!(texts(&svg).contains(&"limit 100m = 200 % of request"));
}

#[test]
fn no_style_attribute_is_written() {
    let (_, history) = samples::mid_load();
    for width in [358, 952, 1400] {
        let svg = render(&history, &view(width));
        assert!(
            !svg.contains("style=") && !svg.contains("<style"),
            "the Content-Security-Policy forbids it"
        );
    }
}

#[test]
fn unobserved_cpu_and_pods_are_gaps() {
    let (_, mut history) = samples::mid_load();
    let whole = render(&history, &view(952));
    history.observed.cluster = vec![Interval {
        from: at(0.0),
        to: Some(at(60.0)),
    }];
    let cut = render(&history, &view(952));
    let filled = |svg: &str| svg.matches("fill=\"#000032\"").count();
    assert!(filled(&cut) < filled(&whole));
    assert!(
        !texts(&cut).contains(&"ready"),
        "what is not observed has no name at its end"
    );
}

#[test]
fn unknown_is_none_in_the_readout() {
    let (_, history) = samples::mid_load();
    let before = readout(&history, at(10.0));
    assert_eq!(
        (before.users, before.rps, before.p95_ms),
        (None, None, None)
    );
    let now = readout(&history, at(112.0));
    assert_eq!(
        (now.wanted, now.asked, now.ready),
        (Some(13), Some(8), Some(6))
    );
    assert_eq!(now.rescale, Some((4, 8)));
    assert_eq!(now.since_users_s, Some(61));
    let lost = History {
        observed: Default::default(),
        ..history
    };
    assert_eq!(readout(&lost, at(112.0)).ready, None);
}

#[test]
fn px_and_time_are_inverse() {
    let (view, plot) = (view(952), Plot::of(952));
    let time = plot.time_at(plot.x(at(80.0), &view), &view);
    assert!((time.0 - at(80.0).0).abs() < 200);
    assert_eq!(
        plot.time_at(100_000, &view),
        view.now,
        "no cursor in the future"
    );
}

#[test]
fn table_has_one_row_a_change_newest_first() {
    let (_, history) = samples::mid_load();
    let rows = rows(&history, at(70.0), at(112.0));
    let times: Vec<_> = rows.iter().map(|r| r.time).collect();
    assert!(times.windows(2).all(|pair| pair[0] > pair[1]));
    assert_eq!(times.first(), Some(&at(110.4)));
}

#[test]
fn every_sentinel_has_its_rule_in_the_stylesheet() {
    let css = include_str!("../../../style/chart.css");
    for colour in colours::ALL {
        let hex = format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2);
        assert!(css.contains(&format!("\"{hex}\"")), "{hex} is not mapped");
    }
}
