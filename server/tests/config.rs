//! The configuration of the program as it is run: which source goes before which, and what `workshop config` prints.
//! Also: the table of options in the docs is the one that the program has.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::path::PathBuf;
use std::process::{Command, Output};

use clap::CommandFactory;
use server::config::Cli;

/// A configuration file of one test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

/// Runs the program without the variables of whoever runs the tests.
fn workshop(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let inherited =
        std::env::vars_os().filter(|(name, _)| !name.to_string_lossy().starts_with("WORKSHOP_"));
    Command::new(env!("CARGO_BIN_EXE_workshop"))
        .args(arguments)
        .env_clear()
        .envs(inherited)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The line of one option, its columns one space apart.
fn line(printed: &str, option: &str) -> String {
    let mut lines = printed
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.find(|line| line[0] == option).unwrap().join(" ")
}

#[test]
fn command_line_goes_before_environment_before_file_before_default() {
    let file = File::new(
        "order.yaml",
        "max-users: 1\nmax-n: 1\nmax-minutes: 1\ninsecure-http: true\n",
    );
    let variables = [
        ("WORKSHOP_CONFIG", file.0.to_str().unwrap()),
        ("WORKSHOP_MAX_N", "2"),
        ("WORKSHOP_MAX_MINUTES", "2"),
        ("WORKSHOP_INSECURE_HTTP", "false"),
    ];
    let printed = stdout(&workshop(&["config", "--max-minutes", "3"], &variables));
    assert_eq!(line(&printed, "max-users"), "max-users 1 file");
    assert_eq!(
        line(&printed, "max-n"),
        "max-n 2 environment WORKSHOP_MAX_N"
    );
    assert_eq!(line(&printed, "max-minutes"), "max-minutes 3 command line");
    assert_eq!(
        line(&printed, "max-spawn-rate"),
        "max-spawn-rate 100 default"
    );
    assert_eq!(line(&printed, "public-url"), "public-url not set");
    assert_eq!(
        line(&printed, "insecure-http"),
        "insecure-http false environment WORKSHOP_INSECURE_HTTP"
    );
}

#[test]
fn printed_file_says_the_same_when_it_is_read() {
    let file = File::new(
        "first.yaml",
        "public-url: https://workshop.example.org\ntrusted-proxies: [10.0.0.0/8, 192.168.0.0/16]\n\
         panel-namespace: \"007\"\ninsecure-http: true\nlog-format: json\nimage-pull-secrets: [one]\n",
    );
    let first = workshop(
        &["config", "--config", file.0.to_str().unwrap(), "-o", "yaml"],
        &[],
    );
    let again = File::new("again.yaml", &stdout(&first));
    let second = workshop(
        &[
            "config",
            "--config",
            again.0.to_str().unwrap(),
            "-o",
            "yaml",
        ],
        &[],
    );
    assert_eq!(stdout(&first), stdout(&second));
    for line in [
        "- 10.0.0.0/8",
        "- 192.168.0.0/16",
        "max-users: 500",
        "insecure-http: true",
        "log-format: json",
    ] {
        assert!(
            stdout(&second).contains(line),
            "{line} in {}",
            stdout(&second)
        );
    }
}

#[test]
fn what_serve_would_refuse_is_refused_with_its_sentence() {
    let file = File::new("refused.yaml", "public-url: http://workshop.example.org\n");
    let output = workshop(&["config", "--config", file.0.to_str().unwrap()], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("insecure-http"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn wrong_file_ends_every_command_but_help() {
    let file = File::new("wrong.yaml", "max-user: 300\n");
    let path = file.0.to_str().unwrap();
    let output = workshop(&["seats", "list", "--config", path], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        format!("workshop: {path}: there is no option `max-user`; did you mean `max-users`?\n")
    );
    assert!(stdout(&workshop(&["serve", "--help", "--config", path], &[])).contains("--max-users"));
}

#[test]
fn file_serves_the_commands_that_have_some_of_its_options() {
    let file = File::new(
        "seats.yaml",
        "panel-namespace: class\nmax-users: 300\nkubeconfig: /nowhere\n",
    );
    let path = file.0.to_str().unwrap();
    let output = workshop(&["seats", "list", "--config", path], &[]);
    // It got as far as the kubeconfig that the file names.
    assert!(
        stderr(&output).contains("failed to read /nowhere"),
        "{}",
        stderr(&output)
    );
    let help = stdout(&workshop(
        &["seats", "list", "--help", "--config", path],
        &[],
    ));
    assert!(help.contains("[default: class]"), "{help}");
}

#[test]
fn cards_take_the_public_url_from_the_file_and_are_refused_without_one() {
    let create = [
        "seats",
        "create",
        "--count",
        "1",
        "--cards",
        "never-written.html",
    ];
    let file = File::new(
        "cards.yaml",
        "public-url: https://a.example\nkubeconfig: /nowhere\n",
    );
    let with = [&create[..], &["--config", file.0.to_str().unwrap()]].concat();
    let output = workshop(&with, &[]);
    assert!(
        stderr(&output).contains("failed to read /nowhere"),
        "{}",
        stderr(&output)
    );
    let without = [&create[..], &["--kubeconfig", "/nowhere"]].concat();
    let output = workshop(&without, &[]);
    assert!(
        stderr(&output).contains("give it with --public-url"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn documented_options_are_those_of_the_program() {
    let docs = include_str!("../../docs/configuration.md");
    let (_, documented) = docs.split_once("|---|---|---|---|\n").unwrap();
    let table = table();
    assert!(
        documented == table,
        "docs/configuration.md must end with:\n{table}"
    );
}

/// The options that a file may hold, as the docs list them.
fn table() -> String {
    let command = Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    let rows = serve
        .get_arguments()
        .chain(command.get_arguments())
        .filter_map(|option| {
            let variable = option.get_env()?.to_str()?;
            let long = option.get_long().filter(|long| *long != "config")?;
            let default: Vec<_> = option
                .get_default_values()
                .iter()
                .filter_map(|text| text.to_str())
                .collect();
            let default = match default.as_slice() {
                [] => String::new(),
                default => format!("`{}`", default.join(",")),
            };
            let help = option.get_help()?.to_string();
            Some(format!(
                "| `{long}` | `{variable}` | {default} | {help} |\n"
            ))
        });
    rows.collect()
}
