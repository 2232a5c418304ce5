//! The questions before an act.

use super::super::*;
use crate::model::samples;

#[test]
fn confirmation_lists_what_goes() {
    let (snapshot, _) = samples::mid_load();
    let question = confirm_clean_up(&snapshot);
    assert_eq!(
        question.question,
        "Remove the workshop from workshop-user-7?"
    );
    assert_eq!(
        question.detail,
        "1 ScaledObject, 1 Deployment with 8 pods, 1 Service, the workshop's ConfigMaps, 1 running load. \
         Recorded runs stay. Not touched: whatever in the namespace is not the workshop's."
    );
    assert_eq!((question.safe, question.go), ("Keep", "Remove all"));
}

#[test]
fn foreign_load_is_named_before_it_is_stopped() {
    let mut load = samples::load();
    load.job = "my-load".to_owned();
    load.manager = "kubectl".to_owned();
    assert_eq!(
        confirm_stop(&load).question,
        "Stop also Job my-load, which kubectl started?"
    );
}
