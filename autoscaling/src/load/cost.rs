//! What one request costs. Read by whoever turns a load's parameters into a [`super::LoadPlan`].

/// CPU seconds of `fib(35)`, naive recursion in `CPython` 3.11, on the machine of the recordings.
///
/// One core of a present server needs 1.16 s; the recordings' node is a fifth faster, and what the simulator shows
/// is held to them (`/fib?n=26` costs 12 to 14 ms there).
const FIB_35_S: f64 = 1.16 / 1.22;

/// Naive recursion calls itself `fib(n)` times, which grows by the golden ratio.
const GOLDEN_RATIO: f64 = 1.618_033_988_749_895;

/// CPU seconds that a request costs besides its computation: HTTP, JSON, the hand-over to a thread.
const OVERHEAD_S: f64 = 0.000_4;

/// CPU seconds of one request `/fib?n={n}` when it is alone in its pod.
#[must_use]
pub fn request_cost_s(n: u32) -> f64 {
    OVERHEAD_S + FIB_35_S * GOLDEN_RATIO.powi(i32::try_from(n).unwrap_or(i32::MAX) - 35)
}
