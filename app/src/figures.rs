//! How figures are written: units, spans, clock times, thousands. Called by `words.rs`, components and the chart.
//! Unknown is [`UNKNOWN`], never 0.

use crate::model::TimeMs;

/// Stands where a figure is not known.
pub const UNKNOWN: &str = "—";

/// The reader's time zone. UTC in what the server renders, since only the browser knows better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    pub minutes_east: i32,
}

impl Zone {
    /// Milliseconds to add to a time of UTC.
    pub fn offset_ms(self) -> i64 {
        i64::from(self.minutes_east) * 60_000
    }
}

/// `14:02:31`.
pub fn clock(time: TimeMs, zone: Zone) -> String {
    let seconds = (time.0 + zone.offset_ms()).div_euclid(1000);
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{hour:02}:{minute:02}:{second:02}")
}

/// `14:02`.
pub fn clock_minute(time: TimeMs, zone: Zone) -> String {
    let mut text = clock(time, zone);
    text.truncate(5);
    text
}

/// `3:59`, in minutes and seconds, hours first from one hour on. Negative counts as 0.
pub fn minutes(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// `25 s` below a minute, `1:05` from there on.
pub fn span(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        _ => minutes(seconds),
    }
}

/// Whole seconds from `earlier` to `later`, rounded down, never negative.
pub fn seconds_between(earlier: TimeMs, later: TimeMs) -> i64 {
    ((later.0 - earlier.0) / 1000).max(0)
}

/// `93m`: milli-cores.
pub fn cpu(millis: i64) -> String {
    format!("{millis}m")
}

/// `186 %`.
pub fn percent(percent: u32) -> String {
    format!("{percent} %")
}

/// `4,370`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `31` from 10 on, `7.4` below: requests per second.
pub fn rate(per_second: f64) -> String {
    if per_second >= 9.95 || per_second == 0.0 {
        format!("{per_second:.0}")
    } else {
        format!("{per_second:.1}")
    }
}

/// `9.8 s`, `0.25 s` below one second: a response time.
pub fn response(ms: u32) -> String {
    let seconds = f64::from(ms) / 1000.0;
    match ms {
        ..1000 => format!("{seconds:.2} s"),
        1000..100_000 => format!("{seconds:.1} s"),
        _ => format!("{seconds:.0} s"),
    }
}

/// `1 pod`, `4 pods`.
pub fn count(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_is_of_24_hours_and_of_the_zone() {
        let time = TimeMs(1_700_000_000_999);
        assert_eq!(clock(time, Zone::default()), "22:13:20");
        assert_eq!(clock(time, Zone { minutes_east: 120 }), "00:13:20");
        assert_eq!(clock_minute(time, Zone { minutes_east: -30 }), "21:43");
    }

    #[test]
    fn span_changes_its_form_at_one_minute() {
        assert_eq!(span(59), "59 s");
        assert_eq!(span(65), "1:05");
        assert_eq!(span(-3), "0 s");
        assert_eq!(minutes(9), "0:09");
        assert_eq!(minutes(3_725), "1:02:05");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(thousands(4_370), "4,370");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }

    #[test]
    fn small_rates_and_times_keep_their_digits() {
        assert_eq!(rate(31.2), "31");
        assert_eq!(rate(7.44), "7.4");
        assert_eq!(rate(9.96), "10");
        assert_eq!(response(9_800), "9.8 s");
        assert_eq!(response(250), "0.25 s");
    }

    #[test]
    fn seconds_never_run_backwards() {
        assert_eq!(seconds_between(TimeMs(5_000), TimeMs(2_000)), 0);
        assert_eq!(seconds_between(TimeMs(2_000), TimeMs(5_999)), 3);
    }
}
