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
        "14:01:46, 0:55 after first users. 150 users, 30 requests per second, p95 4.0 seconds. CPU 181 percent of request. Wanted 13, asked for 8, ready 4. 4 to 8."
    );
    let before = crate::chart::readout(&history, at(-10.0));
    assert_eq!(readout(&before, Zone::default()), "13:59:50.");
}
