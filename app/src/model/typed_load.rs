//! The load form as it is typed. Read in the browser while somebody types, and by the server when it is sent: the same
//! sentences on both sides, and nothing typed is lost.

use serde::{Deserialize, Serialize};

use super::{LoadLimits, LoadSettings};
use crate::error::{Error, Result};
use crate::words;

/// The longest text of a field that is sent back with its fault.
const MOST_CHARS: usize = 24;

/// The shortest run time in seconds: Locust needs some for its first figures.
pub(super) const LEAST_RUN_TIME_S: u32 = 10;

/// The largest guess where no maximum is known: without an HPA nothing scales.
const GUESS_WITHOUT_MAXIMUM: u32 = 100;

/// One field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadField {
    Users,
    SpawnRate,
    RunTime,
    N,
    Guess,
}

impl LoadField {
    /// In the order of the form.
    pub const ALL: [Self; 5] = [
        Self::Users,
        Self::SpawnRate,
        Self::RunTime,
        Self::N,
        Self::Guess,
    ];

    /// The argument of the server function.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::SpawnRate => "spawn_rate",
            Self::RunTime => "run_time_s",
            Self::N => "n",
            Self::Guess => "guess",
        }
    }

    /// Least and most.
    pub fn range(self, limits: &LoadLimits, most_pods: Option<u32>) -> (u32, u32) {
        match self {
            Self::Users => (1, limits.users),
            Self::SpawnRate => (1, limits.spawn_rate),
            Self::RunTime => (LEAST_RUN_TIME_S, limits.run_time_s),
            Self::N => (1, limits.n),
            Self::Guess => (1, most_pods.unwrap_or(GUESS_WITHOUT_MAXIMUM)),
        }
    }
}

/// What stands in the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TypedLoad {
    pub users: String,
    pub spawn_rate: String,
    pub run_time_s: String,
    pub n: String,
    pub guess: String,
}

/// Why a field's text is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Empty,
    NotANumber,
    /// A whole number, but not within these.
    OutOfRange,
}

impl From<LoadSettings> for TypedLoad {
    fn from(load: LoadSettings) -> Self {
        Self {
            users: load.users.to_string(),
            spawn_rate: load.spawn_rate.to_string(),
            run_time_s: load.run_time_s.to_string(),
            n: load.n.to_string(),
            guess: load.guess.map(|n| n.to_string()).unwrap_or_default(),
        }
    }
}

impl TypedLoad {
    pub fn get(&self, field: LoadField) -> &str {
        match field {
            LoadField::Users => &self.users,
            LoadField::SpawnRate => &self.spawn_rate,
            LoadField::RunTime => &self.run_time_s,
            LoadField::N => &self.n,
            LoadField::Guess => &self.guess,
        }
    }

    pub fn set(&mut self, field: LoadField, text: String) {
        *self.field(field) = text;
    }

    fn field(&mut self, field: LoadField) -> &mut String {
        match field {
            LoadField::Users => &mut self.users,
            LoadField::SpawnRate => &mut self.spawn_rate,
            LoadField::RunTime => &mut self.run_time_s,
            LoadField::N => &mut self.n,
            LoadField::Guess => &mut self.guess,
        }
    }

    /// What is wrong with a field, if anything is. `most_pods` is the HPA's maximum.
    pub fn fault(
        &self,
        field: LoadField,
        limits: &LoadLimits,
        most_pods: Option<u32>,
    ) -> Option<Fault> {
        self.number(field, limits, most_pods).err()
    }

    /// The values, if every field has one.
    ///
    /// # Errors
    /// The first field that has none, and why.
    pub fn read(
        &self,
        limits: &LoadLimits,
        most_pods: Option<u32>,
    ) -> Result<LoadSettings, (LoadField, Fault)> {
        let number = |field| {
            let read = self.number(field, limits, most_pods);
            read.map_err(|fault| (field, fault))
        };
        let value = |field| number(field).map(Option::unwrap_or_default);
        Ok(LoadSettings {
            users: value(LoadField::Users)?,
            spawn_rate: value(LoadField::SpawnRate)?,
            run_time_s: value(LoadField::RunTime)?,
            n: value(LoadField::N)?,
            guess: number(LoadField::Guess)?,
        })
    }

