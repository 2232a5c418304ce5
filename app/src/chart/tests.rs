//! Pictures of the moments of a class, and what must never be in one.

mod gaps;
#[path = "../../benches/chart/hour.rs"]
mod hour;

use super::*;
use crate::model;
use crate::model::samples::{self, at};
use crate::model::{CpuSample, LoadMark, LoadSample, Look, PodCounts};

fn view(width: u32) -> ChartView {
    ChartView {
        width,
        rem: REM_PX,
        from: at(20.0),
        to: at(172.0),
        now: at(112.0),
        heard: None,
        zone: Zone::default(),
        next_look: Some(at(120.8)),
        limit_m: Some(100),
        scale_down: None,
        remembered: None,
        guess: None,
        each_pod: Vec::new(),
    }
}

fn window(from: f64, now: f64) -> ChartView {
    ChartView {
        from: at(from),
        to: at(now + 60.0),
        now: at(now),
        ..view(958)
    }
}

fn texts(svg: &str) -> Vec<&str> {
    svg.split("</text>")
        .filter_map(|part| Some(part.rsplit_once('>')?.1.trim()))
        .collect()
}

/// The path of a class, if it is drawn.
fn path<'a>(svg: &'a str, class: &str) -> Option<&'a str> {
    let start = format!("<path class=\"{class}\" d=\"");
    let (_, rest) = svg.split_once(&start)?;
    Some(rest.split_once('"')?.0)
}

/// Positions and ends of every text, as `(x from, x to, text)`.
fn spans<'a>(svg: &'a str, plot: &Plot) -> Vec<(i32, i32, &'a str)> {
    let view = view(plot.width.unsigned_abs());
    let canvas = Canvas::new(&view, *plot);
    let elements = svg.split("<text ").skip(1);
    let span = |element: &'a str| {
        let (head, rest) = element.split_once('>')?;
        let text = rest.split_once("</text>")?.0;
        let x: i32 = head.split_once("x=\"")?.1.split_once('"')?.0.parse().ok()?;
        let wide = canvas.text_width(text);
        Some(match head {
            _ if head.contains("middle") => (x - wide / 2, x + wide / 2, text),
            _ if head.contains("end") => (x - wide, x, text),
            _ => (x, x + wide, text),
        })
    };
    elements.filter_map(span).collect()
}

/// One pod at 4 %, no load.
fn idle() -> History {
    let (_, mut history) = samples::mid_load();
    history.load.clear();
    history.marks.clear();
    history.rescales.clear();
    history.pods.truncate(2);
    history.cpu.truncate(2);
    history.looks.truncate(2);
    history
}

/// The load ended at 140 s, ten pods are held until 225 s and then become one.
fn after_stop() -> History {
    let (_, mut history) = samples::mid_load();
    let counts = |t, asked, ready, wanted| PodCounts {
        time: at(t),
        asked: Some(asked),
        ready,
        wanted: Some(wanted),
        min: Some(1),
        max: Some(10),
    };
    let look = |t, percent, current, desired, held| Look {
        time: at(t),
        utilization_percent: Some(percent),
        target_percent: Some(60),
        current: Some(current),
        desired,
        held,
    };
    history.pods.extend([
        counts(120.8, 10, 8, 26),
        counts(126.0, 10, 10, 26),
        counts(165.8, 10, 10, 1),
        counts(225.8, 1, 10, 1),
        counts(228.0, 1, 1, 1),
    ]);
    history.looks.extend([
        look(120.8, 155, 8, 10, false),
        look(150.8, 101, 10, 10, false),
        look(165.8, 4, 10, 10, true),
        look(225.8, 4, 10, 1, false),
    ]);
    let rescale = |t, from, to| crate::model::Rescale {
        time: at(t),
        from,
        to,
    };
    history
        .rescales
        .extend([rescale(120.8, 8, 10), rescale(225.8, 10, 1)]);
    history.marks.push(LoadMark {
        time: at(140.0),
        on: false,
    });
    let newest = history.cpu[history.cpu.len() - 1];
    history.cpu.extend((0..9).map(|n| CpuSample {
        time: at(112.7 + 15.0 * f64::from(n)),
        percent: if n < 3 { 155.0 } else { 4.0 },
        pods: 10,
        ..newest
    }));
    history
}

#[test]
fn mid_load_is_drawn() {
    let (_, history) = samples::mid_load();
    insta::assert_snapshot!(render(&history, &view(958)));
}

#[test]
fn idle_app_is_drawn() {
    insta::assert_snapshot!(render(&idle(), &window(0.0, 50.0)));
}

#[test]
fn nothing_deployed_is_drawn() {
    insta::assert_snapshot!(render(&History::default(), &view(958)));
}

#[test]
fn hold_and_scale_down_are_drawn() {
    let history = after_stop();
    let held = ChartView {
        scale_down: Some(at(225.8)),
        remembered: Some((at(150.8), 17)),
        ..window(20.8, 200.0)
    };
    let svg = render(&history, &held);
    let shown = texts(&svg);
    for text in ["hold: 17 wanted at 14:02:30", "▼ earliest", "■ load off"] {
        assert!(shown.contains(&text), "{text} is missing: {shown:?}");
    }
    assert!(path(&svg, "hold").is_some());
    insta::assert_snapshot!(render(&history, &window(20.8, 240.0)));
}

