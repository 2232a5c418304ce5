//! The chart: one time axis, three bands, drawn as SVG text. One pure function, the same on the server and in the
//! browser. Called by `components/chart_panel.rs`; nothing here may touch the page or a clock.

mod axis;
mod backend;
mod canvas;
mod colours;
mod cpu;
mod load;
mod pieces;
mod pods;
mod readout;

use plotters::style::RGBColor;

use crate::figures::{Zone, clock_minute};
use crate::model::{History, TimeMs};
use canvas::{Canvas, Hang};

pub(crate) use readout::{Readout, readout, rows};

/// The HPA's sync period: `--horizontal-pod-autoscaler-sync-period` of kube-controller-manager, its default.
const LOOK_MS: i64 = 15_000;

/// What is ahead of now and still drawn.
pub(crate) const AHEAD_MS: i64 = 60_000;

/// Before this width the bands stand in the order of a narrow screen and lose their right axis.
const NARROW_PX: u32 = 520;

/// How the history is looked at. Independent of the theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ChartView {
    /// Width of the picture in px; it is redrawn for its width, never stretched.
    pub(crate) width: u32,
    pub(crate) from: TimeMs,
    pub(crate) to: TimeMs,
    pub(crate) now: TimeMs,
    pub(crate) cursor: Option<TimeMs>,
    pub(crate) zone: Zone,
    /// The HPA's next expected look, if its phase is known.
    pub(crate) next_look: Option<TimeMs>,
    /// One pod's CPU limit in milli-cores, if it has one.
    pub(crate) limit_m: Option<i64>,
    /// The earliest look that may scale down.
    pub(crate) scale_down: Option<TimeMs>,
}

/// The px of the plot within the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plot {
    pub(crate) left: i32,
    pub(crate) right: i32,
    pub(crate) height: u32,
    pub(crate) narrow: bool,
    load: (i32, i32),
    cpu: (i32, i32),
    pods: (i32, i32),
}

impl Plot {
    /// The plot of a picture of this width.
    pub(crate) fn of(width: u32) -> Self {
        let right = i32::try_from(width).unwrap_or(i32::MAX);
        let narrow = width < NARROW_PX;
        if narrow {
            return Self {
                left: 30,
                right: right - 8,
                height: 350,
                narrow,
                cpu: (8, 116),
                pods: (128, 236),
                load: (248, 318),
            };
        }
        Self {
            left: 44,
            right: right - 52,
            height: 356,
            narrow,
            load: (4, 94),
            cpu: (108, 218),
            pods: (232, 324),
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

    fn bands(&self) -> [(i32, i32); 3] {
        [self.load, self.cpu, self.pods]
    }

    fn top(&self) -> i32 {
        self.bands().iter().map(|b| b.0).min().unwrap_or(0)
    }

    fn bottom(&self) -> i32 {
        self.bands().iter().map(|b| b.1).max().unwrap_or(0)
    }
}

/// Draws what was observed, as SVG.
pub(crate) fn render(history: &History, view: &ChartView) -> String {
    let mut svg = String::with_capacity(16 * 1024);
    let plot = Plot::of(view.width);
    let canvas = Canvas::new(&mut svg, view, plot);
    frame(&canvas);
    load::draw(&canvas, plot.load.0, plot.load.1, history);
    cpu::draw(&canvas, plot.cpu.0, plot.cpu.1, history);
    pods::draw(&canvas, plot.pods.0, plot.pods.1, history);
    load::marks(&canvas, plot.top(), plot.bottom(), history);
    looks(&canvas, history);
    now_and_cursor(&canvas);
    drop(canvas);
    svg
}

fn vertical(canvas: &Canvas<'_>, time: TimeMs, colour: RGBColor) {
    let x = canvas.x(time);
    let plot = &canvas.plot;
    for (top, bottom) in plot.bands() {
        canvas.line(vec![(x, top), (x, bottom)], colour, 1);
    }
}

/// The future's tint, the hairlines and the labels of the time axis.
fn frame(canvas: &Canvas<'_>) {
    let (plot, view) = (&canvas.plot, canvas.view);
    let now = canvas.x(view.now);
    for (top, bottom) in plot.bands() {
        canvas.rect((now, top), (plot.right, bottom), colours::FUTURE, 1.0);
    }
    let width = u32::try_from(plot.right - plot.left).unwrap_or(0);
    let ticks = axis::time_ticks(view.from, view.to, width, 72, view.zone);
    let y = plot.bottom() + 20;
    for tick in ticks {
        vertical(canvas, tick, colours::GRID);
        let label = clock_minute(tick, view.zone);
        canvas.text(label, (canvas.x(tick), y), Hang::Center, colours::AXIS);
    }
}

/// Ticks under the lowest band: solid where a look was seen, hollow where one is expected.
fn looks(canvas: &Canvas<'_>, history: &History) {
    let view = canvas.view;
    let y = canvas.plot.pods.1 + 5;
    let seen = history.looks.iter().map(|l| l.time);
    for time in seen.filter(|t| *t >= view.from && *t <= view.now) {
        let x = canvas.x(time);
        canvas.line(vec![(x, y - 3), (x, y + 4)], colours::AXIS, 2);
    }
    let expected = view.next_look.into_iter().flat_map(|next| {
        let later = (0..).map(move |n| next.plus_ms(n * LOOK_MS));
        later.take_while(|t| *t <= view.to).collect::<Vec<_>>()
    });
    for time in expected.filter(|t| *t > view.now) {
        canvas.dot((canvas.x(time), y), 3, colours::AXIS, false);
    }
    if let Some(time) = view.scale_down.filter(|t| *t > view.now && *t <= view.to) {
        let x = canvas.x(time);
        let (top, bottom) = canvas.plot.pods;
        canvas.line(vec![(x, top), (x, bottom)], colours::BOUND, 1);
        canvas.text("▼", (x, top + 6), Hang::Center, colours::LABEL);
    }
}

fn now_and_cursor(canvas: &Canvas<'_>) {
    let view = canvas.view;
    vertical(canvas, view.now, colours::NOW);
    if let Some(cursor) = view.cursor.filter(|c| *c >= view.from && *c <= view.now) {
        vertical(canvas, cursor, colours::CURSOR);
    }
}

#[cfg(test)]
mod tests;
