//! The configuration file: YAML whose keys are the long names of options. Its values become the defaults of clap's
//! options, so the command line and the environment go before it. Read by [`super::parse`].
//!
//! What the environment may set, the file may, and nothing else: an option without a variable belongs to one act, as a
//! number of seats or `--yes`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command, value_parser};
use serde_json::Value;

use super::kind::Kind;

/// How alike two names must be for one to be a slip of the other: 1 is the same.
const ALIKE: f64 = 0.8;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("failed to read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is not YAML", path.display())]
    Syntax {
        path: PathBuf,
        #[source]
        source: Box<serde_saphyr::Error>,
    },
    #[error("{}: expected a mapping of options to values, such as `max-users: 300`", path.display())]
    NotMapping { path: PathBuf },
    #[error("{}: there is no option `{key}`{}", path.display(), meant(nearest.as_deref()))]
    Unknown {
        path: PathBuf,
        key: String,
        nearest: Option<String>,
    },
    #[error("{}: `{key}` is given on the command line only", path.display())]
    CommandLineOnly { path: PathBuf, key: String },
    #[error("{}: {key}: expected {expected}, found {found}", path.display())]
    Value {
        path: PathBuf,
        key: String,
        expected: String,
        /// The value, and what its parser says of it.
        found: String,
    },
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| {
        format!("; did you mean `{nearest}`?")
    })
}

/// A file that was read and whose options and values are right.
#[derive(Debug)]
pub(super) struct File {
    values: BTreeMap<String, Vec<String>>,
}

impl File {
    /// Reads it for the options of `command` and of all its subcommands.
    pub(super) fn read(path: &Path, command: &Command) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text, command)
    }

    fn parse(path: &Path, text: &str, command: &Command) -> Result<Self, Error> {
        let read = serde_saphyr::from_str(text).map_err(|source| Error::Syntax {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        let entries = match read {
            Value::Object(entries) => entries,
            Value::Null => serde_json::Map::new(),
            _ => {
                return Err(Error::NotMapping {
                    path: path.to_owned(),
                });
            }
        };
        let mut options = BTreeMap::new();
        collect(command, &mut options);
        let mut values = BTreeMap::new();
        for (key, value) in entries {
            let option = find(&options, path, &key)?;
            // A key without a value says nothing: templates leave such lines.
            if value.is_null() {
                continue;
            }
            let read = texts(option, &value).map_err(|found| Error::Value {
                path: path.to_owned(),
                key: key.clone(),
                expected: Kind::of(option).expected(),
                found,
            })?;
            values.insert(key, read);
        }
        Ok(Self { values })
    }

    /// Makes its values the defaults of all options of that name.
    pub(super) fn as_defaults(&self, command: Command) -> Command {
        command
            .mut_args(|option| match self.values_of(&option) {
                Some(values) => option.required(false).default_values(values.to_vec()),
                None => option,
            })
            .mut_subcommands(|subcommand| self.as_defaults(subcommand))
    }

    /// What it says of an option.
    pub(super) fn values_of(&self, option: &Arg) -> Option<&[String]> {
        self.values.get(option.get_long()?).map(Vec::as_slice)
    }
}

/// True for options that a file may set.
pub(super) fn may_be_in_a_file(option: &Arg) -> bool {
    option.get_env().is_some() && option.get_id() != super::CONFIG
}

/// All options by their long names.
fn collect<'a>(command: &'a Command, options: &mut BTreeMap<&'a str, &'a Arg>) {
    for option in command.get_arguments() {
        if let Some(long) = option.get_long() {
            options.entry(long).or_insert(option);
        }
    }
    for subcommand in command.get_subcommands() {
        collect(subcommand, options);
    }
}

fn find<'a>(options: &BTreeMap<&str, &'a Arg>, path: &Path, key: &str) -> Result<&'a Arg, Error> {
    match options.get(key) {
        Some(option) if may_be_in_a_file(option) => Ok(option),
        Some(_) => Err(Error::CommandLineOnly {
            path: path.to_owned(),
            key: key.to_owned(),
        }),
        None => Err(Error::Unknown {
            path: path.to_owned(),
            key: key.to_owned(),
            nearest: nearest(options, key),
        }),
    }
}

fn nearest(options: &BTreeMap<&str, &Arg>, key: &str) -> Option<String> {
    let alike = options
        .iter()
        .filter(|(_, option)| may_be_in_a_file(option))
        .map(|(long, _)| (strsim::jaro_winkler(long, &key.to_lowercase()), *long))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    alike.map(|(_, long)| long.to_owned())
}

/// A value as it would be typed on the command line, checked by the option's own parser. The error is what was found.
fn texts(option: &Arg, value: &Value) -> Result<Vec<String>, String> {
    let values = match value {
        Value::Array(values) if Kind::of(option).is_list() => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    let mut texts = Vec::new();
    for value in values {
        let text = text(value)?;
        if let Some(why) = refused(option, &text) {
            return Err(format!("{value}{why}"));
        }
        texts.push(text);
    }
    Ok(texts)
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(flag.to_string()),
        // A version such as 1.10 would lose its zero.
        Value::Number(number) if number.is_f64() => Err(format!(
            "{number}, which YAML takes for a fraction; put text in quotes"
        )),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Err("nothing".to_owned()),
        Value::Array(_) => Err("a list".to_owned()),
        Value::Object(_) => Err("a mapping".to_owned()),
    }
}

