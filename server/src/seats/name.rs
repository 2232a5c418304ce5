//! The name of a person on a seat. Typed on the sign-in page, or read from the instructor's list.

use std::fmt;
use std::str::FromStr;

/// Longest name, in characters: what a tile of the instructor's page can show.
const LENGTH: usize = 40;

/// A name in one line of readable signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonName(String);

/// What was typed cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to {LENGTH} characters and no control characters")]
pub struct NoName;

impl PersonName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same person, however the name is capitalised.
    pub fn is_like(&self, other: &str) -> bool {
        self.0.to_lowercase() == other.to_lowercase()
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PersonName {
    type Err = NoName;

    /// White space at the ends goes, elsewhere it becomes one space.
    fn from_str(text: &str) -> Result<Self, NoName> {
        let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let readable = !name
            .chars()
            .any(|char| char.is_control() || turns_text(char));
        if name.is_empty() || name.chars().count() > LENGTH || !readable {
            return Err(NoName);
        }
        Ok(Self(name))
    }
}

/// Invisible signs that change the direction or the place of what follows: a name could pass for another.
/// Unicode Standard Annex 9, section 2; zero-width signs, and the byte order mark.
fn turns_text(char: char) -> bool {
    matches!(char, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_one_line() {
        let name: PersonName = "  Ana  Müller-Łuc\u{a0}\n".parse().unwrap();
        assert_eq!(name.as_str(), "Ana Müller-Łuc");
        assert!(name.is_like("ANA MÜLLER-ŁUC"));
        assert!(!name.is_like("Ana"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "x".repeat(41);
        for text in ["", "   ", "a\u{1b}[31mb", "a\u{202e}b", "a\u{0}b", &long] {
            assert_eq!(text.parse::<PersonName>(), Err(NoName), "{text:?}");
        }
    }
}
