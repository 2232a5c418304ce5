//! The effective configuration of `workshop serve`: each value and where it comes from. Printed by `workshop config`.

use clap::parser::ValueSource;
use clap::{Arg, CommandFactory};
use serde_json::{Map, Value};

use super::file::may_be_in_a_file;
use super::kind::Kind;
use super::{Cli, Parsed};

/// One option of `serve`.
#[derive(Debug)]
pub struct Setting {
    /// Its long name, which is its key in a file.
    pub option: String,
    /// Empty if there is none; several in a list.
    pub values: Vec<String>,
    pub from: From,
    kind: Kind,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    CommandLine,
    /// The variable.
    Environment(String),
    File,
    Default,
    /// It has no value.
    Nowhere,
}

impl std::fmt::Display for From {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CommandLine => f.write_str("command line"),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::File => f.write_str("file"),
            Self::Default => f.write_str("default"),
            Self::Nowhere => f.write_str("not set"),
        }
    }
}

impl Parsed {
    /// Every option that a file may hold, in the order of the help. Empty for commands other than `workshop config`.
    pub fn effective(&self) -> Vec<Setting> {
        let Some(("config", _)) = self.matches.subcommand() else {
            return Vec::new();
        };
        let command = Cli::command();
        let subcommand = command.find_subcommand("config");
        let options = subcommand
            .into_iter()
            .flat_map(clap::Command::get_arguments);
        options
            .chain(command.get_arguments())
            .filter(|option| may_be_in_a_file(option))
            .map(|option| self.setting(option))
            .collect()
    }

    fn setting(&self, option: &Arg) -> Setting {
        let id = option.get_id().as_str();
        // Options of all commands are told to the command that was chosen, too.
        let matches = self.matches.subcommand().map(|(_, matches)| matches);
        let matches = matches.unwrap_or(&self.matches);
        let raw = matches.get_raw(id).into_iter().flatten();
        let variable = option.get_env().unwrap_or_default().to_string_lossy();
        let in_file = self
            .file
            .as_ref()
            .is_some_and(|file| file.values_of(option).is_some());
        let from = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => From::CommandLine,
            Some(ValueSource::EnvVariable) => From::Environment(variable.into_owned()),
            _ if in_file => From::File,
            Some(_) => From::Default,
            None => From::Nowhere,
        };
        Setting {
            option: option.get_long().unwrap_or(id).to_owned(),
            values: raw
                .map(|value| value.to_string_lossy().into_owned())
                .collect(),
            from,
            kind: Kind::of(option),
        }
    }
}

/// One line a value, with where it comes from.
pub fn text(settings: &[Setting]) -> String {
    let lines: Vec<_> = settings
        .iter()
        .map(|setting| (setting, setting.values.join(",")))
        .collect();
    let name = lines
        .iter()
        .map(|(setting, _)| setting.option.len())
        .max()
        .unwrap_or(0);
    let value = lines
        .iter()
        .map(|(_, value)| value.chars().count())
        .max()
        .unwrap_or(0);
    lines
        .iter()
        .map(|(setting, text)| {
            format!(
                "{:name$}  {text:value$}  {}\n",
                setting.option, setting.from
            )
        })
        .collect()
}

/// A file that says the same.
///
/// # Errors
/// None at present: a mapping of plain values can be written.
pub fn yaml(settings: &[Setting]) -> Result<String, serde_saphyr::ser::Error> {
    let set = settings.iter().filter(|setting| !setting.values.is_empty());
    let entries: Map<String, Value> = set
        .map(|setting| (setting.option.clone(), setting.kind.value(&setting.values)))
        .collect();
    serde_saphyr::to_string(&entries)
}