#[test]
fn phone_has_its_own_order_and_cuts_no_text() {
    let (_, history) = samples::mid_load();
    insta::assert_snapshot!(render(&history, &view(372)));
    for history in [history, idle(), after_stop(), History::default()] {
        for (width, rem) in [
            (300, 16),
            (372, 16),
            (372, 20),
            (622, 16),
            (990, 16),
            (958, 20),
        ] {
            for now in [50.0, 112.0, 200.0, 240.0] {
                let view = ChartView {
                    width,
                    rem,
                    guess: Some((at(50.8), 6)),
                    ..window(20.8, now)
                };
                let svg = render(&history, &view);
                for (from, to, text) in spans(&svg, &view.plot()) {
                    assert!(
                        from >= 0 && to <= width as i32,
                        "{text} is cut at {width} px: {from} to {to}"
                    );
                }
            }
        }
    }
}

#[test]
fn empty_history_says_why_and_still_has_axes() {
    let svg = render(&History::default(), &view(958));
    let texts = texts(&svg);
    for text in [
        "No load has run yet.",
        "Nothing is deployed.",
        "14:01",
        "0 %",
    ] {
        assert!(texts.contains(&text), "{text} is missing: {texts:?}");
    }
    let waiting = History {
        pods: idle().pods,
        ..History::default()
    };
    let svg = render(&waiting, &view(958));
    assert!(svg.contains("No CPU sample yet. The first comes about 25 s after a pod starts."));
}

#[test]
fn what_is_wanted_above_the_top_is_a_number() {
    let svg = render(&after_stop(), &window(20.8, 150.0));
    let texts = texts(&svg);
    assert!(texts.contains(&"↑ 26 wanted"), "{texts:?}");
    assert!(texts.contains(&"↑ 13"), "while it was so: {texts:?}");
}

#[test]
fn limit_is_told_with_its_meaning_and_when_it_hides_demand() {
    let (_, history) = samples::mid_load();
    let at_limit = "at the limit: real demand may be higher";
    let svg = render(&history, &window(20.0, 90.0));
    assert!(texts(&svg).contains(&"limit 100m = 200 % of request"));
    assert!(texts(&svg).contains(&at_limit), "200 % of 200 %");
    let narrow = ChartView {
        width: 358,
        ..window(20.0, 90.0)
    };
    let svg = render(&history, &narrow);
    assert!(texts(&svg).contains(&at_limit));
    assert!(
        !texts(&svg).iter().any(|text| text.starts_with("limit ")),
        "there is room for one of them"
    );
    let svg = render(&history, &view(958));
    assert!(
        !texts(&svg).contains(&at_limit),
        "181 % is below 95 % of it"
    );
}

#[test]
fn no_style_is_written() {
    let (_, history) = samples::mid_load();
    for width in [358, 958, 1400] {
        let svg = render(&history, &view(width));
        assert!(
            !svg.contains("style=") && !svg.contains("<style"),
            "the Content-Security-Policy forbids it"
        );
    }
}

#[test]
fn looks_without_a_change_are_hollow() {
    let svg = render(&idle(), &window(0.0, 80.0));
    let hollow = path(&svg, "due").map_or(0, |d| d.matches('M').count());
    // Seen at 15.7 and 30.8; expected at 45.8 and 60.8; ahead at 120.8 and 135.8.
    assert_eq!(hollow, 4);
    let solid = path(&svg, "look").map_or(0, |d| d.matches('M').count());
    assert_eq!(solid, 2);
}

#[test]
fn tops_do_not_sink_during_a_run() {
    let (_, history) = samples::mid_load();
    let top = |from, now| {
        let svg = render(&history, &window(from, now));
        let texts: Vec<_> = texts(&svg).into_iter().map(str::to_owned).collect();
        texts
            .iter()
            .find(|t| t.ends_with(" s") && *t != "0 s")
            .cloned()
    };
    assert_eq!(
        top(20.0, 100.0),
        top(95.0, 112.0),
        "the slow start has left the window"
    );
    assert_eq!(top(20.0, 112.0).as_deref(), Some("20 s"));
}

#[test]
fn guess_is_labelled() {
    let (_, history) = samples::mid_load();
    let guessed = |pods| {
        let view = ChartView {
            guess: Some((at(50.8), pods)),
            ..view(958)
        };
        render(&history, &view)
    };
    assert!(texts(&guessed(6)).contains(&"your guess 6"));
    assert!(texts(&guessed(40)).contains(&"↑ your guess 40"));
    assert!(path(&guessed(6), "guess").is_some());
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
    let limited = Rescaled {
        from: 4,
        to: 8,
        held: Held::Double,
    };
    assert_eq!(now.rescale, Some(limited));
    assert_eq!(now.since_users_s, Some(61));
    let lost = History {
        observed: Default::default(),
        ..history
    };
    assert_eq!(readout(&lost, at(112.0)).ready, None);
}

