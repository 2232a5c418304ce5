//! Quantities, times and windows of objects as numbers.

use jiff::Timestamp;
use serde_json::Value;
use simulator::quantity::Quantity;

/// Seconds since the start of a server's timestamp, which is a truncated second.
pub(super) fn since(start: Timestamp, value: &Value) -> Option<f64> {
    let time: Timestamp = value.as_str()?.parse().ok()?;
    Some(time.duration_since(start).as_secs_f64())
}

/// Thousandths of a core that all containers of a PodMetrics used.
pub(super) fn cpu_millis(sample: &Value) -> Option<f64> {
    let containers = sample["containers"].as_array()?;
    let cpu = containers.iter().map(|container| {
        let text = container["usage"]["cpu"].as_str()?;
        Some(match text.strip_suffix('n') {
            Some(nanos) => nanos.parse::<f64>().ok()? / 1e6,
            None => match text.strip_suffix('u') {
                Some(micros) => micros.parse::<f64>().ok()? / 1e3,
                None => Quantity::parse(text)?.milli() as f64,
            },
        })
    });
    cpu.sum()
}

/// A window as Go writes it, `14.998s` or `1m0.5s`, in seconds.
pub(super) fn window_s(sample: &Value) -> Option<f64> {
    let text = sample["window"].as_str()?;
    let (minutes, seconds) = match text.split_once('m') {
        Some((minutes, seconds)) if !seconds.starts_with('s') => {
            (minutes.parse::<f64>().ok()?, seconds)
        }
        _ => (0.0, text),
    };
    let seconds = seconds.strip_suffix('s')?;
    Some(minutes * 60.0 + seconds.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quantities_are_read_in_all_units() {
        let sample = |cpu: &str| json!({"containers": [{"usage": {"cpu": cpu}}]});
        for (text, millis) in [
            ("99814706n", 99.814_706),
            ("1976u", 1.976),
            ("12m", 12.0),
            ("1", 1000.0),
            ("0", 0.0),
        ] {
            let read = cpu_millis(&sample(text)).unwrap();
            assert!((read - millis).abs() < 1e-9, "{text}: {read}");
        }
        assert_eq!(window_s(&json!({"window": "14.998s"})), Some(14.998));
        assert_eq!(window_s(&json!({"window": "1m1.5s"})), Some(61.5));
    }
}