/// What the option's parser has against a value, in brackets; empty if it says no more than that.
fn refused(option: &Arg, text: &str) -> Option<String> {
    let parser = match option.get_action() {
        // On the command line the flag stands alone.
        ArgAction::SetTrue => value_parser!(bool),
        _ => option.get_value_parser().clone(),
    };
    let value = Arg::new("value")
        .value_parser(parser)
        .allow_hyphen_values(true);
    let parsed = Command::new("value")
        .no_binary_name(true)
        .arg(value)
        .try_get_matches_from([text]);
    let error = parsed.err()?;
    let why = std::error::Error::source(&error);
    Some(why.map_or_else(String::new, |why| format!(" ({why})")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::config::Cli;

    fn read(text: &str) -> Result<File, String> {
        let error = |error: Error| crate::error::chain(&error);
        File::parse(Path::new("workshop.yaml"), text, &Cli::command()).map_err(error)
    }

    fn refusal(text: &str) -> String {
        read(text).unwrap_err()
    }

    #[test]
    fn names_an_option_that_nobody_has_and_the_nearest_one() {
        insta::assert_snapshot!(
            refusal("max-user: 300"),
            @"workshop.yaml: there is no option `max-user`; did you mean `max-users`?"
        );
        insta::assert_snapshot!(
            refusal("publicURL: https://a.example"),
            @"workshop.yaml: there is no option `publicURL`; did you mean `public-url`?"
        );
        insta::assert_snapshot!(refusal("colour: red"), @"workshop.yaml: there is no option `colour`");
    }

    #[test]
    fn leaves_to_the_command_line_what_belongs_to_one_act() {
        for key in ["yes", "count", "dry-run", "json", "config"] {
            assert_eq!(
                refusal(&format!("{key}: 1")),
                format!("workshop.yaml: `{key}` is given on the command line only")
            );
        }
    }

    #[test]
    fn says_what_was_expected_of_a_value_and_what_was_found() {
        insta::assert_snapshot!(
            refusal("max-users: many"),
            @r#"workshop.yaml: max-users: expected a whole number, found "many" (invalid digit found in string)"#
        );
        insta::assert_snapshot!(
            refusal("min-replicas: 0"),
            @"workshop.yaml: min-replicas: expected a whole number, found 0 (0 is not in 1..=4294967295)"
        );
        insta::assert_snapshot!(
            refusal("insecure-http: sure"),
            @r#"workshop.yaml: insecure-http: expected true or false, found "sure""#
        );
        insta::assert_snapshot!(
            refusal("log-format: xml"),
            @r#"workshop.yaml: log-format: expected text or json, found "xml""#
        );
        insta::assert_snapshot!(
            refusal("listen: 3000"),
            @"workshop.yaml: listen: expected an address and a port such as 127.0.0.1:3000, found 3000 (invalid socket address syntax)"
        );
        insta::assert_snapshot!(
            refusal("trusted-proxies: [10.0.0.0/8, here]"),
            @r#"workshop.yaml: trusted-proxies: expected a list of networks such as 10.0.0.0/8, found "here" (invalid IP address syntax)"#
        );
        insta::assert_snapshot!(
            refusal("max-users: [1, 2]"),
            @"workshop.yaml: max-users: expected a whole number, found a list"
        );
        insta::assert_snapshot!(
            refusal("public-url: { host: a }"),
            @"workshop.yaml: public-url: expected text, found a mapping"
        );
        insta::assert_snapshot!(
            refusal("app-image: 1.10"),
            @"workshop.yaml: app-image: expected text, found 1.1, which YAML takes for a fraction; put text in quotes"
        );
    }

    #[test]
    fn must_be_a_mapping_with_each_key_once() {
        insta::assert_snapshot!(
            refusal("- max-users"),
            @"workshop.yaml: expected a mapping of options to values, such as `max-users: 300`"
        );
        assert!(refusal("max-users: 1\nmax-users: 2").contains("duplicate"));
    }

    #[test]
    fn empty_file_and_empty_values_set_nothing() {
        assert!(read("").unwrap().values.is_empty());
        assert!(read("# all commented out\n").unwrap().values.is_empty());
        assert!(read("public-url:\n").unwrap().values.is_empty());
    }

    /// Every option of a name must mean the same everywhere, since the file names it once.
    #[test]
    fn options_of_one_name_have_one_variable() {
        fn check(command: &Command, seen: &mut BTreeMap<String, Option<std::ffi::OsString>>) {
            for option in command.get_arguments() {
                let Some(long) = option.get_long() else {
                    continue;
                };
                let variable = option.get_env().map(ToOwned::to_owned);
                let before = seen.entry(long.to_owned()).or_insert(variable.clone());
                assert_eq!(*before, variable, "--{long} of {}", command.get_name());
            }
            command
                .get_subcommands()
                .for_each(|command| check(command, seen));
        }
        check(&Cli::command(), &mut BTreeMap::new());
    }
}
