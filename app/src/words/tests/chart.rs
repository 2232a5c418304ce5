//! The readout as one text.

use super::super::*;
use crate::figures::Zone;
use crate::model::samples::{self, at};

#[test]
fn slider_reads_everything_that_is_known() {
    let (_, history) = samples::mid_load();
    let at_look = crate::chart::readout(&history, at(106.0));
    assert_eq!(
        readout(&at_look, Zone::default()),
        "14:01:46, 0:55 after first users. 150 users, 30 requests per second, p95 4.0 seconds. CPU 181 percent of request. Wanted 13, asked for 8, ready 4. 4 to 8, limited to double in 15 seconds."
    );
    let before = crate::chart::readout(&history, at(-10.0));
    assert_eq!(
        readout(&before, Zone::default()),
        "13:59:50. CPU unknown. Pods unknown."
    );
}

#[test]
fn slider_says_what_held_a_rescale_and_what_failed() {
    use crate::chart::{Held, Readout, Rescaled};

    let told = |from, to, held| {
        let at = Readout {
            time: at(0.0),
            percent: Some(4),
            ready: Some(1),
            failures_per_s: Some(0.4),
            rescale: Some(Rescaled { from, to, held }),
            ..Readout::default()
        };
        readout(&at, Zone::default())
    };
    assert_eq!(
        told(8, 10, Held::Maximum),
        "14:00:00. 0.4 failures per second. CPU 4 percent of request. Ready 1. 8 to 10, limited by the maximum."
    );
    assert!(told(1, 5, Held::More(4)).ends_with(" 1 to 5, limited to 4 more pods in 15 seconds."));
    assert!(told(10, 1, Held::No).ends_with(" 10 to 1, in one step."));
}

#[test]
fn pause_says_since_when_and_how_far_behind() {
    assert_eq!(paused("14:02:31", 45), "Paused at 14:02:31, 0:45 behind");
}

#[test]
fn ends_of_the_axis_of_the_response_time_are_short() {
    let ends = [0.0, 0.5, 1.0, 20.0].map(seconds_of_axis);
    assert_eq!(ends, ["0 s", "0.5 s", "1 s", "20 s"]);
}
