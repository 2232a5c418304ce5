//! Codes: `07-KQ2M-9DXA`, the seat's number and 40 random bits, or `C-KQ2M-9DXA`, the class's. Made by `store.rs` and
//! `claim.rs`, read from the sign-in form.
//! Nothing here may print a whole code but [`Code`]'s `Display`.

use std::fmt;
use std::str::FromStr;

/// Digits and capitals without I, L, O and U: none is taken for another, and no word is spelt by chance.
/// <https://www.crockford.com/base32.html>
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Symbols of a code after the seat's number; five bits each.
const LENGTH: usize = 8;

/// The number of a seat. 0 is the instructor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeatNumber(pub u16);

impl SeatNumber {
    pub const INSTRUCTOR: Self = Self(0);

    /// Name of the Secret that holds this seat.
    pub fn secret_name(self) -> String {
        format!("seat-{self}")
    }
}

/// As on the card and in labels: at least two digits.
impl fmt::Display for SeatNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

impl FromStr for SeatNumber {
    type Err = NoCode;

    fn from_str(text: &str) -> Result<Self, NoCode> {
        // `u16::from_str` would take a sign.
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoCode);
        }
        text.parse().map(Self).map_err(|_| NoCode)
    }
}

/// What was typed cannot be a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this has not the form of a seat code")]
pub struct NoCode;

/// What a code opens; it stands at the code's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    Seat(SeatNumber),
    /// Any seat that has no owner yet.
    FreeSeat,
}

/// The sign in front of a class's code. It is no digit, so it is no seat's number.
const CLASS: &str = "C";

impl fmt::Display for Opens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seat(number) => number.fmt(f),
            Self::FreeSeat => f.write_str(CLASS),
        }
    }
}

/// A code. It has no `Debug`, so that it cannot reach a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    opens: Opens,
    symbols: [u8; LENGTH],
}

impl Code {
    /// A new random code.
    ///
    /// # Errors
    /// The operating system gave no random bytes.
    pub fn random(opens: Opens) -> Result<Self, getrandom::Error> {
        let mut symbols = [0; LENGTH];
        getrandom::fill(&mut symbols)?;
        for symbol in &mut symbols {
            // 256 is a multiple of 32: each symbol is equally likely.
            *symbol = SYMBOLS[usize::from(*symbol) % SYMBOLS.len()];
        }
        Ok(Self { opens, symbols })
    }

    /// What the code is for.
    pub fn opens(&self) -> Opens {
        self.opens
    }

    /// The one spelling that is hashed.
    pub(super) fn canonical(&self) -> Vec<u8> {
        let mut bytes = format!("{}-", self.opens).into_bytes();
        bytes.extend_from_slice(&self.symbols);
        bytes
    }
}

impl FromStr for Code {
    type Err = NoCode;

    /// Capitals, spaces and dashes do not matter, and letters that a code never has are read as the digits they resemble.
    fn from_str(text: &str) -> Result<Self, NoCode> {
        let mut symbols = Vec::with_capacity(16);
        for char in text.chars() {
            // Keyboards and chat programs make other dashes of a hyphen.
            if char.is_whitespace() || matches!(char, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}') {
                continue;
            }
            let symbol = match char.to_ascii_uppercase() {
                'I' | 'L' => b'1',
                'O' => b'0',
                char => u8::try_from(char).map_err(|_| NoCode)?,
            };
            if !SYMBOLS.contains(&symbol) || symbols.len() == 16 {
                return Err(NoCode);
            }
            symbols.push(symbol);
        }
        let (locator, symbols) = symbols.split_last_chunk::<LENGTH>().ok_or(NoCode)?;
        let opens = match std::str::from_utf8(locator).map_err(|_| NoCode)? {
            CLASS => Opens::FreeSeat,
            number => Opens::Seat(number.parse()?),
        };
        Ok(Self {
            opens,
            symbols: *symbols,
        })
    }
}

/// As printed on the card: `07-KQ2M-9DXA`.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.opens)?;
        for (index, symbol) in self.symbols.iter().enumerate() {
            if index % 4 == 0 {
                write!(f, "-")?;
            }
            write!(f, "{}", char::from(*symbol))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        text.parse().ok().map(|code: Code| code.to_string())
    }

    #[test]
    fn code_is_read_however_it_is_typed() {
        for text in [
            "07-KQ2M-9DXA",
            "07kq2m9dxa",
            " 7 KQ2M 9dxa ",
            "07–KQ2M–9DXA",
            "o7-kq2m-9dxa",
        ] {
            assert_eq!(read(text).as_deref(), Some("07-KQ2M-9DXA"), "{text}");
        }
        assert_eq!(read("123-1101-0000").as_deref(), Some("123-1101-0000"));
        assert_eq!(read("123-IlOi-oooo").as_deref(), Some("123-1101-0000"));
        assert_eq!(read("ckq2m 9dxa").as_deref(), Some("C-KQ2M-9DXA"));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "KQ2M-9DXA",
            "07-KQ2M-9DXU",
            "A7-KQ2M-9DXA",
            "07_KQ2M_9DXA",
            "07-KQ2M-9DXÄ",
            "99999-KQ2M-9DXA",
            "0000000000000000000000-KQ2M-9DXA",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn random_code_is_read_back() {
        for number in [0, 7, 40, 300] {
            let code = Code::random(Opens::Seat(SeatNumber(number))).unwrap();
            let text = code.to_string();
            assert_eq!(read(&text).as_ref(), Some(&text));
            assert!(text.starts_with(&format!("{number:02}-")), "{text}");
        }
    }

    #[test]
    fn random_codes_differ() {
        let code = || Code::random(Opens::FreeSeat).unwrap().to_string();
        let codes: std::collections::HashSet<_> = (0..100).map(|_| code()).collect();
        assert_eq!(codes.len(), 100);
    }
}
