//! The exact sentences, one file a part as beside this one.

mod chart;
mod class;
mod confirmations;
mod findings;
mod header;
mod sign_in;
mod why;

#[track_caller]
fn says((told, below): (String, String), sentence: &str, arithmetic: &str) {
    assert_eq!(told, sentence);
    assert_eq!(below, arithmetic);
}
