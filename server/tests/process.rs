//! The program as a process: how it ends, and that its log is JSON when that was asked for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::io::{BufRead, BufReader, Lines, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::Value;

/// A panel on the simulator, ready, with its log.
struct Panel {
    process: Child,
    /// `127.0.0.1:34567`
    address: String,
    log: Lines<BufReader<ChildStderr>>,
}

impl Panel {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_workshop"))
            .args(["demo", "--seats", "1", "--json", "--log-format", "json"])
            .args(["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut told = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut told).unwrap();
        let told: Value = serde_json::from_str(&told).unwrap();
        let url = told["url"].as_str().unwrap();
        let address = url.strip_prefix("http://").unwrap().to_owned();
        Self {
            process,
            address,
            log,
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// The next line of the log, which must be an object with what every line has (but the audit's, which have no message).
    fn line(&mut self) -> Option<Value> {
        let text = self.log.next()?.unwrap();
        let line: Value = serde_json::from_str(&text).unwrap();
        line["timestamp"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap();
        assert!(
            line["level"].is_string() && line["target"].is_string(),
            "{text}"
        );
        assert!(line["message"].is_string(), "{text}");
        Some(line)
    }

    /// Reads on to a line that says this.
    fn until(&mut self, message: &str) -> Value {
        loop {
            let line = self.line().unwrap();
            if line["message"] == message {
                return line;
            }
        }
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        // It has ended already, or a test failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn told_to_end_it_ends_well_and_says_how_long_each_stage_took() {
    let mut panel = Panel::start();
    panel.until("metrics are served");
    panel.signal("TERM");
    assert_eq!(panel.until("told to end")["signal"], "SIGTERM");
    let mut stages = Vec::new();
    while let Some(line) = panel.line() {
        if line["message"] == "ended" {
            assert!(line["took_ms"].is_number(), "{line}");
            stages.push(line["stage"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(
        stages,
        [
            "connections",
            "commands",
            "seats",
            "publisher",
            "runs",
            "metrics"
        ]
    );
    assert_eq!(panel.process.wait().unwrap().code(), Some(0));
}

#[test]
fn told_twice_it_ends_at_once() {
    let mut panel = Panel::start();
    // A request whose body never comes holds the end up for seconds.
    let mut connection = TcpStream::connect(&panel.address).unwrap();
    let request = "POST /session HTTP/1.1\r\nhost: panel\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\
                   content-type: application/x-www-form-urlencoded\r\n\r\n";
    connection.write_all(request.as_bytes()).unwrap();
    // The server asks for the body once the request is in somebody's hands.
    let mut answer = String::new();
    BufReader::new(&connection).read_line(&mut answer).unwrap();
    assert_eq!(answer, "HTTP/1.1 100 Continue\r\n");
    panel.signal("INT");
    assert_eq!(panel.until("told to end")["signal"], "SIGINT");
    panel.signal("TERM");
    // As a shell names the signal.
    assert_eq!(panel.process.wait().unwrap().code(), Some(128 + 15));
}

#[test]
fn why_a_command_failed_is_a_line_of_the_log() {
    let output = Command::new(env!("CARGO_BIN_EXE_workshop"))
        .args(["serve", "--kubeconfig", "/nowhere", "--log-format", "json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let line: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(
        (&line["level"], &line["message"]),
        (&"ERROR".into(), &"failed".into())
    );
    assert!(
        line["error"]
            .as_str()
            .unwrap()
            .starts_with("failed to read /nowhere")
    );
}