    /// The same, with a sentence that names the first field at fault and its range.
    ///
    /// # Errors
    /// [`Error::InvalidLoad`], which holds what was typed.
    pub fn check(&self, limits: &LoadLimits, most_pods: Option<u32>) -> Result<LoadSettings> {
        let typed = self.clone().shortened();
        let refused = |(field, fault)| Error::InvalidLoad {
            message: words::load_fault(field, fault, typed.get(field), limits, most_pods),
            typed: Box::new(typed.clone()),
        };
        self.read(limits, most_pods).map_err(refused)
    }

    /// `None` for a guess that nobody made.
    fn number(
        &self,
        field: LoadField,
        limits: &LoadLimits,
        most_pods: Option<u32>,
    ) -> Result<Option<u32>, Fault> {
        let text = self.get(field).trim();
        if text.is_empty() {
            return match field {
                LoadField::Guess => Ok(None),
                _ => Err(Fault::Empty),
            };
        }
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Fault::NotANumber);
        }
        let (least, most) = field.range(limits, most_pods);
        // A number too large for the type is out of the range as well.
        let number = text.parse().ok();
        let number = number.filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or(Fault::OutOfRange)
    }

    /// The same with short texts: what is sent back in an address has to fit there.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        for field in LoadField::ALL {
            let text = self.field(field);
            if let Some((end, _)) = text.char_indices().nth(MOST_CHARS) {
                text.truncate(end);
                text.push('…');
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: LoadLimits = LoadLimits {
        users: 500,
        spawn_rate: 100,
        run_time_s: 1800,
        n: 40,
    };

    fn typed(field: LoadField, text: &str) -> TypedLoad {
        let mut typed = TypedLoad::from(LoadSettings::DEFAULT);
        typed.set(field, text.to_owned());
        typed
    }

    #[test]
    fn values_cross_as_they_are() {
        let load = LoadSettings {
            guess: Some(6),
            ..LoadSettings::DEFAULT
        };
        assert_eq!(TypedLoad::from(load).read(&LIMITS, Some(10)), Ok(load));
        let spaces = typed(LoadField::Users, " 20 ");
        assert_eq!(spaces.read(&LIMITS, None).map(|load| load.users), Ok(20));
    }

    #[test]
    fn bad_input_of_every_kind_is_told_apart() {
        for field in LoadField::ALL {
            for (text, fault) in [
                ("abc", Fault::NotANumber),
                ("<b>1</b>", Fault::NotANumber),
                ("2.5", Fault::NotANumber),
                ("1e3", Fault::NotANumber),
                ("-", Fault::NotANumber),
                ("١٢", Fault::NotANumber),
                ("-5", Fault::OutOfRange),
                ("0", Fault::OutOfRange),
                ("99999999999999999999999", Fault::OutOfRange),
            ] {
                let read = typed(field, text).read(&LIMITS, Some(10));
                assert_eq!(read, Err((field, fault)), "{field:?} {text}");
            }
        }
        let empty = typed(LoadField::N, "  ").read(&LIMITS, Some(10));
        assert_eq!(empty, Err((LoadField::N, Fault::Empty)));
    }

    #[test]
    fn a_guess_is_empty_or_a_number_of_pods_up_to_the_maximum() {
        let guess = |text, most| typed(LoadField::Guess, text).read(&LIMITS, most);
        assert_eq!(guess("", Some(10)).map(|load| load.guess), Ok(None));
        assert_eq!(guess("10", Some(10)).map(|load| load.guess), Ok(Some(10)));
        let too_many = Err((LoadField::Guess, Fault::OutOfRange));
        assert_eq!(guess("11", Some(10)), too_many);
        assert_eq!(guess("11", None).map(|load| load.guess), Ok(Some(11)));
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let long = typed(LoadField::Users, &"ü".repeat(1000)).shortened();
        assert_eq!(long.users.chars().count(), MOST_CHARS + 1);
    }
}
