//! Kubernetes' quantities as whole numbers. Pure; used by the rules, and by
//! what reads sizes of pods.
//!
//! Upstream: `k8s.io/apimachinery/pkg/api/resource/quantity.go`.

/// Thousandths of the unit, rounded up: `100m` is 100, `2` is 2000. `None` if it is no quantity.
pub(crate) fn milli(text: &str) -> Option<i64> {
    let split = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let factor = match suffix {
        "n" => 1e-6,
        "u" => 1e-3,
        "m" => 1.0,
        "" => 1e3,
        "k" => 1e6,
        "M" => 1e9,
        "G" => 1e12,
        "T" => 1e15,
        "P" => 1e18,
        "Ki" => 1e3 * 1024.0,
        "Mi" => 1e3 * 1_048_576.0,
        "Gi" => 1e3 * 1_073_741_824.0,
        "Ti" => 1e3 * 1_099_511_627_776.0,
        "Pi" => 1e3 * 1_125_899_906_842_624.0,
        exponent => {
            let exponent = exponent.strip_prefix(['e', 'E'])?;
            1e3 * 10_f64.powi(exponent.parse().ok()?)
        }
    };
    let value = number.parse::<f64>().ok()? * factor;
    // The small step back keeps what binary fractions add from being rounded up.
    Some((value - 1e-6).ceil() as i64)
}

/// Whole units, rounded up: bytes of `64Mi`, pods of `110`.
pub(crate) fn whole(text: &str) -> Option<i64> {
    milli(text).map(|milli| milli.div_euclid(1000) + i64::from(milli.rem_euclid(1000) > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_upstream_writes_them() {
        for (text, expected) in [
            ("100m", Some(100)),
            ("0.1", Some(100)),
            ("2", Some(2000)),
            ("1500001n", Some(2)),
            ("250u", Some(1)),
            ("1e3", Some(1_000_000)),
            ("", None),
            ("lots", None),
        ] {
            assert_eq!(milli(text), expected, "{text}");
        }
        for (text, expected) in [
            ("64Mi", Some(67_108_864)),
            ("16393244Ki", Some(16_786_681_856)),
            ("1G", Some(1_000_000_000)),
            ("110", Some(110)),
            ("128974848000m", Some(128_974_848)),
        ] {
            assert_eq!(whole(text), expected, "{text}");
        }
    }
}
