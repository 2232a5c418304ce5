//! Where the bands stand in a picture of some width: px of times, and back. Pure arithmetic.

use super::ChartView;
use crate::model::TimeMs;

/// Below this width in px the bands stand in the order of a phone, and the right axis is left out.
const NARROW_PX: u32 = 560;

/// The root's font size that the measures below are for: the browser's own.
pub(crate) const REM_PX: u32 = 16;

/// Height of every picture in px at [`REM_PX`], wide or narrow: `.picture` in style/chart.css.
const HEIGHT: i32 = 336;

/// Top and bottom of a band in px.
pub(super) type Rows = (i32, i32);

/// The px of the plot within the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plot {
    pub(crate) left: i32,
    pub(crate) right: i32,
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) narrow: bool,
    /// Px of the root's font: everything that holds text grows with it.
    pub(super) rem: i32,
    pub(super) load: Rows,
    pub(super) cpu: Rows,
    pub(super) pods: Rows,
}

impl Plot {
    /// The plot of a picture of this width, for a root font of `rem` px.
    pub(crate) fn of(width: u32, rem: u32) -> Self {
        let width_px = i32::try_from(width).unwrap_or(i32::MAX);
        let rem = i32::try_from(rem).unwrap_or(16);
        let narrow = width * REM_PX < NARROW_PX * rem.unsigned_abs();
        let px = |at_16: i32| at_16 * rem / REM_PX as i32;
        let rows = |top, bottom| (px(top), px(bottom));
        let (left, right) = if narrow { (34, 8) } else { (44, 54) };
        let (load, cpu, pods) = match narrow {
            // 110, 110 and 70 high; ticks of looks below the pods.
            true => (rows(244, 314), rows(2, 112), rows(118, 228)),
            // 88, 104 and 96 high.
            false => (rows(2, 90), rows(98, 202), rows(210, 306)),
        };
        Self {
            left: px(left),
            right: (width_px - px(right)).max(px(left) + 1),
            width: width_px,
            height: px(HEIGHT),
            narrow,
            rem,
            load,
            cpu,
            pods,
        }
    }

    /// Px of a time, kept within the plot.
    pub(crate) fn x(&self, time: TimeMs, view: &ChartView) -> i32 {
        let share = time.seconds_since(view.from) / view.to.seconds_since(view.from).max(1.0);
        let width = f64::from(self.right - self.left);
        self.left + (share.clamp(0.0, 1.0) * width).round() as i32
    }

    /// The time at a px, kept within the view and not after now.
    pub(crate) fn time_at(&self, x: i32, view: &ChartView) -> TimeMs {
        let share = f64::from(x - self.left) / f64::from((self.right - self.left).max(1));
        let ms = share.clamp(0.0, 1.0) * (view.to.0 - view.from.0) as f64;
        view.from.plus_ms(ms as i64).min(view.now)
    }

    pub(super) fn bands(&self) -> [Rows; 3] {
        [self.load, self.cpu, self.pods]
    }

    /// From the lowest band to the middle of the times below it, for a root font of 16 px: ticks may stand between.
    pub(super) fn label_gap(&self) -> i32 {
        if self.narrow { 12 } else { 19 }
    }

    /// The lowest px of any band.
    pub(super) fn bottom(&self) -> i32 {
        self.load.1.max(self.pods.1)
    }

    /// Scales a measure that holds for a root font of 16 px.
    pub(super) fn px(&self, at_16: i32) -> i32 {
        at_16 * self.rem / REM_PX as i32
    }
}
