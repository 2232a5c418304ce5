//! Reads the configuration file, then the command line and the environment over it. Called by `main.rs`, once.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use super::file::{Error as FileError, File};
use super::{CONFIG, Cli};

/// The options of this run, and where they come from.
#[derive(Debug)]
pub struct Parsed {
    pub cli: Cli,
    pub(super) matches: ArgMatches,
    pub(super) file: Option<File>,
}

/// Why the program cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line or a variable is wrong, or asked for help: clap prints it.
    #[error(transparent)]
    CommandLine(#[from] clap::Error),
    #[error(transparent)]
    File(#[from] FileError),
}

/// Reads the options. `arguments` begin with the program's name.
///
/// # Errors
/// What is to be printed instead of running.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed, Error> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let command = Cli::command();
    let file = match path(&arguments)
        .map(|path| File::read(&path, &command))
        .transpose()
    {
        Ok(file) => file,
        Err(error) => {
            // Help is what somebody with a broken file needs.
            return match command.try_get_matches_from(arguments) {
                Err(help) if !help.use_stderr() => Err(help.into()),
                _ => Err(error.into()),
            };
        }
    };
    let command = match &file {
        Some(file) => file.as_defaults(command),
        None => command,
    };
    let matches = command.try_get_matches_from(arguments)?;
    let cli = Cli::from_arg_matches(&matches)?;
    Ok(Parsed { cli, matches, file })
}

/// Where the file is. Asked before clap reads the command line, since clap gets its defaults from the file.
fn path(arguments: &[OsString]) -> Option<PathBuf> {
    on_command_line(arguments)
        .or_else(|| std::env::var_os("WORKSHOP_CONFIG"))
        .map(PathBuf::from)
}

fn on_command_line(arguments: &[OsString]) -> Option<OsString> {
    let flag = format!("--{CONFIG}");
    let mut arguments = arguments.iter().skip(1).take_while(|text| *text != "--");
    while let Some(text) = arguments.next() {
        if *text == *flag {
            return arguments.next().cloned();
        }
        let value = text
            .to_str()
            .and_then(|text| text.strip_prefix(&flag)?.strip_prefix('='));
        if let Some(value) = value {
            return Some(OsStr::new(value).to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_found_wherever_it_stands_on_the_command_line() {
        let found = |line: &str| {
            let arguments: Vec<_> = line.split(' ').map(OsString::from).collect();
            on_command_line(&arguments)
        };
        assert_eq!(
            found("workshop serve --config a.yaml"),
            Some("a.yaml".into())
        );
        assert_eq!(
            found("workshop --config=a.yaml serve"),
            Some("a.yaml".into())
        );
        assert_eq!(found("workshop serve --configure a.yaml"), None);
        assert_eq!(found("workshop seats renew -- --config a.yaml"), None);
        assert_eq!(found("workshop serve --config"), None);
    }
}
