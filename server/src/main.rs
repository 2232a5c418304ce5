//! The program `workshop`: reads its options, runs the command, says what failed.
//! The commands alone print to stdout: addresses and codes. The log goes to stderr and never holds a code.

mod cli;

use std::process::ExitCode;

use server::config::{self, Command};
use server::error::chain;

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
    let format = parsed.cli.log_format;
    cli::log(format);
    let settings = parsed.effective();
    let done = match parsed.cli.command {
        Command::Demo(options) => cli::demo(options).await,
        Command::Serve(options) => cli::serve(options).await,
        Command::Config(options) => cli::config(&options, &settings),
        Command::Seats(command) => cli::seats(command).await,
        Command::Class(options) => cli::class(options).await,
        Command::Check(options) => cli::check(options).await,
        Command::Prepull(options) => cli::prepull(options).await,
        Command::Ping(options) => cli::ping(options).await,
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            cli::failed(format, &error);
            ExitCode::FAILURE
        }
    }
}
