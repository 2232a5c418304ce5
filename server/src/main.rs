//! The program `workshop`: reads its options, runs the command, says what failed.
//! The commands alone print to stdout: addresses and codes. The log goes to stderr and never holds a code.

mod cli;

use std::io::IsTerminal;
use std::process::ExitCode;

use server::config::{self, Command, LogFormat};
use server::error::chain;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let parsed = match config::parse(std::env::args_os()) {
        Ok(parsed) => parsed,
        Err(config::Error::CommandLine(error)) => error.exit(),
        Err(config::Error::File(error)) => {
            eprintln!("workshop: {}", chain(&error));
            return ExitCode::FAILURE;
        }
    };
    log(parsed.cli.log_format);
    let settings = parsed.effective();
    let done = match parsed.cli.command {
        Command::Demo(options) => cli::demo(options).await,
        Command::Serve(options) => cli::serve(options).await,
        Command::Config(options) => cli::config(&options, &settings),
        Command::Seats(command) => cli::seats(command).await,
        Command::Class(options) => cli::class(options).await,
        Command::Check(options) => cli::check(options).await,
        Command::Prepull(options) => cli::prepull(options).await,
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            // One line with its causes, for people; a command that cannot go on has nothing else to say.
            eprintln!("workshop: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn log(format: LogFormat) {
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
}
