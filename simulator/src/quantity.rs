//! Amounts of CPU, memory and objects, as Kubernetes writes them. Pure, exact to a billionth.
//! Upstream: `staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go`.

use std::cmp::Ordering;
use std::fmt;

/// An amount; remembers whether it was written in powers of 1024.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    /// Billionths.
    nano: i128,
    binary: bool,
}

const NANO: i128 = 1_000_000_000;

const DECIMAL: [(&str, i128); 10] = [
    ("E", NANO * 1_000_000_000_000_000_000),
    ("P", NANO * 1_000_000_000_000_000),
    ("T", NANO * 1_000_000_000_000),
    ("G", NANO * 1_000_000_000),
    ("M", NANO * 1_000_000),
    ("k", NANO * 1_000),
    ("", NANO),
    ("m", 1_000_000),
    ("u", 1_000),
    ("n", 1),
];

const BINARY: [(&str, i128); 6] = [
    ("Ei", NANO << 60),
    ("Pi", NANO << 50),
    ("Ti", NANO << 40),
    ("Gi", NANO << 30),
    ("Mi", NANO << 20),
    ("Ki", NANO << 10),
];

impl Quantity {
    /// Reads `250m`, `0.5`, `64Mi`, `1e3`; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
            .unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (unit, binary) = if let Some((_, unit)) = BINARY.iter().find(|(s, _)| *s == suffix) {
            (*unit, true)
        } else if let Some((_, unit)) = DECIMAL.iter().find(|(s, _)| *s == suffix) {
            (*unit, false)
        } else {
            let exponent: u32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            (NANO.checked_mul(10_i128.checked_pow(exponent)?)?, false)
        };
        Some(Self {
            nano: decimal(number, unit)?,
            binary,
        })
    }

    /// From thousandths, as CPU is counted.
    pub const fn from_milli(milli: i64) -> Self {
        Self {
            nano: milli as i128 * 1_000_000,
            binary: false,
        }
    }

    /// Thousandths, rounded up as upstream's `MilliValue`.
    pub fn milli(self) -> i64 {
        i64::try_from(ceil_div(self.nano, 1_000_000)).unwrap_or(i64::MAX)
    }

    /// Whole units, rounded up as upstream's `Value`: bytes of memory.
    pub fn value(self) -> i64 {
        i64::try_from(ceil_div(self.nano, NANO)).unwrap_or(i64::MAX)
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.nano == 0
    }

    /// The sum, written as the first is, unless that is nothing.
    pub const fn plus(self, other: Self) -> Self {
        Self {
            nano: self.nano + other.nano,
            binary: if self.is_zero() {
                other.binary
            } else {
                self.binary
            },
        }
    }

    /// The difference; may be below nothing.
    pub const fn minus(self, other: Self) -> Self {
        Self {
            nano: self.nano - other.nano,
            binary: self.binary,
        }
    }
}

const fn ceil_div(a: i128, b: i128) -> i128 {
    let quotient = a / b;
    if a % b > 0 { quotient + 1 } else { quotient }
}

/// A decimal number in units of `unit` billionths, rounded up.
fn decimal(number: &str, unit: i128) -> Option<i128> {
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let parse = |text: &str| {
        if text.is_empty() {
            Some(0)
        } else {
            text.parse::<u64>().ok()
        }
    };
    let whole = i128::from(parse(whole)?).checked_mul(unit)?;
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let fraction = i128::from(parse(fraction)?).checked_mul(unit)?;
    let sum = whole.checked_add(ceil_div(fraction, scale))?;
    Some(if negative { -sum } else { sum })
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

impl fmt::Display for Quantity {
    /// The canonical form: the largest suffix without a fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("0");
        }
        let fits = |(_, unit): &&(&str, i128)| self.nano % unit == 0;
        let large = self.nano.abs() >= 1024 * NANO;
        let binary = BINARY.iter().find(fits).filter(|_| self.binary && large);
        let (suffix, unit) = match binary {
            Some(found) => *found,
            // Bytes that are no multiple of 1024 have no suffix.
            None if self.binary && large && self.nano % NANO == 0 => ("", NANO),
            None => *DECIMAL.iter().find(fits).unwrap_or(&("n", 1)),
        };
        write!(f, "{}{suffix}", self.nano / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms_are_upstreams() {
        for (text, canonical) in [
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("64Mi", "64Mi"),
            ("1023", "1023"),
            ("1e3", "1k"),
            ("123456789n", "123456789n"),
            ("1976000n", "1976u"),
            ("0", "0"),
            ("0.1m", "100u"),
        ] {
            assert_eq!(
                Quantity::parse(text).unwrap().to_string(),
                canonical,
                "{text}"
            );
        }
        for text in ["", "m", "1x", "one", "1.2.3"] {
            assert!(Quantity::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn millis_are_rounded_up() {
        assert_eq!(Quantity::parse("1829717n").unwrap().milli(), 2);
        assert_eq!(Quantity::parse("50m").unwrap().milli(), 50);
        assert_eq!(Quantity::parse("64Mi").unwrap().value(), 64 << 20);
    }
}
