//! Sentinels: colours that stand for a role. `style/chart.css` maps each to a variable of the theme and to its dash,
//! so the picture is the same text in every theme. plotters writes them as six hex digits, which only digits keep
//! free of upper and lower case.

use plotters::style::RGBColor;

/// Text of axes and captions.
pub(super) const AXIS: RGBColor = RGBColor(0, 0, 0x01);
/// Text within a band.
pub(super) const LABEL: RGBColor = RGBColor(0, 0, 0x02);
/// Hairlines of the minutes, frames of the bands.
pub(super) const GRID: RGBColor = RGBColor(0, 0, 0x03);
/// The line of now.
pub(super) const NOW: RGBColor = RGBColor(0, 0, 0x04);
/// The cursor.
pub(super) const CURSOR: RGBColor = RGBColor(0, 0, 0x05);
/// What lies ahead: a tint.
pub(super) const FUTURE: RGBColor = RGBColor(0, 0, 0x06);
/// Markers over the full height: load on, load off.
pub(super) const MARK: RGBColor = RGBColor(0, 0, 0x07);
/// Requests per second.
pub(super) const RPS: RGBColor = RGBColor(0, 0, 0x11);
/// The users' area.
pub(super) const USERS: RGBColor = RGBColor(0, 0, 0x12);
/// 95th percentile of the response time, thick.
pub(super) const P95: RGBColor = RGBColor(0, 0, 0x13);
/// Median of the response time, dotted.
pub(super) const P50: RGBColor = RGBColor(0, 0, 0x14);
/// Failures.
pub(super) const FAILURE: RGBColor = RGBColor(0, 0, 0x15);
/// Mean CPU of the pods.
pub(super) const CPU: RGBColor = RGBColor(0, 0, 0x21);
/// The band of no change around the target.
pub(super) const TOLERANCE: RGBColor = RGBColor(0, 0, 0x22);
/// The target, dashed.
pub(super) const TARGET: RGBColor = RGBColor(0, 0, 0x23);
/// The CPU limit, long-dashed.
pub(super) const LIMIT: RGBColor = RGBColor(0, 0, 0x24);
/// Pods asked for.
pub(super) const ASKED: RGBColor = RGBColor(0, 0, 0x31);
/// Pods ready: the filled steps.
pub(super) const READY: RGBColor = RGBColor(0, 0, 0x32);
/// Pods wanted, dotted.
pub(super) const WANTED: RGBColor = RGBColor(0, 0, 0x33);
/// Minimum and maximum, dashed.
pub(super) const BOUND: RGBColor = RGBColor(0, 0, 0x34);
/// The hatching while the window holds.
pub(super) const HOLD: RGBColor = RGBColor(0, 0, 0x35);

/// Every sentinel, for the test against chart.css.
#[cfg(test)]
pub(crate) const ALL: [RGBColor; 22] = [
    AXIS, LABEL, GRID, NOW, CURSOR, FUTURE, MARK, RPS, USERS, P95, P50, FAILURE, CPU, TOLERANCE,
    TARGET, LIMIT, ASKED, READY, WANTED, BOUND, HOLD, AXIS,
];
