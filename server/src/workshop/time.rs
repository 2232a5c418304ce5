//! Kubernetes' ways to write times and durations, as the wire model's milliseconds.

use app::model::TimeMs;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};

/// A timestamp of an object; whole seconds, cut.
pub fn time_ms(time: &Time) -> TimeMs {
    TimeMs(time.0.as_millisecond())
}

/// A timestamp of an event of the newer kind.
pub fn micro_time_ms(time: &MicroTime) -> TimeMs {
    TimeMs(time.0.as_millisecond())
}

/// A duration as Go's `Duration.String` writes it: `14.998s`, `1m0.5s`, `250ms`, `0s`. `None` if it is none.
pub fn duration_ms(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut ms = 0.0;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (digits, after) = rest.split_at(number);
        let unit = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let in_ms = match unit {
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1000.0,
            "ms" => 1.0,
            "us" | "µs" => 0.001,
            "ns" => 0.000_001,
            _ => return None,
        };
        ms += digits.parse::<f64>().ok()? * in_ms;
        rest = after;
    }
    (!text.is_empty()).then_some(ms.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::duration_ms;

    #[test]
    fn go_durations_are_read() {
        for (text, ms) in [
            ("15s", Some(15_000)),
            ("14.421600064s", Some(14_422)),
            ("1m0.5s", Some(60_500)),
            ("5m", Some(300_000)),
            ("250ms", Some(250)),
            ("", None),
            ("soon", None),
            ("15", None),
        ] {
            assert_eq!(duration_ms(text), ms, "{text}");
        }
    }
}
