//! What one request costs. Read by whoever turns a load's parameters into a [`super::LoadPlan`].

/// CPU seconds of `fib(35)`, naive recursion in `CPython` 3.11, on the machine of the recordings.
///
/// Of their requests `/fib?n=26` each cost 11.3 to 14 ms, 12.7 in four saturated pods side by side, of which the server's
/// own work is 0.4. Other machines need 0.8 to 1.3 s.
const FIB_35_S: f64 = 0.92;

/// Naive recursion calls itself `fib(n)` times, which grows by the golden ratio.
const GOLDEN_RATIO: f64 = 1.618_033_988_749_895;

/// CPU seconds of a thread besides its computation: it takes the request and hands the result over.
const HAND_OVER_S: f64 = 0.000_05;

/// CPU seconds that the endpoint `/fib?n={n}` computes. The server's own work for each request and connection comes on
/// top.
#[must_use]
pub fn computation_s(n: u32) -> f64 {
    HAND_OVER_S + FIB_35_S * GOLDEN_RATIO.powi(i32::try_from(n).unwrap_or(i32::MAX) - 35)
}
