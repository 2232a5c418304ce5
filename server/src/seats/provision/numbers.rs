//! Which seats a command is about: `7`, `07`, `1-10`, `instructor`. Pure.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::super::code::SeatNumber;

/// One seat, or a range of seats with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatRange {
    first: SeatNumber,
    last: SeatNumber,
}

/// What was typed names no seats.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSeats {
    #[error("a seat is a number such as 7, a range such as 1-10, or `instructor`")]
    Unreadable,
    #[error("there is no seat {0}; `workshop seats list` shows those that exist")]
    Missing(String),
}

impl FromStr for SeatRange {
    type Err = NoSeats;

    fn from_str(text: &str) -> Result<Self, NoSeats> {
        let number = |text: &str| match text {
            "instructor" => Ok(SeatNumber::INSTRUCTOR),
            text => text.parse().map_err(|_| NoSeats::Unreadable),
        };
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(text)?, number(text)?),
        };
        // A range that begins with the instructor's seat is a slip: `0-10` would renew the instructor's code, too.
        let slip = first == SeatNumber::INSTRUCTOR && last != first;
        if first > last || slip {
            return Err(NoSeats::Unreadable);
        }
        Ok(Self { first, last })
    }
}

/// The seats that `ranges` name among those that are `there`, each once.
///
/// # Errors
/// A range names a seat that does not exist.
pub fn choose(
    ranges: &[SeatRange],
    there: &BTreeSet<SeatNumber>,
) -> Result<BTreeSet<SeatNumber>, NoSeats> {
    let numbers = |range: &SeatRange| (range.first.0..=range.last.0).map(SeatNumber);
    let chosen = ranges.iter().flat_map(numbers).map(|number| {
        let known = there.contains(&number).then_some(number);
        known.ok_or_else(|| NoSeats::Missing(number.to_string()))
    });
    chosen.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(texts: &[&str]) -> Result<Vec<u16>, NoSeats> {
        let there = (0..=12).map(SeatNumber).collect();
        let ranges: Result<Vec<SeatRange>, _> = texts.iter().map(|text| text.parse()).collect();
        let chosen = choose(&ranges?, &there)?;
        Ok(chosen.iter().map(|number| number.0).collect())
    }

    #[test]
    fn seats_are_numbers_ranges_and_the_instructor() {
        assert_eq!(chosen(&["7"]), Ok(vec![7]));
        assert_eq!(chosen(&["09-11", "010", "2"]), Ok(vec![2, 9, 10, 11]));
        assert_eq!(chosen(&["0"]), Ok(vec![0]));
        assert_eq!(chosen(&["instructor", "1"]), Ok(vec![0, 1]));
    }

    #[test]
    fn nonsense_and_backward_ranges_are_refused() {
        for text in ["", "x", "-3", "3-", "5-2", "0-10", "1-2-3", "+7", "70000"] {
            assert_eq!(chosen(&[text]), Err(NoSeats::Unreadable), "{text}");
        }
    }

    #[test]
    fn seat_that_does_not_exist_is_named() {
        assert_eq!(chosen(&["11-14"]), Err(NoSeats::Missing("13".to_owned())));
    }
}
