//! The log on stderr: where it goes, in which format, and how the end of the process is told there. Called by `main.rs`.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use server::config::LogFormat;
use server::error::chain;
use tracing_subscriber::EnvFilter;

/// Begins the log. A panic is a line of it from then on, as whoever reads JSON reads no other lines.
pub(crate) fn log(format: LogFormat) {
    // kube logs each answer that is an error; whoever asked tells it in words of their own.
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,kube_client=off"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
    std::panic::set_hook(Box::new(panicked));
}

fn panicked(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    // Only with RUST_BACKTRACE, as usual.
    let backtrace = Backtrace::capture();
    let backtrace =
        matches!(backtrace.status(), BacktraceStatus::Captured).then(|| backtrace.to_string());
    let payload = panic.payload();
    let panic = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    tracing::error!(panic, location, backtrace, "a task panicked");
}

/// Why a command ended: a sentence for people, or a line for whatever reads the log.
pub(crate) fn failed(format: LogFormat, error: &anyhow::Error) {
    match format {
        LogFormat::Text => eprintln!("workshop: {error:#}"),
        LogFormat::Json => tracing::error!(error = chain(error.as_ref()), "failed"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn panic_is_a_line_of_the_log() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_writer(move || writer.clone())
            .finish();
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(panicked));
        tracing::subscriber::with_default(subscriber, || {
            let _ = std::panic::catch_unwind(|| panic!("seat {}\nis gone", 7));
        });
        std::panic::set_hook(usual);
        let line: serde_json::Value = serde_json::from_slice(&lines.0.lock()).unwrap();
        assert_eq!(line["message"], "a task panicked");
        assert_eq!(line["panic"], "seat 7\nis gone");
        assert!(
            line["location"]
                .as_str()
                .unwrap()
                .starts_with("server/src/cli/log.rs:")
        );
    }
}