#[test]
fn rescale_knows_what_held_it() {
    let history = after_stop();
    let held = |t| readout(&history, at(t)).rescale.map(|r| r.held);
    assert_eq!(held(76.0), Some(Held::No), "4 were wanted");
    assert_eq!(held(121.0), Some(Held::Maximum));
    assert_eq!(held(226.0), Some(Held::No));
    assert_eq!(held(150.0), None);
}

#[test]
fn px_and_time_are_inverse() {
    let (view, plot) = (view(958), Plot::of(958, REM_PX));
    let time = plot.time_at(plot.x(at(80.0), &view), &view);
    assert!((time.0 - at(80.0).0).abs() < 200);
    assert_eq!(
        plot.time_at(100_000, &view),
        view.now,
        "no cursor in the future"
    );
}

#[test]
fn cursor_is_one_line_through_all_bands() {
    let view = view(958);
    let svg = render_cursor(&view, Some(at(80.0)));
    let way = path(&svg, "cursor").expect("it is drawn");
    assert_eq!((way.matches('M').count(), way.matches('V').count()), (3, 3));
    assert!(!render_cursor(&view, None).contains("cursor"));
    assert!(!render_cursor(&view, Some(at(130.0))).contains("cursor"));
}

#[test]
fn table_has_one_row_a_change_newest_first() {
    let (_, history) = samples::mid_load();
    let rows = rows(&history, at(70.0), at(112.0));
    let times: Vec<_> = rows.iter().map(|r| r.time).collect();
    assert!(times.windows(2).all(|pair| pair[0] > pair[1]));
    assert_eq!(times.first(), Some(&at(110.4)));
}

/// The points of a path.
fn points(d: &str) -> Vec<(i32, i32)> {
    let mut at = (0, 0);
    let mut points = Vec::new();
    let mut rest = d;
    while let Some(letter) = rest.chars().next() {
        let end = rest[1..].find(|c: char| c.is_ascii_alphabetic());
        let (command, next) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
        let numbers: Vec<i32> = command[1..]
            .split(' ')
            .filter_map(|number| number.parse().ok())
            .collect();
        at = match (letter, &numbers[..]) {
            ('H', [x]) => (*x, at.1),
            ('V', [y]) => (at.0, *y),
            (_, [x, y]) => (*x, *y),
            _ => at,
        };
        points.push(at);
        rest = next;
    }
    points
}

#[test]
fn an_hour_keeps_its_peak_and_stays_small() {
    let mut history = hour::hour(samples::T0);
    let peak = &mut history.load[777];
    peak.p95_ms = Some(40_000);
    let time = peak.time;
    let view = ChartView {
        from: at(0.0),
        now: at(3_600.0),
        to: at(3_660.0),
        ..view(958)
    };
    let svg = render(&history, &view);
    assert!(svg.len() < 60_000, "{} bytes", svg.len());
    // The top is 50 s, below the row of marks.
    let (top, bottom) = (view.plot().load.0 + 13, view.plot().load.1);
    let y = bottom - (bottom - top) * 4 / 5;
    let drawn = points(path(&svg, "p95").expect("the load was answered"));
    assert!(drawn.contains(&(view.plot().x(time, &view), y)));
}

#[test]
fn every_class_has_its_rule_in_the_stylesheet() {
    let css = include_str!("../../../style/chart.css");
    let mut lost = window(0.0, 200.0);
    lost.heard = Some(at(180.0));
    lost.guess = Some((at(50.8), 6));
    lost.each_pod = vec![vec![(at(67.0), 180), (at(82.0), 190)]];
    lost.scale_down = Some(at(225.8));
    let mut failing = after_stop();
    failing.load[9].failures_per_s = 1.0;
    let svg = [
        render(&failing, &lost),
        render_cursor(&lost, Some(at(80.0))),
    ]
    .concat();
    let mut classes: Vec<_> = svg
        .split("class=\"")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0))
        .collect();
    classes.sort_unstable();
    classes.dedup();
    assert!(classes.len() > 20, "{classes:?}");
    for class in classes {
        let known = [format!(".{class} "), format!(".{class} {{")];
        assert!(
            known.iter().any(|rule| css.contains(rule)),
            "{class} is not in style/chart.css"
        );
    }
}

#[test]
fn level_stretches_of_an_hour_are_two_points() {
    // Samples that all tell the same are one stretch for each of the four loads.
    let mut history = hour::hour(samples::T0);
    for sample in &mut history.load {
        *sample = LoadSample {
            time: sample.time,
            users: Some(150),
            rps: 31.0,
            failures_per_s: 0.0,
            p50_ms: Some(900),
            p95_ms: Some(2_000),
        };
    }
    let view = ChartView {
        from: at(0.0),
        now: at(3_600.0),
        to: at(3_660.0),
        ..view(958)
    };
    let svg = render(&history, &view);
    let rps = path(&svg, "rps").expect("requests were made");
    assert_eq!(points(rps).len(), 8, "{rps}");
}
