//! CPU as a quantity in thousandths of a core. Used wherever requests, limits and usage are counted.

use std::fmt;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// Thousandths of a CPU core, the unit that Kubernetes writes as `100m`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct CpuMillis(pub i64);

impl CpuMillis {
    /// From billionths of a core, rounded up as `Quantity.MilliValue` does
    /// (`apimachinery/pkg/api/resource/quantity.go`).
    #[must_use]
    pub fn from_nanos(nanos: i64) -> Self {
        Self(nanos.saturating_add(999_999).div_euclid(1_000_000))
    }

    /// Reads a Kubernetes quantity of CPU: `100m`, `0.5`, `2`, `123456789n`, `1976u`.
    ///
    /// `None` if it is not one. Rounded up to whole thousandths.
    #[must_use]
    pub fn parse(quantity: &str) -> Option<Self> {
        let nanos = small_quantity(quantity)? * 1e9;
        (nanos.abs() <= 1e18).then(|| Self::from_nanos(nanos.round() as i64))
    }

    /// In cores.
    #[must_use]
    pub fn cores(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

/// A Kubernetes quantity as a number, with the suffixes that CPU and ratios have.
pub(crate) fn small_quantity(quantity: &str) -> Option<f64> {
    let (digits, unit) = match quantity.as_bytes().last()? {
        b'n' => (&quantity[..quantity.len() - 1], 1e-9),
        b'u' => (&quantity[..quantity.len() - 1], 1e-6),
        b'm' => (&quantity[..quantity.len() - 1], 1e-3),
        b'k' => (&quantity[..quantity.len() - 1], 1e3),
        _ => (quantity, 1.0),
    };
    let number: f64 = digits.parse().ok()?;
    number.is_finite().then_some(number * unit)
}

impl fmt::Display for CpuMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}m", self.0)
    }
}

impl Add for CpuMillis {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for CpuMillis {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use super::CpuMillis;

    #[test]
    fn quantities_are_read_in_every_suffix_that_cpu_has() {
        for (text, millis) in [
            ("100m", 100),
            ("0.5", 500),
            ("2", 2000),
            ("1976u", 2),
            ("123456789n", 124),
            ("0", 0),
            ("1e-1", 100),
        ] {
            assert_eq!(CpuMillis::parse(text), Some(CpuMillis(millis)), "{text}");
        }
        for text in ["", "m", "fast", "1Mi", "NaN", "inf"] {
            assert_eq!(CpuMillis::parse(text), None, "{text}");
        }
    }
}
