//! What benchmarks were run on: without it their figures say nothing. Printed by `bench.rs` above them.

use std::process::Command;

/// Two lines: the program that is measured, and the machine.
pub(crate) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = first("/proc/cpuinfo", "model name").unwrap_or_else(unknown);
    let memory = first("/proc/meminfo", "MemTotal").and_then(|text| gib(&text));
    let kernel = read("/proc/sys/kernel/osrelease").unwrap_or_else(unknown);
    let busy = read("/proc/loadavg").unwrap_or_else(unknown);
    let busy = busy.split_whitespace().next().unwrap_or_default();
    format!(
        "commit {}, release build\n{model}, {cores} cores, {} memory, {} {kernel}, load {busy} before",
        commit().unwrap_or_else(unknown),
        memory.unwrap_or_else(unknown),
        std::env::consts::OS,
    )
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn commit() -> Option<String> {
    let output = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn read(file: &str) -> Option<String> {
    Some(std::fs::read_to_string(file).ok()?.trim().to_owned())
}

/// The value of the first line with this key.
fn first(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn gib(text: &str) -> Option<String> {
    let kib: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(format!("{:.1} GiB", kib / 1024.0 / 1024.0))
}
