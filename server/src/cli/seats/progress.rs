//! How far a command is, on stderr: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Counts what is done.
pub(super) struct Progress {
    bar: ProgressBar,
    plain: bool,
}

impl Progress {
    /// `what` is said in front: `making seats`.
    pub(super) fn new(what: &'static str, total: usize) -> Self {
        let plain = !std::io::stderr().is_terminal();
        let target = if plain {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(u64::try_from(total).ok(), target);
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {pos} of {len}  {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(what);
        bar.tick();
        Self { bar, plain }
    }

    /// One more is done.
    pub(super) fn done(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        self.bar.inc(1);
        if self.plain {
            let (position, length) = (self.bar.position(), self.bar.length().unwrap_or(0));
            eprintln!("{position} of {length}: {what}");
        }
    }

    /// Writes to the terminal without tearing the bar.
    pub(super) fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        self.bar.suspend(write)
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
