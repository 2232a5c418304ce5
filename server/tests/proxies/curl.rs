//! The program curl as a browser: TLS, HTTP/2, and lines with the time at which they came.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::nginx::Nginx;

/// The origin of the panel's public URL, which the proxy does not know.
pub(crate) const ORIGIN: &str = "https://workshop.example.org";

/// Asks `path` through the proxy as a browser on the public URL does.
pub(crate) fn curl(nginx: &Nginx, path: &str) -> Command {
    curl_from(ORIGIN, nginx, path)
}

/// The same for another site's page.
pub(crate) fn curl_from(origin: &str, nginx: &Nginx, path: &str) -> Command {
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--insecure", "--http2", "--no-buffer"])
        .args(["--max-time", "60", "--header", &format!("Origin: {origin}")])
        .args([
            "--resolve",
            &format!("workshop.example.org:{}:127.0.0.1", nginx.tls),
        ])
        .arg(format!("{ORIGIN}:{}{path}", nginx.tls));
    command
}

/// What it prints; all of the answer with `--include`.
pub(crate) async fn printed(mut command: Command) -> String {
    // Not on this thread: the panel that answers may need it.
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().expect("curl is installed");
    String::from_utf8(output.stdout).unwrap()
}

/// An answer's lines as they come.
pub(crate) struct Lines {
    process: Child,
    lines: mpsc::Receiver<(Instant, String)>,
}

impl Lines {
    pub(crate) fn of(mut command: Command) -> Self {
        let process = command.stdout(Stdio::piped()).spawn();
        let mut process = process.expect("curl is installed");
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel(1024);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.blocking_send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Self { process, lines }
    }

    /// When the next line that begins so came, and the rest of it.
    pub(crate) async fn next(&mut self, start: &str) -> (Instant, String) {
        let found = async {
            loop {
                let (at, line) = self.lines.recv().await.expect("the stream goes on");
                if let Some(rest) = line.strip_prefix(start) {
                    return (at, rest.to_owned());
                }
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(20), found).await;
        found
            .map_err(|_| format!("no line begins with {start}"))
            .unwrap()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
