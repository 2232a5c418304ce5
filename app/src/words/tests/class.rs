//! The instructor's texts.

use super::super::*;
use crate::model::samples;

#[test]
fn class_is_summed_up_without_a_cluster_figure_of_its_own() {
    assert_eq!(
        class(&samples::overview().seats),
        "2 of 3 signed in · 1 load on · 6 pods ready · 1 seat needs help"
    );
}
