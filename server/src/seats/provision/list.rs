//! The instructor's list of attendees: one name a line, or a CSV file with a column `name` and perhaps `seat`. Pure.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::super::code::SeatNumber;
use super::super::name::{NoName, PersonName};

/// Why a list cannot be used, with the line for whoever corrects it.
#[derive(Debug, thiserror::Error)]
pub enum BadList {
    #[error("line {line}: {why}")]
    Name { line: u64, why: NoName },
    #[error("line {line}: {text:?} is no seat's number; the seats of this class are 1 to {count}")]
    Seat { line: u64, text: String, count: u16 },
    #[error("line {line}: seat {number} is on line {earlier} already")]
    Twice {
        line: u64,
        number: SeatNumber,
        earlier: u64,
    },
    #[error("line {line}: there are more names than the {count} seats of this class")]
    TooMany { line: u64, count: u16 },
    #[error(
        "line {line}: more columns than one; put names that hold a comma into \"double quotes\", or begin the file \
         with a line that names the columns: seat,name"
    )]
    Columns { line: u64 },
    #[error("the first line names no column `name`")]
    NoColumn,
    #[error("failed to read the list")]
    Csv(#[from] csv::Error),
}

/// Where name and seat stand in a line.
struct Columns {
    name: usize,
    seat: Option<usize>,
    /// Columns that a line may have: more means that a name holds a comma.
    count: usize,
}

/// Reads who sits where, for a class of `count` seats. Names without a seat take the seats in order. A line with a seat
/// and no name is a spare seat.
///
/// # Errors
/// The first line that cannot be used.
pub fn read_names(text: &str, count: u16) -> Result<BTreeMap<SeatNumber, PersonName>, BadList> {
    // Spreadsheets put a byte order mark in front, and some languages' write semicolons for commas.
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let semicolon = first.contains(';') && !first.contains(',');
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(if semicolon { b';' } else { b',' })
        .from_reader(text.as_bytes());
    let records: Vec<_> = reader.records().collect::<Result<_, _>>()?;
    let (columns, records) = match records.split_first() {
        Some((first, rest)) => match header(first)? {
            Some(columns) => (columns, rest),
            None => (Columns::NAMES_ALONE, records.as_slice()),
        },
        None => return Ok(BTreeMap::new()),
    };
    let mut names = BTreeMap::new();
    let mut lines = BTreeMap::new();
    for (next, record) in (1..).zip(records) {
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() > columns.count {
            return Err(BadList::Columns { line });
        }
        let number = match columns.seat {
            Some(column) => seat(record.get(column).unwrap_or_default(), line, count)?,
            None if next > count => return Err(BadList::TooMany { line, count }),
            None => SeatNumber(next),
        };
        if let Some(earlier) = lines.insert(number, line) {
            return Err(BadList::Twice {
                line,
                number,
                earlier,
            });
        }
        let name = record.get(columns.name).unwrap_or_default();
        if !(name.is_empty() && columns.seat.is_some()) {
            let name = name.parse().map_err(|why| BadList::Name { line, why })?;
            names.insert(number, name);
        }
    }
    Ok(names)
}

impl Columns {
    const NAMES_ALONE: Self = Self {
        name: 0,
        seat: None,
        count: 1,
    };
}

/// Reads the first line; `None` if it is a name like the others.
fn header(record: &StringRecord) -> Result<Option<Columns>, BadList> {
    let column = |name: &str| {
        record
            .iter()
            .position(|title| title.eq_ignore_ascii_case(name))
    };
    match (column("name"), column("seat")) {
        (Some(name), seat) => Ok(Some(Columns {
            name,
            seat,
            count: record.len(),
        })),
        (None, Some(_)) => Err(BadList::NoColumn),
        (None, None) => Ok(None),
    }
}

fn seat(text: &str, line: u64, count: u16) -> Result<SeatNumber, BadList> {
    let number = text.parse::<SeatNumber>().ok();
    let number = number.filter(|number| (1..=count).contains(&number.0));
    number.ok_or_else(|| BadList::Seat {
        line,
        text: text.to_owned(),
        count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(u16, String)>, String> {
        let names = read_names(text, 3).map_err(|error| error.to_string())?;
        let names = names
            .iter()
            .map(|(number, name)| (number.0, name.to_string()));
        Ok(names.collect())
    }

    fn mk(names: &[(u16, &str)]) -> Result<Vec<(u16, String)>, String> {
        let names = names
            .iter()
            .map(|(number, name)| (*number, (*name).to_owned()));
        Ok(names.collect())
    }

    #[test]
    fn names_take_the_seats_in_order() {
        let expected = mk(&[(1, "Ana"), (2, "Müller, Bo")]);
        assert_eq!(read("Ana\n\n\"Müller, Bo\"\n"), expected);
        assert_eq!(read("name\nAna\n\"Müller, Bo\"\n"), expected);
        assert_eq!(
            read("\u{feff}Name;Mail\r\nAna;a@x\r\nMüller, Bo;b@x\r\n"),
            expected
        );
        assert_eq!(read(""), mk(&[]));
    }

    #[test]
    fn names_with_seats_sit_there() {
        let text = "seat,name\n03,Ana\n1,\n2, Bo  Li\n";
        assert_eq!(read(text), mk(&[(2, "Bo Li"), (3, "Ana")]));
    }

    #[test]
    fn first_bad_line_is_told() {
        let error = |text: &str| read(text).unwrap_err();
        assert!(error("A\nB\nC\nD\n").starts_with("line 4: there are more names than the 3"));
        assert!(error("seat,name\n4,Ana\n").starts_with("line 2: \"4\" is no seat's number"));
        assert!(error("seat,name\n0,Ana\n").starts_with("line 2: \"0\""));
        assert!(error("seat,name\n1,Ana\n01,Bo\n").contains("seat 01 is on line 2 already"));
        assert!(error("Ana\nMüller, Bo\n").starts_with("line 2: more columns than one"));
        assert!(error("Ana\nB\u{202e}o\n").starts_with("line 2: a name has"));
        assert!(error("seat,who\n1,Ana\n").contains("no column `name`"));
    }
}
