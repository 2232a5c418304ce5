//! A short run of the fuzz target's entry on the stable compiler.

#[path = "../fuzz/entry.rs"]
mod entry;

use autoscaling::load::Random;

#[test]
fn fuzz_target_holds_for_some_thousand_inputs() {
    for seed in 0..4_000 {
        let mut random = Random::new(seed);
        let length = random.below(400);
        let bytes: Vec<u8> = (0..length).map(|_| random.bits() as u8).collect();
        entry::looks(&bytes);
    }
}
