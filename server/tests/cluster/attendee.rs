//! kubectl as an attendee types it, with nothing but the kubeconfig that was handed out.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::kubectl::succeeded;

/// Somebody with a kubeconfig and nothing else.
pub(crate) struct Attendee {
    pub(crate) kubeconfig: PathBuf,
}

impl Attendee {
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command.args(arguments).env("KUBECONFIG", &self.kubeconfig);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("kubectl runs");
        succeeded(arguments, &output)
    }

    pub(crate) fn refused(&self, arguments: &[&str]) {
        let output = self.command(arguments).output().expect("kubectl runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success(),
            "kubectl {arguments:?} was not refused"
        );
        assert!(
            error.contains("Forbidden") || error.contains("forbidden"),
            "{arguments:?}: {error}"
        );
    }

    /// `kubectl apply -f -` or `kubectl delete -f -`
    pub(crate) fn with_file(&self, verb: &str, file: &str) {
        let arguments = [verb, "-f", "-"];
        let mut child = self
            .command(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl runs");
        let mut input = child.stdin.take().expect("it has an input");
        input.write_all(file.as_bytes()).expect("it reads");
        drop(input);
        succeeded(&arguments, &child.wait_with_output().expect("kubectl ends"));
    }

    /// Runs `command` while kubectl watches, and returns the first line that the watch shows.
    pub(crate) fn first_line_of(&self, watch: &[&str], command: impl FnOnce()) -> String {
        let mut child = self
            .command(watch)
            .stdout(Stdio::piped())
            .spawn()
            .expect("kubectl runs");
        let output = child.stdout.take().expect("its output is ours");
        command();
        let line = BufReader::new(output).lines().next();
        // It would watch for ever.
        child.kill().expect("it runs still");
        child.wait().expect("it ends");
        line.expect("it shows a line").expect("it is text")
    }
}
