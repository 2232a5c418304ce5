//! The chart: one time axis, three bands, drawn as SVG text. One pure function, the same on the server and in the
//! browser. Called by `components/chart_panel.rs`; nothing here may touch the page or a clock.

mod ahead;
mod axis;
mod canvas;
mod cpu;
mod load;
mod marks;
mod path;
mod pieces;
mod plot;
mod pods;
mod readout;
mod svg;
mod thin;

use crate::figures::Zone;
use crate::model::{History, TimeMs};
use canvas::Canvas;

pub(crate) use plot::{Plot, REM_PX};
pub(crate) use readout::{Held, Readout, Rescaled, readout, rows};

/// The HPA's sync period: `--horizontal-pod-autoscaler-sync-period` of kube-controller-manager, its default.
const LOOK_MS: i64 = 15_000;

/// What is ahead of now and still drawn.
pub(crate) const AHEAD_MS: i64 = 60_000;

/// How the history is looked at. Independent of the theme.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartView {
    /// Width of the picture in px; it is redrawn for its width, never stretched.
    pub width: u32,
    /// Px of the root's font: 16, or 20 with large text.
    pub rem: u32,
    pub from: TimeMs,
    pub to: TimeMs,
    pub now: TimeMs,
    /// When the page last heard of the panel, while its stream is lost. What came after that is not known yet.
    pub heard: Option<TimeMs>,
    pub zone: Zone,
    /// The HPA's next expected look, if its phase is known.
    pub next_look: Option<TimeMs>,
    /// One pod's CPU limit in milli-cores, if it has one.
    pub limit_m: Option<i64>,
    /// The earliest look that may scale down.
    pub scale_down: Option<TimeMs>,
    /// The recommendation that the window remembers: when it was made, and its size.
    pub remembered: Option<(TimeMs, u32)>,
    /// The pods that the attendee guessed for the newest load, and since when that is on.
    pub guess: Option<(TimeMs, u32)>,
    /// Each pod's CPU in percent of its request, where it is asked for: one line a pod.
    pub each_pod: Vec<Vec<(TimeMs, u16)>>,
}

impl ChartView {
    /// Until when there are data: now, or when the page last heard of the panel.
    fn seen(&self) -> TimeMs {
        self.heard.map_or(self.now, |heard| heard.min(self.now))
    }

    /// The picture's plot.
    pub(crate) fn plot(&self) -> Plot {
        Plot::of(self.width, self.rem)
    }
}

/// Draws what was observed, as SVG.
pub fn render(history: &History, view: &ChartView) -> String {
    let mut canvas = Canvas::new(view, view.plot());
    ahead::frame(&mut canvas);
    load::draw(&mut canvas, history);
    cpu::draw(&mut canvas, history);
    pods::draw(&mut canvas, history);
    ahead::load_marks(&mut canvas, history);
    ahead::looks(&mut canvas, history);
    ahead::scale_down(&mut canvas);
    ahead::lost(&mut canvas);
    ahead::now(&mut canvas);
    canvas.finish()
}

/// Draws the cursor alone, to lie over the picture: it moves more often than that is drawn.
pub(crate) fn render_cursor(view: &ChartView, at: Option<TimeMs>) -> String {
    let mut canvas = Canvas::new(view, view.plot());
    if let Some(at) = at.filter(|at| canvas.shows(*at)) {
        let x = canvas.x(at);
        for (top, bottom) in canvas.plot.bands() {
            canvas.line("cursor", (x, top), (x, bottom));
        }
    }
    canvas.finish()
}

#[cfg(test)]
mod tests;
