//! Why a Locust does not start, in its own words. Called by [`super::locust`]; pure.
//!
//! Words and exit codes are those of Locust 2.32.2 on a real cluster; Python's traceback before some of them is left out.

use super::locustfile::{Arguments, Script};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// An argument or variable that is no number: its flags, Python's type and the value.
    NotANumber(&'static str, &'static str, String),
    /// There is no such locustfile.
    NoFile(String),
    NoUserClass,
    /// Neither the class nor the command line says where the users go.
    NoHost,
    /// Not Locust's: the simulator runs no Python, and finds no request in the file that it could imitate.
    NotUnderstood,
}

impl Problem {
    /// The first thing that is wrong, in the order in which Locust meets it.
    pub(super) fn of(
        arguments: &Arguments,
        text: Option<&str>,
        script: &Script,
        url: Option<&str>,
    ) -> Option<Self> {
        if let Some((flags, kind, value)) = &arguments.not_a_number {
            return Some(Self::NotANumber(flags, kind, value.clone()));
        }
        if text.is_none() {
            return Some(Self::NoFile(arguments.locustfile.clone()));
        }
        if script.class.is_none() {
            return Some(Self::NoUserClass);
        }
        if script.path.is_none() {
            return Some(Self::NotUnderstood);
        }
        url.is_none_or(str::is_empty).then_some(Self::NoHost)
    }

    /// Whether Locust meets it before its first line.
    pub(super) fn is_before_start(&self) -> bool {
        matches!(self, Self::NotANumber(..) | Self::NoFile(_))
    }

    /// Level and module of the log line, if it is one, and the text.
    pub(super) fn says(&self) -> (Option<&'static str>, String) {
        match self {
            Self::NotANumber(flags, kind, value) => (
                None,
                format!("__main__.py: error: argument {flags}: invalid {kind} value: '{value}'"),
            ),
            Self::NoFile(file) => (
                None,
                format!(
                    "Could not find '{file}'. Ensure your locustfile ends with '.py' or is a directory with locustfiles. See --help for available options."
                ),
            ),
            Self::NoUserClass => (
                Some("ERROR/locust.main"),
                "No User class found!".to_owned(),
            ),
            Self::NoHost => (
                None,
                "locust.exception.LocustError: You must specify the base host. Either in the host attribute in the User class, or on the command line using the --host option.".to_owned(),
            ),
            Self::NotUnderstood => (
                Some("ERROR/simulator"),
                "The simulator does not run Python, and finds no self.client.get(\"…\") in this locustfile.".to_owned(),
            ),
        }
    }

    pub(super) fn exit_code(&self) -> i32 {
        match self {
            Self::NotANumber(..) | Self::NoHost => 2,
            Self::NoFile(_) | Self::NoUserClass | Self::NotUnderstood => 1,
        }
    }
}
